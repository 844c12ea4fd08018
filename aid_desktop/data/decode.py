"""Decode image files into their original grey levels, or say why that cannot be done.

Pillow reads images of 8 bits; what it would cut or refuse goes to tifffile (TIFF of any depth and number of channels,
see tiff.py) or to OpenCV (colour PNG of 16 bits).
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import cv2
import numpy as np

from aid_desktop.data import tiff
from aid_desktop.data.orientation import ORIENTATION_TAG, upright
from aid_desktop.data.pixels import Pixels
from aid_desktop.errors import DataError
from aid_desktop.numbers import grouped

if TYPE_CHECKING:
    from PIL import Image

_DAMAGE = (
    OSError, SyntaxError, EOFError, ValueError, TypeError, LookupError, ArithmeticError, RuntimeError, ImportError,
    AssertionError, struct.error, zlib.error,
)  # fmt: skip
"""What decoders raise for damaged files, and where a part of theirs is missing."""

_BITS_PER_SAMPLE = 258  # TIFF tag
_PAGED_FORMATS = ("TIFF", "GIF", "WEBP")
_PNG_GRAY_ALPHA = "LA;16B"


def iterate_pages(path: Path, content: bytes | None = None, pages: Sequence[int] | None = None) -> Iterator[Pixels]:
    """Yield the pages of an image file, each (H, W), (H, W, 3) RGB or (H, W, C), turned upright.

    Grey levels keep their depth. The Exif orientation is applied, transparency is dropped, palettes and CMYK
    become RGB, 1 bit becomes 0 or 255. Pages are the images of a TIFF (see tiff.py) or the frames of a GIF or
    WebP, counted from 0; of other files the first image is taken. `content` are the bytes of the file if they are
    known. Raises DataError with the reason alone (without the file's name).
    """
    from PIL import Image

    with _opened(path, content) as file:
        if tiff.needs_tifffile(file):
            yield from tiff.iterate_images(file, pages, _most_pixels())
            return
        with Image.open(file) as image:
            for page in range(_n_pages(image)) if pages is None else pages:
                yield _decode_page(image, file, page)


def decode_pages(path: Path, content: bytes | None = None, pages: Sequence[int] | None = None) -> list[Pixels]:
    """Return all that `iterate_pages` yields."""
    return list(iterate_pages(path, content, pages))


def count_pages(path: Path) -> int:
    """Return the number of pages without decoding them. Raises DataError as `iterate_pages` does."""
    from PIL import Image

    with _opened(path, None) as file:
        if tiff.needs_tifffile(file):
            return tiff.count_images(file)
        with Image.open(file) as image:
            return _n_pages(image)


def has_pages(path: Path) -> bool:
    """Return whether files of this suffix may hold more than one image."""
    return path.suffix.lower() in (".tif", ".tiff", ".gif", ".webp")


@contextmanager
def _opened(path: Path, content: bytes | None) -> Iterator[BinaryIO]:
    from PIL import Image, UnidentifiedImageError

    try:
        # A file object, never the path: Pillow (13.0) maps some TIFF files given by path into memory and then
        # ignores their orientation; OpenCV knows no path with letters that the system's code page lacks.
        with path.open("rb") if content is None else BytesIO(content) as file:
            yield file
    except UnidentifiedImageError as error:
        raise DataError("is not an image, or of a kind that is not known") from error
    except Image.DecompressionBombError as error:
        raise DataError(f"has more than {grouped(_most_pixels())} pixels") from error
    except MemoryError as error:
        raise DataError("is too large for the memory") from error
    except _DAMAGE as error:
        raise DataError(_reason(error)) from error


def _n_pages(image: "Image.Image") -> int:
    n_pages = int(getattr(image, "n_frames", 1))
    if n_pages > 1 and image.format == "PNG":
        raise DataError("is an animated PNG: save its frames as single images")
    return n_pages if image.format in _PAGED_FORMATS else 1


def _most_pixels() -> int:
    """Return how large an image Pillow decodes at most: more is taken for an attack on the memory."""
    from PIL import Image

    return 2 * (Image.MAX_IMAGE_PIXELS or 0)


def _decode_page(image: "Image.Image", file: BinaryIO, page: int) -> Pixels:
    from PIL import ImageOps

    if image.format in _PAGED_FORMATS:
        image.seek(page)
    if image.format == "TIFF" and max(_bits_per_sample(image)) > 8:
        raise DataError("has pages of more than 8 bits after one of 8 bits: save them as single images")
    raw_modes = [str(tile[3]) for tile in getattr(image, "tile", ())]
    is_deep = image.format == "PNG" and any("16" in mode for mode in raw_modes)
    image.load()
    orientation = image.getexif().get(ORIENTATION_TAG, 1)
    if is_deep:
        return upright(_decode_deep_png(image, file, _PNG_GRAY_ALPHA in raw_modes), orientation)
    return np.asarray(_as_gray_or_rgb(ImageOps.exif_transpose(image) if orientation != 1 else image))


def _bits_per_sample(image: "Image.Image") -> Sequence[int]:
    bits: tuple[int, ...] | int = getattr(image, "tag_v2", {}).get(_BITS_PER_SAMPLE, 1)
    return bits if isinstance(bits, tuple) else (bits,)


def _decode_deep_png(image: "Image.Image", file: BinaryIO, has_gray_and_alpha: bool) -> Pixels:
    """Return a PNG of 16 bits, of which Pillow, which has found no damage, keeps 8 where there is colour."""
    if image.mode.startswith("I"):
        return np.asarray(image).astype(np.uint16)
    file.seek(0)
    decoded = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_UNCHANGED)
    if decoded is None or decoded.dtype != np.uint16:
        raise DataError("is damaged")
    # OpenCV's order is blue, green, red, alpha.
    return cast(Pixels, decoded[:, :, 0] if has_gray_and_alpha else np.ascontiguousarray(decoded[:, :, 2::-1]))


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
