"""The straight line through a stretch of a curve."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FEWEST_EPOCHS = 12
"""With fewer, the stretch is at first the whole curve."""

_FIRST_PART = 0.1


@dataclass(frozen=True, slots=True)
class LinearFit:
    """The line of least squares: `slope` per epoch, `intercept` at epoch 0, through `n_points` points."""

    slope: float
    intercept: float
    n_points: int

    def at(self, epochs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the heights of the line, float64 of the same shape."""
        return self.intercept + self.slope * epochs


def first_stretch(epochs: NDArray[np.float64]) -> tuple[float, float]:
    """Return first and last epoch of the last tenth of a curve, or of all of it where it has fewer than FEWEST_EPOCHS.

    `epochs`: float64 (N,), N > 0, increasing. As AIDeveloper begins a fit.
    """
    n_points = len(epochs)
    start = 0 if n_points < FEWEST_EPOCHS else n_points - max(2, round(_FIRST_PART * n_points))
    return float(epochs[start]), float(epochs[-1])


def linear_fit(
    epochs: NDArray[np.float64], values: NDArray[np.float64], stretch: tuple[float, float]
) -> LinearFit | None:
    """Fit a line to the finite values at epochs of a stretch, its ends included; None for fewer than two epochs.

    `epochs` and `values`: float64 (N,), epochs not decreasing.
    """
    low, high = np.searchsorted(epochs, stretch[0], "left"), np.searchsorted(epochs, stretch[1], "right")
    x, y = epochs[low:high], values[low:high]
    is_finite = np.isfinite(y)
    if not is_finite.all():
        x, y = x[is_finite], y[is_finite]
    if len(x) < 2:
        return None
    x_mean, y_mean = float(x.mean()), float(y.mean())
    distances = x - x_mean
    # Not by @: BLAS wakes all its threads for it, which takes far longer while others are at work.
    spread = float((distances * distances).sum())
    if spread == 0:
        return None
    slope = float((distances * (y - y_mean)).sum()) / spread
    return LinearFit(slope, y_mean - slope * x_mean, len(x))
