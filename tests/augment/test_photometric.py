"""Brightness, noise, contrast, colour, blur and erasing."""

import math
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from aid_desktop.augment.blur import average_blur, gaussian_blur, line_kernel, motion_blur
from aid_desktop.augment.brightness import brightness
from aid_desktop.augment.brightness import is_identity as brightness_is_off
from aid_desktop.augment.contrast import colour, contrast
from aid_desktop.augment.erasing import random_erasing
from aid_desktop.settings.augmentation import AugmentationSettings

Images = NDArray[np.uint8]
Noise = Callable[..., Images]


def constant(level: object, n: int = 1, side: int = 6) -> Images:
    """Return n images of one grey level or colour."""
    levels = np.atleast_1d(np.array(level, np.uint8))
    return np.broadcast_to(levels, (n, side, side, len(levels))).copy()


# --- brightness and noise -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "level", "expected"),
    [
        ({"brightness_add": (12, 12)}, 100, 112),
        ({"brightness_add": (-12, -12)}, 100, 88),
        ({"brightness_add": (200, 200)}, 100, 255),
        ({"brightness_add": (-200, -200)}, 100, 0),
        ({"brightness_multiply": (1.5, 1.5)}, 100, 150),
        ({"brightness_multiply": (0, 0)}, 100, 0),
        ({"brightness_multiply": (5, 5)}, 100, 255),
        # The sum is rounded and saturated once, not after each step.
        ({"brightness_multiply": (3, 3), "brightness_add": (-100, -100)}, 100, 200),
        ({"brightness_multiply": (0.5, 0.5), "brightness_add": (20, 20)}, 101, 70),
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_that_brightness_of_constant_images_is_exact(
    rng: np.random.Generator, settings: dict[str, tuple[float, float]], level: int, expected: int, channels: int
) -> None:
    images = constant([level] * channels, n=3)
    assert np.unique(brightness(images, AugmentationSettings(**settings), rng)).tolist() == [expected]


def test_that_brightness_is_drawn_per_image_over_the_whole_range(rng: np.random.Generator) -> None:
    result = brightness(constant(100, 2000), AugmentationSettings(brightness_add=(-20, 40)), rng)
    assert (result == result[:, :1, :1]).all()
    levels = result[:, 0, 0, 0].astype(int) - 100
    assert (levels.min(), levels.max()) == (-20, 40)
    assert abs(levels.mean() - 10) < 1.5


def test_that_noise_has_mean_zero_and_the_drawn_deviation_untruncated() -> None:
    settings = AugmentationSettings(noise_std=30)
    images = constant(128, 60, 60)
    result = brightness(images, settings, np.random.default_rng(4)).astype(float) - 128
    draws = np.random.default_rng(4)
    draws.uniform(1, 1, 60)
    draws.uniform(0, 0, 60)
    sigmas = draws.uniform(0, 30, 60)
    assert np.allclose(result.std(axis=(1, 2, 3)), sigmas, rtol=0.05, atol=0.4)
    assert abs(result.mean()) < 0.2
    strongest = result[sigmas.argmax()]
    # Of 3600 normal numbers some lie beyond 3 sigma, on either side.
    assert strongest.max() > 3 * sigmas.max()
    assert strongest.min() < -3 * sigmas.max()
    assert abs((np.abs(strongest) < sigmas.max()).mean() - 0.683) < 0.03


def test_that_noise_differs_between_images_channels_and_pixels(rng: np.random.Generator) -> None:
    result = brightness(constant([128] * 3, 30, 20), AugmentationSettings(noise_std=40), rng)
    flat = result.reshape(30, -1).astype(float)
    assert np.abs(np.corrcoef(flat) - np.eye(30)).max() < 0.2
    per_channel = result.reshape(-1, 3).T.astype(float)
    assert np.abs(np.corrcoef(per_channel) - np.eye(3)).max() < 0.05


def test_that_noise_works_for_images_larger_than_the_pool(rng: np.random.Generator) -> None:
    images = np.full((1, 1200, 1000, 1), 128, np.uint8)
    result = brightness(images, AugmentationSettings(noise_std=20), rng)
    assert result.shape == images.shape
    assert result.std() > 0


DEPTHS = [("uint8", 255.0), ("uint16", 65535.0), ("uint16", 4095.0), ("float32", 1.0)]


@pytest.mark.parametrize(("kind", "white"), DEPTHS)
def test_that_noise_of_any_pixel_type_is_normal_and_scales_with_white(kind: str, white: float) -> None:
    images = np.full((40, 50, 50, 1), white / 2, kind)
    result = brightness(images, AugmentationSettings(noise_std=20), np.random.default_rng(4), white)
    difference = (result.astype(float) - images) * (255 / white)
    draws = np.random.default_rng(4)
    draws.uniform(size=80)
    sigmas = draws.uniform(0, 20, 40)
    assert np.allclose(difference.std(axis=(1, 2, 3)), sigmas, rtol=0.05, atol=0.4)
    assert np.abs(difference.mean(axis=(1, 2, 3))).max() < 1.5
    strong = (difference / sigmas[:, None, None, None])[sigmas > 10]
    for limit, share in ((1, 0.683), (2, 0.954), (3, 0.997)):
        assert abs((np.abs(strong) < limit).mean() - share) < 0.02


@pytest.mark.parametrize(("kind", "white"), DEPTHS[1:])
def test_that_brightness_of_deep_images_is_exact(rng: np.random.Generator, kind: str, white: float) -> None:
    images = (rng.random((3, 8, 8, 2)) * white / 2).astype(kind)
    settings = AugmentationSettings(brightness_multiply=(1.25, 1.25), brightness_add=(-15, -15))
    expected = images.astype(float) * 1.25 - 15 * white / 255
    result = brightness(images, settings, rng, white)
    if kind == "uint16":
        expected = np.clip(expected, 0, 65535)
    assert result.dtype == kind
    assert np.abs(result - expected).max() <= (0.51 if kind == "uint16" else 1e-6)


def test_that_brightness_is_known_to_be_off() -> None:
    assert brightness_is_off(AugmentationSettings(rotation=4))
    for on in ({"noise_std": 1}, {"brightness_add": (0, 1)}, {"brightness_multiply": (0.9, 1)}):
        assert not brightness_is_off(AugmentationSettings(**on))


# --- contrast and colour ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("factor", "expected"), [(2, [72, 128, 184, 255, 0]), (0.5, [114, 128, 142, 164, 64]), (0, [128] * 5)]
)
@pytest.mark.parametrize("channels", [1, 3])
def test_that_contrast_stretches_around_middle_grey(
    rng: np.random.Generator, factor: float, expected: list[int], channels: int
) -> None:
    levels = np.array([100, 128, 156, 200, 0], np.uint8)
    images = np.repeat(levels[None, None, :, None], channels, axis=3)
    result = contrast(images, AugmentationSettings(contrast=(factor, factor)), rng)
    assert result[0, 0, :, 0].tolist() == expected
    assert (result == result[..., :1]).all()


