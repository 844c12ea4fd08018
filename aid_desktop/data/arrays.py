"""Read stacks of images out of NumPy's files and out of HDF5 files without the layout of .rtdc."""

import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.digest import combined_digest, digest_of
from aid_desktop.data.hdf5 import is_hdf5, open_hdf5, read_rows
from aid_desktop.data.pixels import Pixels, as_pixels, channel_names, pick_channels, pixel_type_of
from aid_desktop.data.source import DataSource, Indices, Shape, SourceKind, checked_indices
from aid_desktop.errors import DataError

ARRAY_SUFFIXES = (".npy", ".npz")
"""Suffixes of NumPy's files, lower-case."""

MAX_CHANNELS = 32
"""A last axis of at most this length counts as channels."""

_SMALLEST_SIDE = 2


@dataclass(frozen=True, slots=True)
class Part:
    """An array in a file that can be read as images."""

    name: str
    shape: tuple[int, ...]
    dtype: str

    def __str__(self) -> str:
        return f"{self.name}  {' × '.join(map(str, self.shape))}  {self.dtype}"


class PartNeededError(DataError):
    """A file has several arrays of images and none was chosen."""

    def __init__(self, path: Path, parts: tuple[Part, ...]) -> None:
        names = ", ".join(part.name for part in parts[:5]) + (", …" if len(parts) > 5 else "")
        super().__init__(f"{path} has {len(parts)} arrays of images: say which one is meant, {names}.")
        self.path = path
        self.parts = parts


class ArrayReader:
    """Reader of an array (H, W), (N, H, W), (N, H, W, C) or, for a single RGB or RGBA image, (H, W, 3 or 4).

    Of .npz files, which cannot be read in parts, the array is kept in memory once it was read.
    """

    def __init__(self, source: DataSource, shape: tuple[int, ...]) -> None:
        self._source = source
        self._shape = shape
        self._kept: NDArray[Any] | None = None

    @classmethod
    def open(
        cls, path: Path, part: str = "", progress: Callable[[int, int], None] | None = None
    ) -> "ArrayReader":
        """Find the array and take the file's digest.

        Raises PartNeededError if there are several and `part` names none, DataError if the array cannot be used.
        """
        found = _chosen_part(path, part)
        n_images, shape = _layout(path, found)
        digest = digest_of(path)
        source = DataSource(
            path=path,
            kind=SourceKind.ARRAY,
            n_images=n_images,
            shapes=(shape,),
            # Another array of the same file is other data.
            digest=combined_digest([(found.name, digest)]) if found.name else digest,
            shape_counts=(n_images,),
            pixel_types=(_pixel_type(path, found),),
            channels=channel_names(shape[2]),
            part=found.name,
        )
        if progress is not None:
            progress(n_images, n_images)
        return cls(source, found.shape)

    @classmethod
    def reopen(cls, source: DataSource) -> "ArrayReader":
        """Check that number and shape of the images are as before. Raises DataError if not."""
        found = _chosen_part(source.path, source.part)
        if _layout(source.path, found) != (source.n_images, source.shapes[0]):
            raise DataError(f"{source.path} has changed since it was added: add it again.")
        return cls(source, found.shape)

    @property
    def source(self) -> DataSource:
        """The file that is read."""
        return self._source

    def read(self, indices: Indices, channels: tuple[str, ...] | None = None) -> list[Pixels]:
        """Return the original images; see source.ImageReader."""
        chosen = checked_indices(indices, self._source.n_images)
        if not chosen.size:
            return []
        wanted, inverse = np.unique(chosen, return_inverse=True)
        try:
            stack = as_pixels(self._rows(wanted))
            images = [_squeezed(stack[i]) for i in inverse]
            if channels is None:
                return images
            return [pick_channels(image, self._source.channels, channels) for image in images]
        except PartNeededError:
            raise
        except DataError as error:
            text = str(error)
            raise DataError(text if str(self._source.path) in text else f"{self._source.path} {text}.") from error

    def positions(self, indices: Indices) -> NDArray[np.float64]:
        """Return the centre (W / 2, H / 2) of each image; see source.ImageReader."""
        height, width, _ = self._source.shapes[0]
        return np.tile(np.array((width / 2, height / 2)), (len(checked_indices(indices, self._source.n_images)), 1))

    def origin(self, index: int) -> str:
        """Return `path#index`."""
        return f"{self._source.path}#{index}"

    def _rows(self, wanted: NDArray[np.intp]) -> NDArray[Any]:
        path, part = self._source.path, self._source.part
        if self._kept is not None:
            return self._kept[wanted]
        with _array_of(path, part) as array:
            if tuple(array.shape) != self._shape:
                raise DataError(f"{path} has changed since it was added: add it again.")
            if len(self._shape) == 2:
                return np.asarray(array[...])[np.newaxis]
            if _is_single(self._shape):
                # A fourth channel is transparency.
                return np.asarray(array[..., :3])[np.newaxis]
            if isinstance(array, h5py.Dataset):
                return read_rows(array, wanted)
            if path.suffix.lower() == ".npz":
                self._kept = array
            return np.asarray(array[wanted])


