"""Read TIFF files that Pillow cannot read exactly: deep ones, with other channels than gray and RGB, microscope stacks.

The channel axes of a file (C and S in the words of ImageJ and OME) become the channels of an image; every other axis
besides Y and X (time, depth, position) counts images, in the order of the file.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.orientation import ORIENTATION_TAG, upright
from aid_desktop.data.pixels import Pixels, as_pixels
from aid_desktop.errors import DataError
from aid_desktop.numbers import grouped

if TYPE_CHECKING:
    import tifffile

_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PLANE_AXES, _CHANNEL_AXES = "YX", "CS"
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _CMYK = 0, 1, 2, 5
_UNSIGNED, _CONTIGUOUS = 1, 1
_ALPHA = (1, 2)


@dataclass(frozen=True, slots=True)
class _Place:
    """One image of a series: its number along each axis that counts images."""

    series: "tifffile.TiffPageSeries"
    index: tuple[int, ...]


def needs_tifffile(file: BinaryIO) -> bool:
    """Return whether a file, open at its beginning, is a TIFF for this module. Leaves it at its beginning."""
    start = file.read(4)
    file.seek(0)
    if start not in _MAGIC:
        return False
    import tifffile

    with tifffile.TiffFile(file) as tiff:
        needed = not _is_plain(tiff.pages.first) or _has_axes_of_its_own(tiff)
    file.seek(0)
    return needed


def iterate_images(file: BinaryIO, wanted: Sequence[int] | None, most_pixels: int) -> Iterator[Pixels]:
    """Yield images of a TIFF, each (H, W) or (H, W, C), in their own depth and upright; all, or those of `wanted`.

    Raises DataError (the reason alone) for pixels that cannot be used and images of more than `most_pixels`, and
    whatever tifffile does for damage.
    """
    import tifffile

    with tifffile.TiffFile(file) as tiff:
        places = _places(tiff)
        for place in range(len(places)) if wanted is None else wanted:
            yield _read(places[place], most_pixels)


def count_images(file: BinaryIO) -> int:
    """Return the number of images that `iterate_images` yields."""
    import tifffile

    with tifffile.TiffFile(file) as tiff:
        return len(_places(tiff))


def _is_plain(page: Any) -> bool:
    if page.bitspersample > 8 or page.sampleformat != _UNSIGNED:
        return False
    # Pillow (13.0) fails at gray with transparency in separate planes.
    n_colours = len(_colours(page))
    return page.photometric == _CMYK or n_colours == 3 or (n_colours == 1 and page.planarconfig == _CONTIGUOUS)


def _has_axes_of_its_own(tiff: "tifffile.TiffFile") -> bool:
    """Return whether a description in the file tells of channels, or of images without a page of their own."""
    if not (tiff.is_imagej or tiff.is_ome or tiff.is_shaped):
        return False
    return any("C" in series.axes for series in tiff.series) or len(_places(tiff)) != len(tiff.pages)


def _places(tiff: "tifffile.TiffFile") -> list[_Place]:
    places = [
        _Place(series, index)
        for series in tiff.series
        for index in np.ndindex(*(n for axis, n in _axes(series) if _counts_images(axis)))
    ]
    if tiff.series[0].kind == "generic":
        # Such series gather pages of one shape from all over the file.
        places.sort(key=lambda place: _page(place.series, place.index[0]).index)
    return places


def _axes(series: "tifffile.TiffPageSeries") -> list[tuple[str, int]]:
    # With those of length 1: X and Y are always among them.
    return list(zip(series.get_axes(squeeze=False), series.get_shape(squeeze=False), strict=True))


def _counts_images(axis: str) -> bool:
    return axis not in _PLANE_AXES + _CHANNEL_AXES


def _read(place: _Place, most_pixels: int) -> Pixels:
    page: Any = place.series.keyframe
    axes = _axes(place.series)
    if math.prod(n for axis, n in axes if axis in _PLANE_AXES) > most_pixels:
        raise DataError(f"has more than {grouped(most_pixels)} pixels")
    if page.photometric not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB):
        kind = getattr(page.photometric, "name", page.photometric)
        raise DataError(f"has colours of the kind {kind}: save it as RGB or grey")
    counting = [n for axis, n in axes if _counts_images(axis)]
    if place.series.dataoffset is not None and all(_counts_images(axis) for axis, _ in axes[: len(counting)]):
        array = _read_block(place, counting, [n for _, n in axes[len(counting) :]])
        left = "".join(axis for axis, _ in axes[len(counting) :])
    else:
        array, left = _read_pages(place, axes)
    return as_pixels(_as_image(array, left, page))


def _read_block(place: _Place, counting: list[int], shape: list[int]) -> NDArray[Any]:
    """Read an uncompressed image out of a stack in one piece; it may have no page of its own."""
    series, page = place.series, place.series.keyframe
    number = int(np.ravel_multi_index(place.index, counting)) if counting else 0
    stored = np.dtype(series.dtype).newbyteorder(page.parent.byteorder)
    n_bytes = math.prod(shape) * stored.itemsize
    offset = int(series.dataoffset or 0) + number * n_bytes
    _check_end(page.parent, offset + n_bytes)
    return page.parent.filehandle.read_array(stored, math.prod(shape), offset).reshape(shape)


def _read_pages(place: _Place, axes: list[tuple[str, int]]) -> tuple[NDArray[Any], str]:
    """Return the pages of one image as one array, and the names of its axes."""
    series = place.series
    n_outer = next(n for n in range(len(axes) + 1) if math.prod(n for _, n in axes[:n]) == len(series.pages))
    outer, inner = axes[:n_outer], axes[n_outer:]
    numbers = iter(place.index)
    chosen = [next(numbers) if _counts_images(axis) else slice(None) for axis, _ in axes]
    pages = np.arange(len(series.pages)).reshape([n for _, n in outer])[tuple(chosen[:n_outer])]
    array = np.stack([_decoded(_page(series, int(number))) for number in pages.reshape(-1)])
    array = array.reshape(*pages.shape, *(n for _, n in inner))[(..., *chosen[n_outer:])]
    return array, "".join(axis for axis, _ in axes if not _counts_images(axis))


def _page(series: "tifffile.TiffPageSeries", number: int) -> "tifffile.TiffPage | tifffile.TiffFrame":
    page = series.pages[number]
    if page is None:
        raise DataError(f"has no page {number}, although its description counts it")
    return page


def _decoded(page: "tifffile.TiffPage | tifffile.TiffFrame") -> NDArray[Any]:
    import tifffile

    # tifffile (2026.3) takes some tiles that are cut off for smaller ones.
    ends = (start + n_bytes for start, n_bytes in zip(page.dataoffsets, page.databytecounts, strict=False))
    _check_end(page.parent, max(ends, default=0))
    if page.compression not in tifffile.TIFF.DECOMPRESSORS:
        kind = getattr(page.compression, "name", page.compression)
        raise DataError(f"is compressed in a way that cannot be read ({kind}): save it without compression")
    return page.asarray()


def _check_end(tiff: "tifffile.TiffFile", end: int) -> None:
    if end > tiff.filehandle.size:
        raise DataError("is cut off: the end of the file is missing")


def _as_image(array: NDArray[Any], axes: str, page: Any) -> NDArray[Any]:
    """Return (H, W) or (H, W, C), without transparency, white as the largest number, upright."""
    if "S" in axes and array.shape[axes.index("S")] == page.samplesperpixel:
        array = np.take(array, _colours(page), axis=axes.index("S"))
    channels = [place for place, axis in enumerate(axes) if axis in _CHANNEL_AXES]
    image = np.transpose(array, (axes.index("Y"), axes.index("X"), *channels))
    image = image.reshape(*image.shape[:2], -1)
    image = np.ascontiguousarray(image[:, :, 0] if image.shape[2] == 1 else image)
    if page.photometric == _WHITE_IS_ZERO and image.dtype.kind == "u":
        image = (2**page.bitspersample - 1) - image
    tag = page.tags.get(ORIENTATION_TAG)
    return upright(image, int(tag.value) if tag is not None else 1)


def _colours(page: Any) -> list[int]:
    """Return the numbers of the samples that are not transparency."""
    n_base = page.samplesperpixel - len(page.extrasamples)
    extra = [n_base + number for number, kind in enumerate(page.extrasamples) if kind not in _ALPHA]
    return [*range(n_base), *extra]
