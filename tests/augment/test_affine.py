import itertools
import math
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from aid_desktop.augment.affine import affine, is_identity
from aid_desktop.data.geometry import enlarged_size
from aid_desktop.settings.augmentation import AugmentationSettings

Images = NDArray[np.uint8]
Noise = Callable[..., Images]


class FixedDraws(np.random.Generator):
    """A Generator that gives the numbers wanted: rows rotation, shear, zoom x, zoom y, shift x, shift y; flips."""

    def __init__(self, draws: object, flips: object = ((1.0,), (1.0,))) -> None:
        super().__init__(np.random.PCG64(0))
        self.draws = np.array(draws, float).reshape(6, -1)
        self.flips = np.array(flips, float)

    def uniform(self, low: float, high: float, size: tuple[int, int]) -> NDArray[np.float64]:
        assert (low, high, size[0]) == (-1, 1, 6)
        return np.broadcast_to(self.draws, size)

    def random(self, size: tuple[int, int]) -> NDArray[np.float64]:
        return np.broadcast_to(self.flips, size)


def reference(image: Images, forward: NDArray[np.float64], shift: tuple[float, float]) -> NDArray[np.float64]:
    """Turn an image (H, W) about its centre pixel by pixel: bilinear, zero outside."""
    height, width = image.shape
    result = np.zeros(image.shape)
    inverse = np.linalg.inv(forward)
    cx, cy = (width - 1) / 2, (height - 1) / 2
    for y, x in itertools.product(range(height), range(width)):
        sx, sy = inverse @ (x - cx - shift[0], y - cy - shift[1]) + (cx, cy)
        left, top = math.floor(sx), math.floor(sy)
        for row, column in itertools.product((top, top + 1), (left, left + 1)):
            if 0 <= row < height and 0 <= column < width:
                result[y, x] += image[row, column] * (1 - abs(sx - column)) * (1 - abs(sy - row))
    return result


def test_that_nothing_asked_for_gives_a_copy(noise: Noise, rng: np.random.Generator) -> None:
    images = noise()
    result = affine(images, AugmentationSettings(), rng)
    assert np.array_equal(result, images)
    assert not np.shares_memory(result, images)


@pytest.mark.parametrize("name", ["rotation", "width_shift", "height_shift", "zoom", "shear"])
def test_that_each_amount_counts_as_a_change(name: str) -> None:
    assert is_identity(AugmentationSettings(brightness_add=(3, 4)))
    assert not is_identity(AugmentationSettings(**{name: 0.5}))


@pytest.mark.parametrize(("height", "width"), [(12, 9), (7, 8), (2, 2)])
@pytest.mark.parametrize("channels", [1, 3])
def test_that_horizontal_flip_mirrors_about_half_of_the_images(
    noise: Noise, rng: np.random.Generator, height: int, width: int, channels: int
) -> None:
    images = noise(200, height, width, channels)
    result = affine(images, AugmentationSettings(horizontal_flip=True), rng)
    same = (result == images).all(axis=(1, 2, 3))
    mirrored = (result == images[:, :, ::-1]).all(axis=(1, 2, 3))
    assert (same | mirrored).all()
    assert 70 <= np.count_nonzero(mirrored & ~same) <= 130


def test_that_vertical_flip_turns_images_upside_down(noise: Noise, rng: np.random.Generator) -> None:
    images = noise(50)
    result = affine(images, AugmentationSettings(vertical_flip=True), rng)
    same = (result == images).all(axis=(1, 2, 3))
    turned = (result == images[:, ::-1]).all(axis=(1, 2, 3))
    assert (same ^ turned).all()
    assert same.any()
    assert turned.any()


def test_that_both_flips_give_all_four_variants_the_original_included(noise: Noise, rng: np.random.Generator) -> None:
    images = noise(400)
    result = affine(images, AugmentationSettings(horizontal_flip=True, vertical_flip=True), rng)
    variants = [images, images[:, ::-1], images[:, :, ::-1], images[:, ::-1, ::-1]]
    counts = [np.count_nonzero((result == variant).all(axis=(1, 2, 3))) for variant in variants]
    assert sum(counts) == 400
    assert min(counts) > 60


@pytest.mark.parametrize(("draw", "turns"), [(1.0, 1), (-1.0, -1)])
def test_that_90_degrees_are_a_turn_of_the_array(noise: Noise, draw: float, turns: int) -> None:
    images = noise(3, 8, 8, 3)
    result = affine(images, AugmentationSettings(rotation=90), FixedDraws([draw, 0, 0, 0, 0, 0]))
    assert np.array_equal(result, np.rot90(images, turns, axes=(1, 2)))


