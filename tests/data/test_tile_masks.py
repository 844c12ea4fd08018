"""Label masks: which file belongs to which image, and which numbers its pixels mean."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from aid_desktop.data.tile_masks import ImagePlace, match_masks, read_mask, to_labels
from aid_desktop.errors import DataError


def save(path: Path, pixels: NDArray[np.uint8] | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((4, 5), np.uint8) if pixels is None else pixels).save(path)
    return path


@pytest.mark.parametrize(
    ("origin", "place"),
    [
        ("/a/b.png", ImagePlace(Path("/a/b.png"))),
        ("/a/b.tif#12", ImagePlace(Path("/a/b.tif"), 12)),
        ("/a/b#1.png", ImagePlace(Path("/a/b#1.png"))),
        ("/a#2/b.rtdc#0", ImagePlace(Path("/a#2/b.rtdc"), 0)),
    ],
)
def test_that_an_origin_tells_the_file_and_the_number(origin: str, place: ImagePlace) -> None:
    assert ImagePlace.of(origin) == place


def test_that_masks_are_found_by_name_with_and_without_an_ending(tmp_path: Path) -> None:
    masks = [save(tmp_path / "m" / "a.tif"), save(tmp_path / "m" / "b_mask.png")]
    images = [ImagePlace(tmp_path / "i" / "a.png"), ImagePlace(tmp_path / "i" / "b.jpg", 3)]
    assert [match.place for match in match_masks(tmp_path / "m", images)] == [
        ImagePlace(masks[0]),
        ImagePlace(masks[1], 3),
    ]


def test_that_masks_may_lie_beside_their_images_and_are_no_images_then(tmp_path: Path) -> None:
    images = [ImagePlace(save(tmp_path / name)) for name in ("a.png", "a_mask.png", "b.png")]
    first, mask, without = match_masks(tmp_path, images)
    assert first.place == images[1]
    assert mask.is_mask
    assert without.place is None
    assert "expected b.png or b_mask.png" in without.reason


def test_that_of_masks_with_one_name_that_in_the_folder_of_the_same_name_is_taken(tmp_path: Path) -> None:
    masks = [save(tmp_path / "masks" / day / "a.png") for day in ("monday", "tuesday")]
    images = [ImagePlace(tmp_path / "images" / day / "a.png") for day in ("tuesday", "monday", "sunday")]
    found = match_masks(tmp_path / "masks", images)
    assert [match.place and match.place.path for match in found] == [masks[1], masks[0], None]
    assert "has 2 masks" in found[2].reason


def test_that_a_file_has_as_many_masks_as_the_file_of_the_images(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "m.tif", np.zeros((2, 6, 7), np.uint8), photometric="minisblack")
    stack = [ImagePlace(tmp_path / "i.tif", page) for page in range(2)]
    assert [match.place for match in match_masks(tmp_path / "m.tif", stack)] == [
        ImagePlace(tmp_path / "m.tif", page) for page in range(2)
    ]
    with pytest.raises(DataError, match=r"has 2 masks and there is 1 image: give a folder"):
        match_masks(tmp_path / "m.tif", stack[:1])
    with pytest.raises(DataError, match=r"has 2 masks and there are 2 images"):
        match_masks(tmp_path / "m.tif", [stack[0], ImagePlace(tmp_path / "other.tif", 0)])


def test_that_a_place_without_masks_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        match_masks(tmp_path / "none.png", [])
    with pytest.raises(DataError, match="has no masks"):
        match_masks(tmp_path, [])


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        (np.array([[0, 255]], np.uint8), [[0, 1]]),
        (np.array([[255, 255]], np.uint8), [[1, 1]]),
        (np.array([[0, 255]], np.uint16), [[0, 1]]),
        (np.array([[0, 65535]], np.uint16), [[0, 1]]),
        (np.array([[0, 0]], np.uint8), [[0, 0]]),
        (np.array([[0, 1, 2, 255]], np.uint8), [[0, 1, 2, 255]]),
        (np.array([[0, 3]], np.float32), [[0, 3]]),
        (np.array([[[0, 0, 0], [2, 2, 2]]], np.uint8), [[0, 2]]),
    ],
)
def test_that_black_and_white_is_one_class_and_other_grey_levels_are_labels(
    values: NDArray[np.uint8], labels: list[list[int]]
) -> None:
    assert to_labels(values).tolist() == labels


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.array([[[0, 1, 0]]], np.uint8), "is in colour"),
        (np.array([[0.5]], np.float32), "no whole numbers"),
        (np.array([[-1]], np.float32), "no whole numbers"),
        (np.array([[70000]], np.float32), "no whole numbers"),
    ],
)
def test_that_other_masks_are_refused(values: NDArray[np.uint8], reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        to_labels(values)


def test_that_a_mask_with_a_palette_has_its_numbers(tmp_path: Path) -> None:
    image = Image.fromarray(np.array([[0, 1, 2]], np.uint8), mode="P")
    image.putpalette([0, 0, 0, 200, 30, 30, 30, 200, 30])
    image.save(tmp_path / "m.png")
    assert read_mask(ImagePlace(tmp_path / "m.png"), 3, (1, 3)).tolist() == [[0, 1, 2]]


def test_that_masks_of_another_size_or_with_labels_without_a_name_are_told(tmp_path: Path) -> None:
    place = ImagePlace(save(tmp_path / "m.png", np.array([[0, 7, 9]], np.uint8)))
    with pytest.raises(DataError, match=r"m.png has 3 × 1 px, the image 4 × 2 px"):
        read_mask(place, 10, (2, 4))
    with pytest.raises(DataError, match=r"has the labels 7, 9, and names of 1 class are given"):
        read_mask(place, 2, (1, 3))
    with pytest.raises(DataError, match=r"m.png#4 has only 1 mask\."):
        read_mask(ImagePlace(place.path, 4), 10, (1, 3))
