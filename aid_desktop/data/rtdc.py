"""Read and write .rtdc files: stacks of images in HDF5, as AIDeveloper and the RT-DC programs use them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from aid_desktop import __version__
from aid_desktop.data.digest import digest_of
from aid_desktop.data.source import DataSource, Indices, SourceKind, checked_indices
from aid_desktop.errors import DataError
from aid_desktop.paths import write_atomically

RTDC_SUFFIXES = (".rtdc", ".hdf5", ".h5")
"""Suffixes of files that are opened as .rtdc."""

READ_BYTES = 32 * 2**20
"""Images are read in runs of whole chunks of up to this many bytes."""

IMAGES = "events/image"
PIXEL_SIZE = "imaging:pixel size"

FORMAT_VERSION = 1
"""Version of the files that `write_rtdc` writes, in the root attribute "user:format version"."""


def is_hdf5(path: Path) -> bool:
    """Return whether the file begins like an HDF5 file."""
    return bool(h5py.is_hdf5(path))


class RtdcReader:
    """Reader of `events/image` (N, H, W) or (N, H, W, 3), uint8. The file is open only while it is read."""

    def __init__(self, source: DataSource) -> None:
        self._source = source
        self._positions: NDArray[np.float64] | None = None

    @classmethod
    def open(cls, path: Path, progress: Callable[[int, int], None] | None = None) -> "RtdcReader":
        """Check the file's layout and take its digest. Raises DataError if it cannot be used."""
        with _images_of(path) as images:
            n_images, shape = len(images), _shape(images)
        source = DataSource(path, SourceKind.RTDC, n_images, (shape,), digest_of(path))
        if progress is not None:
            progress(n_images, n_images)
        return cls(source)

    @classmethod
    def reopen(cls, source: DataSource) -> "RtdcReader":
        """Check that number and shape of the images are as before. Raises DataError if not."""
        with _images_of(source.path) as images:
            now = len(images), _shape(images)
        if now != (source.n_images, source.shapes[0]):
            raise DataError(f"{source.path} has changed since it was added: add it again.")
        return cls(source)

    @property
    def source(self) -> DataSource:
        """The file that is read."""
        return self._source

    def read(self, indices: Indices, channels: tuple[str, ...] | None = None) -> list[NDArray[np.uint8]]:
        """Return the original images; see source.ImageReader."""
        chosen = checked_indices(indices, self._source.n_images)
        if not chosen.size:
            return []
        wanted, inverse = np.unique(chosen, return_inverse=True)
        with _images_of(self._source.path) as images:
            if images.shape[0] <= wanted[-1]:
                raise DataError(f"{self._source.path} has fewer images than when it was added: add it again.")
            stack = _read_sorted(images, wanted)
        if stack.ndim == 4 and stack.shape[3] == 1:
            stack = stack[:, :, :, 0]
        return [stack[i] for i in inverse]

    def positions(self, indices: Indices) -> NDArray[np.float64]:
        """Return `pos_x`, `pos_y` (µm) divided by the pixel size; the image's centre where one is missing."""
        chosen = checked_indices(indices, self._source.n_images)
        if self._positions is None:
            with _images_of(self._source.path) as images:
                self._positions = _read_positions(images)
        return self._positions[chosen]

    def origin(self, index: int) -> str:
        """Return `path#index`."""
        return f"{self._source.path}#{index}"


def write_rtdc(
    path: Path, images: NDArray[np.uint8], positions: NDArray[np.floating] | None = None, *, sample: str = ""
) -> None:
    """Write images (N, H, W) or (N, H, W, 3), uint8, N at least 1, as an .rtdc file, replacing an old one.

    `positions` are (N, 2) x, y in pixels, default the centre (W / 2, H / 2); the pixel size is 1 µm. `sample`
    names what was measured. Raises DataError for other arrays or if the file cannot be written.
    """
    images = np.asarray(images)
    if images.dtype != np.uint8 or not (images.ndim == 3 or (images.ndim == 4 and images.shape[3] == 3)):
        raise DataError(
            f"Images of the type {images.dtype} and shape {images.shape} cannot be written to {path}: "
            "expected uint8, (N, H, W) or (N, H, W, 3)."
        )
    if 0 in images.shape:
        raise DataError(f"There are no images to write to {path}.")
    n_images, height, width = images.shape[:3]
    if positions is None:
        positions = np.tile(np.array((width / 2, height / 2)), (n_images, 1))
    if positions.shape != (n_images, 2):
        raise DataError(f"Positions of the shape {positions.shape} do not fit to {n_images} images.")
    try:
        with write_atomically(path) as temporary, h5py.File(temporary, "w") as file:
            _write_images(file.create_group("events"), images)
            file["events/pos_x"] = positions[:, 0].astype(np.float32)
            file["events/pos_y"] = positions[:, 1].astype(np.float32)
            file["events/index"] = np.arange(1, n_images + 1, dtype=np.int32)
            file.attrs.update(_root_attributes(n_images, width, height, sample or path.stem))
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}.") from error


def _write_images(events: h5py.Group, images: NDArray[np.uint8]) -> None:
    chunks = (min(100, len(images)), *images.shape[1:])
    stored = events.create_dataset(
        "image",
        data=images,
        chunks=chunks,
        maxshape=(None, *images.shape[1:]),
        compression="gzip",
        fletcher32=True,
    )
    # The attributes by which HDFView and the RT-DC programs recognise images.
    is_rgb = images.ndim == 4
    stored.attrs["CLASS"] = np.bytes_("IMAGE")
    stored.attrs["IMAGE_VERSION"] = np.bytes_("1.2")
    stored.attrs["IMAGE_SUBCLASS"] = np.bytes_("IMAGE_TRUECOLOR" if is_rgb else "IMAGE_GRAYSCALE")
    if is_rgb:
        stored.attrs["INTERLACE_MODE"] = np.bytes_("INTERLACE_PIXEL")


