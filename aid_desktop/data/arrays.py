"""Read stacks of images out of NumPy's files and out of HDF5 files without the layout of .rtdc."""

import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import prod
from pathlib import Path
from tokenize import TokenError
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.digest import combined_digest, digest_of
from aid_desktop.data.hdf5 import is_hdf5, is_plausible, open_hdf5, read_rows
from aid_desktop.data.pixels import Pixels, as_pixels, channel_names, pick_channels, pixel_type_of
from aid_desktop.data.source import (
    MAX_CHANNELS,
    DataSource,
    Indices,
    Part,
    PartNeededError,
    Shape,
    SourceKind,
    check_unchanged,
    checked_indices,
)
from aid_desktop.errors import DataError

_MOST_NAMED = 5
_NPY = ".npy"
_DAMAGE = (
    OSError, ValueError, TypeError, LookupError, EOFError, SyntaxError, RuntimeError, OverflowError, MemoryError,
    TokenError, zipfile.BadZipFile, zlib.error, struct.error,
)  # fmt: skip
"""What NumPy and zipfile raise for damaged files; headers are read as Python's literals."""


class ArrayReader:
    """Reader of an array (N, H, W), (N, H, W, C), (H, W) or, for a single RGB or RGBA image, (H, W, 3 or 4).

    Of .npz files, which cannot be read in parts, the array is kept in memory once it was read.
    """

    def __init__(self, source: DataSource, part: Part) -> None:
        self._source = source
        self._part = part
        self._kept: NDArray[Any] | None = None

    @classmethod
    def open(cls, path: Path, part: str = "", progress: Callable[[int, int], None] | None = None) -> "ArrayReader":
        """Find the array and take the file's digest.

        Raises PartNeededError if there are several and `part` names none, DataError if the array cannot be used.
        """
        found = _chosen_part(path, part)
        n_images, shape = _layout(found)
        digest = digest_of(path)
        source = DataSource(
            path=path,
            kind=SourceKind.ARRAY,
            n_images=n_images,
            shapes=(shape,),
            # Another array of the same file is other data.
            digest=combined_digest([(found.name, digest)]) if found.name else digest,
            shape_counts=(n_images,),
            pixel_types=(pixel_type_of(found.dtype),),
            channels=channel_names(shape[2]),
            part=found.name,
        )
        if progress is not None:
            progress(n_images, n_images)
        return cls(source, found)

    @classmethod
    def reopen(cls, source: DataSource) -> "ArrayReader":
        """Check that number and shape of the images are as before. Raises DataError if not."""
        found = _chosen_part(source.path, source.part)
        check_unchanged(source, *_layout(found))
        return cls(source, found)

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
        stored = self._rows(wanted)
        try:
            stack = as_pixels(stored)
            images = [_squeezed(stack[i]) for i in inverse]
            if channels is None:
                return images
            return [pick_channels(image, self._source.channels, channels) for image in images]
        except DataError as error:
            raise DataError(f"{self._source.path} {error}.") from error

    def positions(self, indices: Indices) -> NDArray[np.float64]:
        """Return the centre (W / 2, H / 2) of each image; see source.ImageReader."""
        height, width, _ = self._source.shapes[0]
        return np.tile(np.array((width / 2, height / 2)), (len(checked_indices(indices, self._source.n_images)), 1))

    def origin(self, index: int) -> str:
        """Return `path#index`, or `path::part#index` in a file of several arrays; see source.ImageReader."""
        part = f"::{self._part.name}" if self._part.name else ""
        return f"{self._source.path}{part}#{index}"

    def _rows(self, wanted: NDArray[np.intp]) -> NDArray[Any]:
        if self._kept is not None:
            return self._kept[wanted]
        with _array_of(self._source.path, self._part.name) as array:
            if tuple(array.shape) != self._part.shape:
                raise DataError(f"{self._source.path} has changed since it was added: add it again.")
            # Copies: a view would keep the file open.
            if self._part.is_plane:
                return np.array(array[...])[np.newaxis]
            if self._part.is_colour_image:
                # A fourth channel is transparency.
                return np.array(array[..., :3])[np.newaxis]
            if isinstance(array, h5py.Dataset):
                return read_rows(array, wanted)
            if not isinstance(array, np.memmap):
                self._kept = array
            return np.array(array[wanted])


