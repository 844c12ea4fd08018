"""What a learning-rate range test has measured, and what follows from it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from aid_desktop.training.schedules import Rates

_SMOOTHING = 0.9
_FEWEST = 4
# The average of the first batches is mostly noise; at most this part of all is left out.
_SKIPPED, _SKIPPED_PART = 10, 6
# A smaller fall, as a part of the loss, is none.
_LEAST_FALL = 0.01
# Parts of the whole fall of the loss between which a schedule goes up and down.
_BEGUN, _NEARLY_DONE = 0.1, 0.9


@dataclass(frozen=True, eq=False)
class RangeTest:
    """Losses of batches under growing learning rates, both float64 (N,); after Smith, WACV 2017 (arXiv:1506.01186)."""

    rates: Rates
    losses: NDArray[np.float64]

    @cached_property
    def smoothed(self) -> NDArray[np.float64]:
        """Exponential moving average of the losses, free of the bias of its beginning."""
        mean, result = 0.0, np.empty(len(self.losses))
        for step, loss in enumerate(self.losses):
            mean = _SMOOTHING * mean + (1 - _SMOOTHING) * loss
            result[step] = mean / (1 - _SMOOTHING ** (step + 1))
        return result

    @cached_property
    def slopes(self) -> NDArray[np.float64]:
        """Change of the smoothed loss per factor of ten of the rate."""
        if len(self.rates) < 2:
            return np.zeros(len(self.rates))
        return np.asarray(np.gradient(self.smoothed, np.log10(self.rates)))

    @cached_property
    def steepest(self) -> float | None:
        """The rate at which the loss falls fastest: a good one to train with; None when it never falls."""
        steps = self._falling
        if steps is None:
            return None
        low, high = steps
        return float(self.rates[low + int(np.argmin(self.slopes[low : high + 1]))])

    @cached_property
    def span(self) -> tuple[float, float] | None:
        """Where the loss begins to fall and where it has nearly fallen: limits of a cyclic schedule."""
        steps = self._falling
        return None if steps is None else (float(self.rates[steps[0]]), float(self.rates[steps[1]]))

    @cached_property
    def _falling(self) -> tuple[int, int] | None:
        """Return the steps at which most of the fall begins and ends."""
        fall = self._fall()
        if fall is None:
            return None
        top, bottom = fall
        losses = self.smoothed[top : bottom + 1]
        height = losses[0] - losses[-1]
        low = int(np.flatnonzero(losses >= losses[0] - _BEGUN * height)[-1])
        high = int(np.flatnonzero(losses <= losses[0] - _NEARLY_DONE * height)[0])
        return top + low, top + max(high, low + 1)

    def _fall(self) -> tuple[int, int] | None:
        """Return the steps between which the smoothed loss falls from its highest value to its lowest."""
        if len(self.losses) < _FEWEST:
            return None
        first = min(_SKIPPED, len(self.losses) // _SKIPPED_PART)
        smoothed = self.smoothed[first:]
        bottom = int(np.argmin(smoothed))
        top = int(np.argmax(smoothed[: bottom + 1]))
        if bottom - top < 2 or smoothed[top] - smoothed[bottom] < _LEAST_FALL * abs(smoothed[top]):
            return None
        return first + top, first + bottom
