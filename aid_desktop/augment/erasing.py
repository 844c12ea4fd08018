"""Random erasing: a rectangle of noise hides a part of the image (Zhong et al., AAAI 2020)."""

import numpy as np

from aid_desktop.data.pixels import Pixels, to_type
from aid_desktop.settings.augmentation import AugmentationSettings

_SMALLEST_SIDE, _LARGEST_SIDE = 0.15, 0.5


def random_erasing(
    images: Pixels, settings: AugmentationSettings, rng: np.random.Generator, white: float = 255.0
) -> Pixels:
    """Fill a rectangle of 15-50 % of each side with noise from 0 to `white` in the given share of images.

    (N, H, W, C) of any pixel type in and out.
    """
    if not settings.random_erasing:
        return images
    result = images.copy()
    _, height, width, channels = images.shape
    for index in np.flatnonzero(rng.random(len(images)) < settings.random_erasing):
        rows, columns = (max(1, round(side * rng.uniform(_SMALLEST_SIDE, _LARGEST_SIDE))) for side in (height, width))
        top = rng.integers(0, height - rows, endpoint=True)
        left = rng.integers(0, width - columns, endpoint=True)
        patch = rng.random((rows, columns, channels)) * white
        result[index, top : top + rows, left : left + columns] = to_type(patch, str(images.dtype))
    return result
