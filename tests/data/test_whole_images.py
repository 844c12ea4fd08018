from dataclasses import replace
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aid_desktop.data.class_table import ClassRow, Role
from aid_desktop.data.geometry import fit_image
from aid_desktop.data.source import DataSource, SourceKind
from aid_desktop.data.whole_images import LARGEST_SIDE, find_cut_images
from aid_desktop.settings.image import ImageSettings

SIDES = st.integers(1, 5000)
SHAPES = st.lists(st.tuples(SIDES, SIDES, st.sampled_from([1, 3])), min_size=1, max_size=3, unique=True)
SOURCE = DataSource(Path("/data/cells"), SourceKind.FOLDER, 4, ((96, 80, 1),), "a")


def row_of(*shapes: tuple[int, int, int], kind: SourceKind = SourceKind.FOLDER, zoom: float = 1.0) -> ClassRow:
    return ClassRow(replace(SOURCE, kind=kind, shapes=shapes), 0, "cell", Role.TRAINING, zoom=zoom)


def test_that_images_that_fit_are_not_cut() -> None:
    assert find_cut_images([row_of((32, 32, 1), (20, 31, 3))], ImageSettings()) is None
    assert find_cut_images([], ImageSettings()) is None


def test_that_one_larger_side_is_enough_to_be_cut() -> None:
    cut = find_cut_images([row_of((20, 20, 1)), row_of((20, 33, 1))], ImageSettings())
    assert cut is not None
    assert (cut.height, cut.width) == (20, 33)


def test_that_images_that_are_scaled_are_seen_whole() -> None:
    assert find_cut_images([row_of((96, 80, 1))], ImageSettings(fit="scale")) is None


def test_that_windows_around_objects_are_no_cuts() -> None:
    assert find_cut_images([row_of((96, 80, 1), kind=SourceKind.RTDC)], ImageSettings()) is None


def test_that_the_zoom_of_a_row_counts() -> None:
    assert find_cut_images([row_of((64, 64, 1), zoom=0.5)], ImageSettings()) is None
    cut = find_cut_images([row_of((64, 64, 1), zoom=0.75)], ImageSettings())
    assert cut is not None
    assert cut.whole == ImageSettings(width=48, height=48)


def test_that_large_images_are_scaled_in_proportion() -> None:
    cut = find_cut_images([row_of((600, 1200, 3))], ImageSettings(channels="rgb"))
    assert cut is not None
    assert cut.whole == ImageSettings(128, 64, "rgb", fit="scale_keep_aspect", resize="area")


@given(rows=st.lists(SHAPES, min_size=1, max_size=3), zoom=st.floats(0.05, 20))
def test_that_the_offer_cuts_nothing_and_is_of_bearable_size(rows: list[list[tuple]], zoom: float) -> None:
    table = [row_of(*shapes, zoom=zoom) for shapes in rows]
    cut = find_cut_images(table, ImageSettings(width=2, height=2))
    if cut is not None:
        assert max(cut.whole.width, cut.whole.height) <= LARGEST_SIDE
        assert find_cut_images(table, cut.whole) is None


@given(height=st.integers(2, 300), width=st.integers(2, 300))
def test_that_the_corners_are_seen_in_the_offered_form(height: int, width: int) -> None:
    cut = find_cut_images([row_of((height, width, 1))], ImageSettings(width=2, height=2))
    settings = cut.whole if cut else ImageSettings(width=2, height=2)
    image = np.full((height, width), 200, np.uint8)
    fitted = fit_image(image, (width / 2, height / 2), settings)
    # Padding is black: at most a line of it comes from rounding.
    assert (fitted > 0).any(axis=(1, 2)).sum() >= settings.height - 1
    assert (fitted > 0).any(axis=(0, 2)).sum() >= settings.width - 1
