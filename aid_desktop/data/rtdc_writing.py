"""Write .rtdc files: stacks of images of one size in HDF5, as the RT-DC programs read them.

The files pass `dclab-verify-dataset` without violations and alerts.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np
from numpy.typing import NDArray

from aid_desktop import __version__
from aid_desktop.data.features import EXTRA_INPUT
from aid_desktop.data.pixels import PIXEL_TYPES, Pixels
from aid_desktop.data.rtdc_metadata import OWN, PIXEL_SIZE
from aid_desktop.errors import DataError
from aid_desktop.paths import write_atomically

FORMAT_VERSION = 1
"""Version of the files that are written, in the root attribute "user:format version"."""

CHUNK_BYTES = 2**20
"""A chunk holds as many whole images as fit, at least one: reading an image decodes its chunk only."""

_COMPRESSION_LEVEL = 5
"""Of Zstandard; the level from which dclab calls a file compressed."""

_UNDEFINED = "undefined"
"""The RT-DC programs insist on values for what was never measured; this word is theirs for it."""

_FLOW_RATES = ("setup:flow rate", "setup:flow rate sample", "setup:flow rate sheath")
"""The first must be the sum of the others."""

_LONGEST_LINE = 100
"""Of a log, in bytes."""


@dataclass(frozen=True, slots=True)
class Column:
    """What is written of each event besides its image: an array of this shape and type, () for one number."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]


