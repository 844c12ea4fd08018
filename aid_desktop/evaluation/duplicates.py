"""Images that are there more than once among predicted ones, and those that have two classes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.fingerprint import fingerprint_all
from aid_desktop.data.formats import reopen
from aid_desktop.data.near_duplicates import MAX_PAIRS, MarkedImages, Pairs
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.long_work import Progress, ShouldStop, leave_if_stopped


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
    readers = [reopen(predictions.sources[number]) for number in np.unique(predictions.source).tolist()]
    reader = np.unique(predictions.source, return_inverse=True)[1]
    prints = fingerprint_all(readers, progress, should_stop)
    images = MarkedImages(readers, prints, np.asarray(reader, np.intp), predictions.index)
    group = _groups(images.exact, images.is_flat)
    labels = np.zeros(predictions.n, np.intp) if predictions.labels is None else predictions.labels
    near = _near(images, labels, partial(leave_if_stopped, should_stop))
    return Duplicates(group, np.concatenate([_contradictory(group, labels), near]))


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


def _near(images: MarkedImages, labels: NDArray[np.intp], leave: Callable[[], None]) -> Pairs:
    """Return nearly identical pairs of different classes: each class against all that come behind it."""
    pairs = [np.empty((0, 2), np.intp)]
    for label in np.unique(labels)[:-1].tolist():
        ours, theirs = np.flatnonzero(labels == label), np.flatnonzero(labels > label)
        pairs.append(images.nearly_equal(ours, theirs, leave).pairs[:MAX_PAIRS])
    return np.concatenate(pairs)
