"""Scores of a model on labelled images, those of scikit-learn. Each number is explained in docs/assessment.md."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aid_desktop.errors import DataError
from aid_desktop.evaluation.bootstrap import (
    CountDraws,
    Interval,
    Ranked,
    draw_counts,
    draw_ranks,
    interval_of,
    wilson_interval,
)
from aid_desktop.evaluation.confusion import ConfusionMatrix
from aid_desktop.evaluation.curves import reliability
from aid_desktop.evaluation.predictions import Predictions, Threshold

Intervals = Mapping[str, Interval]
"""95 % intervals by the name of the score; a score has none where it is not defined."""


@dataclass(frozen=True, slots=True)
class ClassScores:
    """Scores of one class against all others, each 0 to 1; `support` is its number of images.

    Precision is 0 for a class that was never predicted, recall is 0 for one without images, and F1 is 0
    where both are. `roc_auc` is the area under the ROC curve; `pr_auc` the area under the stepwise
    precision-recall curve (average precision). Both come from the probabilities, whatever the threshold,
    and are None where the images are all of this class or all of others.
    `share` is the share of all images that are of this class, `n_predicted` how many were predicted as it.
    """

    name: str
    precision: float
    recall: float
    f1: float
    support: int
    roc_auc: float | None
    pr_auc: float | None
    share: float = 0.0
    n_predicted: int = 0
    intervals: Intervals = field(default_factory=dict)

    @property
    def initial_concentration(self) -> float:
        """AIDeveloper's name for the share of the images that are of this class, before sorting."""
        return self.share

    @property
    def final_concentration(self) -> float | None:
        """The same share among the images that are sorted out as this class: its precision; None if there are none."""
        return self.precision if self.n_predicted else None

    @property
    def enrichment(self) -> float | None:
        """How many times the concentration rises by sorting; None if no image is of this class, or sorted out."""
        final = self.final_concentration
        return None if final is None or not self.share else final / self.share

    @property
    def sorting_yield(self) -> float | None:
        """The share of its images that are sorted out: its recall; None if it has no images."""
        return self.recall if self.support else None

    def to_json(self) -> dict[str, Any]:
        """Return the document of this class in `assess --json`."""
        return {
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "support": self.support,
            "roc_auc": self.roc_auc,
            "pr_auc": self.pr_auc,
            "initial_concentration": self.initial_concentration,
            "final_concentration": self.final_concentration,
            "enrichment": self.enrichment,
            "yield": self.sorting_yield,
            "intervals": {name: list(interval) for name, interval in self.intervals.items()},
        }


@dataclass(frozen=True, slots=True)
class Averages:
    """Precision, recall and F1 averaged over the classes."""

    precision: float
    recall: float
    f1: float

    def to_json(self) -> dict[str, float]:
        """Return the three by name."""
        return {"precision": self.precision, "recall": self.recall, "f1": self.f1}


