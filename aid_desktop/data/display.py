"""Grey levels of any depth as 8 bits for the eye. What is shown never changes what a network sees."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.pixels import Pixels

_PERCENTILES = (0.1, 99.9)
_SAMPLE = 2**20
"""So many grey levels tell the range of a set of images."""


def display_range(images: Sequence[Pixels]) -> tuple[float, float]:
    """Return the grey levels to show as black and white: 0 and 255 for 8 bits, else what the images use.

    Of deeper images the 0.1 and 99.9 percentiles of all grey levels together, so that a few odd pixels do not
    darken everything, and images side by side stay comparable.
    """
    deep = [image for image in images if image.dtype != np.uint8]
    if not deep:
        return 0.0, 255.0
    step = max(1, sum(image.size for image in deep) // _SAMPLE)
    levels = np.concatenate([image.reshape(-1)[::step] for image in deep])
    low, high = (float(level) for level in np.percentile(levels, _PERCENTILES))
    return (low, high) if high > low else (low, low + 1)


def to_display(image: Pixels, levels: tuple[float, float]) -> NDArray[np.uint8]:
    """Return uint8 (H, W) or (H, W, 3); images of 8 bits keep their grey levels.

    Other images are stretched so that `levels` (darkest, brightest) become 0 and 255. Of other channels than gray or
    RGB the first three are shown as red, green and blue.
    """
    shown = image[:, :, 0] if image.ndim == 3 and image.shape[2] == 1 else image
    if shown.ndim == 3 and shown.shape[2] == 2:
        shown = np.dstack([shown, np.zeros(shown.shape[:2], shown.dtype)])
    elif shown.ndim == 3:
        shown = shown[:, :, :3]
    if shown.dtype == np.uint8:
        return np.ascontiguousarray(shown, np.uint8)
    low, high = levels
    return np.clip(np.rint((shown.astype(np.float64) - low) * (255 / (high - low))), 0, 255).astype(np.uint8)
