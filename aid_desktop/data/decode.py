"""Decode image files with Pillow: original grey levels as uint8, or the reason why not."""

import struct
import zlib
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from aid_desktop.errors import DataError

if TYPE_CHECKING:
    from PIL import Image

TOO_DEEP = "16-bit images are not supported yet: save it with 8 bits"

_DAMAGE = (
    OSError, SyntaxError, EOFError, ValueError, TypeError, LookupError, ArithmeticError, RuntimeError,
    struct.error, zlib.error,
)  # fmt: skip
"""What Pillow's decoders raise for damaged files."""

_BITS_PER_SAMPLE = 258  # TIFF tag
_ORIENTATION = 274  # Exif tag
_PAGED_FORMATS = ("TIFF", "GIF", "WEBP")


def decode_pages(
    path: Path, content: bytes | None = None, pages: Sequence[int] | None = None
) -> list[NDArray[np.uint8]]:
    """Return the pages of an image file, each uint8 (H, W) or (H, W, 3) RGB, turned upright.

    The Exif orientation is applied, transparency is dropped, palettes and CMYK become RGB, 1 bit becomes
    0 or 255. Pages are those of a TIFF or the frames of a GIF or WebP, counted from 0; of other files the
    first image is taken. `content` are the bytes of the file if they are known. Raises DataError with the
    reason alone (without the file's name).
    """
    from PIL import Image, UnidentifiedImageError

    try:
        # A file object, never the path: Pillow (13.0) maps some TIFF files given by path into memory and then
        # ignores their orientation.
        with path.open("rb") if content is None else BytesIO(content) as file, Image.open(file) as image:
            return [_decode_page(image, page) for page in (range(_n_pages(image)) if pages is None else pages)]
    except UnidentifiedImageError as error:
        raise DataError("is not an image, or of a kind that is not known") from error
    except Image.DecompressionBombError as error:
        raise DataError(f"has more than {2 * (Image.MAX_IMAGE_PIXELS or 0):,} pixels") from error
    except MemoryError as error:
        raise DataError("is too large for the memory") from error
    except _DAMAGE as error:
        raise DataError(_reason(error)) from error


def count_pages(path: Path) -> int:
    """Return the number of pages without decoding them. Raises DataError as `decode_pages` does."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            return _n_pages(image)
    except _DAMAGE as error:
        raise DataError(_reason(error)) from error


def has_pages(path: Path) -> bool:
    """Return whether files of this suffix may hold more than one image."""
    return path.suffix.lower() in (".tif", ".tiff", ".gif", ".webp")


def _n_pages(image: "Image.Image") -> int:
    n_pages = int(getattr(image, "n_frames", 1))
    if n_pages > 1 and image.format == "PNG":
        raise DataError("is an animated PNG: save its frames as single images")
    return n_pages if image.format in _PAGED_FORMATS else 1


def _decode_page(image: "Image.Image", page: int) -> NDArray[np.uint8]:
    from PIL import ImageOps

    if image.format in _PAGED_FORMATS:
        image.seek(page)
    if _is_too_deep(image):
        raise DataError(TOO_DEEP)
    image.load()
    upright = ImageOps.exif_transpose(image) if image.getexif().get(_ORIENTATION, 1) != 1 else image
    return np.asarray(_as_gray_or_rgb(upright))


def _is_too_deep(image: "Image.Image") -> bool:
    # Pillow silently cuts 16-bit colour to 8 bits, so the file has to be asked rather than the image's mode.
    if image.mode.startswith(("I", "F")):
        return True
    if image.format == "TIFF":
        bits: tuple[int, ...] | int = getattr(image, "tag_v2", {}).get(_BITS_PER_SAMPLE, 1)
        return max(bits if isinstance(bits, tuple) else (bits,)) > 8
    raw_modes = [str(tile[3]) for tile in getattr(image, "tile", ())]
    return image.format == "PNG" and any("16" in mode for mode in raw_modes)


def _as_gray_or_rgb(image: "Image.Image") -> "Image.Image":
    if image.mode in ("L", "RGB"):
        return image
    if image.mode in ("1", "LA", "La"):
        return image.convert("L")
    if image.mode in ("P", "PA", "RGBa"):
        # By way of RGBA, which is then cut: Pillow warns of palettes with transparency when it
        # goes straight to RGB.
        return image.convert("RGBA").convert("RGB")
    if image.mode in ("RGBA", "RGBX", "CMYK", "YCbCr", "HSV"):
        return image.convert("RGB")
    raise DataError(f"has the colour mode {image.mode}: save it as RGB or grey")


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "does not exist any more"
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be opened ({error.strerror})"
    if "truncated" in str(error).lower():
        return "is cut off: the end of the file is missing"
    return f"is damaged ({error})" if str(error) else "is damaged"
