"""Find pairs of perceptual hashes that differ in few bits, without comparing each with each."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

N_BANDS = 4
"""A hash is cut into so many parts. Two hashes that differ in fewer bits have at least one part in common."""

MAX_DISTANCE = N_BANDS - 1
"""Largest number of differing bits that is found with certainty."""

_PLACES_AT_ONCE = 256

_BITS = np.array([bin(byte).count("1") for byte in range(256)], np.uint8)


def near_pairs(
    one: NDArray[np.uint64], other: NDArray[np.uint64], limit: int, leave: Callable[[], None] | None = None
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the places (in `one`, in `other`) of pairs that differ in at most MAX_DISTANCE bits.

    All such pairs, each once, unless there are more than `limit`; then the first ones that were found.
    `leave` is called every now and then, and may raise an error to end the search.
    """
    found: set[tuple[int, int]] = set()
    width = 64 // N_BANDS
    for band in range(N_BANDS):
        shift, mask = np.uint64(band * width), np.uint64(2**width - 1)
        keys_one, keys_other = (one >> shift) & mask, (other >> shift) & mask
        order = np.argsort(keys_other, kind="stable")
        begins = np.searchsorted(keys_other[order], keys_one, side="left")
        ends = np.searchsorted(keys_other[order], keys_one, side="right")
        for number, place in enumerate(np.flatnonzero(ends > begins).tolist()):
            if leave is not None and not number % _PLACES_AT_ONCE:
                leave()
            candidates = order[begins[place] : ends[place]]
            near = candidates[distances(one[place], other[candidates]) <= MAX_DISTANCE]
            found.update((place, int(partner)) for partner in near)
            if len(found) >= limit:
                return _columns(found, limit)
    return _columns(found, limit)


def distances(one: np.uint64, others: NDArray[np.uint64]) -> NDArray[np.intp]:
    """Return the number of differing bits, (N,)."""
    numbers: NDArray[np.intp] = _BITS[np.bitwise_xor(one, others).view(np.uint8)].reshape(-1, 8).sum(1, dtype=np.intp)
    return numbers


def _columns(pairs: set[tuple[int, int]], limit: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    array = np.array(sorted(pairs)[:limit], np.intp).reshape(-1, 2)
    return array[:, 0], array[:, 1]
