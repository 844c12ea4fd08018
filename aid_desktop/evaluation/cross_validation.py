"""Out-of-sample probabilities for images that a network has learnt from."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aid_desktop.errors import DataError
from aid_desktop.evaluation.embedding import Embedding
from aid_desktop.evaluation.projection import COMPONENTS, SEED, principal_components
from aid_desktop.evaluation.threads import one_thread
from aid_desktop.long_work import ShouldStop, leave_if_stopped

FOLDS = 5

# scikit-learn's C. Among digits of which 5 % have a wrong label it finds more of these, and fewer right ones, than 1
# and 0.01 do.
_STRENGTH = 0.1

_ALONE = (
    "the images of each class belong to one group, or there is one only: none can be judged by others of its class. "
    "Add images, or group by something else"
)

Groups = NDArray[np.intp]
"""The group of each image (N,), as any numbers."""


def out_of_sample(
    embedding: Embedding,
    labels: NDArray[np.intp],
    n_classes: int,
    groups: Groups | None = None,
    seed: int = SEED,
    progress: Callable[[int, int], None] | None = None,
    should_stop: ShouldStop | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return probabilities (N, n_classes) for each image by a classifier that has learnt from other images only.

    The second array (N,) says which images are judged: those whose class the classifier knows from other images.

    The images (labels (N,) from 0) are dealt into FOLDS parts with the classes in equal shares, a group never into two;
    a logistic regression on the principal components of the embedding, scaled to a mean variance of 1, learns from the
    other parts. So the classifier does not know an image; the network that made the embedding may.
    `progress(done, total)` counts parts. The same each time. Raises DataError for fewer than two classes, or if no
    image can be judged; StoppedError when `should_stop` says yes.
    """
    present = np.unique(labels)
    if len(present) < 2:
        raise DataError("wrong labels are found by comparing classes: choose images of two classes at least")
    values = _scaled(principal_components(embedding, COMPONENTS, seed, should_stop))
    parts = _parts(values, labels, groups, seed)
    probabilities, judged = np.zeros((len(labels), n_classes), np.float32), np.zeros(len(labels), np.bool_)
    for number, (learnt, held_out) in enumerate(parts):
        leave_if_stopped(should_stop)
        if progress is not None:
            progress(number, len(parts))
        probabilities[held_out] = _probabilities(values, labels, n_classes, learnt, held_out)
        judged[held_out] = np.isin(labels[held_out], labels[learnt])
    if progress is not None:
        progress(len(parts), len(parts))
    if not judged.any():
        raise DataError(_ALONE)
    return probabilities, judged


def joined_groups(one: Groups, other: Groups) -> Groups:
    """Return groups (N,) in which images are together that are so in either of two groupings."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    _, first = np.unique(one, return_inverse=True)
    _, second = np.unique(other, return_inverse=True)
    # Each image ties a group of the one kind to one of the other.
    size = int(first.max(initial=-1)) + 1
    n = size + int(second.max(initial=-1)) + 1
    ties = coo_matrix((np.ones(len(first)), (first, size + second)), (n, n))
    _, component = connected_components(ties, directed=False)
    return np.asarray(component[first], np.intp)


def _scaled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    variance = float((values**2).mean()) if values.size else 0.0
    return values / np.sqrt(variance) if variance > 0 else values


def _parts(values: NDArray[np.float64], labels: NDArray[np.intp], groups: Groups | None, seed: int) -> list[Any]:
    import warnings

    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    if groups is not None and len(np.unique(groups)) == len(groups):
        # Each image is alone: dealing groups would take a hundred times as long for the same.
        groups = None
    most = int(np.bincount(labels).max()) if groups is None else len(np.unique(groups))
    folds = min(FOLDS, most)
    if folds < 2:
        raise DataError(_ALONE)
    kind = StratifiedKFold if groups is None else StratifiedGroupKFold
    with warnings.catch_warnings():
        # Of classes with fewer images than parts, which get none in some.
        warnings.simplefilter("ignore", UserWarning)
        parts = list(kind(folds, shuffle=True, random_state=seed).split(values, labels, groups))
    return [(learnt, held_out) for learnt, held_out in parts if len(held_out)]


def _probabilities(
    values: NDArray[np.float64],
    labels: NDArray[np.intp],
    n_classes: int,
    learnt: NDArray[np.intp],
    held_out: NDArray[np.intp],
) -> NDArray[np.float32]:
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    result = np.zeros((len(held_out), n_classes), np.float32)
    known = np.unique(labels[learnt])
    if len(known) == 1:
        result[:, known[0]] = 1
        return result
    with warnings.catch_warnings(), one_thread():
        warnings.simplefilter("ignore", ConvergenceWarning)
        classifier = LogisticRegression(C=_STRENGTH, max_iter=300).fit(values[learnt], labels[learnt])
        result[:, classifier.classes_] = classifier.predict_proba(values[held_out])
    return result
