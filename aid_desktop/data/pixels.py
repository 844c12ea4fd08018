"""Grey levels in the depth in which they were recorded, and the channels that an image is made of."""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from aid_desktop.errors import DataError

Pixels = NDArray[np.uint8 | np.uint16 | np.float32]
"""Grey levels of 8 bits, 16 bits, or floating-point numbers; images are (H, W) or (H, W, C)."""

PIXEL_TYPES = ("uint8", "uint16", "float32")
"""The types in which grey levels are kept until they are normalized."""

_WHITE = {"uint8": 255.0, "uint16": 65535.0, "float32": 1.0}
_WORDS = {"uint8": "8 bits", "uint16": "16 bits", "float32": "floating-point"}


def white_level_of(pixel_type: str) -> float:
    """Return the grey level that stands for white where nothing else is said: 255, 65535 or 1."""
    return _WHITE[pixel_type]


def pixel_type_text(pixel_type: str) -> str:
    """Return for example "16 bits"."""
    return _WORDS[pixel_type]


def pixel_type_of(stored: np.dtype[Any]) -> str:
    """Return the type in which images stored in another one are kept. Raises DataError for what is no grey level.

    uint8 and uint16 stay (in any byte order), 1 bit becomes uint8 (0 and 255), all other numbers float32.
    """
    stored = stored.newbyteorder("=")
    if stored == np.bool_ or stored == np.uint8:
        return "uint8"
    if stored == np.uint16:
        return "uint16"
    if np.issubdtype(stored, np.integer) or np.issubdtype(stored, np.floating):
        return "float32"
    raise DataError(f"has pixels of the type {stored}; expected whole or floating-point numbers")


def as_pixels(array: NDArray[Any]) -> Pixels:
    """Return the grey levels in one of PIXEL_TYPES, see `pixel_type_of`; the same array where it is in one already.

    Integers above 16 bits are exact up to 2**24. Raises DataError (the reason alone) for other types, and for
    values that are not finite.
    """
    kind = pixel_type_of(array.dtype)
    if array.dtype == np.bool_:
        return np.where(array, np.uint8(255), np.uint8(0))
    if kind != "float32":
        return cast(Pixels, array.astype(kind, copy=False))
    with np.errstate(over="ignore"):
        values = array.astype(np.float32, copy=False)
    if not np.isfinite(values).all():
        raise DataError("has pixels that are not finite numbers")
    return values


def to_type(values: NDArray[Any], pixel_type: str) -> Pixels:
    """Return computed values in a pixel type: whole-numbered ones rounded half to even and saturated."""
    if pixel_type == "float32":
        return values.astype(np.float32, copy=False)
    return cast(Pixels, np.clip(np.rint(values), 0, _WHITE[pixel_type]).astype(pixel_type))


def channel_names(n_channels: int) -> tuple[str, ...]:
    """Return the names of an image's channels: gray; red, green, blue; or channel 1, channel 2, …"""
    if n_channels == 1:
        return ("gray",)
    if n_channels == 3:
        return ("red", "green", "blue")
    return tuple(f"channel {number}" for number in range(1, n_channels + 1))


def pick_channels(image: Pixels, available: Sequence[str], wanted: Sequence[str]) -> Pixels:
    """Return (H, W, len(wanted)): the channels of these names, in this order.

    `available` names the channels of `image` (H, W) or (H, W, C). Raises DataError for a name that is not there.
    """
    missing = [name for name in wanted if name not in available]
    if missing:
        raise DataError(f"has no channel {missing[0]!r}: it has {', '.join(available)}")
    channels = image.reshape(*image.shape[:2], -1)
    return channels[:, :, [list(available).index(name) for name in wanted]]
