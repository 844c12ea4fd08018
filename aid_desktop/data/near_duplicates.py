"""Find images that nearly equal each other, without comparing each with each."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

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

MAX_CANDIDATES = 1_000_000
"""So many pairs with similar hashes are compared in full. Images of one kind of cell have similar hashes by chance."""

_PLACES_AT_ONCE = 256
_CANDIDATES_AT_ONCE = 4096

_BITS = np.array([bin(byte).count("1") for byte in range(256)], np.uint8)


Pairs = NDArray[np.intp]
"""Places of two images that belong together, (N, 2)."""


@dataclass(frozen=True, slots=True, eq=False)
class NearPairs:
    """Pairs that nearly equal each other, and whether these are all of them."""

    pairs: Pairs
    is_complete: bool


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
    ) -> NearPairs:
        """Return the pairs of an image among `ours` and one among `theirs` that nearly equal each other.

        Equal images and those of one grey level are no such pairs. The search ends at 10 · MAX_PAIRS pairs, and after
        MAX_CANDIDATES that might have been; `leave` is that of `near_candidates`.
        """
        ours, theirs = ours[~self.is_flat[ours]], theirs[~self.is_flat[theirs]]
        pairs = [np.empty((0, 2), np.intp)]
        n_found = n_compared = 0
        for candidates in near_candidates(self.perceptual[ours], self.perceptual[theirs], leave):
            if n_found >= 10 * MAX_PAIRS or n_compared >= MAX_CANDIDATES:
                return NearPairs(np.concatenate(pairs), False)
            found = self._confirmed(np.stack([ours[candidates[:, 0]], theirs[candidates[:, 1]]], axis=1))
            pairs.append(found)
            n_found, n_compared = n_found + len(found), n_compared + len(candidates)
        return NearPairs(np.concatenate(pairs), True)

    def _confirmed(self, pairs: Pairs) -> Pairs:
        pairs = pairs[self.exact[pairs[:, 0]] != self.exact[pairs[:, 1]]]
        if not len(pairs):
            return pairs
        return pairs[correlations(self._small(pairs[:, 0]), self._small(pairs[:, 1])) >= NEARLY_EQUAL]

    def _small(self, places: NDArray[np.intp]) -> NDArray[np.float32]:
        # Each image once, in the order of its file.
        places, back = np.unique(places, return_inverse=True)
        images = np.empty((len(places), SIDE, SIDE), np.float32)
        readers = self.reader[places]
        for number in np.unique(readers).tolist():
            here = readers == number
            images[here] = read_small(self._readers[number], self.index[places[here]])
        return images[back]


def near_candidates(
    one: NDArray[np.uint64], other: NDArray[np.uint64], leave: Callable[[], None] | None = None
) -> Iterator[Pairs]:
    """Yield the places (in `one`, in `other`) of all pairs that differ in at most MAX_DISTANCE bits, each pair once.

    Some thousands at a time. `leave` is called every now and then, and may raise an error to end the search.
    """
    width = 64 // N_BANDS
    mask = np.uint64(2**width - 1)
    bands = [np.uint64(band * width) for band in range(N_BANDS)]
    waiting: list[Pairs] = []
    n_waiting = 0
    for number_of_band, shift in enumerate(bands):
        keys_one, keys_other = (one >> shift) & mask, (other >> shift) & mask
        order = np.argsort(keys_other, kind="stable")
        begins = np.searchsorted(keys_other[order], keys_one, side="left")
        ends = np.searchsorted(keys_other[order], keys_one, side="right")
        for number, place in enumerate(np.flatnonzero(ends > begins).tolist()):
            if leave is not None and not number % _PLACES_AT_ONCE:
                leave()
            partners = order[begins[place] : ends[place]]
            partners = partners[distances(one[place], other[partners]) <= MAX_DISTANCE]
            for earlier in bands[:number_of_band]:
                # Those of an equal earlier band were found there.
                partners = partners[((one[place] ^ other[partners]) >> earlier) & mask != 0]
            if len(partners):
                waiting.append(np.stack([np.full(len(partners), place), partners], axis=1))
                n_waiting += len(partners)
            if n_waiting >= _CANDIDATES_AT_ONCE:
                yield np.concatenate(waiting)
                waiting, n_waiting = [], 0
    if waiting:
        yield np.concatenate(waiting)


def distances(one: np.uint64, others: NDArray[np.uint64]) -> NDArray[np.intp]:
    """Return the number of differing bits, (N,)."""
    numbers: NDArray[np.intp] = _BITS[np.bitwise_xor(one, others).view(np.uint8)].reshape(-1, 8).sum(1, dtype=np.intp)
    return numbers
