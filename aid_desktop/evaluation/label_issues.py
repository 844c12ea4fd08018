"""Images whose class is perhaps wrong, most suspicious first."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from aid_desktop.errors import DataError
from aid_desktop.evaluation.duplicates import Duplicates
from aid_desktop.evaluation.embedding import Embedding
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.evaluation.projection import COMPONENTS, check_finite, principal_components
from aid_desktop.evaluation.threads import one_thread
from aid_desktop.long_work import Progress, ShouldStop, leave_if_stopped

NEIGHBORS = 10
"""An image is as far from the others as the mean distance to so many nearest ones."""

FEWEST_FOR_OUTLIERS = 30

_BLOCK = 1024


class Reason(StrEnum):
    """Why an image is on the list, the most suspicious reason first."""

    CONTRADICTION = "same image, other class"
    MODEL = "looks like another class"
    OUTLIER = "unlike all others"
    DUPLICATE = "there more than once"


class Evidence(StrEnum):
    """Where probabilities come from, and how independent of the labels they are."""

    MODEL = "The model has not learnt from these images: its probabilities are out of sample."
    CROSS_VALIDATION = (
        "The model has learnt from these images: each is judged by a light classifier that has not, from what the "
        "model's last layer takes. A wrong label learnt by heart may stay hidden; runs of a cross-validation find more."
    )
    SERIES = (
        "Each image is judged by the models of the series that have not learnt from it: the probabilities are out of "
        "sample."
    )


@dataclass(frozen=True, slots=True)
class LabelIssue:
    """One suspicious image.

    `position` counts from 0 in the predictions, `source` in their sources, `index` within the source. `suggested` is
    the class that the image looks like, None where nothing speaks for another one. `score` is how little the
    probabilities support the actual class, 0 to 1: 1 − cleanlab's label quality; None without probabilities of the
    image. `distance` from its neighbours is in multiples of the median, None if that is usual. `twins` are the
    positions of equal images, and of nearly equal ones of another class.
    """

    position: int
    source: int
    index: int
    actual: str
    suggested: str | None
    score: float | None
    reasons: tuple[Reason, ...]
    distance: float | None = None
    twins: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class LabelIssues:
    """The suspicious images among those of `predictions`, ranked, and what that rests on.

    `probabilities` float32 (N, C) are the ones that were used, `judged` bool (N,) says for which images there are some.
    """

    predictions: Predictions
    probabilities: NDArray[np.float32]
    judged: NDArray[np.bool_]
    evidence: Evidence
    issues: tuple[LabelIssue, ...]

    @property
    def counts(self) -> dict[Reason, int]:
        """How many images are on the list for each reason."""
        return {reason: sum(reason in issue.reasons for issue in self.issues) for reason in Reason}


def rank_issues(
    predictions: Predictions,
    probabilities: NDArray[np.float32],
    judged: NDArray[np.bool_],
    evidence: Evidence,
    duplicates: Duplicates | None = None,
    embedding: Embedding | None = None,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> LabelIssues:
    """Return the suspicious images: those with equal images of another class, then those whose probabilities speak
    against their class, then those unlike all others, then those that are only there twice.

    Within each reason the least supported come first, outliers by their distance. `probabilities` (N, C) must be out of
    sample; where `judged` (N,) is False there are none. Without duplicates or an embedding those reasons are left out.
    `progress` and `should_stop` are those of `outlier_distances`.
    Raises DataError for predictions without labels, or an embedding with values that are not numbers.
    """
    if predictions.labels is None:
        raise DataError("wrong labels are searched among images of known class, and these have none")
    quality, is_wrong = _judge(predictions.labels, probabilities, judged)
    distances = None if embedding is None else outlier_distances(embedding, progress, should_stop)
    reasons = np.zeros((predictions.n, len(Reason)), np.bool_)
    reasons[:, 1] = is_wrong
    if distances is not None:
        reasons[:, 2] = is_far(distances)
    if duplicates is not None:
        reasons[duplicates.contradictions.reshape(-1), 0] = True
        reasons[:, 3] = duplicates.repeated
    median = 1.0 if distances is None else float(np.median(distances)) or 1.0
    far = np.zeros(predictions.n) if distances is None else distances / median
    order = _order(reasons, quality, far)
    found = _Found(predictions, probabilities, judged, quality, reasons, far, _twins(duplicates))
    return LabelIssues(predictions, probabilities, judged, evidence, tuple(found.issues(order)))


def outlier_distances(
    embedding: Embedding, progress: Progress | None = None, should_stop: ShouldStop | None = None
) -> NDArray[np.float64]:
    """Return the mean distance of each image to its NEIGHBORS nearest ones, float64 (N,).

    Each vector is brought to length 1 before, and the first principal components of that are compared: what the last
    layer takes is the longer the surer the network is, so that plain distances would find its surest images.
    `progress(done, total)` counts images. Raises StoppedError when `should_stop` says yes, DataError for
    values that are not numbers.
    """
    from sklearn.neighbors import NearestNeighbors

    if len(embedding) < 2:
        return np.zeros(len(embedding))
    check_finite(embedding)
    values = principal_components(_of_length_1(embedding), COMPONENTS, should_stop=should_stop)
    distances = np.empty(len(values))
    with one_thread():
        search = NearestNeighbors(n_neighbors=min(NEIGHBORS, len(values) - 1) + 1).fit(values)
        for start in range(0, len(values), _BLOCK):
            leave_if_stopped(should_stop)
            if progress is not None:
                progress(start, len(values))
            block = slice(start, start + _BLOCK)
            # The nearest one is the image itself.
            distances[block] = search.kneighbors(values[block])[0][:, 1:].mean(axis=1)
    return distances


def _of_length_1(embedding: Embedding) -> Embedding:
    values = embedding.astype(np.float64)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    scaled: Embedding = np.divide(values, lengths, out=values, where=lengths > 0).astype(np.float32)
    return scaled


def is_far(distances: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which distances (N,) are far out: above the third quartile by over 3 interquartile ranges (Tukey 1977).

    None are among fewer than FEWEST_FOR_OUTLIERS.
    """
    if len(distances) < FEWEST_FOR_OUTLIERS:
        return np.zeros(len(distances), np.bool_)
    low, high = np.quantile(distances, [0.25, 0.75])
    # More than half the images may be copies: then nothing tells what is usual.
    return np.asarray((distances > high + 3 * (high - low)) & (high > low))


