"""Choose images by chance: which ones an epoch sees, and which ones are held out for validation."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aid_desktop.errors import DataError


@dataclass(frozen=True, slots=True)
class RowDraw:
    """How many of a row's images one epoch takes; None takes all. See class_table.ClassRow."""

    n_images: int
    images_per_epoch: int | None = None
    shuffle: bool = True


def draw_epoch(rows: Sequence[RowDraw], rng: np.random.Generator) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return (row, image in the row) of each image of one epoch, mixed over all rows.

    With `shuffle` a row gives k different images if it has that many, else each image k // n times and
    the rest by chance: repeated, but evenly. Without, it gives its first k images in file order, from the
    start again if there are fewer. Raises DataError if images are wanted from a row that has none.
    """
    drawn = [_draw_row(row, rng) for row in rows]
    row_of = np.repeat(np.arange(len(rows)), [len(images) for images in drawn])
    images = np.concatenate([np.empty(0, np.intp), *drawn])
    order = rng.permutation(len(images))
    return row_of[order], images[order]


def _draw_row(row: RowDraw, rng: np.random.Generator) -> NDArray[np.intp]:
    n, k = row.n_images, row.n_images if row.images_per_epoch is None else row.images_per_epoch
    if n == 0 and k > 0:
        raise DataError(f"{k} images per epoch are wanted from a row without images.")
    if not row.shuffle:
        return np.arange(k) % max(1, n)
    if k <= n:
        return rng.permutation(n)[:k]
    return np.concatenate([np.tile(np.arange(n), k // n), rng.permutation(n)[: k % n]])


def hold_out(groups: Sequence[NDArray[np.intp]], fraction: float, rng: np.random.Generator) -> list[NDArray[np.bool_]]:
    """Return for each class which of its images are held out for validation.

    `groups` has, per class, the group of each image as a number from 0, see grouping.group_ids. A group goes as a
    whole to one side, also when it has images of several classes. Each class comes as near to `fraction` (between
    0 and 1) of its images as whole groups allow; a class of two groups or more has at least one on either side,
    unless groups shared with other classes prevent it. Raises DataError for another fraction.
    """
    if not 0 < fraction < 1:
        raise DataError(f"The part of the images for validation is {fraction:g}, expected more than 0 and less than 1.")
    split = _Split(groups, fraction)
    # Classes with few groups choose first: they have the least choice.
    for index in sorted(range(len(groups)), key=split.n_groups):
        split.choose(index, rng.permutation(split.n_groups(index)))
    return [split.held[group] for group in groups]


def deal(groups: Sequence[NDArray[np.intp]], n_parts: int, rng: np.random.Generator) -> list[NDArray[np.intp]]:
    """Return for each class the part, 0 to n_parts - 1, that each of its images goes to.

    `groups` is that of `hold_out`. A group goes as a whole to one part. The largest groups are dealt first, each to the
    part that has the least of its classes so far; that spreads the classes nearly evenly. In a class whose groups are
    all of one size, the parts differ by one group at most. No part is empty where there are as many groups as parts.
    """
    found = [np.unique(group, return_counts=True) for group in groups]
    n_classes = np.bincount(np.concatenate([np.empty(0, np.intp), *(ids for ids, _ in found)]))
    part_of = np.zeros(len(n_classes), np.intp)
    loads = np.zeros((len(groups), n_parts), np.intp)
    shared = np.flatnonzero(n_classes > 1)
    sizes = np.zeros((len(groups), len(shared)), np.intp)
    for row, (ids, counts) in zip(sizes, found, strict=True):
        is_shared = n_classes[ids] > 1
        row[np.searchsorted(shared, ids[is_shared])] = counts[is_shared]
    weights = 1 / np.maximum(1, [len(group) for group in groups]) ** 2
    for place in _largest_first(sizes.sum(axis=0), rng):
        cost = (weights * sizes[:, place]) @ loads
        part = np.lexsort((loads.sum(axis=0), cost))[0]
        part_of[shared[place]] = part
        loads[:, part] += sizes[:, place]
    for index in sorted(range(len(groups)), key=lambda index: len(found[index][0])):
        ids, counts = found[index]
        is_own = n_classes[ids] == 1
        part_of[ids[is_own]] = _deal_own(counts[is_own], loads, index, rng)
    return [part_of[group] for group in groups]


def _deal_own(
    sizes: NDArray[np.intp], loads: NDArray[np.intp], index: int, rng: np.random.Generator
) -> NDArray[np.intp]:
    """Return the parts of groups of one class; `loads` (classes, parts), which it adds them to, is what parts have."""
    parts = np.empty(len(sizes), np.intp)
    least = [
        (load, total, part) for part, (load, total) in enumerate(zip(loads[index], loads.sum(axis=0), strict=True))
    ]
    heapq.heapify(least)
    for place in _largest_first(sizes, rng).tolist():
        (load, total, part), size = least[0], int(sizes[place])
        parts[place] = part
        heapq.heapreplace(least, (load + size, total + size, part))
    np.add.at(loads[index], parts, sizes)
    return parts


def _largest_first(sizes: NDArray[np.intp], rng: np.random.Generator) -> NDArray[np.intp]:
    """Return the places of sizes from large to small, equal ones by chance."""
    order = rng.permutation(len(sizes))
    return order[np.argsort(-sizes[order], kind="stable")]


class _Split:
    """Groups held out so far, `held` (number of groups,), and how far each class is from its number of images."""

    def __init__(self, groups: Sequence[NDArray[np.intp]], fraction: float) -> None:
        found = [np.unique(group, return_counts=True) for group in groups]
        self._ids = [ids for ids, _ in found]
        self._sizes = [sizes for _, sizes in found]
        self._missing = [fraction * len(group) for group in groups]
        self._n_left = [len(ids) for ids in self._ids]
        n_classes = np.bincount(np.concatenate([np.empty(0, np.intp), *self._ids]))
        self.held = np.zeros(len(n_classes), np.bool_)
        self._is_shared = n_classes > 1
        self._shares: dict[int, list[tuple[int, int]]] = {}
        for index, (ids, sizes) in enumerate(found):
            shared = self._is_shared[ids]
            for group, size in zip(ids[shared].tolist(), sizes[shared].tolist(), strict=True):
                self._shares.setdefault(group, []).append((index, size))

    def n_groups(self, index: int) -> int:
        """Return the number of groups of a class."""
        return len(self._ids[index])

    def choose(self, index: int, order: NDArray[np.intp]) -> None:
        """Hold groups of a class out, trying them in this order, until it has its number of images."""
        ids, sizes = self._ids[index][order], self._sizes[index][order]
        if len(ids) and not self._is_shared[ids].any() and (sizes == sizes[0]).all():
            self.held[ids[: self._n_wanted(index, int(sizes[0]))]] = True
            return
        groups = list(zip(ids.tolist(), sizes.tolist(), strict=True))
        for group, size in groups:
            shares = self._shares.get(group) or [(index, size)]
            if self._leaves_training_images(group, shares) and self._gain(shares) > 0:
                self._take(group, shares)
        if self._n_left[index] == len(ids):
            shares_of = {group: self._shares.get(group) or [(index, size)] for group, size in groups}
            possible = [pair for pair in groups if self._leaves_training_images(pair[0], shares_of[pair[0]])]
            if possible:
                smallest = min(possible, key=lambda pair: pair[1])[0]
                self._take(smallest, shares_of[smallest])

    def _n_wanted(self, index: int, size: int) -> int:
        """Return how many groups to hold out of a class whose groups are of one size and all its own."""
        n = self._n_left[index]
        left = self._missing[index] - size * np.arange(n)
        return min(max(1, int(np.count_nonzero(left > size / 2))), n - 1)

    def _leaves_training_images(self, group: int, shares: Sequence[tuple[int, int]]) -> bool:
        return not self.held[group] and all(self._n_left[index] > 1 for index, _ in shares)

    def _gain(self, shares: Sequence[tuple[int, int]]) -> float:
        """Return by how many images the classes come nearer to their number if this group is held out."""
        return sum(abs(self._missing[index]) - abs(self._missing[index] - size) for index, size in shares)

    def _take(self, group: int, shares: Sequence[tuple[int, int]]) -> None:
        self.held[group] = True
        for index, size in shares:
            self._missing[index] -= size
            self._n_left[index] -= 1
