"""Find images that nearly equal each other, without comparing each with each."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.fingerprint import SIDE, Fingerprints, correlations, read_small
from aid_desktop.data.source import ImageReader

N_BANDS = 4
"""Number of equal parts that a hash is cut into. Hashes that differ in fewer bits have at least one part in common."""

MAX_DISTANCE = N_BANDS - 1
"""Largest number of differing bits that is found with certainty."""

NEARLY_EQUAL = 0.98
"""Least correlation of nearly identical images.

With at most 3 of 64 bits of the perceptual hash it finds at least nine in ten copies of pictures of 32 × 32 pixels
that were made brighter or darker, saved as JPEG (quality 95), enlarged, or given another depth, and none among
scikit-learn's different handwritten digits. Images moved by a pixel at that size are not found.
"""

MAX_PAIRS = 1000
"""So many pairs of one kind are looked at; a finding says when there are more."""

_PLACES_AT_ONCE = 256

_BITS = np.array([bin(byte).count("1") for byte in range(256)], np.uint8)


Pairs = NDArray[np.intp]
"""Places of two images that belong together, (N, 2)."""


class MarkedImages:
    """Images of several sources with their marks: `reader` and `index`, both intp (N,), tell where each one is.

    `prints` are the marks of all images of each reader. `exact` and `perceptual` are those of Fingerprints, uint64
    (N,); `is_flat` (N,) tells images of one grey level, which have all the same perceptual mark.
    """

    def __init__(
        self,
        readers: Sequence[ImageReader],
        prints: Sequence[Fingerprints],
        reader: NDArray[np.intp],
        index: NDArray[np.intp],
    ) -> None:
        self._readers = readers
        self.reader, self.index = reader, index
        self.exact, self.perceptual = np.empty(len(reader), np.uint64), np.empty(len(reader), np.uint64)
        self.is_flat = np.empty(len(reader), np.bool_)
        for number in np.unique(reader).tolist():
            here, marks = reader == number, prints[number]
            chosen = index[here]
            self.exact[here], self.perceptual[here] = marks.exact[chosen], marks.perceptual[chosen]
            self.is_flat[here] = marks.std[chosen] == 0

    def nearly_equal(
        self, ours: NDArray[np.intp], theirs: NDArray[np.intp], leave: Callable[[], None] | None = None
    ) -> Pairs:
        """Return the pairs of an image among `ours` and one among `theirs` that nearly equal each other.

        Equal images and those of one grey level are no such pairs. Of more than 10 · MAX_PAIRS pairs that may be, the
        first ones are looked at; `leave` is that of `near_pairs`.
        """
        ours, theirs = ours[~self.is_flat[ours]], theirs[~self.is_flat[theirs]]
        first, second = near_pairs(self.perceptual[ours], self.perceptual[theirs], 10 * MAX_PAIRS, leave)
        pairs: Pairs = np.stack([ours[first], theirs[second]], axis=1)
        pairs = pairs[self.exact[pairs[:, 0]] != self.exact[pairs[:, 1]]]
        if len(pairs):
            pairs = pairs[correlations(self._small(pairs[:, 0]), self._small(pairs[:, 1])) >= NEARLY_EQUAL]
        return pairs

    def _small(self, places: NDArray[np.intp]) -> NDArray[np.float32]:
        images = np.empty((len(places), SIDE, SIDE), np.float32)
        readers = self.reader[places]
        for number in np.unique(readers).tolist():
            here = readers == number
            images[here] = read_small(self._readers[number], self.index[places[here]])
        return images


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
