"""Random erasing: a rectangle of noise hides a part of the image (Zhong et al., AAAI 2020)."""

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.pixels import Pixels, to_type
from aid_desktop.settings.augmentation import AugmentationSettings

_SMALLEST_SIDE, _LARGEST_SIDE = 0.15, 0.5


def random_erasing(
    images: Pixels,
    settings: AugmentationSettings,
    rng: np.random.Generator,
    white: float = 255.0,
    overwrite: bool = False,
) -> Pixels:
    """Fill a rectangle of 15-50 % of each side with noise from 0 to `white` in the given share of images.

    (N, H, W, C) of any pixel type in and out. With `overwrite` the result takes the memory of `images`.
    """
    if not settings.random_erasing:
        return images
    n, height, width, channels = images.shape
    erased = np.flatnonzero(rng.random(n) < settings.random_erasing)
    rows, columns = (_sides(side, len(erased), rng) for side in (height, width))
    tops = rng.integers(0, height - rows, endpoint=True)
    lefts = rng.integers(0, width - columns, endpoint=True)
    largest = (len(erased), rows.max(initial=0), columns.max(initial=0), channels)
    noise = to_type(rng.random(largest, np.float32) * np.float32(white), str(images.dtype))
    result = images if overwrite else images.copy()
    places = zip(erased.tolist(), tops.tolist(), lefts.tolist(), rows.tolist(), columns.tolist(), strict=True)
    for patch, (index, top, left, n_rows, n_columns) in zip(noise, places, strict=True):
        result[index, top : top + n_rows, left : left + n_columns] = patch[:n_rows, :n_columns]
    return result


def _sides(side: int, n: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Return n lengths in pixels, at least 1, of parts of a side."""
    return np.maximum(1, np.rint(side * rng.uniform(_SMALLEST_SIDE, _LARGEST_SIDE, n))).astype(np.intp)