def test_that_180_degrees_are_both_flips(noise: Noise) -> None:
    images = noise(2, 7, 10)
    result = affine(images, AugmentationSettings(rotation=180), FixedDraws([1, 0, 0, 0, 0, 0]))
    assert np.array_equal(result, images[:, ::-1, ::-1])


@pytest.mark.parametrize(
    ("amounts", "draws"),
    [
        ({"rotation": 30}, [1, 0, 0, 0, 0, 0]),
        ({"rotation": 40}, [-0.5, 0, 0, 0, 0, 0]),
        ({"shear": 20}, [0, 0.5, 0, 0, 0, 0]),
        ({"zoom": 0.5}, [0, 0, 0.5, -0.5, 0, 0]),
        ({"width_shift": 3, "height_shift": 2}, [0, 0, 0, 0, 0.25, -0.75]),
        (
            {"rotation": 20, "shear": 8, "zoom": 0.3, "width_shift": 2, "height_shift": 1.5},
            [0.7, -0.6, 0.5, -0.4, 0.3, 0.9],
        ),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_that_the_result_is_that_of_a_slow_reference(amounts: dict[str, float], draws: list[float]) -> None:
    rows, columns = np.mgrid[:14, :11]
    image = (120 + 60 * np.sin(rows / 2.5) + 60 * np.cos(columns / 2)).astype(np.uint8)
    settings = AugmentationSettings(**amounts)
    angle = math.radians(draws[0] * settings.rotation)
    slant = math.tan(math.radians(draws[1] * settings.shear))
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    zoom = np.diag([1 + draws[2] * settings.zoom, 1 + draws[3] * settings.zoom])
    forward = turn @ np.array([[1, slant], [slant, 1]]) @ zoom
    expected = reference(image, forward, (draws[4] * settings.width_shift, draws[5] * settings.height_shift))
    result = affine(image[None, :, :, None], settings, FixedDraws(draws))[0, :, :, 0]
    # OpenCV interpolates at 32 places between two pixels.
    inside = slice(2, -2)
    assert np.abs(result - expected)[inside, inside].max() < 6
    assert np.abs(result - expected)[inside, inside].mean() < 1


@pytest.mark.parametrize(("dx", "dy"), [(2, 0), (-3, 0), (0, 1), (4, -2)])
def test_that_a_shift_by_whole_pixels_moves_the_content_exactly(noise: Noise, dx: int, dy: int) -> None:
    images = noise(2, 12, 10, 3)
    settings = AugmentationSettings(width_shift=4, height_shift=4)
    result = affine(images, settings, FixedDraws([0, 0, 0, 0, dx / 4, dy / 4]))
    moved = np.roll(images, (dy, dx), axis=(1, 2))
    rows = slice(max(dy, 0), 12 + min(dy, 0))
    columns = slice(max(dx, 0), 10 + min(dx, 0))
    assert np.array_equal(result[:, rows, columns], moved[:, rows, columns])
    outside = np.ones((12, 10), bool)
    outside[rows, columns] = False
    assert not result[:, outside].any()


@pytest.mark.parametrize("padding", ["edge", "reflect", "symmetric", "wrap"])
def test_that_padding_fills_what_a_shift_uncovers(noise: Noise, padding: str) -> None:
    images = noise(1, 8, 8, 3)
    settings = AugmentationSettings(width_shift=3)
    result = affine(images, settings, FixedDraws([0, 0, 0, 0, 1, 0]), padding=padding)
    pads = ((0, 0), (0, 0), (3, 0), (0, 0))
    expected = np.pad(images[:, :, :5], pads, padding) if padding != "wrap" else np.roll(images, 3, axis=2)
    assert np.array_equal(result, expected)


def test_that_the_centre_of_images_with_a_margin_is_cut_out_exactly(noise: Noise, rng: np.random.Generator) -> None:
    images = noise(3, 18, 16, 3)
    centre = images[:, 4:-4, 5:-5]
    assert np.array_equal(affine(images, AugmentationSettings(), rng, (10, 6)), centre)
    flipped = affine(images, AugmentationSettings(horizontal_flip=True), FixedDraws([0] * 6, ((0.0,), (0.0,))), (10, 6))
    assert np.array_equal(flipped, centre[:, :, ::-1])


def test_that_rotation_shows_pixels_of_the_margin_instead_of_padding() -> None:
    images = np.full((20, 30, 30, 1), 77, np.uint8)
    settings = AugmentationSettings(rotation=180, width_shift=0.5)
    result = affine(images, settings, np.random.default_rng(1), (20, 20))
    assert result.shape == (20, 20, 20, 1)
    assert (result == 77).all()


@given(
    side=st.tuples(st.integers(4, 24), st.integers(4, 24)),
    rotation=st.floats(0, 180),
    shear=st.floats(0, 20),
    zoom=st.floats(0, 0.6),
    shift=st.tuples(st.floats(0, 6), st.floats(0, 6)),
    n_channels=st.sampled_from([1, 3, 5]),
    kind=st.sampled_from(["uint8", "uint16", "float32"]),
    seed=st.integers(0, 99),
)
def test_that_nothing_black_shows_where_the_source_is_large_enough(
    side: tuple[int, int],
    rotation: float,
    shear: float,
    zoom: float,
    shift: tuple[float, float],
    n_channels: int,
    kind: str,
    seed: int,
) -> None:
    settings = AugmentationSettings(
        horizontal_flip=True, vertical_flip=True, rotation=rotation, shear=shear, zoom=zoom,
        width_shift=shift[0], height_shift=shift[1],
    )  # fmt: skip
    # As far as the corner of the target can come from the middle of the source.
    corner = math.hypot(side[0] / 2 + shift[1], side[1] / 2 + shift[0])
    reach = corner / (1 - zoom) / (1 - math.tan(math.radians(shear)))
    size = 2 * math.ceil(reach) + 2
    images = np.full((6, size + side[0] % 2, size + side[1] % 2, n_channels), 50, kind)
    result = affine(images, settings, np.random.default_rng(seed), side)
    assert result.shape == (6, *side, n_channels)
    np.testing.assert_allclose(result, 50, rtol=1e-5)


@given(side=st.integers(2, 40), seed=st.integers(0, 99))
def test_that_the_margin_of_prepared_images_is_enough_for_every_rotation(side: int, seed: int) -> None:
    width, height = enlarged_size(side, side)
    images = np.full((8, height, width, 1), 50, np.uint8)
    settings = AugmentationSettings(rotation=180, horizontal_flip=True)
    assert (affine(images, settings, np.random.default_rng(seed), (side, side)) == 50).all()


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32"])
def test_that_more_channels_than_opencv_takes_are_moved_as_single_ones(noise: Noise, kind: str) -> None:
    images = noise(5, 14, 12, 7).astype(kind)
    settings = AugmentationSettings(rotation=30, zoom=0.3, shear=5, width_shift=2)
    result = affine(images, settings, np.random.default_rng(4), (10, 8))
    for place in range(7):
        alone = affine(images[..., place : place + 1], settings, np.random.default_rng(4), (10, 8))
        assert np.array_equal(result[..., place : place + 1], alone)


def test_that_every_amount_is_drawn_over_its_whole_range_in_both_directions() -> None:
    image = np.zeros((1, 41, 41, 1), np.uint8)
    image[0, 20, 20] = 255
    settings = AugmentationSettings(width_shift=10)
    result = affine(np.repeat(image, 500, axis=0), settings, np.random.default_rng(2)).astype(float)
    columns = (result.sum(axis=(1, 3)) @ np.arange(41)) / result.sum(axis=(1, 2, 3))
    shifts = columns - 20
    assert shifts.min() < -9.5
    assert shifts.max() > 9.5
    assert abs(shifts.mean()) < 0.8
    assert abs(shifts.std() - 10 / math.sqrt(3)) < 0.5


def test_that_a_positive_angle_turns_against_the_clock_like_opencv() -> None:
    image = np.zeros((21, 21), np.uint8)
    image[10, 14:19] = 255
    result = affine(image[None, :, :, None], AugmentationSettings(rotation=35), FixedDraws([1, 0, 0, 0, 0, 0]))
    expected = cv2.warpAffine(image, cv2.getRotationMatrix2D((10, 10), 35, 1), (21, 21))
    assert np.abs(result[0, :, :, 0].astype(int) - expected).max() <= 16


def test_that_changing_one_amount_leaves_the_other_draws_alone(noise: Noise) -> None:
    images = noise(50)
    flips = AugmentationSettings(horizontal_flip=True)
    with_zero = AugmentationSettings(horizontal_flip=True, rotation=1e-9)
    one = affine(images, flips, np.random.default_rng(5))
    assert np.array_equal(one, affine(images, with_zero, np.random.default_rng(5)))


def test_that_no_images_give_no_images(rng: np.random.Generator) -> None:
    settings = AugmentationSettings(rotation=5)
    assert affine(np.empty((0, 8, 8, 3), np.uint8), settings, rng, (6, 6)).shape == (0, 6, 6, 3)
