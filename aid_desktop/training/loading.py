"""Prepare the rows of a run: in memory, or all of them on disk if they are too many for it."""

import math
from collections.abc import Callable
from typing import Protocol

import numpy as np
import psutil
from numpy.typing import NDArray

from aid_desktop.data.cache import CropCache
from aid_desktop.data.class_table import ClassRow, ClassTable, Role
from aid_desktop.data.prepare import prepare_row, prepared_shape
from aid_desktop.data.source import ImageReader
from aid_desktop.long_work import ShouldStop
from aid_desktop.numbers import GB, grouped
from aid_desktop.paths import crop_cache_dir
from aid_desktop.runs.config import RunConfig
from aid_desktop.settings.device import DeviceSettings
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.split import SplitSettings
from aid_desktop.training.image_store import StoredPart
from aid_desktop.training.split import Split

Say = Callable[[str], None]


class Loader(Protocol):
    """Prepares the images of rows. Each method raises StoppedError when the run is stopped, or DataError."""

    def training(self, row: ClassRow, reader: ImageReader, kept: NDArray[np.intp]) -> StoredPart:
        """Return the images to train on, with the margin that rotation needs."""

    def held_out(self, row: ClassRow, reader: ImageReader, held: NDArray[np.intp]) -> StoredPart:
        """Return the images held out for validation; their centre counts."""

    def validation(self, row: ClassRow, reader: ImageReader) -> StoredPart:
        """Return all images of a validation row."""


def loader_for(config: RunConfig, table: ClassTable, split: Split, say: Say, should_stop: ShouldStop) -> Loader:
    """Return the way of loading that the size of the images asks for."""
    needed = bytes_needed(config.image, table, split)
    if needed <= memory_for_images(config.device, psutil.virtual_memory().available):
        return MemoryLoader(config.image, say, should_stop)
    return DiskLoader(config.image, CropCache(crop_cache_dir()), say, should_stop)


def memory_for_images(device: DeviceSettings, free_memory: int) -> int:
    """Return how many bytes of prepared images are kept in memory at most."""
    return int(device.data_memory * GB) or free_memory // 2


def bytes_needed(image: ImageSettings, table: ClassTable, split: Split) -> int:
    """Return the size of all prepared images of a run in memory."""
    n_held = {place: len(row.held) for place, row in split.rows.items()}
    numbers = _numbers_per_image(image)
    return sum(_bytes_of(numbers, row, n_held.get(place, 0)) for place, row in enumerate(table.rows))


def expected_bytes(image: ImageSettings, table: ClassTable, split: SplitSettings | None) -> int:
    """Return the same before anything is split, by the share that will be held out."""
    share = split.held_out_share if split is not None else 0.0
    numbers = _numbers_per_image(image)
    return sum(_bytes_of(numbers, row, round(share * row.source.n_images)) for row in table.rows)


def _numbers_per_image(image: ImageSettings) -> tuple[int, int]:
    """Return how many grey levels a prepared image has, without a margin and with one."""
    return math.prod(prepared_shape(image, False)), math.prod(prepared_shape(image, True))


def _bytes_of(numbers: tuple[int, int], row: ClassRow, n_held: int) -> int:
    """Return the bytes of a row's prepared images, of which so many are held out if they are to train on."""
    item = np.dtype(row.source.pixel_types[0]).itemsize
    plain, with_margin = (n * item for n in numbers)
    if row.role is Role.TRAINING:
        return (row.source.n_images - n_held) * with_margin + n_held * plain
    return row.source.n_images * plain if row.role is Role.VALIDATION else 0


class MemoryLoader:
    """Prepares exactly what is used, as arrays."""

    def __init__(self, image: ImageSettings, say: Say, should_stop: ShouldStop) -> None:
        self._image = image
        self._say = say
        self._should_stop = should_stop

    def training(self, row: ClassRow, reader: ImageReader, kept: NDArray[np.intp]) -> StoredPart:
        """Return the images to train on; see Loader."""
        return self._prepare(row, reader, kept, margin=True)

    def held_out(self, row: ClassRow, reader: ImageReader, held: NDArray[np.intp]) -> StoredPart:
        """Return the images held out; see Loader."""
        return self._prepare(row, reader, held, margin=False)

    def validation(self, row: ClassRow, reader: ImageReader) -> StoredPart:
        """Return all images of a validation row; see Loader."""
        return self._prepare(row, reader, None, margin=False)

    def _prepare(
        self, row: ClassRow, reader: ImageReader, indices: NDArray[np.intp] | None, margin: bool
    ) -> StoredPart:
        self._say(f"Loading {row.source.name}")
        return StoredPart(prepare_row(reader, self._image, row.zoom, margin, indices, self._should_stop))


class DiskLoader:
    """Prepares whole sources in a cache on disk, so that another split or seed finds them there."""

    def __init__(self, image: ImageSettings, cache: CropCache, say: Say, should_stop: ShouldStop) -> None:
        self._image = image
        self._cache = cache
        self._say = say
        self._should_stop = should_stop
        self._last = ""

    def training(self, row: ClassRow, reader: ImageReader, kept: NDArray[np.intp]) -> StoredPart:
        """Return the images to train on; see Loader."""
        return self._stored(row, reader, kept, margin=True)

    def held_out(self, row: ClassRow, reader: ImageReader, held: NDArray[np.intp]) -> StoredPart:
        """Return the images held out, out of the same file as those to train on; see Loader."""
        return self._stored(row, reader, held, margin=True)

    def validation(self, row: ClassRow, reader: ImageReader) -> StoredPart:
        """Return all images of a validation row; see Loader."""
        return self._stored(row, reader, None, margin=False)

    def _stored(self, row: ClassRow, reader: ImageReader, indices: NDArray[np.intp] | None, margin: bool) -> StoredPart:
        def progress(done: int, total: int) -> None:
            text = f"Preparing {grouped(total)} images of {row.source.name} on disk ({done * 100 // total} %)"
            if text != self._last:
                self._last = text
                self._say(text)

        images = self._cache.images(reader, self._image, row.zoom, margin, progress, self._should_stop)
        return StoredPart(images, indices)