def _root_attributes(n_images: int, width: int, height: int, sample: str) -> dict[str, str | int | float]:
    now = datetime.now()
    return {
        "experiment:date": now.strftime("%Y-%m-%d"),
        "experiment:time": now.strftime("%H:%M:%S"),
        "experiment:event count": n_images,
        "experiment:run index": 1,
        "experiment:sample": sample,
        "imaging:pixel size": 1.0,
        "imaging:flash device": "LED",
        "imaging:flash duration": 2.0,
        "imaging:frame rate": 2000.0,
        "imaging:roi position x": 0,
        "imaging:roi position y": 0,
        "imaging:roi size x": width,
        "imaging:roi size y": height,
        "setup:channel width": 20.0,
        "setup:chip region": "channel",
        "setup:flow rate": 0.06,
        "setup:flow rate sample": 0.02,
        "setup:flow rate sheath": 0.04,
        "setup:medium": "CellCarrierB",
        "setup:software version": f"AID Desktop {__version__}",
        "user:format version": FORMAT_VERSION,
    }


@contextmanager
def _images_of(path: Path) -> Iterator[h5py.Dataset]:
    import hdf5plugin  # noqa: F401  registers the zstd and blosc filters of newer files

    try:
        with h5py.File(path, "r") as file:
            yield _checked_images(path, file)
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist. It may have been moved or renamed: add it again.") from error
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        raise DataError(_reason(path, error)) from error


def _checked_images(path: Path, file: h5py.File) -> h5py.Dataset:
    images = file.get(IMAGES)
    if not isinstance(images, h5py.Dataset):
        raise DataError(f"{path} has no images: expected the dataset {IMAGES}, as .rtdc files have it.")
    if images.dtype != np.uint8:
        raise DataError(f"{path} has images of the type {images.dtype}; only 8 bits (uint8) are supported so far.")
    if not (images.ndim == 3 or (images.ndim == 4 and images.shape[3] in (1, 3))):
        raise DataError(f"{path} has images of the shape {images.shape}; expected (N, H, W) or (N, H, W, 3).")
    if 0 in images.shape:
        raise DataError(f"{path} has no images: its dataset {IMAGES} is empty.")
    return images


def _reason(path: Path, error: Exception) -> str:
    text = str(error)
    if isinstance(error, PermissionError):
        return f"{path} cannot be opened: permission denied."
    if "signature not found" in text:
        return f"{path} is not an .rtdc file: its content is not HDF5."
    if "truncated" in text:
        return f"{path} is cut off: the end of the file is missing. Copy it again."
    return f"{path} is damaged or cannot be read: {text}."


def _shape(images: h5py.Dataset) -> tuple[int, int, int]:
    return images.shape[1], images.shape[2], images.shape[3] if images.ndim == 4 else 1


def _read_sorted(images: h5py.Dataset, wanted: NDArray[np.intp]) -> NDArray[np.uint8]:
    # Whole chunks, each once: picking images one by one decompresses a chunk for each of them, and
    # AIDeveloper's
    # chunks even cut the images, see `chunks` (250, 8, 8, 2) for images of 32 x 32 x 3.
    size = int(np.prod(images.shape[1:]))
    rows = images.chunks[0] if images.chunks else 1
    most_chunks = max(1, READ_BYTES // (size * rows))
    stack = np.empty((len(wanted), *images.shape[1:]), np.uint8)
    chunk_of = wanted // rows
    start = 0
    while start < len(wanted):
        stop = start + 1
        while (
            stop < len(wanted)
            and chunk_of[stop] - chunk_of[stop - 1] <= 1
            and chunk_of[stop] - chunk_of[start] < most_chunks
        ):
            stop += 1
        first = int(chunk_of[start]) * rows
        last = min(int(chunk_of[stop - 1] + 1) * rows, images.shape[0])
        stack[start:stop] = images[first:last][wanted[start:stop] - first]
        start = stop
    return stack


def _read_positions(images: h5py.Dataset) -> NDArray[np.float64]:
    events, n_images = images.parent, len(images)
    height, width, _ = _shape(images)
    centre = (width / 2, height / 2)
    positions = np.tile(np.array(centre), (n_images, 1))
    pixel_size = _pixel_size(images.file)
    for axis, name in enumerate(("pos_x", "pos_y")):
        stored = events.get(name)
        if pixel_size is None or not isinstance(stored, h5py.Dataset) or stored.shape != (n_images,):
            return np.tile(np.array(centre), (n_images, 1))
        if stored.dtype == np.uint8 and centre[axis] > 255:
            # AIDeveloper 0.4.8 and older keep positions in 8 bits: beyond 255 they are not what was meant.
            continue
        pixels = stored[:].astype(np.float64) / pixel_size
        positions[:, axis] = np.where(np.isfinite(pixels), pixels, centre[axis])
    return positions


def _pixel_size(file: h5py.File) -> float | None:
    try:
        value = float(np.asarray(file.attrs[PIXEL_SIZE]).reshape(-1)[0])
    except (KeyError, ValueError, TypeError, IndexError):
        return None
    return value if np.isfinite(value) and value > 0 else None
