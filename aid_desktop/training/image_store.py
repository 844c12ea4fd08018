"""The prepared images of a run, in memory or on disk, read by number as if they were one array."""

import mmap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.geometry import centre_crop
from aid_desktop.data.pixels import Pixels

_BLOCK = 4096


@dataclass(frozen=True, slots=True, eq=False)
class StoredPart:
    """Images (N, H, W, C), an array or a map of a file; `chosen` names those that count, None means all."""

    images: Pixels
    chosen: NDArray[np.intp] | None = None

    def __len__(self) -> int:
        return len(self.images) if self.chosen is None else len(self.chosen)


class ImageStore:
    """One or more parts of one pixel type, one after the other; each image is cut to its centre of `size`.

    `size` is (height, width) in pixels; None leaves the images as they are stored.
    """

    def __init__(self, parts: Sequence[StoredPart], size: tuple[int, int] | None = None) -> None:
        self._parts = tuple(parts)
        self._ends = np.cumsum([len(part) for part in parts])
        self._size = size

    def __len__(self) -> int:
        return int(self._ends[-1])

    @property
    def dtype(self) -> np.dtype[np.uint8 | np.uint16 | np.float32]:
        """Type of the grey levels."""
        return self._parts[0].images.dtype

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(N, height, width, C)."""
        height, width, channels = self._parts[0].images.shape[1:]
        return (len(self), *(self._size or (height, width)), channels)

    def __getitem__(self, which: slice | NDArray[np.intp]) -> Pixels:
        """Return a copy of some images, by a slice or by their numbers (n,) in any order."""
        numbers = np.arange(len(self))[which] if isinstance(which, slice) else np.asarray(which, np.intp)
        result = np.empty((len(numbers), *self.shape[1:]), self.dtype)
        part_of = np.searchsorted(self._ends, numbers, side="right")
        for place in np.unique(part_of).tolist():
            part = self._parts[place]
            here = np.flatnonzero(part_of == place)
            own = numbers[here] - (self._ends[place] - len(part))
            own = own if part.chosen is None else part.chosen[own]
            # In the order of the file, which reads it forwards.
            order = np.argsort(own, kind="stable")
            _fetch(part.images, own[order])
            result[here[order]] = self._cut(part.images[own[order]])
            _let_go(part.images)
        return result

    def blocks(self) -> Iterator[Pixels]:
        """Yield all images, some at a time."""
        for start in range(0, len(self), _BLOCK):
            yield self[start : start + _BLOCK]

    def _cut(self, images: Pixels) -> Pixels:
        return images if self._size is None else centre_crop(images, self._size[1], self._size[0])


def _fetch(images: Pixels, numbers: NDArray[np.intp]) -> None:
    """Have the system read images (in increasing order) of a mapped file all at once, and nothing around them.

    Met one by one, each missing page would wait for the disk and bring 128 KB of others: 20 times as slow where
    the file is larger than the memory. Windows has no madvise: there the system reads as it thinks best.
    """
    if not isinstance(images, np.memmap) or not isinstance(images.base, mmap.mmap) or not hasattr(mmap, "MADV_RANDOM"):
        return
    images.base.madvise(mmap.MADV_RANDOM)
    size = images[:1].nbytes
    first = images.offset % mmap.ALLOCATIONGRANULARITY
    begins = first + numbers * size
    ends = begins + size
    begins -= begins % mmap.PAGESIZE
    for begin, length in zip(begins.tolist(), (ends - begins).tolist(), strict=True):
        images.base.madvise(mmap.MADV_WILLNEED, begin, length)


def _let_go(images: Pixels) -> None:
    """Give the pages of a mapped file back to the system, which keeps them as long as there is room.

    Otherwise all that was read counts as memory of this process. Windows has no madvise, and does not count them.
    """
    if isinstance(images.base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        images.base.madvise(mmap.MADV_DONTNEED)
