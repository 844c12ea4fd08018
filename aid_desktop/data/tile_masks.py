"""Find and read the label masks of images: image files in which each pixel has the number of its class."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.decode import count_pages, decode_pages
from aid_desktop.data.listing import list_files
from aid_desktop.data.pixels import Pixels
from aid_desktop.data.source import split_origin
from aid_desktop.data.tiles import Labels
from aid_desktop.errors import DataError

MASK_ENDING = "_mask"
"""What the name of a mask may have besides that of its image."""

_MOST_LABELS = 65535
_WHITE = (255, 65535)
_NAMED = 5


@dataclass(frozen=True, slots=True)
class ImagePlace:
    """The file of an image, and its number from 0 if the file holds several."""

    path: Path
    page: int | None = None

    @classmethod
    def of(cls, origin: str) -> "ImagePlace":
        """Return the place that an origin means, see source.ImageReader."""
        path, page = split_origin(origin)
        return cls(Path(path), page)

    def __str__(self) -> str:
        return self.path.name if self.page is None else f"{self.path.name}#{self.page}"


@dataclass(frozen=True, slots=True)
class MaskMatch:
    """The mask of one image, or why there is none; `is_mask` says that the image is itself the mask of another."""

    place: ImagePlace | None = None
    reason: str = ""
    is_mask: bool = False


def match_masks(where: Path, images: Sequence[ImagePlace]) -> tuple[MaskMatch, ...]:
    """Return the mask of each image.

    `where` is a file with as many masks as its one file has images, or a folder of files named like the images, with or
    without `_mask` at the end; of several masks of that name the one in a folder of the same name is taken. The
    folder may be that of the images. Raises DataError if `where` cannot be opened or has another number of masks.
    """
    where = where.absolute()
    if where.is_dir():
        return _match_folder(where, images)
    try:
        n_masks = count_pages(where)
    except DataError as error:
        raise DataError(f"The mask {where} {error}.") from error
    if n_masks != len(images) or len({image.path for image in images}) != 1:
        raise DataError(
            f"{where} has {_n(n_masks, 'mask')} and there {'is' if len(images) == 1 else 'are'} "
            f"{_n(len(images), 'image')}: give a folder of masks that have the names of the images."
        )
    return tuple(MaskMatch(ImagePlace(where, page)) for page in range(n_masks))


def read_mask(place: ImagePlace, n_classes: int, size: tuple[int, int]) -> Labels:
    """Return the label mask (H, W) for an image of `size` (height, width) and `n_classes`, background included.

    A mask of two grey levels, black and white, has the labels 0 and 1; else the grey levels are the labels, of
    images with a palette its numbers. Raises DataError, a whole sentence, if the mask does not fit.
    """
    try:
        labels = to_labels(_decode(place))
    except DataError as error:
        raise DataError(f"The mask {place} {error}.") from error
    if labels.shape != size:
        (height, width), (image_height, image_width) = labels.shape, size
        raise DataError(
            f"The mask {place} has {width} × {height} px, the image {image_width} × {image_height} px: they must agree."
        )
    if labels.max(initial=0) >= n_classes:
        found = np.unique(labels[labels > 0]).tolist()
        named = ", ".join(map(str, found[:_NAMED])) + (", …" if len(found) > _NAMED else "")
        raise DataError(
            f"The mask {place} has the labels {named}, and names of {_n(n_classes - 1, 'class', 'classes')} are given: "
            "name every class, or save masks of one class in black and white, as PNG or TIFF."
        )
    return labels


def to_labels(mask: Pixels) -> Labels:
    """Return (H, W) uint16: 0 and 1 for a mask of black and white, else its whole-numbered grey levels.

    Raises DataError (the reason alone) for masks in colour, and for other numbers.
    """
    if mask.ndim == 3:
        if (mask != mask[:, :, :1]).any():
            raise DataError("is in colour: expected grey levels, 0 for background and k for class k")
        mask = mask[:, :, 0]
    if mask.dtype == np.float32 and ((mask != np.rint(mask)) | (mask < 0) | (mask > _MOST_LABELS)).any():
        raise DataError("has pixels that are no whole numbers from 0 to 65535")
    labels = mask.astype(np.uint16)
    white = labels.max(initial=0)
    is_binary = white in _WHITE and ((labels == 0) | (labels == white)).all()
    return (labels > 0).astype(np.uint16) if is_binary else labels


def _match_folder(folder: Path, images: Sequence[ImagePlace]) -> tuple[MaskMatch, ...]:
    by_stem: dict[str, list[Path]] = {}
    for name in list_files(folder).images:
        path = folder / name
        stems = {path.stem, path.stem.removesuffix(MASK_ENDING)}
        for stem in stems:
            by_stem.setdefault(stem, []).append(path)
    if not by_stem:
        raise DataError(f"{folder} has no masks: expected image files named like the images.")
    paths = {image: _mask_of(image, by_stem) for image in images}
    used = {path for found in paths.values() if len(found) == 1 for path in found}
    return tuple(_match(image, paths[image], image.path in used, folder) for image in images)


def _mask_of(image: ImagePlace, by_stem: dict[str, list[Path]]) -> list[Path]:
    found = [path for path in by_stem.get(image.path.stem, []) if path != image.path]
    if len(found) > 1:
        found = [path for path in found if path.parent.name == image.path.parent.name] or found
    return found


def _match(image: ImagePlace, found: list[Path], is_mask: bool, folder: Path) -> MaskMatch:
    if is_mask:
        return MaskMatch(is_mask=True)
    if len(found) == 1:
        return MaskMatch(ImagePlace(found[0], image.page))
    if found:
        names = " and ".join(str(path.relative_to(folder)) for path in found[:2])
        return MaskMatch(reason=f"has {len(found)} masks, {names}: leave only one of them")
    return MaskMatch(reason=f"has no mask in {folder}: expected {image.path.stem}.png or {image.path.stem}_mask.png")


def _decode(place: ImagePlace) -> Pixels:
    page = place.page or 0
    if page and page >= count_pages(place.path):
        raise DataError(f"has only {_n(count_pages(place.path), 'mask')}")
    [mask] = decode_pages(place.path, pages=[page])
    return mask if mask.ndim == 2 else _palette_numbers(place.path, page, mask)


def _palette_numbers(path: Path, page: int, mask: Pixels) -> Pixels:
    """Return the numbers behind the colours if the image has a palette, else `mask`."""
    from PIL import Image

    if mask.dtype != np.uint8 or mask.shape[2] != 3:
        return mask
    with path.open("rb") as file, Image.open(file) as image:
        if page:
            image.seek(page)
        if image.mode != "P":
            return mask
        numbers: NDArray[np.uint8] = np.asarray(image)
    return numbers


def _n(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
