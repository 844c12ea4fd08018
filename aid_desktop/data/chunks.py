"""Decompress the chunks of HDF5 datasets on several cores: what HDF5 itself does on one, and for gzip with slower code.

HDF5 hands out the stored bytes of a chunk; imagecodecs (libdeflate, zstd) makes images of them.
"""

import logging
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import prod
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

logger = logging.getLogger(__name__)

FEWEST_CHUNKS = 4
"""For fewer, starting threads would take as long as they save."""
_RAW_BYTES = 32 * 2**20
CHECKSUM_BYTES = 4
"""At the end of a chunk."""
_SHUFFLE, _GZIP, _FLETCHER, _ZSTD = h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_FLETCHER32, 32015

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class _Filters:
    """What was done to a chunk before it was stored: shuffle (or not), gzip or zstd, checksum (or not)."""

    is_shuffled: bool
    code: int
    has_checksum: bool


@dataclass(frozen=True, slots=True)
class _Part:
    """A chunk: its number, and where its wanted rows are among all that are wanted."""

    number: int
    start: int
    stop: int


def read_chunks(stack: h5py.Dataset, wanted: NDArray[np.intp]) -> NDArray[Any] | None:
    """Return the rows `wanted` (increasing) of a dataset, as stored; None if HDF5 had better read them.

    That is for few chunks, chunks that cut images, numbers with unused bits, compressions other than gzip and zstd, and
    gzip that cannot be decompressed here: HDF5 has the last word on whether it is damaged. Raises OSError or
    RuntimeError for damaged chunks of zstd, of which HDF5 makes images without a word.
    """
    filters = _filters_of(stack)
    if filters is None or not len(wanted):
        return None
    try:
        return _read(stack, filters, wanted)
    except (OSError, RuntimeError, ValueError, TypeError) as error:
        if filters.code == _ZSTD:
            raise
        logger.info("%s is left to HDF5: %s", stack.name, error)
        return None


def _read(stack: h5py.Dataset, filters: _Filters, wanted: NDArray[np.intp]) -> NDArray[Any] | None:
    parts = _parts(wanted, stack.chunks[0])
    if len(parts) < FEWEST_CHUNKS:
        return None
    result = np.empty((len(wanted), *stack.shape[1:]), stack.dtype)
    with ThreadPoolExecutor(min(len(parts), os.cpu_count() or 1), thread_name_prefix="decode") as executor:
        size, futures = 0, []
        for part in parts:
            raw = _stored_bytes(stack, part.number)
            if raw is None:
                _read_plainly(stack, wanted, part, result)
                continue
            futures.append(executor.submit(_decode, raw, filters, stack.chunks, wanted, part, result))
            size += len(raw)
            if size > _RAW_BYTES:
                for future in futures:
                    future.result()
                size, futures = 0, []
        for future in futures:
            future.result()
    return result


def _filters_of(stack: h5py.Dataset) -> _Filters | None:
    """Return how the chunks are stored; None if that is not as it is expected here."""
    if stack.chunks is None or stack.chunks[1:] != stack.shape[1:] or stack.dtype.kind not in "uif" or stack.is_virtual:
        return None
    if stack.id.get_type() != h5py.h5t.py_create(stack.dtype):
        # Bits that are shifted, unused, or mean something else: HDF5 makes numbers of them.
        return None
    if not _has_lock() or stack.file.swmr_mode:
        # The latter: somebody is still writing it.
        return None
    properties = stack.id.get_create_plist()
    codes = [properties.get_filter(number)[0] for number in range(properties.get_nfilters())]
    is_shuffled, has_checksum = codes[:1] == [_SHUFFLE], codes[-1:] == [_FLETCHER]
    rest = codes[is_shuffled : len(codes) - has_checksum]
    if len(rest) != 1 or rest[0] not in (_GZIP, _ZSTD):
        return None
    return _Filters(is_shuffled, rest[0], has_checksum)


def _has_lock() -> bool:
    """Return whether h5py has the lock that is needed in _stored_bytes; it is no public part of it."""
    try:
        from h5py._objects import phil  # noqa: F401
    except ImportError:
        return False
    return True


def _parts(wanted: NDArray[np.intp], rows: int) -> list[_Part]:
    numbers, starts = np.unique(wanted // rows, return_index=True)
    stops = [*starts[1:].tolist(), len(wanted)]
    return [_Part(*values) for values in zip(numbers.tolist(), starts.tolist(), stops, strict=True)]


def _stored_bytes(stack: h5py.Dataset, number: int) -> bytes | None:
    """Return the bytes of a chunk; None if it was never written, or stored without one of its filters.

    HDF5 can be told to leave all of them out for the last chunk where that reaches beyond the images.
    """
    from h5py._objects import phil

    place = (number * stack.chunks[0], *(0 for _ in stack.shape[1:]))
    # HDF5 does one thing at a time; h5py 3.14 does not see to that itself here, as it does everywhere else.
    with phil:
        found = stack.id.get_chunk_info_by_coord(place)
        if not found.size or found.filter_mask:
            return None
        is_cut = place[0] + stack.chunks[0] > stack.shape[0]
        if is_cut and found.size == prod(stack.chunks) * stack.dtype.itemsize:
            return None
        raw: bytes = stack.id.read_direct_chunk(place)[1]
    return raw


def _read_plainly(stack: h5py.Dataset, wanted: NDArray[np.intp], part: _Part, result: NDArray[Any]) -> None:
    rows = wanted[part.start : part.stop]
    first, last = int(rows[0]), int(rows[-1]) + 1
    result[part.start : part.stop] = stack[first:last][rows - first]


def _decode(
    raw: bytes,
    filters: _Filters,
    shape: Sequence[int],
    wanted: NDArray[np.intp],
    part: _Part,
    result: NDArray[Any],
) -> None:
    """Decompress a chunk of this shape and copy its wanted rows into the result; straight there if it has them all."""
    is_whole = part.stop - part.start == shape[0]
    target = result[part.start : part.stop] if is_whole else np.empty(tuple(shape), result.dtype)
    flat: Bytes = target.reshape(-1).view(np.uint8)
    _decompress(_checked(raw) if filters.has_checksum else raw, filters.code, flat)
    item = result.dtype.itemsize
    if filters.is_shuffled and item > 1:
        # All first bytes of the numbers, then all second ones.
        flat[:] = flat.reshape(item, prod(shape)).T.reshape(-1)
    if not is_whole:
        result[part.start : part.stop] = target[wanted[part.start : part.stop] - part.number * shape[0]]


def _decompress(raw: bytes, code: int, target: Bytes) -> None:
    import imagecodecs

    decode: Any = imagecodecs.deflate_decode if code == _GZIP else imagecodecs.zstd_decode
    found = decode(raw, out=target)
    if len(found) != len(target):
        raise OSError(f"a chunk has {len(found)} bytes, expected {len(target)}")


def _checked(raw: bytes) -> bytes:
    import imagecodecs

    content, checksum = raw[:-CHECKSUM_BYTES], int.from_bytes(raw[-CHECKSUM_BYTES:], "little")
    if imagecodecs.h5checksum_fletcher32(content) != checksum:
        raise OSError("a chunk does not have its checksum")
    return content
