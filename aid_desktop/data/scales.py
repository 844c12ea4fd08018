"""Linear and logarithmic axes: where a number stands on one, and which number stands there."""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


class Scale(StrEnum):
    """How numbers are laid out along an axis."""

    LINEAR = "linear"
    LOG = "log"

    def place(self, values: NDArray[np.number]) -> Numbers:
        """Return where numbers (any shape) stand, float64: themselves, or log10; NaN where they stand nowhere.

        That is, for what is not finite, and on a logarithmic axis for what is not above 0.
        """
        numbers = np.asarray(values, np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            places = np.log10(numbers) if self is Scale.LOG else numbers
        return np.where(np.isfinite(places), places, np.nan)

    def number_at(self, places: NDArray[np.number]) -> Numbers:
        """Return which numbers stand at these places, float64; what is beyond float64 is inf."""
        numbers = np.asarray(places, np.float64)
        with np.errstate(over="ignore"):
            return 10.0**numbers if self is Scale.LOG else numbers
