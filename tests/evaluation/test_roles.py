from pathlib import Path

import numpy as np
import pytest

from aid_desktop.data.class_table import ClassRow, Role
from aid_desktop.data.formats import open_source
from aid_desktop.errors import RunError
from aid_desktop.evaluation.roles import RoleImages, count_images, has_images, images_of_role
from aid_desktop.runs.held_out import HeldOut, key_of


@pytest.fixture
def rows(tmp_path: Path) -> tuple[ClassRow, ...]:
    """Return two training rows, one for validation and one for the test, of 6 images each."""
    roles = (Role.TRAINING, Role.TRAINING, Role.VALIDATION, Role.TEST)
    made = []
    for number, role in enumerate(roles):
        path = tmp_path / f"{number}.npy"
        np.save(path, np.full((6, 8, 8), number, np.uint8))
        made.append(ClassRow(open_source(path).source, number % 2, "ab"[number % 2], role))
    return tuple(made)


@pytest.fixture
def held_out(rows: tuple[ClassRow, ...]) -> HeldOut:
    """Return two images of the first row, and one of the test row, which nobody held out of it as such."""
    return HeldOut({key_of(rows[0].source): ("1", "4"), key_of(rows[3].source): ("0",)})


def plain(images: RoleImages) -> list[tuple[str, list[int] | None]]:
    pairs = zip(images.rows, images.indices, strict=True)
    return [(row.source.path.stem, None if which is None else which.tolist()) for row, which in pairs]


def test_that_each_role_has_its_rows_where_nothing_was_held_out(rows: tuple[ClassRow, ...]) -> None:
    assert plain(images_of_role(rows, Role.TRAINING, None)) == [("0", None), ("1", None)]
    assert plain(images_of_role(rows, Role.VALIDATION, None)) == [("2", None)]
    assert plain(images_of_role(rows, Role.TEST, None)) == [("3", None)]


def test_that_held_out_images_are_validation_images(rows: tuple[ClassRow, ...], held_out: HeldOut) -> None:
    assert plain(images_of_role(rows, Role.VALIDATION, held_out)) == [("0", [1, 4]), ("2", None)]
    assert plain(images_of_role(rows, Role.TRAINING, held_out)) == [("0", [0, 2, 3, 5]), ("1", None)]
    assert plain(images_of_role(rows, Role.TEST, held_out)) == [("3", None)]


def test_that_a_row_held_out_as_a_whole_is_no_training_row(rows: tuple[ClassRow, ...]) -> None:
    everything = HeldOut({key_of(rows[1].source): tuple("012345")})
    assert plain(images_of_role(rows, Role.TRAINING, everything)) == [("0", None)]


def test_that_counting_agrees_with_the_images(rows: tuple[ClassRow, ...], held_out: HeldOut) -> None:
    for role in Role:
        for held in (None, held_out):
            images = images_of_role(rows, role, held)
            n = [6 if which is None else len(which) for which in images.indices]
            assert count_images(rows, role, held) == sum(n)
            assert has_images(rows, role, held) == (sum(n) > 0)


def test_that_images_that_a_row_has_not_are_told(rows: tuple[ClassRow, ...]) -> None:
    with pytest.raises(RunError, match="has no image 6"):
        images_of_role(rows, Role.VALIDATION, HeldOut({key_of(rows[0].source): ("6",)}))
