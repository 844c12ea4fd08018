"""Say what a source of images is and how any reader of one behaves."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.pixels import Pixels
from aid_desktop.errors import DataError

Indices = Sequence[int] | NDArray[np.intp]
"""Positions of images in a source, each 0 to n_images - 1, in any order."""

Shape = tuple[int, int, int]
"""Height, width and number of channels (at least 1) of one image."""

MAX_CHANNELS = 32
"""The last axis of an array counts as channels up to this length."""

_SMALLEST_SIDE = 2
_MOST_NAMED = 5
_NUMBERED = re.compile(r"(.+?)(?:::.*)?#(\d+)", re.DOTALL)


class SourceKind(StrEnum):
    """What holds the images."""

    FOLDER = "folder"
    RTDC = "rtdc"
    IMAGE = "image file"
    ARRAY = "array file"
    TABLE = "table of images"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that cannot be used: its name and the reason in plain words."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which images of a whole file belong to a source: `ranges` of their numbers from 0, as in selection.py.

    `n_whole` is the number of images of the whole file.
    """

    ranges: str
    n_whole: int


@dataclass(frozen=True, slots=True)
class DataSource:
    """What is known about a folder or file of images without its pixels.

    `path` is absolute. `n_images` counts the readable images only; `problems` are the others. `shapes`
    are the distinct (height, width, channels), most frequent first; `shape_counts` says how many images have
    each (empty: not counted). `pixel_types` are the distinct types of their grey levels, most frequent first,
    see pixels.py. `channels` names what `ImageReader.read` can pick. `part` says which part of the file is
    meant: the path of a dataset in an HDF5 file, the name of an array in an .npz file, the class in a table;
    "" for the whole. `digest` identifies the content, see digest.py. `features` names the numbers that are known of
    each image, see scalar_features.py. `selection` says which images of the file are meant, None for all; they are
    those that `n_images` counts, all else is that of the file.
    """

    path: Path
    kind: SourceKind
    n_images: int
    shapes: tuple[Shape, ...]
    digest: str
    problems: tuple[Problem, ...] = ()
    shape_counts: tuple[int, ...] = ()
    pixel_types: tuple[str, ...] = ("uint8",)
    channels: tuple[str, ...] = ()
    part: str = ""
    features: tuple[str, ...] = ()
    selection: Selection | None = None

    @property
    def name(self) -> str:
        """Name of the file or folder, with its part and what is chosen of it."""
        name = f"{self.path.name}: {self.part}" if self.part else self.path.name
        return f"{name} ({self.n_images} of {self.selection.n_whole})" if self.selection else name

    @property
    def n_total(self) -> int:
        """Number of readable images of the file plus number of problems."""
        return (self.selection.n_whole if self.selection else self.n_images) + len(self.problems)

    @property
    def problem_text(self) -> str:
        """Return for example "3 of 120 unreadable", or "" if everything could be read."""
        return f"{len(self.problems)} of {self.n_total} unreadable" if self.problems else ""


@dataclass(frozen=True, slots=True)
class Part:
    """An array in a file; `name` is its name in an .npz file, its path in an HDF5 file, "" in an .npy file."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def __str__(self) -> str:
        return f"{self.name}  {' × '.join(map(str, self.shape))}  {self.dtype}".strip()

    @property
    def is_stack(self) -> bool:
        """Whether it can be a stack of images, or a single colour image."""
        if not self._has_numbers or len(self.shape) not in (3, 4):
            return False
        return min(self.shape[1:3]) >= _SMALLEST_SIDE and (len(self.shape) == 3 or self.shape[3] <= MAX_CHANNELS)

    @property
    def is_plane(self) -> bool:
        """Whether it can be a single grey image."""
        return self._has_numbers and len(self.shape) == 2 and min(self.shape) >= _SMALLEST_SIDE

    @property
    def is_colour_image(self) -> bool:
        """Whether it is (H, W, 3 or 4): stacks of images that are 3 or 4 pixels wide and higher do not occur."""
        if not self.is_stack or len(self.shape) != 3:
            return False
        return self.shape[2] in (3, 4) and min(self.shape[:2]) > self.shape[2]

    @property
    def _has_numbers(self) -> bool:
        return self.dtype.kind in "buif" and 0 not in self.shape


class PartNeededError(DataError):
    """A file has several arrays of images and none was chosen."""

    def __init__(self, path: Path, parts: tuple[Part, ...]) -> None:
        names = ", ".join(part.name for part in parts[:_MOST_NAMED]) + (", …" if len(parts) > _MOST_NAMED else "")
        super().__init__(f"{path} has {len(parts)} arrays of images: say which one is meant, {names}.")
        self.path = path
        self.parts = parts


class ImageReader(Protocol):
    """Reads the images of one source. Keeps no file open and may be used from several threads."""

    @property
    def source(self) -> DataSource:
        """The source that is read."""

    def read(self, indices: Indices, channels: tuple[str, ...] | None = None) -> list[Pixels]:
        """Return the original images in the order of `indices`, in the depth in which they were recorded.

        Without `channels` each is (H, W) grey, (H, W, 3) RGB, or (H, W, C) with other channels; with names out
        of `source.channels` it is (H, W, len(channels)), in the order of the names. The arrays may be shared
        with the reader: do not write into them. Raises DataError if the file has gone or is damaged or a
        channel is not there, IndexError for an index out of range.
        """

    def positions(self, indices: Indices) -> NDArray[np.float64]:
        """Return the (N, 2) x, y of each object's centre in pixels; (W / 2, H / 2) where none is known."""

    def origin(self, index: int) -> str:
        """Return where an image comes from: its file, or `file#index` in a file of several images.

        A file of several arrays is followed by the array's name: `file::part#index`.
        """


def split_origin(origin: str) -> tuple[str, int | None]:
    """Return the file that an origin names, without a part, and the image's number in it, see ImageReader.origin."""
    match = _NUMBERED.fullmatch(origin)
    return (match[1], int(match[2])) if match else (origin, None)


def check_unchanged(source: DataSource, n_images: int, shape: Shape) -> None:
    """Raise DataError unless the file of a source of one shape still holds as many images of this shape."""
    if (n_images, shape) != (source.n_images, source.shapes[0]):
        raise DataError(f"{source.path} has changed since it was added: add it again.")


def distinct_shapes(shapes: Iterable[Shape]) -> tuple[Shape, ...]:
    """Return each different shape once, most frequent first, equally frequent ones in order of appearance."""
    return tuple(shape for shape, _ in Counter(shapes).most_common())


def shape_of(image: Pixels) -> Shape:
    """Return (height, width, channels) of an image (H, W) or (H, W, C)."""
    return image.shape[0], image.shape[1], image.shape[2] if image.ndim == 3 else 1


def checked_indices(indices: Indices, n_images: int) -> NDArray[np.intp]:
    """Return `indices` as an array; raise IndexError unless each is 0 to n_images - 1."""
    array = np.asarray(indices, dtype=np.intp).reshape(-1)
    if array.size and (array.min() < 0 or array.max() >= n_images):
        raise IndexError(f"image index out of range: got {array.min()} to {array.max()}, there are {n_images} images")
    return array
