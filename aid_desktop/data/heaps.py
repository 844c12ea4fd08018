"""Heaps of HDF5 files, in which names and texts are kept: HDF5 1.14 never comes to the end of some damaged ones.

Format: sections III.D and III.E of "HDF5 File Format Specification 3.0", with addresses and lengths of 8 bytes.
"""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from struct import unpack
from typing import BinaryIO

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_TEXTS, _NAMES = b"GCOL", b"HEAP"
_VERSIONS = {_TEXTS: b"\x01\0\0\0", _NAMES: bytes(4)}
_HEADER = 16
_LAST, _FARTHEST = 1, 2**62
_WINDOW = 4 * 2**20


def check_heaps(path: Path) -> None:
    """Raise OSError if HDF5 would read names or texts of the file without end, as after a stretch of it was cleared.

    The first and last 4 MiB are looked at, where programs put what is no image; once, until the file changes.
    """
    found = path.stat()
    if _has_endless_heap(path, found.st_size, found.st_mtime_ns):
        raise OSError("a part of it, in which there are names or texts, was overwritten")


@lru_cache(maxsize=2**16)
def _has_endless_heap(path: Path, size: int, _: int) -> bool:
    with path.open("rb") as file:
        head = file.read(16)
        # How many bytes addresses and lengths have: the superblock says it elsewhere from its version 2 on.
        sizes = head[13:15] if head[8:9] < b"\2" else head[9:11]
        if not head.startswith(_SIGNATURE) or sizes != b"\x08\x08":
            return False
        for start in dict.fromkeys((0, max(0, size - _WINDOW))):
            file.seek(start)
            window = file.read(min(size, _WINDOW))
            if any(_is_endless_list(file, start + place) for place in _places(window, _NAMES)):
                return True
            if any(_is_endless_collection(file, start + place, size) for place in _places(window, _TEXTS)):
                return True
    return False


def _places(window: bytes, signature: bytes) -> Iterator[int]:
    place = window.find(signature)
    while place >= 0:
        # Not looked for together: that takes three times as long, for the many zeros.
        if window.startswith(_VERSIONS[signature], place + len(signature)):
            yield place
        place = window.find(signature, place + 1)


def _is_endless_list(file: BinaryIO, place: int) -> bool:
    """Return whether the list of free blocks of a local heap leads back into itself."""
    size, block = _numbers(file, place + 8)
    start, _ = _numbers(file, place + 24)
    known: set[int] = set()
    while block not in known:
        # The last one, or what HDF5 calls an error.
        if not _LAST < block < size:
            return False
        known.add(block)
        block, _ = _numbers(file, start + block)
    return True


def _is_endless_collection(file: BinaryIO, place: int, file_size: int) -> bool:
    """Return whether an object of a global heap is followed by itself."""
    _, size = _numbers(file, place)
    end, place = place + size, place + _HEADER
    if end > file_size:
        # Cut off, which HDF5 tells.
        return False
    while place + _HEADER <= end:
        number, size = _numbers(file, place)
        # As HDF5 counts: the free space, number 0, with its header; all others in steps of 8; up to 64 bits.
        length = (_HEADER + (size + 7) % 2**64 // 8 * 8) % 2**64 if number % 2**16 else size
        if not length:
            return True
        place += length
    return False


def _numbers(file: BinaryIO, place: int) -> tuple[int, int]:
    """Return two numbers of 64 bits; zeros behind the end of the file."""
    file.seek(min(place, _FARTHEST))
    first, second = unpack("<QQ", file.read(16).ljust(16, b"\0"))
    return first, second
