"""Curves of a model on labelled images, as arrays that any plot or table can show.

Every class has `columns`: names and float64 columns of one length each, for a CSV file.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aid_desktop.errors import DataError
from aid_desktop.evaluation.predictions import Predictions

MOST_POINTS = 1000
HISTOGRAM_BINS = 50
RELIABILITY_BINS = 15

Floats = NDArray[np.float64]
Columns = dict[str, Floats]


@dataclass(frozen=True, slots=True, eq=False)
class RocCurve:
    """False and true positive rate of one class against all others, both rising from 0 to 1, and their thresholds."""

    name: str
    class_index: int
    false_positive_rate: Floats
    true_positive_rate: Floats
    threshold: Floats

    @property
    def columns(self) -> Columns:
        """The numbers by name."""
        return {
            f"false positive rate {self.name}": self.false_positive_rate,
            f"true positive rate {self.name}": self.true_positive_rate,
            f"threshold {self.name}": self.threshold,
        }


@dataclass(frozen=True, slots=True, eq=False)
class PrecisionRecallCurve:
    """Recall (rising) and precision of one class against all others; `share` is the precision of chance."""

    name: str
    class_index: int
    recall: Floats
    precision: Floats
    share: float

    @property
    def columns(self) -> Columns:
        """The numbers by name."""
        return {f"recall {self.name}": self.recall, f"precision {self.name}": self.precision}


@dataclass(frozen=True, slots=True)
class SortingPoint:
    """What sorting at one threshold gives; None where nothing is sorted out, or there is nothing to find."""

    n_sorted: int
    initial: float
    concentration: float | None
    enrichment: float | None
    sorting_yield: float | None


@dataclass(frozen=True, slots=True, eq=False)
class ThresholdCurves:
    """What sorting by a threshold on one class gives, for rising thresholds (K,), as AIDeveloper defines it.

    An image is sorted out where it is predicted as the class under the threshold, see `predicted_classes`.
    `concentration`: share of the class among the images sorted out, NaN if there are none; `sorting_yield`: share of
    its images that are sorted out; `enrichment`: concentration by the `initial` one, that of all images.
    `sorted_values` (N,) and `own_values` (of the images of the class) are what must be above the threshold, rising.
    """

    name: str
    class_index: int
    initial: float
    threshold: Floats
    concentration: Floats
    enrichment: Floats
    sorting_yield: Floats
    n_sorted: Floats
    sorted_values: Floats
    own_values: Floats

    def at(self, threshold: float) -> "SortingPoint":
        """Return what any threshold gives, exactly; it takes no longer for more images."""
        # Compared as float32, like the probabilities in `predicted_classes`.
        threshold = float(np.float32(threshold))
        n_sorted = len(self.sorted_values) - int(np.searchsorted(self.sorted_values, threshold, side="right"))
        n_found = len(self.own_values) - int(np.searchsorted(self.own_values, threshold, side="right"))
        concentration = n_found / n_sorted if n_sorted else None
        enrichment = concentration / self.initial if concentration is not None and self.initial else None
        found = n_found / len(self.own_values) if len(self.own_values) else None
        return SortingPoint(n_sorted, self.initial, concentration, enrichment, found)

    @property
    def columns(self) -> Columns:
        """The numbers by name."""
        return {
            f"threshold of {self.name}": self.threshold,
            "concentration": self.concentration,
            "enrichment": self.enrichment,
            "yield": self.sorting_yield,
            "images sorted out": self.n_sorted,
        }


@dataclass(frozen=True, slots=True, eq=False)
class ProbabilityHistogram:
    """How many images of each actual class, `counts` (C, B), have the probability of one class between `edges`."""

    name: str
    class_index: int
    class_names: tuple[str, ...]
    edges: Floats
    counts: NDArray[np.int64]

    @property
    def columns(self) -> Columns:
        """The numbers by name."""
        found = {f"p({self.name}) from": self.edges[:-1], "to": self.edges[1:]}
        rows = zip(self.class_names, self.counts, strict=True)
        return found | {f"images {name}": row.astype(np.float64) for name, row in rows}


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """Mean probability of the most probable class and share that is right, in bins (B,) of that probability.

    `n` is the number of images of each bin; bins without images are left out. `ece` is the expected calibration
    error, the mean of |accuracy - confidence| over all images. Source: Guo et al., ICML 2017.
    """

    low: Floats
    high: Floats
    confidence: Floats
    accuracy: Floats
    n: Floats
    ece: float

    @property
    def columns(self) -> Columns:
        """The numbers by name."""
        names = ("from", "to", "mean probability", "share right", "images")
        return dict(zip(names, (self.low, self.high, self.confidence, self.accuracy, self.n), strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class CoverageCurve:
    """Accuracy of the images that are not rejected, for rising thresholds of the highest probability.

    `coverage` is the share of images whose highest probability is at least `threshold`; `accuracy` that of these
    images that are right. The first threshold is 0: nothing is rejected. `confidence` (N,) are the highest
    probabilities in rising order, `n_right` (N + 1,) how many of the images from each of them on are right.
    """

    threshold: Floats
    coverage: Floats
    accuracy: Floats
    confidence: Floats
    n_right: Floats

    def at(self, threshold: float) -> tuple[float, float]:
        """Return coverage and accuracy at any threshold, exactly; the accuracy is NaN where nothing is left."""
        # Compared as float32, like the probabilities in Decision.
        first = int(np.searchsorted(self.confidence, float(np.float32(threshold)), side="left"))
        n_kept = len(self.confidence) - first
        return n_kept / len(self.confidence), float(self.n_right[first] / n_kept) if n_kept else float("nan")

    @property
    def columns(self) -> Columns:
        """The numbers by name."""
        return {"reject threshold": self.threshold, "coverage": self.coverage, "accuracy": self.accuracy}


def roc_curves(predictions: Predictions, classes: Sequence[int] | None = None) -> tuple[RocCurve, ...]:
    """Return a curve for each class, or some, that has images and is not the only one.

    Raises DataError without labels.
    """
    from sklearn.metrics import roc_curve

    curves = []
    for index, positive in _ranked_classes(predictions, classes):
        false, true, threshold = roc_curve(positive, predictions.probabilities[:, index])
        kept = _thinned(false + true)
        # scikit-learn begins with infinity, above all probabilities.
        threshold = np.where(np.isfinite(threshold), threshold, np.nan)
        curves.append(RocCurve(predictions.class_names[index], index, false[kept], true[kept], threshold[kept]))
    return tuple(curves)


def precision_recall_curves(
    predictions: Predictions, classes: Sequence[int] | None = None
) -> tuple[PrecisionRecallCurve, ...]:
    """Return a curve for each class, or some, that has images and is not the only one.

    Raises DataError without labels.
    """
    from sklearn.metrics import precision_recall_curve

    curves = []
    for index, positive in _ranked_classes(predictions, classes):
        precision, recall, _ = precision_recall_curve(
            positive, predictions.probabilities[:, index], drop_intermediate=True
        )
        recall, precision = recall[::-1], precision[::-1]
        kept = _thinned(recall + np.cumsum(np.abs(np.diff(precision, prepend=precision[0]))))
        name = predictions.class_names[index]
        curves.append(PrecisionRecallCurve(name, index, recall[kept], precision[kept], float(positive.mean())))
    return tuple(curves)


def threshold_curves(predictions: Predictions, class_index: int) -> ThresholdCurves:
    """Return concentration, enrichment and yield of a class over its threshold: 0, 1, and all that change anything.

    Of very many thresholds MOST_POINTS are kept. Raises DataError without labels or for a class that is not there.
    """
    labels = _labels(predictions)
    values = _sorting_values(predictions, class_index)
    own, values = np.sort(values[labels == class_index]), np.sort(values)
    between = values[(values > 0) & (values < 1)]
    threshold = np.unique(np.concatenate([[0.0, 1.0], between.astype(np.float64)]))
    threshold = threshold[_thinned(np.arange(len(threshold), dtype=np.float64))]
    n_sorted = len(values) - np.searchsorted(values, threshold, side="right")
    n_found = len(own) - np.searchsorted(own, threshold, side="right")
    initial = len(own) / len(values) if len(values) else 0.0
    concentration = _shares(n_found, n_sorted)
    return ThresholdCurves(
        name=predictions.class_names[class_index],
        class_index=class_index,
        initial=initial,
        threshold=threshold,
        concentration=concentration,
        enrichment=concentration / initial if initial else np.full(len(threshold), np.nan),
        sorting_yield=_shares(n_found, np.full(len(threshold), len(own))),
        n_sorted=n_sorted.astype(np.float64),
        sorted_values=values,
        own_values=own,
    )


def _sorting_values(predictions: Predictions, class_index: int) -> Floats:
    """Return what must be above the threshold for an image to be sorted out, float64 (N,).

    That is the probability of the class, but for images that `predicted_classes` gives to it whatever the threshold
    (infinity), or never (minus infinity), because other probabilities are all 0, or one is 1.
    """
    _check_class(predictions, class_index)
    probabilities = predictions.probabilities
    values = probabilities[:, class_index].astype(np.float64)
    others = np.delete(probabilities, class_index, axis=1)
    if class_index == 0:
        values[(others == 0).all(axis=1)] = np.inf
    # An earlier class wins where it is equal.
    values[(others[:, :class_index] == 1).any(axis=1)] = -np.inf
    return values


def probability_histogram(predictions: Predictions, class_index: int) -> ProbabilityHistogram:
    """Count the images of each actual class by their probability of one class. Raises DataError without labels."""
    labels = _labels(predictions)
    _check_class(predictions, class_index)
    edges = np.linspace(0, 1, HISTOGRAM_BINS + 1)
    values = predictions.probabilities[:, class_index]
    counts = [np.histogram(values[labels == index], edges)[0] for index in range(predictions.n_classes)]
    name = predictions.class_names[class_index]
    return ProbabilityHistogram(name, class_index, predictions.class_names, edges, np.array(counts, np.int64))


def reliability(predictions: Predictions, is_equal_mass: bool = False, n_bins: int = RELIABILITY_BINS) -> Reliability:
    """Compare probability and accuracy in bins of equal width, or with (nearly) the same number of images each.

    Images of equal probability are never divided between bins. Raises DataError without labels.
    """
    labels = _labels(predictions)
    confidence = predictions.probabilities.max(axis=1).astype(np.float64)
    is_right = predictions.predicted() == labels
    edges = np.linspace(0, 1, n_bins + 1)
    if is_equal_mass and len(confidence):
        upper = np.quantile(confidence, edges[1:], method="inverted_cdf")
        edges = np.append(0.0, np.unique(upper))
    places = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, len(edges) - 2)
    n = np.bincount(places, minlength=len(edges) - 1).astype(np.float64)
    kept = n > 0
    mean = np.bincount(places, confidence, len(n))[kept] / n[kept]
    right = np.bincount(places, is_right, len(n))[kept] / n[kept]
    ece = float((n[kept] * np.abs(right - mean)).sum() / max(1, len(labels)))
    return Reliability(edges[:-1][kept], edges[1:][kept], mean, right, n[kept], ece)


def coverage_curve(predictions: Predictions) -> CoverageCurve:
    """Return accuracy and coverage for all thresholds that change anything, at most MOST_POINTS.

    Raises DataError without labels or images.
    """
    labels = _labels(predictions)
    if not len(labels):
        raise DataError("there are no images to reject: add images of known class")
    confidence = predictions.probabilities.max(axis=1).astype(np.float64)
    order = np.argsort(confidence, kind="stable")
    values = confidence[order]
    is_right = (predictions.predicted() == labels)[order].astype(np.float64)
    n_right = np.append(np.cumsum(is_right[::-1])[::-1], 0.0)
    threshold = np.unique(np.concatenate([[0.0], values]))
    threshold = threshold[_thinned(np.arange(len(threshold), dtype=np.float64))]
    first = np.searchsorted(values, threshold, side="left")
    n_kept = (len(values) - first).astype(np.float64)
    return CoverageCurve(threshold, n_kept / len(values), n_right[first] / n_kept, values, n_right)


def _labels(predictions: Predictions) -> NDArray[np.intp]:
    if predictions.labels is None:
        raise DataError("the true classes of these images are not known: give each source its class")
    return predictions.labels


def _check_class(predictions: Predictions, class_index: int) -> None:
    if not 0 <= class_index < predictions.n_classes:
        last = predictions.n_classes - 1
        raise DataError(f"there is no class number {class_index}: the model has the classes 0 to {last}")


def _ranked_classes(predictions: Predictions, classes: Sequence[int] | None) -> list[tuple[int, NDArray[np.bool_]]]:
    labels = _labels(predictions)
    pairs = ((index, labels == index) for index in (range(predictions.n_classes) if classes is None else classes))
    return [(index, positive) for index, positive in pairs if positive.any() and not positive.all()]


def _thinned(along: Floats) -> NDArray[np.intp]:
    """Return the positions of at most MOST_POINTS points, spread evenly along a rising measure; with both ends."""
    if len(along) <= MOST_POINTS:
        return np.arange(len(along))
    wanted = np.linspace(along[0], along[-1], MOST_POINTS)
    kept: NDArray[np.intp] = np.unique(np.clip(np.searchsorted(along, wanted), 0, len(along) - 1))
    return kept


def _shares(above: NDArray[np.intp], below: NDArray[np.intp]) -> Floats:
    shares = np.full(len(above), np.nan)
    np.divide(above, below, out=shares, where=below > 0)
    return shares
