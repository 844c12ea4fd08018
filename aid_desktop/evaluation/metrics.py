"""Scores of a model on labelled images; scikit-learn does the sums."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from aid_desktop.errors import DataError
from aid_desktop.evaluation.confusion import ConfusionMatrix
from aid_desktop.evaluation.predictions import Predictions, Threshold

Z_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class ClassScores:
    """Scores of one class against all others, each 0 to 1; `support` is its number of images.

    Precision is 0 for a class that was never predicted, recall is 0 for one without images, and F1 is 0
    where both are. `roc_auc` is the area under the ROC curve; `pr_auc` the area under the stepwise
    precision-recall curve (average precision). Both come from the probabilities, whatever the threshold,
    and are None where the images are all of this class or all of others.
    """

    name: str
    precision: float
    recall: float
    f1: float
    support: int
    roc_auc: float | None
    pr_auc: float | None


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of a model on `n` images. `balanced_accuracy` is the mean recall of the classes with images."""

    n: int
    accuracy: float
    balanced_accuracy: float
    per_class: tuple[ClassScores, ...]

    @property
    def accuracy_interval(self) -> tuple[float, float]:
        """Limits that hold the true accuracy with a confidence of 95 % (Wilson's score interval)."""
        square = Z_95**2
        middle = (self.accuracy + square / (2 * self.n)) / (1 + square / self.n)
        spread = np.sqrt(self.accuracy * (1 - self.accuracy) / self.n + square / (4 * self.n**2))
        half = float(Z_95 * spread / (1 + square / self.n))
        return max(0.0, middle - half), min(1.0, middle + half)

    def to_json(self, matrix: ConfusionMatrix) -> dict[str, Any]:
        """Return the document printed by `assess --json`, with the counts of `matrix` (rows actual)."""
        return {
            "n": self.n,
            "accuracy": self.accuracy,
            "classes": list(matrix.class_names),
            "confusion_matrix": matrix.counts.tolist(),
            "per_class": {
                scores.name: {
                    "precision": scores.precision,
                    "recall": scores.recall,
                    "f1": scores.f1,
                    "support": scores.support,
                    "roc_auc": scores.roc_auc,
                    "pr_auc": scores.pr_auc,
                }
                for scores in self.per_class
            },
        }


def score(predictions: Predictions, threshold: Threshold | None = None) -> Scores:
    """Return the scores of labelled predictions, with the classes predicted under `threshold`.

    Raises DataError without labels or without images.
    """
    from sklearn.metrics import precision_recall_fscore_support

    matrix = ConfusionMatrix.from_predictions(predictions, threshold)
    if not matrix.n:
        raise DataError("there are no images to score: add images of known class")
    precision, recall, f1, support = precision_recall_fscore_support(
        matrix.actual, matrix.predicted, labels=range(predictions.n_classes), zero_division=0.0
    )
    per_class = tuple(
        ClassScores(
            name,
            float(precision[position]),
            float(recall[position]),
            float(f1[position]),
            int(support[position]),
            *_areas(predictions, matrix, position),
        )
        for position, name in enumerate(predictions.class_names)
    )
    balanced = float(np.mean(recall[support > 0]))
    return Scores(matrix.n, matrix.accuracy, balanced, per_class)


def _areas(predictions: Predictions, matrix: ConfusionMatrix, class_index: int) -> tuple[float | None, float | None]:
    from sklearn.metrics import average_precision_score, roc_auc_score

    positive = matrix.actual == class_index
    if positive.all() or not positive.any():
        return None, None
    probability = predictions.probabilities[:, class_index]
    return float(roc_auc_score(positive, probability)), float(average_precision_score(positive, probability))
