"""Open HDF5 files and read images out of their chunks."""

from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.chunks import CHECKSUM_BYTES, read_chunks
from aid_desktop.data.heaps import check_heaps
from aid_desktop.errors import DataError

READ_BYTES = 32 * 2**20
"""Images are read in runs of whole chunks of up to this many bytes."""

_STILL_WRITTEN = "already open for write"
_SURE_BYTES = 256 * 2**20
_MOST_COMPRESSED = 1000
_WITH_PARAMETERS = (h5py.h5z.FILTER_NBIT, h5py.h5z.FILTER_SCALEOFFSET, h5py.h5z.FILTER_SZIP)


def is_hdf5(path: Path) -> bool:
    """Return whether the file begins like an HDF5 file."""
    return bool(h5py.is_hdf5(path))


@contextmanager
def open_hdf5(path: Path) -> Iterator[h5py.File]:
    """Open a file for reading. Raises DataError with the reason if that, or what is done with it, fails."""
    import hdf5plugin  # noqa: F401  registers the zstd and blosc filters of newer files

    try:
        with open_file(path) as file:
            yield file
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist. It may have been moved or renamed: add it again.") from error
    # h5py has a TypeError for types of numbers that NumPy lacks, and an OverflowError for sizes beyond 64 bits.
    except (OSError, RuntimeError, LookupError, ValueError, TypeError, OverflowError, MemoryError) as error:
        raise DataError(_reason(path, error)) from error


def open_file(path: Path) -> h5py.File:
    """Open a file for reading. Raises OSError if that fails, or if HDF5 would not come back from reading it."""
    check_heaps(path)
    try:
        return h5py.File(path, "r")
    except OSError as error:
        text = str(error)
        if "lock" not in text and _STILL_WRITTEN not in text:
            raise
    # Some network drives refuse locks, and a measurement may still be written by a program that lets others read
    # along. HDF5 (1.14) refuses to open a file twice in one process in different ways, so these are not the usual one.
    return h5py.File(path, "r", locking=False, swmr=_STILL_WRITTEN in text)


def attributes_of(item: h5py.Group, *names: str) -> dict[str, Any]:
    """Return those of the named attributes that are there, all of them without names.

    Left out are lists of differing lengths, which .rtdc files and models do not have: one damaged byte makes one of a
    text, and HDF5 1.14 ends the process when it is read.
    """
    attributes = item.attrs
    there = [name for name in names or attributes if name in attributes]
    lists = [name for name in there if isinstance(attributes.get_id(name).get_type(), h5py.h5t.TypeVlenID)]
    return {name: attributes[name] for name in there if name not in lists}


def is_plausible(dataset: h5py.Dataset) -> bool:
    """Return whether the file can hold what the dataset, and one chunk of it, claims to be, and HDF5 can read it.

    A single damaged byte makes terabytes of a few images, and HDF5 would fill the memory with what is not there.
    gzip makes nothing smaller than a thousandth.
    """
    if dataset.is_virtual or dataset.external:
        return True
    claimed = max(prod(dataset.shape or ()), prod(dataset.chunks or ())) * dataset.dtype.itemsize
    can_hold = claimed <= max(_SURE_BYTES, _MOST_COMPRESSED * h5py.h5i.get_file_id(dataset.id).get_filesize())
    return bool(can_hold) and not _is_fatal(dataset)


def _is_fatal(dataset: h5py.Dataset) -> bool:
    """Return whether HDF5 1.14 would end the process: it looks for a checksum in chunks that are shorter than one.

    Such are all chunks of a stretch of zeros, as an interrupted copy leaves them. The same goes for filters without
    their parameters.
    """
    properties = dataset.id.get_create_plist()
    filters = [properties.get_filter(number) for number in range(properties.get_nfilters())]
    if any(code in _WITH_PARAMETERS and not values for code, _, values, _ in filters):
        return True
    if all(code != h5py.h5z.FILTER_FLETCHER32 for code, *_ in filters):
        return False
    try:
        return bool(dataset.id.chunk_iter(lambda chunk: True if chunk.size < CHECKSUM_BYTES else None))
    except (OSError, RuntimeError):
        # What is told as an error here is told as one when it is read.
        return False


def read_rows(stack: h5py.Dataset, wanted: NDArray[np.intp]) -> NDArray[Any]:
    """Return the rows `wanted` (increasing) of a dataset, as stored.

    Whole chunks are read, each once: picking images one by one decompresses a chunk for each of them, and
    AIDeveloper's chunks even cut the images, see `chunks` (250, 8, 8, 2) for images of 32 x 32 x 3.
    """
    decoded = read_chunks(stack, wanted)
    if decoded is not None:
        return decoded
    size = max(1, int(np.prod(stack.shape[1:])) * stack.dtype.itemsize)
    rows = stack.chunks[0] if stack.chunks else 1
    most_chunks = max(1, READ_BYTES // (size * rows))
    result = np.empty((len(wanted), *stack.shape[1:]), stack.dtype)
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
        if wanted[stop - 1] - wanted[start] == stop - 1 - start:
            # Neighbours go straight to their place, without a copy.
            stack.read_direct(result, np.s_[int(wanted[start]) : int(wanted[stop - 1]) + 1], np.s_[start:stop])
        else:
            first = int(chunk_of[start]) * rows
            last = min(int(chunk_of[stop - 1] + 1) * rows, stack.shape[0])
            result[start:stop] = stack[first:last][wanted[start:stop] - first]
        start = stop
    return result


def _reason(path: Path, error: Exception) -> str:
    text = str(error)
    if isinstance(error, PermissionError):
        return f"{path} cannot be opened: permission denied."
    if "signature not found" in text:
        return f"{path} is not an .rtdc file: its content is not HDF5."
    if _STILL_WRITTEN in text:
        return f"{path} is still being written, or was not closed by the program that wrote it: wait, or copy it again."
    if "truncated" in text:
        return f"{path} is cut off: the end of the file is missing. Copy it again."
    return f"{path} is damaged or cannot be read: {text}."
