from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from aid_desktop.augment.affine import affine
from aid_desktop.augment.pipeline import Randomness, augment_batch, augment_labelled
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.image import ImageSettings

Images = NDArray[np.uint8]
Noise = Callable[..., Images]

ON: dict[str, Any] = {
    "horizontal_flip": True, "vertical_flip": True, "rotation": 20, "width_shift": 2, "height_shift": 2, "zoom": 0.3,
    "shear": 5, "brightness_add": (-20, 20), "brightness_multiply": (0.5, 1.5), "noise_std": 20,
    "contrast": (0.5, 1.5), "saturation": (0.5, 2), "hue": 0.2, "average_blur": (0, 3), "gaussian_blur": (0, 3),
    "motion_blur": (0, 3), "random_erasing": 0.5,
}  # fmt: skip
PHOTOMETRIC = ("contrast", "saturation", "hue", "average_blur", "gaussian_blur", "motion_blur", "brightness_add",
               "noise_std", "random_erasing")  # fmt: skip


def augment(images: Images, settings: AugmentationSettings, seed: int = 1, **options: Any) -> Images:
    rngs = np.random.default_rng([seed, 1]), np.random.default_rng([seed, 2])
    return augment_batch(images, settings, *rngs, **options)


@settings(max_examples=60)
@given(
    names=st.sets(st.sampled_from(sorted(ON))),
    n=st.integers(0, 4),
    shape=st.sampled_from([(8, 8, 1), (7, 10, 3), (11, 5, 1), (2, 2, 3)]),
    padding=st.sampled_from(["constant", "edge", "reflect", "symmetric", "wrap"]),
    seed=st.integers(0, 99),
)
def test_that_any_settings_keep_shape_type_and_input_and_repeat_themselves(
    names: set[str], n: int, shape: tuple[int, int, int], padding: str, seed: int
) -> None:
    images = np.random.default_rng(seed).integers(0, 256, (n, *shape), np.uint8)
    before = images.copy()
    settings = AugmentationSettings(**{name: ON[name] for name in names})
    result = augment(images, settings, seed, padding=padding)
    assert (result.shape, result.dtype) == (images.shape, np.uint8)
    assert not np.shares_memory(result, images)
    assert np.array_equal(images, before)
    assert np.array_equal(result, augment(images, settings, seed, padding=padding))
    if not names:
        assert np.array_equal(result, images)


@pytest.mark.parametrize("name", sorted(ON))
def test_that_each_setting_alone_changes_images_but_not_all_in_the_same_way(noise: Noise, name: str) -> None:
    images = np.repeat(noise(1, 16, 16, 3), 40, axis=0)
    result = augment(images, AugmentationSettings(**{name: ON[name]}))
    assert 1 < len(np.unique(result, axis=0)) <= 40


@pytest.mark.parametrize("name", sorted(ON))
def test_that_another_seed_gives_other_pixels(noise: Noise, name: str) -> None:
    images = noise(40, 12, 12, 3)
    settings = AugmentationSettings(**{name: ON[name]})
    assert not np.array_equal(augment(images, settings, 1), augment(images, settings, 2))


def test_that_images_with_a_margin_come_out_in_the_size_asked_for(noise: Noise) -> None:
    images = noise(3, 20, 18, 3)
    result = augment(images, AugmentationSettings(), size=(12, 10))
    assert np.array_equal(result, images[:, 4:-4, 4:-4])
    assert not np.shares_memory(result, images)
    assert augment(images, AugmentationSettings(**ON), size=(12, 10)).shape == (3, 12, 10, 3)


@pytest.mark.parametrize("name", PHOTOMETRIC)
def test_that_switching_a_grey_level_step_on_leaves_the_geometry_as_it_was(noise: Noise, name: str) -> None:
    images = noise(20, 12, 12, 3)
    geometry = {"rotation": 20, "horizontal_flip": True}
    alone = affine(images, AugmentationSettings(**geometry), np.random.default_rng([1, 1]))
    # The last steps by themselves act on images of the same geometry.
    result = augment(images, AugmentationSettings(**geometry, **{name: ON[name]}))
    untouched = (result == alone).mean()
    assert untouched < 1
    assert np.array_equal(augment(alone, AugmentationSettings(**{name: ON[name]})), result)