@dataclass(frozen=True, slots=True)
class ProbabilityScores:
    """What follows from the probabilities, whatever the threshold.

    `roc_auc` and `pr_auc` are the means of those classes that have one, or None; `class_roc_auc` and `class_pr_auc`
    those of each class. `log_loss` is the mean of -ln p(actual class), `ece` the expected calibration error.
    `intervals` has the keys roc_auc, pr_auc and log_loss, `class_intervals` one mapping for each class.
    """

    roc_auc: float | None
    pr_auc: float | None
    log_loss: float
    ece: float
    class_roc_auc: tuple[float | None, ...]
    class_pr_auc: tuple[float | None, ...]
    intervals: Intervals
    class_intervals: tuple[Intervals, ...]


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of a model on `n` images.

    `balanced_accuracy` is the mean recall of the classes with images; `mcc` Matthews' correlation coefficient, -1 to
    1, for any number of classes (Gorodkin 2004). `macro` averages over the classes with images or predictions, each
    counting the same; `weighted` by their numbers of images. `probability` does not depend on the threshold.
    `intervals` has the keys of HEADLINES, and macro_… and weighted_… of precision, recall and f1.
    """

    n: int
    accuracy: float
    balanced_accuracy: float
    mcc: float
    macro: Averages
    weighted: Averages
    probability: ProbabilityScores
    per_class: tuple[ClassScores, ...]
    intervals: Intervals

    @property
    def accuracy_interval(self) -> Interval:
        """Limits that hold the true accuracy with a confidence of 95 %."""
        return self.intervals["accuracy"]

    @property
    def headlines(self) -> dict[str, float | None]:
        """The scores over all classes, by the keys of HEADLINES."""
        return {
            "accuracy": self.accuracy,
            "balanced_accuracy": self.balanced_accuracy,
            "mcc": self.mcc,
            "macro_f1": self.macro.f1,
            "roc_auc": self.probability.roc_auc,
            "pr_auc": self.probability.pr_auc,
            "log_loss": self.probability.log_loss,
            "ece": self.probability.ece,
        }

    def to_json(self, matrix: ConfusionMatrix) -> dict[str, Any]:
        """Return the document printed by `assess --json`, with the counts of `matrix` (rows actual)."""
        return {
            "n": self.n,
            "accuracy": self.accuracy,
            "classes": list(matrix.class_names),
            "confusion_matrix": matrix.counts.tolist(),
            "per_class": {scores.name: scores.to_json() for scores in self.per_class},
            "balanced_accuracy": self.balanced_accuracy,
            "mcc": self.mcc,
            "macro": self.macro.to_json(),
            "weighted": self.weighted.to_json(),
            "roc_auc": self.probability.roc_auc,
            "pr_auc": self.probability.pr_auc,
            "log_loss": self.probability.log_loss,
            "ece": self.probability.ece,
            "intervals": {name: list(interval) for name, interval in self.intervals.items()},
        }


HEADLINES = {
    "accuracy": ("Accuracy", "Share of all images that were predicted correctly."),
    "balanced_accuracy": ("Balanced accuracy", "Mean recall of the classes: each class counts the same."),
    "mcc": ("MCC", "Matthews' correlation of actual and predicted class: 1 perfect, 0 chance, -1 all wrong."),
    "macro_f1": ("Macro F1", "Mean F1 of the classes: each class counts the same."),
    "roc_auc": ("ROC-AUC", "Mean over the classes of the area under the ROC curve: 1 perfect, 0.5 chance."),
    "pr_auc": ("PR-AUC", "Mean over the classes of the area under the precision-recall curve: 1 perfect."),
    "log_loss": ("Log loss", "Mean of -ln p of the actual class: 0 perfect; a certain mistake costs much."),
    "ece": ("Calibration error", "Mean distance of the probability from the share that is right: 0 perfect (ECE)."),
}
"""Name and meaning of each score over all classes, by its key."""


def score(
    predictions: Predictions, threshold: Threshold | None = None, probability: ProbabilityScores | None = None
) -> Scores:
    """Return the scores of labelled predictions, with the classes predicted under `threshold`.

    `probability` may hold what `score_probabilities` found for the same predictions: then the time does not depend
    on the number of images but for the confusion matrix. Raises DataError without labels or without images.
    """
    return score_matrix(ConfusionMatrix.from_predictions(predictions, threshold), predictions, probability)


def score_matrix(
    matrix: ConfusionMatrix, predictions: Predictions, probability: ProbabilityScores | None = None
) -> Scores:
    """Return the same as `score`, from the matrix of these predictions. Raises DataError without images."""
    from sklearn.metrics import matthews_corrcoef, precision_recall_fscore_support

    if not matrix.n:
        raise DataError("there are no images to score: add images of known class")
    probability = score_probabilities(predictions) if probability is None else probability
    actual, predicted = np.nonzero(matrix.counts)
    weights = matrix.counts[actual, predicted]
    options = {"labels": range(len(matrix.class_names)), "sample_weight": weights, "zero_division": 0.0}
    values = precision_recall_fscore_support(actual, predicted, **options)
    support = matrix.counts.sum(axis=1)
    present = np.flatnonzero(support + matrix.counts.sum(axis=0))
    averages = [
        Averages(*(float(value) for value in found[:3]))
        for found in (
            precision_recall_fscore_support(actual, predicted, **(options | {"labels": present}), average=kind)
            for kind in ("macro", "weighted")
        )
    ]
    draws = draw_counts(matrix.counts)
    return Scores(
        n=matrix.n,
        accuracy=matrix.accuracy,
        balanced_accuracy=float(np.mean(values[1][support > 0])),
        # scikit-learn gives 0 too, with a warning.
        mcc=float(matthews_corrcoef(actual, predicted, sample_weight=weights)) if len(present) > 1 else 0.0,
        macro=averages[0],
        weighted=averages[1],
        probability=probability,
        per_class=_per_class(matrix, values, draws, probability),
        intervals=_intervals(matrix, draws, present) | dict(probability.intervals),
    )


def _per_class(
    matrix: ConfusionMatrix, values: Any, draws: CountDraws, probability: ProbabilityScores
) -> tuple[ClassScores, ...]:
    precision, recall, f1 = values[:3]
    support, predicted = matrix.counts.sum(axis=1), matrix.counts.sum(axis=0)
    return tuple(
        ClassScores(
            name,
            float(precision[position]),
            float(recall[position]),
            float(f1[position]),
            int(support[position]),
            probability.class_roc_auc[position],
            probability.class_pr_auc[position],
            float(support[position] / matrix.n),
            int(predicted[position]),
            _class_intervals(matrix, draws, position) | dict(probability.class_intervals[position]),
        )
        for position, name in enumerate(matrix.class_names)
    )


def _class_intervals(matrix: ConfusionMatrix, draws: CountDraws, position: int) -> dict[str, Interval]:
    support, n_predicted = draws.support[:, position], draws.n_predicted[:, position]
    # A draw without images to find a score from does not count.
    found = _known(
        precision=np.where(n_predicted > 0, draws.precision[:, position], np.nan),
        recall=np.where(support > 0, draws.recall[:, position], np.nan),
        f1=np.where(support > 0, draws.f1[:, position], np.nan),
    )
    n_right = int(matrix.counts[position, position])
    totals = {"precision": matrix.counts[:, position].sum(), "recall": matrix.counts[position].sum()}
    for name, n in totals.items():
        if n and n_right in (0, n):
            # All draws are alike, and the bootstrap knows no doubt.
            found[name] = wilson_interval(n_right, int(n))
    return found


def _intervals(matrix: ConfusionMatrix, draws: CountDraws, present: NDArray[np.intp]) -> dict[str, Interval]:
    found = _known(accuracy=draws.accuracy, balanced_accuracy=draws.balanced_accuracy, mcc=draws.mcc)
    if matrix.accuracy in (0.0, 1.0) or "accuracy" not in found:
        # As for precision and recall of a class.
        found["accuracy"] = wilson_interval(round(matrix.accuracy * matrix.n), matrix.n)
    # A class whose images are all missing from a draw does not count there, as in the balanced accuracy.
    counts = np.zeros(draws.support.shape, np.bool_)
    counts[:, present] = (draws.support[:, present] > 0) | (matrix.counts.sum(axis=1)[present] == 0)
    for name in ("precision", "recall", "f1"):
        of_class = getattr(draws, name)
        weighted = (of_class * draws.support).sum(axis=1) / draws.support.sum(axis=1)
        found |= _known(**{f"macro_{name}": of_class.mean(axis=1, where=counts), f"weighted_{name}": weighted})
    return found


def _known(**draws: NDArray[np.float64] | None) -> dict[str, Interval]:
    pairs = ((name, None if values is None else interval_of(values)) for name, values in draws.items())
    return {name: interval for name, interval in pairs if interval is not None}


def score_probabilities(predictions: Predictions) -> ProbabilityScores:
    """Return what does not depend on a threshold, with intervals. Raises DataError without labels or images."""
    if predictions.labels is None:
        raise DataError("the true classes of these images are not known: give each source its class")
    if not predictions.n:
        raise DataError("there are no images to score: add images of known class")
    areas = [_areas(predictions, predictions.labels == index, index) for index in range(predictions.n_classes)]
    roc, pr = tuple(one[0] for one in areas), tuple(one[1] for one in areas)
    losses = image_losses(predictions)
    draws = draw_ranks(predictions, losses)
    intervals: dict[str, Interval] = {}
    class_intervals: tuple[Intervals, ...] = ({},) * predictions.n_classes
    if draws is not None:
        defined = [index for index, value in enumerate(roc) if value is not None]
        if defined:
            intervals = _known(roc_auc=_mean(draws.roc_auc[:, defined]), pr_auc=_mean(draws.pr_auc[:, defined]))
        intervals |= _known(log_loss=draws.log_loss)
        class_intervals = tuple(
            _known(roc_auc=draws.roc_auc[:, index], pr_auc=draws.pr_auc[:, index])
            for index in range(predictions.n_classes)
        )
    return ProbabilityScores(
        roc_auc=_mean_of(roc),
        pr_auc=_mean_of(pr),
        log_loss=float(losses.mean()),
        ece=reliability(predictions).ece,
        class_roc_auc=roc,
        class_pr_auc=pr,
        intervals=intervals,
        class_intervals=class_intervals,
    )


def image_losses(predictions: Predictions) -> NDArray[np.float64]:
    """Return -ln p of the actual class of each image, float64 (N,).

    As in scikit-learn's log_loss, probabilities are made to sum to 1, and p is at least 2.2e-16.
    """
    if predictions.labels is None:
        raise DataError("the true classes of these images are not known: give each source its class")
    actual = predictions.probability_of(predictions.labels).astype(np.float64)
    total = predictions.probabilities.sum(axis=1, dtype=np.float64)
    share = np.divide(actual, total, out=np.zeros_like(actual), where=total > 0)
    losses: NDArray[np.float64] = -np.log(np.clip(share, np.finfo(np.float64).eps, 1.0))
    return losses


def _mean(draws: NDArray[np.float64]) -> NDArray[np.float64]:
    # A class without images in a draw does not count there; without any class there is nothing.
    n_known = (~np.isnan(draws)).sum(axis=1)
    sums = np.nansum(draws, axis=1)
    means = np.full(len(draws), np.nan)
    np.divide(sums, n_known, out=means, where=n_known > 0)
    return means


def _mean_of(values: tuple[float | None, ...]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _areas(
    predictions: Predictions, positive: NDArray[np.bool_], class_index: int
) -> tuple[float | None, float | None]:
    if positive.all() or not positive.any():
        return None, None
    # A tenth of the time of scikit-learn, and the same numbers: there may be a thousand classes.
    ranked = Ranked.of(predictions.probabilities[:, class_index], positive)
    roc, pr = ranked.areas(np.arange(predictions.n)[None])
    return float(roc[0]), float(pr[0])
