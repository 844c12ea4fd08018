"""Write .rtdc files: stacks of images of one size in HDF5, as the RT-DC programs read them.

The files pass `dclab-verify-dataset` without violations and alerts.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np
from numpy.typing import NDArray

from aid_desktop import __version__
from aid_desktop.data.pixels import PIXEL_TYPES, Pixels
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


class RtdcWriter:
    """Writes images bit by bit; a context manager, at whose end the file appears under its name, replacing an old one.

    `shape` is (H, W) or (H, W, C), `pixel_type` one of pixels.PIXEL_TYPES. `sample` names what was measured, default
    the name of the file. The RT-DC programs show grey images of 8 bits; other channels and types are for this program.
    When the block is left by an error, or without an image, nothing is written and an old file stays as it is.
    Raises DataError for other shapes or types, without images, or if the file cannot be written.
    """

    def __init__(self, path: Path, shape: tuple[int, ...], pixel_type: str = "uint8", *, sample: str = "") -> None:
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
        self._sample = sample or path.stem
        per_chunk = max(1, CHUNK_BYTES // (int(np.prod(shape)) * self._type.itemsize))
        self._chunk = np.empty((per_chunk, *shape), self._type)
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
            self._images = self._create_images()
            self._stack = stack.pop_all()
        return self

    def append(self, images: Pixels, positions: NDArray[np.floating] | None = None) -> None:
        """Add images (N, H, W) or (N, H, W, C) of the file's shape and type.

        `positions` are (N, 2) x, y in pixels, default the centre (W / 2, H / 2); the pixel size is 1 µm. Raises
        DataError for arrays that do not fit, or if the file cannot be written.
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
        start = 0
        while start < len(images):
            filled = self._n_images % len(self._chunk)
            part = images[start : start + len(self._chunk) - filled]
            self._chunk[filled : filled + len(part)] = part
            self._n_images += len(part)
            start += len(part)
            if filled + len(part) == len(self._chunk):
                self._write_chunk(len(self._chunk))
        self._positions.append(np.array(positions, np.float64))

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
        if rest := self._n_images % len(self._chunk):
            self._write_chunk(rest)
        for name, values in zip(("pos_x", "pos_y"), np.concatenate(self._positions).T, strict=True):
            self._write_feature(name, values)
        self._write_feature("index", np.arange(1, self._n_images + 1))
        height, width = self._shape[:2]
        self._events.file.attrs.update(_root_attributes(self._n_images, width, height, self._sample))

    def _write_chunk(self, n_filled: int) -> None:
        with _told(self._path):
            self._images.resize(self._n_images, axis=0)
            self._images[self._n_images - n_filled :] = self._chunk[:n_filled]

    def _write_feature(self, name: str, values: NDArray[Any]) -> None:
        chunks = (min(len(values), CHUNK_BYTES // values.itemsize),)
        self._events.create_dataset(name, data=values, maxshape=(None,), chunks=chunks, **self._filter)

    def _create_images(self) -> h5py.Dataset:
        shape, most, chunks = ((n, *self._shape) for n in (0, None, len(self._chunk)))
        images = self._events.create_dataset("image", shape, self._type, maxshape=most, chunks=chunks, **self._filter)
        # By these, of this type and length, the RT-DC programs recognise images; they ask for grey ones in any case.
        images.attrs["CLASS"] = np.bytes_("IMAGE")
        images.attrs["IMAGE_VERSION"] = np.bytes_("1.2")
        images.attrs["IMAGE_SUBCLASS"] = np.bytes_("IMAGE_GRAYSCALE")
        return images


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


def _root_attributes(n_images: int, width: int, height: int, sample: str) -> dict[str, str | int | float]:
    now = datetime.now()
    return {
        "experiment:date": now.strftime("%Y-%m-%d"),
        "experiment:time": now.strftime("%H:%M:%S"),
        "experiment:event count": n_images,
        "experiment:run index": 1,
        # Bytes of odd file names are no text: HDF5 refuses them.
        "experiment:sample": sample.encode("utf-8", "backslashreplace").decode("utf-8"),
        "imaging:pixel size": 1.0,
        "imaging:flash device": _UNDEFINED,
        "imaging:flash duration": 0.0,
        "imaging:frame rate": 1.0,
        "imaging:roi position x": 0,
        "imaging:roi position y": 0,
        "imaging:roi size x": width,
        "imaging:roi size y": height,
        "setup:channel width": 1.0,
        "setup:chip region": _UNDEFINED,
        # Must be the sum of the two others, and none may be 0.
        "setup:flow rate": 1.0,
        "setup:flow rate sample": 0.5,
        "setup:flow rate sheath": 0.5,
        "setup:identifier": _UNDEFINED,
        "setup:medium": _UNDEFINED,
        "setup:module composition": _UNDEFINED,
        "setup:software version": f"AID Desktop {__version__}",
        "user:format version": FORMAT_VERSION,
    }