def _judge(
    labels: NDArray[np.intp], probabilities: NDArray[np.float32], judged: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return cleanlab's quality of each label (nan: not judged) and which labels it takes for wrong."""
    import warnings

    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    quality, is_wrong = np.full(len(labels), np.nan), np.zeros(len(labels), np.bool_)
    if not judged.any():
        return quality, is_wrong
    known, given = probabilities[judged].astype(np.float64), labels[judged]
    quality[judged] = get_label_quality_scores(given, known)
    # With images of one class alone nothing tells what the others look like.
    if len(np.unique(given)) > 1:
        with warnings.catch_warnings():
            # Of classes with few images, or none.
            warnings.simplefilter("ignore", UserWarning)
            # Other processes would be started anew on Windows and macOS, with all that the program imports.
            is_wrong[judged] = find_label_issues(given, known, n_jobs=1)
    return quality, is_wrong


def _order(reasons: NDArray[np.bool_], quality: NDArray[np.float64], far: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return positions by their first reason, then by quality; outliers by distance."""
    listed = np.flatnonzero(reasons.any(axis=1))
    first = reasons[listed].argmax(axis=1)
    within = np.where(first == 2, -far[listed], np.nan_to_num(quality[listed], nan=1.0))
    return np.asarray(listed[np.lexsort((listed, within, first))], np.intp)


def _twins(duplicates: Duplicates | None) -> dict[int, tuple[int, ...]]:
    if duplicates is None:
        return {}
    found: dict[int, set[int]] = {}
    order = np.argsort(duplicates.group, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(duplicates.group[order])) + 1):
        if len(members) > 1:
            equal = members.tolist()
            for one in equal:
                found.setdefault(one, set()).update(equal)
    for one, other in duplicates.contradictions.tolist():
        found.setdefault(one, set()).add(other)
        found.setdefault(other, set()).add(one)
    return {one: tuple(sorted(others - {one})) for one, others in found.items()}


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    predictions: Predictions
    probabilities: NDArray[np.float32]
    judged: NDArray[np.bool_]
    quality: NDArray[np.float64]
    reasons: NDArray[np.bool_]
    far: NDArray[np.float64]
    twins: dict[int, tuple[int, ...]]

    def issues(self, order: NDArray[np.intp]) -> Iterator[LabelIssue]:
        """Yield the images at some positions in this order."""
        names, labels = self.predictions.class_names, self.predictions.labels
        assert labels is not None
        looks_like = self.probabilities.argmax(axis=1)
        for position in order.tolist():
            label, best = int(labels[position]), int(looks_like[position])
            has_reason = self.reasons[position]
            differs = self.judged[position] and best != label and (has_reason[0] or has_reason[1])
            yield LabelIssue(
                position,
                int(self.predictions.source[position]),
                int(self.predictions.index[position]),
                names[label],
                names[best] if differs else None,
                float(1 - self.quality[position]) if self.judged[position] else None,
                tuple(reason for reason, is_there in zip(Reason, has_reason.tolist(), strict=True) if is_there),
                float(self.far[position]) if has_reason[2] else None,
                self.twins.get(position, ()),
            )
