"""Plan the tiles of many images: which positions, which classes, which folders, before anything is written."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.formats import open_source
from aid_desktop.data.roles import SPLIT_NAMES
from aid_desktop.data.source import ImageReader, Problem
from aid_desktop.data.tile_masks import ImagePlace, MaskMatch, match_masks, read_mask
from aid_desktop.data.tiles import Positions, label_tiles, tile_positions
from aid_desktop.errors import DataError, SettingsError
from aid_desktop.long_work import Progress, ShouldStop, leave_if_stopped
from aid_desktop.settings.image import MAX_SIDE

DEFAULT_NAMES = ("background", "object")
"""Names of the classes where none are given and there are masks."""

NAME_WITHOUT_MASK = "tiles"
"""Name of the only class where none is given and there are no masks."""

_LONGEST_NAME = 180
"""Bytes of a name; file systems take 255."""
_FORBIDDEN = '<>:"/\\|?*'


@dataclass(frozen=True, slots=True)
class TileSettings:
    """How images are cut.

    `size` and `stride` are in pixels, a stride of 0 means that of the size. A tile needs `min_pixels` labelled pixels
    to belong to a class. `class_names` begin with the background; empty: DEFAULT_NAMES or NAME_WITHOUT_MASK. `extra` is
    the number of further random tiles of the rarest class; with `balance` every class gets as many tiles as the most
    frequent one. Raises SettingsError for values that cannot be used.
    """

    size: int = 32
    stride: int = 0
    cover_edges: bool = False
    min_pixels: int = 5
    class_names: tuple[str, ...] = ()
    extra: int = 0
    balance: bool = False

    def __post_init__(self) -> None:
        for name, low, high in (
            ("size", 2, MAX_SIDE),
            ("stride", 0, MAX_SIDE),
            ("min_pixels", 1, self.size**2),
            ("extra", 0, 10**7),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise SettingsError(f"tile.{name}", f"got {value}, expected {low} to {high}")
        if self.extra and self.balance:
            raise SettingsError("tile.extra", f"got {self.extra} besides balance, expected one of the two")
        for name in self.class_names:
            if not name.strip(" .") or name != name.strip() or any(sign in _FORBIDDEN for sign in name):
                raise SettingsError("tile.class_names", f"got {name!r}, expected a name that a folder can have")
        if len({name.casefold() for name in self.class_names}) < len(self.class_names):
            raise SettingsError("tile.class_names", f"got {', '.join(self.class_names)}, expected different names")

    @property
    def step(self) -> int:
        """The stride in pixels."""
        return self.stride or self.size

    def names(self, has_masks: bool) -> tuple[str, ...]:
        """Return the names of the classes, background first."""
        if has_masks:
            return self.class_names or DEFAULT_NAMES
        return self.class_names[:1] or (NAME_WITHOUT_MASK,)


@dataclass(frozen=True, slots=True, eq=False)
class TiledImage:
    """The tiles of one image.

    `index` is its number in `reader`, `name` that of its folder, `size` (height, width), `mask` the place of its label
    mask. `positions` (N, 2) and `labels` (N,) are as in tiles.py.
    """

    reader: ImageReader
    index: int
    name: str
    size: tuple[int, int]
    mask: ImagePlace | None
    positions: Positions
    labels: NDArray[np.intp]

    @property
    def origin(self) -> str:
        """Where the image comes from."""
        return self.reader.origin(self.index)

    def with_extra(self, positions: Positions, label: int) -> "TiledImage":
        """Return the same with further tiles of one class."""
        return replace(
            self,
            positions=np.concatenate((self.positions, positions)),
            labels=np.concatenate((self.labels, np.full(len(positions), label, np.intp))),
        )


@dataclass(frozen=True, slots=True, eq=False)
class TilePlan:
    """All tiles to be made, and what had to be left out."""

    settings: TileSettings
    class_names: tuple[str, ...]
    images: tuple[TiledImage, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def n(self) -> int:
        """Number of tiles."""
        return sum(len(image.positions) for image in self.images)

    @property
    def counts(self) -> dict[str, int]:
        """Number of tiles of each class."""
        labels = np.concatenate([image.labels for image in self.images])
        numbers = np.bincount(labels, minlength=len(self.class_names))
        return dict(zip(self.class_names, numbers.tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class _Image:
    """One image of a reader, and the label mask that belongs to it."""

    reader: ImageReader
    index: int
    place: ImagePlace
    mask: ImagePlace | None = None


def open_images(
    items: Sequence[tuple[Path, str]], progress: Progress | None = None
) -> tuple[tuple[ImageReader, ...], tuple[Problem, ...]]:
    """Open paths with their parts (see formats.open_source); one that fails is reported and the others go on.

    Files that cannot be read inside of a source are reported as well. Raises DataError if nothing can be read.
    """
    readers: list[ImageReader] = []
    problems: list[Problem] = []
    for path, part in items:
        try:
            reader = open_source(path, progress, part)
        except DataError as error:
            problems.append(Problem(path.name, str(error)))
        else:
            readers.append(reader)
            problems += reader.source.problems
    if not readers:
        raise DataError(problems[0].reason if problems else "There are no images to cut: give files or folders.")
    return tuple(readers), tuple(problems)


def plan_tiles(
    readers: Sequence[ImageReader],
    settings: TileSettings,
    masks: Path | None,
    *,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> TilePlan:
    """Return the tiles of all images; `masks` is a file or folder as in tile_masks.match_masks, None for one class.

    Extra tiles come later, see tile_extras.py. Images that are too small, or whose mask is missing or does not fit, are
    left out and reported. `progress` gets (done, total) images. Raises DataError if no image gives a tile,
    StoppedError once `should_stop` says yes.
    """
    names = settings.names(masks is not None)
    if masks is not None and len(names) < 2:
        raise DataError(f"Masks need the names of background and at least one class, got only {names[0]!r}.")
    images, problems = _with_masks(_all_images(readers), masks)
    # A folder named like a role would be taken for one.
    folders = image_names([image.place for image in images], taken=SPLIT_NAMES)
    planned: list[TiledImage] = []
    for number, (image, folder) in enumerate(zip(images, folders, strict=True)):
        leave_if_stopped(should_stop, "Stopped: no tile was made.")
        try:
            planned.append(_plan_image(image, folder, settings, len(names)))
        except DataError as error:
            problems.append(Problem(str(image.place), str(error)))
        if progress is not None:
            progress(number + 1, len(images))
    if not planned:
        more = f" The same holds for {len(problems) - 1} more." if len(problems) > 1 else ""
        raise DataError(f"No image can be cut. {problems[0]}{more}" if problems else "All images are masks of others.")
    return TilePlan(settings, names, tuple(planned), tuple(problems))


def _all_images(readers: Sequence[ImageReader]) -> list[_Image]:
    return [
        _Image(reader, index, ImagePlace.of(reader.origin(index)))
        for reader in readers
        for index in range(reader.source.n_images)
    ]


def _with_masks(images: Sequence[_Image], masks: Path | None) -> tuple[list[_Image], list[Problem]]:
    if masks is None:
        return list(images), []
    matches: tuple[MaskMatch, ...] = match_masks(masks, [image.place for image in images])
    found, problems = [], []
    for image, match in zip(images, matches, strict=True):
        if match.place is not None:
            found.append(replace(image, mask=match.place))
        elif not match.is_mask:
            problems.append(Problem(str(image.place), match.reason))
    return found, problems


def image_names(places: Sequence[ImagePlace], taken: Iterable[str] = ()) -> Iterator[str]:
    """Yield a different name for each image: that of its file, its number there, and _2, _3, … where that is taken.

    Long names are cut, so that there is room for what tiles have behind them.
    """
    taken = set(taken)
    for place in places:
        stem = _cut_name(place.path.stem).rstrip(" .") or "image"
        base = stem if place.page is None else f"{stem}_{place.page:05d}"
        name, number = base, 1
        # Not every file system tells capitals from small letters.
        while name.casefold() in taken:
            number += 1
            name = f"{base}_{number}"
        taken.add(name.casefold())
        yield name


def _cut_name(name: str) -> str:
    encoded = os.fsencode(name)
    # Not within a letter.
    return name if len(encoded) <= _LONGEST_NAME else encoded[:_LONGEST_NAME].decode(errors="ignore")


def _plan_image(image: _Image, name: str, settings: TileSettings, n_classes: int) -> TiledImage:
    height, width = size = _size_of(image)
    positions = tile_positions(height, width, settings.size, settings.step, settings.cover_edges)
    if not len(positions):
        side = settings.size
        raise DataError(f"The image has {width} × {height} px, less than one tile of {side} × {side} px.")
    labels = np.zeros(len(positions), np.intp)
    if image.mask is not None:
        mask = read_mask(image.mask, n_classes, size)
        labels = label_tiles(mask, positions, settings.size, settings.min_pixels)
    return TiledImage(image.reader, image.index, name, size, image.mask, positions, labels)


def _size_of(image: _Image) -> tuple[int, int]:
    shapes = image.reader.source.shapes
    if len(shapes) == 1:
        return shapes[0][:2]
    [pixels] = image.reader.read([image.index])
    return pixels.shape[0], pixels.shape[1]