class FixedUniform(np.random.Generator):
    """A Generator whose uniform numbers are all the upper limit."""

    def __init__(self) -> None:
        super().__init__(np.random.PCG64(0))

    def uniform(self, low: float, high: float, size: int) -> NDArray[np.float64]:
        return np.full(size, high)


@pytest.mark.parametrize(("turn", "expected"), [(1 / 3, [0, 255, 0]), (0.5, [0, 255, 255]), (1 / 6, [255, 255, 0])])
def test_that_hue_turns_pure_red_into_another_pure_colour(turn: float, expected: list[int]) -> None:
    result = colour(constant([255, 0, 0]), AugmentationSettings(hue=turn), FixedUniform())
    assert result[0, 0, 0].tolist() == expected


def test_that_hue_wraps_around_the_circle_in_both_directions(rng: np.random.Generator) -> None:
    result = colour(constant([255, 0, 0], 300, 2), AugmentationSettings(hue=0.05), rng)[:, 0, 0]
    assert (result[:, 0] == 255).all()
    assert result[:, 1].max() > 60
    assert result[:, 2].max() > 60
    assert (result[:, 1:].min(axis=1) == 0).all()


def test_that_grey_stays_grey_whatever_hue_and_saturation(rng: np.random.Generator) -> None:
    images = np.repeat(np.arange(0, 240, 15, dtype=np.uint8).reshape(1, 4, 4, 1), 3, axis=3)
    settings = AugmentationSettings(hue=0.5, saturation=(0, 5))
    assert np.array_equal(colour(np.repeat(images, 20, axis=0), settings, rng), np.repeat(images, 20, axis=0))


def test_that_saturation_saturates_instead_of_wrapping(rng: np.random.Generator) -> None:
    strong = constant([200, 40, 30])
    result = colour(strong, AugmentationSettings(saturation=(3, 3)), rng)[0, 0, 0]
    assert result[0] == 200
    assert result.min() == 0


@given(factor=st.floats(0, 5), turn=st.floats(-0.5, 0.5), seed=st.integers(0, 99))
def test_that_colours_are_those_of_a_slow_reference(factor: float, turn: float, seed: int) -> None:
    images = np.random.default_rng(seed).integers(0, 256, (1, 6, 5, 3), np.uint8)
    hsv = cv2.cvtColor(images[0], cv2.COLOR_RGB2HSV).astype(int)
    hsv[..., 0] = (hsv[..., 0] + round(turn * 180)) % 180
    hsv[..., 1] = np.clip(np.rint(hsv[..., 1] * factor), 0, 255)
    expected = cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB)

    class Fixed(np.random.Generator):
        def uniform(self, low: float, high: float, size: int) -> NDArray[np.float64]:
            return np.full(size, factor if low == high == factor else turn)

    settings = AugmentationSettings(saturation=(factor, factor), hue=0.5)
    assert np.array_equal(colour(images, settings, Fixed(np.random.PCG64(0)))[0], expected)


