"""Images to compare on: the user's, of whatever form they come in, those of the training, or the built-in ones."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from aid_desktop.data.normalize import Normalization
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.data.scalar_features import FeatureScaling
from aid_desktop.errors import DataError
from aid_desktop.export.sample import FEWEST, N_IMAGES, find_sample
from aid_desktop.models.metadata import ModelCard
from aid_desktop.settings.image import ImageSettings

CARD = ModelCard(("a", "b"), ImageSettings(width=12, height=10), Normalization("divide_by_255"), "MLP", 1, 0)


def write_images(folder: Path, n: int, level: int, shape: tuple[int, ...] = (20, 20)) -> Path:
    folder.mkdir(parents=True)
    for number in range(n):
        cv2.imwrite(str(folder / f"{number:03d}.png"), np.full(shape, level, np.uint8))
    return folder


def test_that_a_folder_of_classes_gives_images_of_each(tmp_path: Path) -> None:
    write_images(tmp_path / "set" / "dark", 70, 10)
    write_images(tmp_path / "set" / "bright", 50, 200)
    sample = find_sample(CARD, tmp_path / "set")
    levels, counts = np.unique(sample.images[:, 5, 5, 0], return_counts=True)
    assert dict(zip(levels.tolist(), counts.tolist(), strict=True)) == {10: 70, 200: 50}
    assert sample.images.shape == (120, 10, 12, 1)
    assert sample.images.dtype == np.uint8
    assert sample.origin == f"120 images of {tmp_path / 'set'}"


def test_that_a_large_class_does_not_crowd_out_a_small_one_and_is_looked_at_to_its_end(tmp_path: Path) -> None:
    levels = np.repeat(np.arange(1, 201, dtype=np.uint8), 2)[:, None, None] * np.ones((1, 20, 20), np.uint8)
    (tmp_path / "set").mkdir()
    write_rtdc(tmp_path / "set" / "many.rtdc", levels)
    write_rtdc(tmp_path / "set" / "few.rtdc", np.full((5, 20, 20), 255, np.uint8))
    found = find_sample(CARD, tmp_path / "set").images[:, 5, 5, 0]
    many = found[found < 255]
    assert (found == 255).sum() == 5
    assert len(many) == N_IMAGES // 2
    assert (many.min(), many.max()) == (1, 200)


def test_that_one_image_is_filled_up_with_digits(tmp_path: Path) -> None:
    path = write_images(tmp_path / "set", 1, 90) / "000.png"
    sample = find_sample(CARD, path)
    assert len(sample.images) == FEWEST
    assert sample.images[0, 5, 5, 0] == 90
    assert f"{FEWEST - 1} handwritten digits" in sample.origin


def test_that_features_come_with_their_images(measured_cells: Path) -> None:
    image = replace(CARD.image, features=("area_um", "pos_x"))
    card = replace(CARD, image=image, features=FeatureScaling(("area_um", "pos_x"), (50.0, 10.0), (20.0, 2.0)))
    sample = find_sample(card, measured_cells)
    assert sample.features.shape == (FEWEST, 2)
    assert np.isfinite(sample.features).all()
    assert 30 < sample.features[0, 0] < 55


@pytest.mark.parametrize("name", ["nowhere", "empty", "notes.txt"])
def test_that_a_path_without_images_is_refused_by_name(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("no image", encoding="utf-8")
    with pytest.raises(DataError, match=f"{name} has no images to compare on"):
        find_sample(CARD, tmp_path / name)


def test_that_images_of_another_kind_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "deep"
    folder.mkdir()
    cv2.imwrite(str(folder / "a.png"), np.full((20, 20), 40_000, np.uint16))
    with pytest.raises(DataError, match="the model cannot be applied"):
        find_sample(CARD, folder)


def test_that_a_broken_image_is_refused(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "set", 2, 90)
    (folder / "000.png").write_bytes(b"no image")
    (folder / "001.png").write_bytes(b"no image either")
    with pytest.raises(DataError, match="set"):
        find_sample(CARD, folder)


def test_that_without_a_path_all_rows_of_the_training_are_looked_at(tmp_path: Path) -> None:
    folders = [write_images(tmp_path / name, 40, level) for name, level in (("dark", 10), ("bright", 200))]
    card = replace(CARD, data=tuple((str(folder), "digest") for folder in folders))
    sample = find_sample(card)
    assert set(sample.images[:, 5, 5, 0].tolist()) == {10, 200}
    assert sample.origin == f"80 images of {folders[0]} and 1 more"


def test_that_training_images_which_are_others_by_now_are_not_missed(tmp_path: Path) -> None:
    gone = replace(CARD, data=((str(tmp_path / "gone"), "digest"),))
    (tmp_path / "empty").mkdir()
    emptied = replace(CARD, data=((str(tmp_path / "empty"), "digest"),))
    for card in (gone, emptied):
        assert find_sample(card).origin == f"{FEWEST} handwritten digits of scikit-learn"


@pytest.mark.parametrize(("pixel_type", "white"), [("uint8", 255), ("uint16", 65535), ("float32", 1)])
@pytest.mark.parametrize("channels", ["gray", "rgb", ("image", "image_bg", "mask", "a", "b")])
def test_that_built_in_images_have_the_form_of_the_model(
    pixel_type: str, white: int, channels: str | tuple[str, ...]
) -> None:
    card = replace(CARD, image=replace(CARD.image, channels=channels), pixel_type=pixel_type)
    images = find_sample(card).images
    assert images.shape == (FEWEST, *card.image.input_shape)
    assert images.dtype == np.dtype(pixel_type)
    assert white / 2 < images.max() <= white
    assert len({image.tobytes() for image in images}) == FEWEST