def array_parts(path: Path) -> tuple[Part, ...]:
    """Return all arrays of a file, in order. Raises DataError if it cannot be read."""
    if is_hdf5(path):
        return _hdf5_parts(path)
    with _numpy_errors(path):
        if path.suffix.lower() == ".npy":
            array = np.load(path, mmap_mode="r", allow_pickle=False)
            return (Part("", array.shape, array.dtype),)
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(_NPY)]
            return tuple(_npz_part(archive, name) for name in names)


def _npz_part(archive: zipfile.ZipFile, name: str) -> Part:
    # Only the beginning: numpy.load would decompress the whole array to tell its shape.
    with archive.open(name) as file:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(file)
        if prod(shape) * dtype.itemsize > archive.getinfo(name).file_size:
            raise ValueError(f"{name} is too short for its shape {shape}")
    return Part(name.removesuffix(_NPY), shape, dtype)


def _hdf5_parts(path: Path) -> tuple[Part, ...]:
    parts: list[Part] = []

    def look(name: str | bytes, item: object) -> None:
        # A name that is no text cannot be chosen.
        if isinstance(name, str) and isinstance(item, h5py.Dataset) and is_plausible(item):
            parts.append(Part(name, tuple(item.shape or ()), item.dtype))

    with open_hdf5(path) as file:
        file.visititems(look)
    return tuple(parts)


def _chosen_part(path: Path, name: str) -> Part:
    found = array_parts(path)
    # A plane of numbers beside stacks of images is a table of something.
    parts = [part for part in found if part.is_stack] or [part for part in found if part.is_plane]
    if not parts:
        raise DataError(
            f"{path} has no array of images: expected numbers (N, H, W), (N, H, W, C) with at most {MAX_CHANNELS} "
            f"channels, or (H, W); found {_listed(found) or 'none'}."
        )
    if not name and len(parts) > 1:
        raise PartNeededError(path, tuple(parts))
    chosen = parts[0] if not name else next((part for part in parts if part.name == name.strip("/")), None)
    if chosen is None:
        raise DataError(f"{path} has no array of images {name!r}, only {', '.join(part.name for part in parts)}.")
    return chosen


def _listed(parts: Sequence[Part]) -> str:
    return "; ".join(map(str, parts[:_MOST_NAMED])) + ("; …" if len(parts) > _MOST_NAMED else "")


def _layout(part: Part) -> tuple[int, Shape]:
    """Return the number of images and their shape."""
    shape = part.shape
    if part.is_plane:
        return 1, (shape[0], shape[1], 1)
    if part.is_colour_image:
        return 1, (shape[0], shape[1], 3)
    return shape[0], (shape[1], shape[2], shape[3] if len(shape) == 4 else 1)


def _squeezed(image: Pixels) -> Pixels:
    return image[:, :, 0] if image.ndim == 3 and image.shape[2] == 1 else image


@contextmanager
def _array_of(path: Path, name: str) -> Iterator[Any]:
    """Yield the array: an HDF5 dataset, a memory map of .npy, or the array of .npz."""
    if is_hdf5(path):
        with open_hdf5(path) as file:
            yield file[name]
        return
    with _numpy_errors(path):
        if path.suffix.lower() == ".npy":
            yield np.load(path, mmap_mode="r", allow_pickle=False)
        else:
            with np.load(path, allow_pickle=False) as archive:
                yield archive[name]


@contextmanager
def _numpy_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist. It may have been moved or renamed: add it again.") from error
    except _DAMAGE as error:
        raise DataError(f"{path} cannot be read as an array of numbers: {error}.") from error