def test_that_saturation_zero_gives_grey(rng: np.random.Generator) -> None:
    result = colour(constant([200, 40, 30]), AugmentationSettings(saturation=(0, 0)), rng)[0, 0, 0]
    assert result.tolist() == [200, 200, 200]


def test_that_colour_steps_leave_images_of_one_channel_alone(noise: Noise, rng: np.random.Generator) -> None:
    images = noise()
    assert colour(images, AugmentationSettings(hue=0.5, saturation=(0, 5)), rng) is images


# --- blur ---------------------------------------------------------------------------------------------------

DOT = np.zeros((400, 15, 15, 1), np.uint8)
DOT[:, 7, 7] = 255


def sizes_seen(result: Images) -> set[int]:
    return set(np.count_nonzero(result.any(axis=(1, 3)), axis=1).tolist())


def test_that_average_blur_uses_every_size_of_the_range_both_ends_included(rng: np.random.Generator) -> None:
    assert sizes_seen(average_blur(DOT, AugmentationSettings(average_blur=(0, 5)), rng)) == {1, 2, 3, 4, 5}
    assert sizes_seen(average_blur(DOT, AugmentationSettings(average_blur=(3, 4)), rng)) == {3, 4}


def test_that_average_blur_is_the_mean(rng: np.random.Generator) -> None:
    result = average_blur(DOT[:1], AugmentationSettings(average_blur=(3, 3)), rng)
    assert np.unique(result[0, 6:9, 6:9]).tolist() == [round(255 / 9)]


def test_that_gaussian_blur_uses_odd_kernels_up_to_the_end_of_the_range(rng: np.random.Generator) -> None:
    assert sizes_seen(gaussian_blur(DOT, AugmentationSettings(gaussian_blur=(0, 5)), rng)) == {1, 3, 5}
    assert sizes_seen(gaussian_blur(DOT, AugmentationSettings(gaussian_blur=(2, 2)), rng)) == {3}


def test_that_motion_blur_uses_every_length_up_to_the_end_of_the_range(rng: np.random.Generator) -> None:
    settings = AugmentationSettings(motion_blur=(0, 5), motion_blur_angle=(0, 0))
    result = motion_blur(DOT, settings, rng)
    assert sizes_seen(result) == {1, 2, 3, 4, 5}
    assert not result[:, :7].any()


@pytest.mark.parametrize(("angle", "axis"), [(0.0, 0), (90.0, 1), (-180.0, 0)])
def test_that_a_line_kernel_lies_along_its_direction(angle: float, axis: int) -> None:
    line = line_kernel(7, angle) > 0.01
    assert np.count_nonzero(line.any(axis=1 - axis)) == 1
    assert np.count_nonzero(line.any(axis=axis)) == 7


def test_that_every_line_kernel_sums_to_one() -> None:
    for length in range(2, 32):
        for angle in np.arange(-180, 181, 15):
            kernel = line_kernel(length, float(angle))
            assert kernel.shape == (length, length)
            assert kernel.min() >= 0
            assert math.isclose(kernel.sum(), 1, abs_tol=1e-5)


def test_that_the_direction_of_motion_is_drawn_from_its_range(rng: np.random.Generator) -> None:
    settings = AugmentationSettings(motion_blur=(9, 9), motion_blur_angle=(80, 100))
    result = motion_blur(DOT, settings, rng)
    extent = [np.count_nonzero(result.any(axis=axes).any(axis=0)) for axes in ((2, 3), (1, 3))]
    assert extent[0] > 2 * extent[1] - 3


@pytest.mark.parametrize("step", [average_blur, gaussian_blur, motion_blur])
def test_that_blur_of_constant_colour_images_changes_nothing(
    step: Callable[..., Images], rng: np.random.Generator
) -> None:
    images = constant([10, 120, 250], 30, 9)
    settings = AugmentationSettings(average_blur=(0, 7), gaussian_blur=(0, 7), motion_blur=(0, 7))
    assert np.abs(step(images, settings, rng).astype(int) - images).max() <= 1


@pytest.mark.parametrize("step", [average_blur, gaussian_blur, motion_blur])
def test_that_blur_up_to_one_pixel_is_off(step: Callable[..., Images], noise: Noise, rng: np.random.Generator) -> None:
    images = noise()
    settings = AugmentationSettings(average_blur=(0, 1), gaussian_blur=(0, 1), motion_blur=(0, 1))
    assert step(images, settings, rng) is images