class RtdcWriter:
    """Writes images bit by bit; a context manager, at whose end the file appears under its name, replacing an old one.

    `shape` is (H, W) or (H, W, C), `pixel_type` one of pixels.PIXEL_TYPES. `sample` names what was measured, default
    the name of the file. `columns` are further arrays of each event, for example `mask` or `trace/fl1_raw`, `metadata`
    the root attributes that are known, see rtdc_metadata.py, `logs` lines of text. The RT-DC programs show grey images
    of 8 bits; other channels and types are for this program. When the block is left by an error, or without an image,
    nothing is written and an old file stays as it is. Raises DataError for other shapes or types, without images, or
    if the file cannot be written.
    """

    def __init__(
        self,
        path: Path,
        shape: tuple[int, ...],
        pixel_type: str = "uint8",
        *,
        sample: str = "",
        columns: Mapping[str, Column] | None = None,
        metadata: Mapping[str, Any] | None = None,
        logs: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        if pixel_type not in PIXEL_TYPES or len(shape) not in (2, 3):
            raise DataError(
                f"Images of the type {pixel_type} and shape {shape} cannot be written to {path}: "
                f"expected {', '.join(PIXEL_TYPES)} and (H, W) or (H, W, C)."
            )
        if 0 in shape:
            raise DataError(f"There are no images to write to {path}.")
        self._path = path
        self._shape = tuple(shape)
        self._type = np.dtype(pixel_type)
        self._columns = {"image": Column(self._shape, self._type), **(columns or {})}
        self._metadata = {"experiment:sample": sample or path.stem, **(metadata or {})}
        self._logs = logs or {}
        self._rows: dict[str, _Rows] = {}
        self._n_images = 0
        self._positions: list[NDArray[np.floating]] = []
        self._stack = ExitStack()

    @property
    def n_images(self) -> int:
        """Number of images written so far."""
        return self._n_images

    def __enter__(self) -> Self:
        import hdf5plugin

        self._filter: dict[str, Any] = {**hdf5plugin.Zstd(clevel=_COMPRESSION_LEVEL), "fletcher32": True}
        with _told(self._path), ExitStack() as stack:
            temporary = stack.enter_context(write_atomically(self._path))
            # No cache of chunks: HDF5 1.14 ends the process when the disk is too full to write one at closing.
            file = stack.enter_context(h5py.File(temporary, "w", rdcc_nbytes=0))
            self._events = file.create_group("events")
            self._rows = {name: _Rows(self._create(name, column)) for name, column in self._columns.items()}
            self._stack = stack.pop_all()
        return self

    def append(
        self,
        images: Pixels,
        positions: NDArray[np.floating] | None = None,
        columns: Mapping[str, NDArray[Any]] | None = None,
    ) -> None:
        """Add images (N, H, W) or (N, H, W, C) of the file's shape and type.

        `positions` are (N, 2) x, y in pixels, default the centre (W / 2, H / 2); the pixel size is that of the
        metadata, default 1 µm. `columns` has N rows of each of the file's columns. Raises DataError for arrays that do
        not fit, or if the file cannot be written.
        """
        if images.shape[1:] != self._shape or images.dtype != self._type:
            raise DataError(
                f"Images of the type {images.dtype} and shape {images.shape[1:]} do not fit to {self._path}: "
                f"expected {self._type} and {self._shape}."
            )
        if positions is None:
            positions = np.tile(np.array((self._shape[1] / 2, self._shape[0] / 2)), (len(images), 1))
        if positions.shape != (len(images), 2):
            raise DataError(f"Positions of the shape {positions.shape} do not fit to {len(images)} images.")
        with _told(self._path):
            for name, rows in {**(columns or {}), "image": images}.items():
                self._rows[name].append(rows)
        self._n_images += len(images)
        self._positions.append(np.array(positions, np.float64))

    def write_feature(self, name: str, values: NDArray[Any]) -> None:
        """Write a scalar feature (N,) of all images. Raises DataError if the file cannot be written."""
        group = self._events.file if name == EXTRA_INPUT else self._events
        chunks = (min(len(values), CHUNK_BYTES // values.itemsize),)
        with _told(self._path):
            group.create_dataset(name, data=values, maxshape=(None,), chunks=chunks, **self._filter)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with _told(self._path):
            if error is not None:
                self._stack.__exit__(kind, error, traceback)
                return
            with self._stack:
                self._finish()

    def _finish(self) -> None:
        if not self._n_images:
            raise DataError(f"There are no images to write to {self._path}.")
        for rows in self._rows.values():
            rows.flush()
        metadata = _complete(self._metadata, self._n_images, self._shape)
        positions = _micrometres(np.concatenate(self._positions), float(metadata[PIXEL_SIZE]))
        for name, values in zip(("pos_x", "pos_y"), positions.T, strict=True):
            self.write_feature(name, values)
        self.write_feature("index", np.arange(1, self._n_images + 1))
        self._events.file.attrs.update(metadata)
        for name, lines in self._logs.items():
            encoded = [piece for line in lines for piece in log_lines(line)] or [b""]
            longest = max(1, *map(len, encoded))
            data = np.array(encoded, f"S{longest}")
            self._events.file.create_dataset(f"logs/{name}", data=data, chunks=True, **self._filter)

    def _create(self, name: str, column: Column) -> h5py.Dataset:
        per_chunk = max(1, CHUNK_BYTES // (int(np.prod(column.shape)) * column.dtype.itemsize))
        shape, most, chunks = ((n, *column.shape) for n in (0, None, per_chunk))
        rows = self._events.create_dataset(name, shape, column.dtype, maxshape=most, chunks=chunks, **self._filter)
        if len(column.shape) > 1:
            # By these, of this type and length, the RT-DC programs recognise images; all must be called grey.
            rows.attrs["CLASS"] = np.bytes_("IMAGE")
            rows.attrs["IMAGE_VERSION"] = np.bytes_("1.2")
            rows.attrs["IMAGE_SUBCLASS"] = np.bytes_("IMAGE_GRAYSCALE")
        return rows


class _Rows:
    """A dataset that grows by whole chunks."""

    def __init__(self, dataset: h5py.Dataset) -> None:
        self._dataset = dataset
        self._chunk = np.empty(dataset.chunks, dataset.dtype)
        self._n_filled = 0

    def append(self, rows: NDArray[Any]) -> None:
        start = 0
        while start < len(rows):
            part = rows[start : start + len(self._chunk) - self._n_filled]
            self._chunk[self._n_filled : self._n_filled + len(part)] = part
            self._n_filled += len(part)
            start += len(part)
            if self._n_filled == len(self._chunk):
                self.flush()

    def flush(self) -> None:
        if self._n_filled:
            n_before = self._dataset.shape[0]
            self._dataset.resize(n_before + self._n_filled, axis=0)
            self._dataset[n_before:] = self._chunk[: self._n_filled]
            self._n_filled = 0


def write_rtdc(path: Path, images: Pixels, positions: NDArray[np.floating] | None = None, *, sample: str = "") -> None:
    """Write images (N, H, W) or (N, H, W, C), N at least 1, as an .rtdc file, replacing an old one; see RtdcWriter."""
    images = np.asarray(images)
    with RtdcWriter(path, images.shape[1:], str(images.dtype), sample=sample) as writer:
        writer.append(images, positions)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    # HDF5 raises RuntimeError where a full disk shows only when the file is closed.
    try:
        yield
    except (OSError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise DataError(f"{path} cannot be written: {reason}.") from error


def _micrometres(pixels: NDArray[np.float64], pixel_size: float) -> NDArray[np.float64]:
    """Return positions that are exactly `pixels` again when they are divided by the pixel size, where there are such.

    A position between two pixels would otherwise move the window around it by one.
    """
    found = pixels * pixel_size
    for direction in (-np.inf, np.inf):
        other = np.nextafter(found, direction)
        found = np.where((found / pixel_size != pixels) & (other / pixel_size == pixels), other, found)
    return found


def log_lines(line: str) -> list[bytes]:
    """Return a line of a log in pieces of at most 100 bytes, the longest that dclab takes."""
    encoded = line.encode("utf-8", "backslashreplace")
    if len(encoded) <= _LONGEST_LINE:
        return [encoded]
    # A character of another script takes up to four bytes.
    step = _LONGEST_LINE if line.isascii() else _LONGEST_LINE // 4
    return [line[start : start + step].encode("utf-8", "backslashreplace") for start in range(0, len(line), step)]


def _complete(known: Mapping[str, Any], n_images: int, shape: tuple[int, ...]) -> dict[str, Any]:
    """Return what is known of a file, and what the RT-DC programs insist on besides."""
    own = dict(zip(OWN, (n_images, shape[1], shape[0], FORMAT_VERSION), strict=True))
    complete = {**_defaults(), **known, **own}
    if any(name in known for name in _FLOW_RATES):
        complete = {name: value for name, value in complete.items() if name not in _FLOW_RATES or name in known}
    program = f"AID Desktop {__version__}"
    earlier = [part for part in str(known.get("setup:software version", "")).split(" | ") if part not in ("", program)]
    complete["setup:software version"] = " | ".join([*earlier, program])
    # Bytes of odd file names are no text: HDF5 refuses them.
    return {
        name: value.encode("utf-8", "backslashreplace").decode("utf-8") if isinstance(value, str) else value
        for name, value in complete.items()
    }


def _defaults() -> dict[str, Any]:
    now = datetime.now()
    return {
        "experiment:date": now.strftime("%Y-%m-%d"),
        "experiment:time": now.strftime("%H:%M:%S"),
        "experiment:run index": 1,
        PIXEL_SIZE: 1.0,
        "imaging:flash device": _UNDEFINED,
        "imaging:flash duration": 0.0,
        "imaging:frame rate": 1.0,
        "imaging:roi position x": 0,
        "imaging:roi position y": 0,
        "setup:channel width": 1.0,
        "setup:chip region": _UNDEFINED,
        # None may be 0.
        **dict(zip(_FLOW_RATES, (1.0, 0.5, 0.5), strict=True)),
        "setup:identifier": _UNDEFINED,
        "setup:medium": _UNDEFINED,
        "setup:module composition": _UNDEFINED,
    }
