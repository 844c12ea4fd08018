"""Bring all images of a row to the network's size, as one array."""

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.geometry import enlarged_size, fit_images
from aid_desktop.data.pixels import Pixels, pixel_type_text
from aid_desktop.data.rtdc import RtdcReader
from aid_desktop.data.source import DataSource, ImageReader, Indices, SourceKind, checked_indices
from aid_desktop.errors import DataError
from aid_desktop.long_work import ShouldStop, leave_if_stopped
from aid_desktop.settings.image import ImageSettings

T = TypeVar("T")
R = TypeVar("R")

BLOCK_BYTES = 32 * 2**20
MAX_BLOCK = 8192
"""So many images are read and prepared at a time, and so many bytes of the larger of both: many chunks of an .rtdc
file, few photographs."""
MAX_FILES = 256
"""Image files are opened one by one: no more at a time, so that a stop is heard soon on a slow drive."""


def prepare_row(
    reader: ImageReader,
    settings: ImageSettings,
    zoom: float = 1.0,
    margin: bool = False,
    indices: Indices | None = None,
    should_stop: ShouldStop | None = None,
) -> Pixels:
    """Return a source's images as (N, height, width, C) of their pixel type: all, or those of `indices` in that order.

    With `margin` the size is geometry.enlarged_size, else that of `settings`. `should_stop` is asked between
    blocks of images; when it says yes StoppedError is raised. Raises DataError if the source
    cannot be read, or its images differ in pixel type.
    """
    chosen = checked_indices(range(reader.source.n_images) if indices is None else indices, reader.source.n_images)
    prepared = np.empty((len(chosen), *prepared_shape(settings, margin)), single_pixel_type(reader.source))
    done = 0
    for block in prepare_blocks(reader, settings, zoom, margin, chosen, should_stop):
        prepared[done : done + len(block)] = block
        done += len(block)
    return prepared


def prepare_blocks(
    reader: ImageReader,
    settings: ImageSettings,
    zoom: float,
    margin: bool,
    indices: NDArray[np.intp],
    should_stop: ShouldStop | None = None,
    most_images: int = MAX_BLOCK,
) -> Iterator[Pixels]:
    """Yield what `prepare_row` returns, at most `most_images` at a time; `should_stop` is asked by another thread.

    While a block is used the next one is read and decoded; no more than two are in memory.
    """
    kind = single_pixel_type(reader.source)
    largest = max(map(math.prod, (*reader.source.shapes, prepared_shape(settings, margin))))
    most = MAX_FILES if reader.source.kind in (SourceKind.FOLDER, SourceKind.TABLE) else MAX_BLOCK
    size = max(1, min(most, most_images, BLOCK_BYTES // (largest * np.dtype(kind).itemsize)))
    if isinstance(reader, RtdcReader):
        size = max(size % reader.rows_per_chunk, size - size % reader.rows_per_chunk)

    def read(start: int) -> tuple[list[Pixels], NDArray[np.float64]]:
        leave_if_stopped(should_stop, f"Stopped while the images of {reader.source.name} were prepared.")
        chosen = indices[start : start + size]
        return reader.read(chosen, settings.channel_names), reader.positions(chosen)

    for images, positions in _one_ahead(read, range(0, len(indices), size)):
        block = fit_images(images, positions, settings, zoom, margin)
        # The originals may be a hundred times as large: they go before the next ones come.
        del images, positions
        yield block


def _one_ahead(function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """Yield what a function makes of each item, made in a thread while the caller uses the one before.

    Reading and decoding leave Python to others.
    """
    coming: deque[Future[R]] = deque()
    with ThreadPoolExecutor(1, thread_name_prefix="read") as executor:
        try:
            for item in items:
                coming.append(executor.submit(function, item))
                if len(coming) > 1:
                    yield coming.popleft().result()
            while coming:
                yield coming.popleft().result()
        finally:
            # Of a caller that leaves early nothing more is read.
            for future in coming:
                future.cancel()


def prepared_shape(settings: ImageSettings, margin: bool) -> tuple[int, int, int]:
    """Return (height, width, channels) of a prepared image."""
    width, height = enlarged_size(settings.width, settings.height) if margin else (settings.width, settings.height)
    return height, width, settings.n_channels


def single_pixel_type(source: DataSource) -> str:
    """Return the pixel type of all images of a source. Raises DataError if they differ."""
    if len(source.pixel_types) > 1:
        found = " and ".join(map(pixel_type_text, source.pixel_types))
        raise DataError(f"{source.path} has images of {found}: one depth is needed, convert them first.")
    return source.pixel_types[0]
