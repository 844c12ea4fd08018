"""All augmentation steps in their documented order."""

import numpy as np
from numpy.typing import NDArray

from aid_desktop.augment.affine import affine
from aid_desktop.augment.blur import average_blur, gaussian_blur, motion_blur
from aid_desktop.augment.brightness import brightness
from aid_desktop.augment.brightness import is_identity as brightness_is_off
from aid_desktop.augment.contrast import colour, contrast
from aid_desktop.augment.erasing import random_erasing
from aid_desktop.settings.augmentation import AugmentationSettings

_PHOTOMETRIC_STEPS = (contrast, colour, average_blur, gaussian_blur, motion_blur)


def augment_batch(
    images: NDArray[np.uint8],
    settings: AugmentationSettings,
    affine_rng: np.random.Generator,
    photometric_rng: np.random.Generator,
    size: tuple[int, int] | None = None,
    padding: str = "constant",
) -> NDArray[np.uint8]:
    """Return the images as training takes them: geometry, contrast, colour, blur, brightness with noise, erasing.

    Args:
        images: uint8 (N, H, W, C), larger than `size` where pixels around the target are known.
        settings: amounts of each step; what is off costs nothing.
        affine_rng: randomness of the geometry.
        photometric_rng: randomness of everything else.
        size: (height, width) of the result; default that of the images.
        padding: see `affine`.

    Returns:
        uint8 (N, height, width, C); never a view of `images`.
    """
    result = affine(images, settings, affine_rng, size, padding)
    # One Generator per step: switching a step on leaves the draws of the others as they were.
    rngs = photometric_rng.spawn(len(_PHOTOMETRIC_STEPS) + 2)
    for step, rng in zip(_PHOTOMETRIC_STEPS, rngs, strict=False):
        result = step(result, settings, rng)
    if not brightness_is_off(settings):
        result = brightness(result, settings, rngs[-2])
    return random_erasing(result, settings, rngs[-1])
