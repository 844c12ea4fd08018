"""Images that are there more than once among predicted ones, and those that have two classes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.check import MAX_PAIRS, NEARLY_EQUAL
from aid_desktop.data.fingerprint import Fingerprints, correlations, fingerprint, read_small
from aid_desktop.data.formats import reopen
from aid_desktop.data.near_duplicates import near_pairs
from aid_desktop.data.source import ImageReader
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.long_work import Progress, ShouldStop, leave_if_stopped

Pairs = NDArray[np.intp]
"""Positions of two images that belong together, (N, 2)."""


@dataclass(frozen=True, slots=True, eq=False)
class Duplicates:
    """Which of N images are the same.

    `group` intp (N,) is equal for images of equal pixels; images of one grey level are alone. `contradictions` are
    pairs of equal or nearly equal images of different classes, at most MAX_PAIRS nearly equal ones for each class.
    """

    group: NDArray[np.intp]
    contradictions: Pairs

    @property
    def repeated(self) -> NDArray[np.bool_]:
        """Whether an image has an equal one, (N,)."""
        counts: NDArray[np.bool_] = np.bincount(self.group)[self.group] > 1
        return counts


def find_duplicates(
    predictions: Predictions,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> Duplicates:
    """Compare the labelled images of some predictions with each other.

    `progress(done, total)` counts images. Raises StoppedError when `should_stop` says yes, DataError if a
    source cannot be read.
    """
    readers = {number: reopen(predictions.sources[number]) for number in np.unique(predictions.source).tolist()}
    marks = _fingerprints(readers, progress, should_stop)
    exact, perceptual = np.zeros(predictions.n, np.uint64), np.zeros(predictions.n, np.uint64)
    is_flat = np.zeros(predictions.n, np.bool_)
    for number, found in marks.items():
        here = predictions.source == number
        exact[here], perceptual[here] = found.exact[predictions.index[here]], found.perceptual[predictions.index[here]]
        is_flat[here] = found.std[predictions.index[here]] == 0
    group = _groups(exact, is_flat)
    labels = np.zeros(predictions.n, np.intp) if predictions.labels is None else predictions.labels
    images = _Images(predictions, readers)
    near = _near(images, perceptual, group, labels, np.flatnonzero(~is_flat), partial(leave_if_stopped, should_stop))
    return Duplicates(group, np.concatenate([_contradictory(group, labels), near]))


def _fingerprints(
    readers: dict[int, ImageReader], progress: Progress | None, should_stop: ShouldStop | None
) -> dict[int, Fingerprints]:
    # A file with labels beside it is a source for each of its classes.
    files = {(reader.source.path, reader.source.part, reader.source.selection): reader for reader in readers.values()}
    total, done = sum(reader.source.n_images for reader in files.values()), 0
    found = {}
    for key, reader in files.items():

        def tell(n: int, _: int, before: int = done) -> None:
            if progress is not None:
                progress(before + n, total)

        found[key] = fingerprint(reader, tell, should_stop)
        done += reader.source.n_images
    keys = {
        number: (reader.source.path, reader.source.part, reader.source.selection) for number, reader in readers.items()
    }
    return {number: found[key] for number, key in keys.items()}


def _groups(exact: NDArray[np.uint64], is_flat: NDArray[np.bool_]) -> NDArray[np.intp]:
    _, inverse = np.unique(exact, return_inverse=True)
    group = np.asarray(inverse, np.intp)
    group[is_flat] = len(exact) + np.arange(np.count_nonzero(is_flat))
    return np.asarray(np.unique(group, return_inverse=True)[1], np.intp)


def _contradictory(group: NDArray[np.intp], labels: NDArray[np.intp]) -> Pairs:
    """Return a pair for each image that has an equal one of another class: it and the first such one."""
    order = np.lexsort((labels, group))
    ends = np.flatnonzero(np.diff(group[order])) + 1
    pairs = []
    for members in np.split(order, ends):
        if len(members) > 1 and labels[members[0]] != labels[members[-1]]:
            others = np.where(labels[members] == labels[members[0]], members[-1], members[0])
            pairs.append(np.stack([members, others], axis=1))
    return np.concatenate([np.empty((0, 2), np.intp), *pairs])


@dataclass(frozen=True, slots=True, eq=False)
class _Images:
    predictions: Predictions
    readers: dict[int, ImageReader]

    def small(self, positions: Sequence[int] | NDArray[np.intp]) -> NDArray[np.float32]:
        """Return small grey images (N, SIDE, SIDE)."""
        positions = np.asarray(positions, np.intp)
        sources, indices = self.predictions.source[positions], self.predictions.index[positions]
        read = {number: sources == number for number in np.unique(sources).tolist()}
        parts = {number: read_small(self.readers[number], indices[here]) for number, here in read.items()}
        images = np.empty((len(positions), *next(iter(parts.values())).shape[1:]), np.float32)
        for number, here in read.items():
            images[here] = parts[number]
        return images


def _near(
    images: _Images,
    perceptual: NDArray[np.uint64],
    group: NDArray[np.intp],
    labels: NDArray[np.intp],
    chosen: NDArray[np.intp],
    leave: Callable[[], None],
) -> Pairs:
    """Return nearly identical pairs of different classes: each class against all that come behind it."""
    pairs = [np.empty((0, 2), np.intp)]
    for label in np.unique(labels[chosen])[:-1].tolist():
        ours, theirs = chosen[labels[chosen] == label], chosen[labels[chosen] > label]
        first, second = near_pairs(perceptual[ours], perceptual[theirs], 10 * MAX_PAIRS, leave)
        found = np.stack([ours[first], theirs[second]], axis=1)
        found = found[group[found[:, 0]] != group[found[:, 1]]]
        if len(found):
            alike = correlations(images.small(found[:, 0]), images.small(found[:, 1]))
            pairs.append(found[alike >= NEARLY_EQUAL][:MAX_PAIRS])
    return np.concatenate(pairs)
