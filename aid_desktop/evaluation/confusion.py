"""How often each class was taken for each other class, and for which images."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from aid_desktop.errors import DataError
from aid_desktop.evaluation.predictions import Predictions, Threshold


@dataclass(frozen=True, slots=True, eq=False)
class ConfusionMatrix:
    """Counts of images by actual and predicted class, and which images they are.

    `actual` and `predicted` are (N,) intp in the order of the Predictions; `counts` is (C, C) int64, rows
    actual, columns predicted. All arrays are read-only. `threshold` is the one that made `predicted`.
    Raises DataError if a class number is not one of `class_names`.
    """

    class_names: tuple[str, ...]
    actual: NDArray[np.intp]
    predicted: NDArray[np.intp]
    threshold: Threshold | None = None
    counts: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        c = len(self.class_names)
        actual, predicted = np.array(self.actual, np.intp), np.array(self.predicted, np.intp)
        if actual.ndim != 1 or actual.shape != predicted.shape:
            raise DataError(f"got actual classes of shape {actual.shape}, predicted {predicted.shape}")
        for name, classes in (("actual", actual), ("predicted", predicted)):
            if classes.size and (classes.min() < 0 or classes.max() >= c):
                raise DataError(f"got {name} classes from {classes.min()} to {classes.max()}; expected 0 to {c - 1}")
        counts = np.bincount(actual * c + predicted, minlength=c * c).reshape(c, c).astype(np.int64)
        for name, array in (("actual", actual), ("predicted", predicted), ("counts", counts)):
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    @classmethod
    def from_predictions(cls, predictions: Predictions, threshold: Threshold | None = None) -> "ConfusionMatrix":
        """Count labelled predictions. Raises DataError if the true classes are not known."""
        if predictions.labels is None:
            raise DataError("the true classes of these images are not known: give each source its class")
        predicted = predictions.predicted(threshold)
        return cls(predictions.class_names, predictions.labels, predicted, threshold)

    @property
    def n(self) -> int:
        """Number of images."""
        return len(self.actual)

    @property
    def accuracy(self) -> float:
        """Share of images whose class was predicted, 0 to 1; nan without images."""
        return float(np.trace(self.counts)) / self.n if self.n else float("nan")

    def by_row(self) -> NDArray[np.float64]:
        """Return counts as shares of their row (actual class), (C, C) in 0 to 1; nan in empty rows."""
        return _shares(self.counts, self.counts.sum(axis=1, keepdims=True))

    def by_column(self) -> NDArray[np.float64]:
        """Return counts as shares of their column (predicted class), (C, C); nan in empty columns."""
        return _shares(self.counts, self.counts.sum(axis=0, keepdims=True))

    def indices(self, actual: int | None = None, predicted: int | None = None) -> NDArray[np.intp]:
        """Return the ascending positions in the Predictions of the images of a cell.

        None stands for any class: a whole column, a whole row, or all images. Raises DataError for a
        class that is not there.
        """
        for class_index in (actual, predicted):
            if class_index is not None and not 0 <= class_index < len(self.class_names):
                raise DataError(f"there is no class number {class_index}; expected 0 to {len(self.class_names) - 1}")
        chosen = np.ones(self.n, dtype=np.bool_)
        if actual is not None:
            chosen &= self.actual == actual
        if predicted is not None:
            chosen &= self.predicted == predicted
        return np.flatnonzero(chosen)


def _shares(counts: NDArray[np.int64], totals: NDArray[np.int64]) -> NDArray[np.float64]:
    shares = np.full(counts.shape, np.nan)
    np.divide(counts, totals, out=shares, where=totals > 0)
    return shares
