"""All augmentation steps in their documented order."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from aid_desktop.augment.affine import affine
from aid_desktop.augment.blur import average_blur, gaussian_blur, motion_blur
from aid_desktop.augment.brightness import brightness
from aid_desktop.augment.brightness import is_identity as brightness_is_off
from aid_desktop.augment.contrast import colour, contrast
from aid_desktop.augment.erasing import random_erasing
from aid_desktop.augment.mixing import mix
from aid_desktop.data.pixels import Pixels
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.image import ImageSettings

_BLURS = (average_blur, gaussian_blur, motion_blur)
_N_PHOTOMETRIC = 7


@dataclass(frozen=True, slots=True, eq=False)
class Randomness:
    """The Generators of geometry, of grey levels and colours, and of mixing: each is drawn anew in its own time."""

    affine: np.random.Generator
    photometric: np.random.Generator
    mixing: np.random.Generator


def augment_labelled(
    images: Pixels,
    labels: NDArray[np.float32],
    settings: AugmentationSettings,
    image: ImageSettings,
    randomness: Randomness,
    white: float = 255.0,
) -> tuple[Pixels, NDArray[np.float32]]:
    """Return images and labels as training takes them: augmented, cut to the network's size, mixed with each other.

    Args:
        images: (N, H, W, C) of any pixel type, larger than the network's input where pixels around it are known.
        labels: float32 (N, n_classes), rows of sum 1.
        settings: amounts of each step; those of colours count for rgb only, three named channels have none.
        image: size and padding.
        randomness: where the random numbers come from.
        white: the grey level that 255 stands for in amounts given in grey levels.
    """
    if image.channels != "rgb":
        settings = replace(settings, saturation=(1.0, 1.0), hue=0.0)
    size = (image.height, image.width)
    rngs = (randomness.affine, randomness.photometric)
    return mix(augment_batch(images, settings, *rngs, size, image.padding, white), labels, settings, randomness.mixing)


def augment_batch(
    images: Pixels,
    settings: AugmentationSettings,
    affine_rng: np.random.Generator,
    photometric_rng: np.random.Generator,
    size: tuple[int, int] | None = None,
    padding: str = "constant",
    white: float = 255.0,
) -> Pixels:
    """Return changed images: geometry, contrast, colour, blur, brightness with noise, erasing.

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
    result = contrast(result, settings, rngs[0], white, overwrite=True)
    result = colour(result, settings, rngs[1], white, overwrite=True)
    for blur, rng in zip(_BLURS, rngs[2:5], strict=True):
        result = blur(result, settings, rng, overwrite=True)
    if not brightness_is_off(settings):
        result = brightness(result, settings, rngs[5], white, overwrite=True)
    return random_erasing(result, settings, rngs[6], white, overwrite=True)