@given(
    shape=st.tuples(st.integers(1, 12), st.integers(1, 12), st.sampled_from([1, 2, 3, 6])),
    low=st.integers(0, 9),
    width=st.integers(0, 9),
    kind=st.sampled_from(["uint8", "uint16", "float32"]),
    seed=st.integers(0, 99),
)
def test_that_images_blurred_together_are_those_that_opencv_blurs_one_by_one(
    shape: tuple[int, int, int], low: int, width: int, kind: str, seed: int
) -> None:
    images = np.random.default_rng(seed).integers(0, 256, (9, *shape)).astype(kind)
    sizes = (low, low + width)
    drawn = np.random.default_rng(seed).integers(low, low + width, 9, endpoint=True)
    average = average_blur(images, AugmentationSettings(average_blur=sizes), np.random.default_rng(seed))
    gaussian = gaussian_blur(images, AugmentationSettings(gaussian_blur=sizes), np.random.default_rng(seed))
    for image, one, other, size in zip(images, average, gaussian, drawn.tolist(), strict=True):
        odd = 2 * (size // 2) + 1
        expected = cv2.blur(image, (max(1, size),) * 2), cv2.GaussianBlur(image, (odd, odd), 0)
        # OpenCV itself rounds halves up or down, by the place in the row.
        half = 0 if kind == "float32" else 1
        np.testing.assert_allclose(one.astype(float), expected[0].reshape(shape), rtol=1e-5, atol=half)
        np.testing.assert_allclose(other.astype(float), expected[1].reshape(shape), rtol=1e-5, atol=half)


# --- erasing ------------------------------------------------------------------------------------------------


def test_that_probability_zero_erases_nothing_and_one_erases_in_every_image(rng: np.random.Generator) -> None:
    images = constant([7, 7, 7], 300, 20)
    assert random_erasing(images, AugmentationSettings(), rng) is images
    result = random_erasing(images, AugmentationSettings(random_erasing=1), rng)
    changed = (result != 7).any(axis=3)
    assert changed.any(axis=(1, 2)).all()
    for axis in (1, 2):
        extent = changed.any(axis=axis).sum(axis=1)
        assert (extent.min(), extent.max()) == (3, 10)
        # Rectangles reach every edge of the image.
        assert changed.any(axis=(0, axis)).all()


def test_that_the_share_of_erased_images_is_the_probability(rng: np.random.Generator) -> None:
    result = random_erasing(constant(7, 1000, 8), AugmentationSettings(random_erasing=0.25), rng)
    assert abs((result != 7).any(axis=(1, 2, 3)).mean() - 0.25) < 0.05


@pytest.mark.parametrize(("kind", "white"), DEPTHS)
def test_that_erased_parts_have_every_level_up_to_white(rng: np.random.Generator, kind: str, white: float) -> None:
    images = np.zeros((200, 20, 16, 2), kind)
    result = random_erasing(images, AugmentationSettings(random_erasing=1), rng, white)
    levels = result[result > 0].astype(float) / white
    assert 0 <= levels.min() < 0.02
    assert 0.98 < levels.max() <= 1
    assert abs(levels.mean() - 0.5) < 0.03


# --- all ----------------------------------------------------------------------------------------------------

STEPS: list[tuple[Callable[..., Images], dict[str, object]]] = [
    (contrast, {"contrast": (0.5, 1.5)}),
    (colour, {"saturation": (0.5, 1.5), "hue": 0.2}),
    (average_blur, {"average_blur": (0, 5)}),
    (gaussian_blur, {"gaussian_blur": (0, 5)}),
    (motion_blur, {"motion_blur": (0, 5)}),
    (brightness, {"brightness_add": (-20, 20), "noise_std": 9}),
    (random_erasing, {"random_erasing": 0.5}),
]


@pytest.mark.parametrize(("step", "amounts"), STEPS, ids=lambda value: getattr(value, "__name__", ""))
@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32"])
def test_that_a_step_leaves_its_input_alone_unless_told_to_overwrite_it(
    noise: Noise, step: Callable[..., Images], amounts: dict[str, tuple[float, float]], kind: str
) -> None:
    images = noise(20, 10, 8, 3).astype(kind)
    before = images.copy()
    settings = AugmentationSettings(**amounts)
    result = step(images, settings, np.random.default_rng(6))
    assert np.array_equal(images, before)
    assert not np.shares_memory(result, images)
    assert not np.array_equal(result, images)
    overwritten = step(images, settings, np.random.default_rng(6), overwrite=True)
    assert np.array_equal(overwritten, result)
    assert np.shares_memory(overwritten, images)
    # Parts of a larger array give the same.
    part = np.pad(before, ((0, 0), (2, 2), (3, 3), (0, 0)))[:, 2:-2, 3:-3]
    assert np.array_equal(step(part, settings, np.random.default_rng(6)), result)
