"""All augmentation steps in their documented order."""

import numpy as np

from aid_desktop.augment.affine import affine
from aid_desktop.augment.blur import average_blur, gaussian_blur, motion_blur
from aid_desktop.augment.brightness import brightness
from aid_desktop.augment.brightness import is_identity as brightness_is_off
from aid_desktop.augment.contrast import colour, contrast
from aid_desktop.augment.erasing import random_erasing
from aid_desktop.data.pixels import Pixels
from aid_desktop.settings.augmentation import AugmentationSettings

_BLURS = (average_blur, gaussian_blur, motion_blur)
_N_PHOTOMETRIC = 7


def augment_batch(
    images: Pixels,
    settings: AugmentationSettings,
    affine_rng: np.random.Generator,
    photometric_rng: np.random.Generator,
    size: tuple[int, int] | None = None,
    padding: str = "constant",
    white: float = 255.0,
) -> Pixels:
    """Return the images as training takes them: geometry, contrast, colour, blur, brightness with noise, erasing.

    Args:
        images: (N, H, W, C) of any pixel type, larger than `size` where pixels around the target are known.
        settings: amounts of each step; what is off costs nothing.
        affine_rng: randomness of the geometry.
        photometric_rng: randomness of everything else.
        size: (height, width) of the result; default that of the images.
        padding: see `affine`.
        white: the grey level that 255 stands for in amounts given in grey levels.

    Returns:
        (N, height, width, C) of the same type; never a view of `images`.
    """
    result = affine(images, settings, affine_rng, size, padding)
    # One Generator per step: switching a step on leaves the draws of the others as they were.
    rngs = photometric_rng.spawn(_N_PHOTOMETRIC)
    result = contrast(result, settings, rngs[0], white)
    result = colour(result, settings, rngs[1], white)
    for blur, rng in zip(_BLURS, rngs[2:5], strict=True):
        result = blur(result, settings, rng)
    if not brightness_is_off(settings):
        result = brightness(result, settings, rngs[5], white)
    return random_erasing(result, settings, rngs[6], white)