@pytest.mark.parametrize("name", [name for name in PHOTOMETRIC if name != "random_erasing"])
def test_that_switching_one_step_on_leaves_the_draws_of_a_later_step_as_they_were(noise: Noise, name: str) -> None:
    images = noise(30, 20, 20, 3)
    erased_alone = augment(images, AugmentationSettings(random_erasing=0.6)) != images
    settings = AugmentationSettings(**{name: ON[name]})
    both = AugmentationSettings(random_erasing=0.6, **{name: ON[name]})
    erased_with_it = augment(images, both) != augment(images, settings)
    share = (erased_alone == erased_with_it).mean()
    assert share > 0.98


def test_that_a_step_before_it_does_not_change_the_draws_of_brightness(noise: Noise) -> None:
    grey = np.full((50, 6, 6, 3), 128, np.uint8)
    alone = augment(grey, AugmentationSettings(brightness_add=(-50, 50)))
    # Blur, contrast and colour leave a constant middle grey as it is, so only the draws can differ.
    others = {name: ON[name] for name in ("contrast", "saturation", "hue", "average_blur", "gaussian_blur")}
    assert np.array_equal(augment(grey, AugmentationSettings(brightness_add=(-50, 50), **others)), alone)


def test_that_brightness_acts_after_contrast_and_erasing_after_both() -> None:
    grey = np.full((4, 20, 20, 1), 100, np.uint8)
    settings = AugmentationSettings(contrast=(2, 2), brightness_add=(10, 10), random_erasing=1)
    result = augment(grey, settings)
    assert np.median(result) == (100 - 128) * 2 + 128 + 10
    assert len(np.unique(result)) > 50


def test_that_geometry_and_grey_levels_have_their_own_randomness(noise: Noise) -> None:
    images = noise(20, 12, 12)
    settings = AugmentationSettings(horizontal_flip=True, brightness_add=(-40, 40))
    one = augment_batch(images, settings, np.random.default_rng(1), np.random.default_rng(2))
    other = augment_batch(images, settings, np.random.default_rng(1), np.random.default_rng(3))
    flips = affine(images, AugmentationSettings(horizontal_flip=True), np.random.default_rng(1))
    for result in (one, other):
        for image, flipped in zip(result, flips, strict=True):
            assert np.corrcoef(image.ravel(), flipped.ravel())[0, 1] > 0.9
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("name", sorted(ON))
@pytest.mark.parametrize(("kind", "factor", "tolerance"), [("uint16", 257, 1.5), ("float32", 1 / 255, 2.5)])
def test_that_deeper_images_change_as_those_of_8_bits_do(
    noise: Noise, name: str, kind: str, factor: float, tolerance: float
) -> None:
    images = noise(6, 16, 16, 3)
    # Middle levels, so that nothing is cut at black or white, which floating-point images do not know.
    images = (images // 4 + 96).astype(np.uint8)
    deep = (images.astype(np.float64) * factor).astype(kind)
    white = 255 * factor
    settings = AugmentationSettings(**{name: ON[name]})
    result = augment(deep, settings, white=white)
    assert result.dtype == kind
    difference = np.abs(result / factor - augment(images, settings).astype(np.float64))
    # Hue is a whole number of 180 steps at 8 bits, and exact at others; patches of erasing are drawn as levels.
    assert np.quantile(difference, 0.99) < (4 if name in ("hue", "saturation") else tolerance)


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("n_channels", [2, 5])
def test_that_any_number_of_channels_is_turned_and_blurred_alike(kind: str, n_channels: int) -> None:
    gray = np.random.default_rng(0).integers(0, 200, (3, 12, 12, 1)).astype(kind)
    images = np.repeat(gray, n_channels, axis=3)
    settings = AugmentationSettings(rotation=20, zoom=0.2, gaussian_blur=(0, 3), motion_blur=(0, 3), hue=0.2)
    result = augment(images, settings)
    assert result.shape == (3, 12, 12, n_channels)
    for place in range(1, n_channels):
        # Floating-point sums may be ordered differently.
        np.testing.assert_allclose(result[..., place], result[..., 0], rtol=1e-5)


@pytest.mark.parametrize(("channels", "coloured"), [("rgb", True), (("a", "b", "c"), False)])
def test_that_colours_of_three_named_channels_are_left_alone(
    noise: Noise, channels: str | tuple[str, ...], coloured: bool
) -> None:
    images = noise(6, 16, 16, 3)
    labels = np.eye(2, dtype=np.float32)[[0, 1] * 3]
    image = ImageSettings(width=16, height=16, channels=channels)
    randomness = Randomness(*np.random.default_rng(1).spawn(3))
    settings = AugmentationSettings(hue=0.3, saturation=(0.5, 2))
    result, same_labels = augment_labelled(images, labels, settings, image, randomness)
    assert np.array_equal(result, images) != coloured
    assert np.array_equal(labels, same_labels)
