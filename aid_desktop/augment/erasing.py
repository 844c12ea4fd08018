"""Random erasing: a rectangle of noise hides a part of the image (Zhong et al., AAAI 2020)."""

import numpy as np
from numpy.typing import NDArray

from aid_desktop.settings.augmentation import AugmentationSettings

_SMALLEST_SIDE, _LARGEST_SIDE = 0.15, 0.5


def random_erasing(
    images: NDArray[np.uint8], settings: AugmentationSettings, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Fill a rectangle of 15-50 % of each side with uniform noise in the given share of images.

    uint8 (N, H, W, C) in and out.
    """
    if not settings.random_erasing:
        return images
    result = images.copy()
    _, height, width, channels = images.shape
    for index in np.flatnonzero(rng.random(len(images)) < settings.random_erasing):
        rows, columns = (max(1, round(side * rng.uniform(_SMALLEST_SIDE, _LARGEST_SIDE))) for side in (height, width))
        top = rng.integers(0, height - rows, endpoint=True)
        left = rng.integers(0, width - columns, endpoint=True)
        patch = rng.integers(0, 256, (rows, columns, channels), dtype=np.uint8)
        result[index, top : top + rows, left : left + columns] = patch
    return result
