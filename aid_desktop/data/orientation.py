"""Turn images upright that say how the camera was held."""

from collections.abc import Callable
from typing import Any

import numpy as np

from aid_desktop.data.pixels import Pixels

ORIENTATION_TAG = 274
"""Number of the tag in Exif and in TIFF."""

_UPRIGHT: dict[int, Callable[[Any], Any]] = {
    2: lambda image: image[:, ::-1],
    3: lambda image: image[::-1, ::-1],
    4: lambda image: image[::-1],
    5: lambda image: image.swapaxes(0, 1),
    6: lambda image: np.rot90(image, -1),
    7: lambda image: image[::-1, ::-1].swapaxes(0, 1),
    8: lambda image: np.rot90(image),
}
"""How an image of an Exif orientation is turned upright."""


def upright(image: Pixels, orientation: int) -> Pixels:
    """Return the image turned as its Exif or TIFF orientation (1 to 8) says."""
    turn = _UPRIGHT.get(orientation)
    return image if turn is None else np.ascontiguousarray(turn(image))