def array_parts(path: Path) -> tuple[Part, ...]:
    """Return the arrays of a file that can be read as images, in order. Raises DataError if it cannot be opened."""
    if is_hdf5(path):
        return _hdf5_parts(path)
    with _numpy_errors(path):
        if path.suffix.lower() == ".npy":
            array = np.load(path, mmap_mode="r", allow_pickle=False)
            return (Part("", tuple(array.shape), str(array.dtype)),)
        with np.load(path, allow_pickle=False) as archive:
            parts = [Part(name, tuple(archive[name].shape), str(archive[name].dtype)) for name in archive.files]
    return tuple(part for part in parts if _may_be_images(part) or len(parts) == 1)


def _hdf5_parts(path: Path) -> tuple[Part, ...]:
    parts: list[Part] = []

    def look(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            part = Part(name, tuple(item.shape or ()), str(item.dtype))
            if _may_be_images(part):
                parts.append(part)

    with open_hdf5(path) as file:
        file.visititems(look)
    return tuple(parts)


def _may_be_images(part: Part) -> bool:
    """Return whether an array is a stack of images; a table of numbers (two axes) does not count as one."""
    if np.dtype(part.dtype).kind not in "buif" or len(part.shape) not in (3, 4) or 0 in part.shape:
        return False
    return min(part.shape[1:3]) >= _SMALLEST_SIDE and (len(part.shape) == 3 or part.shape[3] <= MAX_CHANNELS)


def _chosen_part(path: Path, name: str) -> Part:
    parts = array_parts(path)
    if not parts:
        raise DataError(f"{path} has no array of images: expected (N, H, W) or (N, H, W, C) of numbers.")
    if not name and len(parts) > 1:
        raise PartNeededError(path, parts)
    found = next((part for part in parts if part.name == name), None) if name else parts[0]
    if found is None:
        raise DataError(f"{path} has no array {name!r}, only {', '.join(part.name for part in parts)}.")
    return found


def _is_single(shape: tuple[int, ...]) -> bool:
    """Return whether (H, W, 3 or 4) is one colour image, as no image is 3 or 4 pixels wide and much higher."""
    return len(shape) == 3 and shape[2] in (3, 4) and min(shape[:2]) > shape[2]


def _layout(path: Path, part: Part) -> tuple[int, Shape]:
    """Return the number of images and their shape."""
    shape = part.shape
    if len(shape) == 2 and min(shape) >= _SMALLEST_SIDE:
        return 1, (shape[0], shape[1], 1)
    if _is_single(shape):
        return 1, (shape[0], shape[1], 3)
    if not _may_be_images(part):
        where = f"the array {part.name} of {path}" if part.name else str(path)
        raise DataError(
            f"{where} has the shape {shape} and the type {part.dtype}; expected numbers (H, W), (N, H, W) or "
            f"(N, H, W, C) with at most {MAX_CHANNELS} channels."
        )
    return shape[0], (shape[1], shape[2], shape[3] if len(shape) == 4 else 1)


def _pixel_type(path: Path, part: Part) -> str:
    try:
        return pixel_type_of(np.dtype(part.dtype))
    except DataError as error:
        raise DataError(f"{path} {error}.") from error


def _squeezed(image: Pixels) -> Pixels:
    return image[:, :, 0] if image.ndim == 3 and image.shape[2] == 1 else image


@contextmanager
def _array_of(path: Path, part: str) -> Iterator[Any]:
    """Yield the array: an HDF5 dataset, a memory map of .npy, or the array of .npz."""
    if is_hdf5(path):
        with open_hdf5(path) as file:
            yield file[part]
        return
    with _numpy_errors(path):
        if path.suffix.lower() == ".npy":
            yield np.load(path, mmap_mode="r", allow_pickle=False)
        else:
            with np.load(path, allow_pickle=False) as archive:
                yield archive[part]


@contextmanager
def _numpy_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist. It may have been moved or renamed: add it again.") from error
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} cannot be read as an array of numbers: {error}.") from error
