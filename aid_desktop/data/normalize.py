"""Turn grey levels into the network's input, and back up what was fitted to do so."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.pixels import Pixels
from aid_desktop.errors import DataError
from aid_desktop.settings.image import NORMALIZATIONS

_PART = 2**24
"""Grey levels summed at a time; the squares of so many 16-bit ones fit in 64 bits."""

SMALLEST_STD = 0.0001
"""Stands in for a standard deviation of 0, as in AIDeveloper."""


@dataclass(frozen=True, slots=True)
class Normalization:
    """A method of ImageSettings.normalization and what it has learnt from the training images.

    `mean` and `std` are in grey levels and only used by standardize_training_set: mean and standard
    deviation over all pixels of all training images. `white` is the grey level that divide_by_255 turns into
    1: 255 for images of 8 bits. Raises DataError for an unknown method or numbers that cannot be used.
    """

    method: str
    mean: float = 0.0
    std: float = 1.0
    white: float = 255.0

    def __post_init__(self) -> None:
        if self.method not in NORMALIZATIONS:
            raise DataError(f"The normalization is {self.method!r}, expected one of {', '.join(NORMALIZATIONS)}.")
        if not (math.isfinite(self.mean) and math.isfinite(self.std) and self.std > 0):
            raise DataError(f"The normalization has mean {self.mean} and standard deviation {self.std}.")
        if not (math.isfinite(self.white) and self.white > 0):
            raise DataError(f"The white level is {self.white}, expected a number above 0.")

    def apply(self, images: Pixels) -> NDArray[np.float32]:
        """Return the network's input, float32 of the same shape, for images (N, H, W, C)."""
        values = images.astype(np.float32)
        if self.method == "divide_by_255":
            values /= np.float32(self.white)
        elif self.method == "standardize_training_set":
            values -= np.float32(self.mean)
            values /= np.float32(self.std)
        elif self.method == "standardize_each_image":
            axes = tuple(range(1, images.ndim))
            std = images.std(axis=axes, keepdims=True, dtype=np.float64)
            values -= images.mean(axis=axes, keepdims=True, dtype=np.float64).astype(np.float32)
            values /= np.maximum(std, SMALLEST_STD).astype(np.float32)
        return values

    def to_json(self) -> dict[str, str | float]:
        """Return what a JSON document needs to hold."""
        return {"method": self.method, "mean": self.mean, "std": self.std, "white": self.white}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Normalization":
        """Return what `to_json` has written. Raises DataError if something is missing or cannot be used."""
        try:
            # Cards of version 0.1 were all for images of 8 bits.
            white = float(document.get("white", 255))
            return cls(str(document["method"]), float(document["mean"]), float(document["std"]), white)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise DataError(f"The normalization {document!r} cannot be read: {error!r}.") from error


def fit_normalization(method: str, images: Iterable[Pixels], white: float = 255.0) -> Normalization:
    """Return the normalization for these training images: arrays of any shape, say one per source.

    Mean and standard deviation are taken over all pixels together, with exact sums for whole-numbered grey
    levels. The images are only looked at if the method needs them. Raises DataError if it does and there are none.
    """
    if method != "standardize_training_set":
        return Normalization(method, white=white)
    n, total, squares = 0, Fraction(0), Fraction(0)
    for array in images:
        # In parts, so that an array on disk is never in memory as a whole.
        step = max(1, _PART // math.prod(array.shape[1:]))
        for start in range(0, len(array), step):
            part = _sums(array[start : start + step].reshape(-1))
            n, total, squares = n + part[0], total + part[1], squares + part[2]
    if n == 0:
        raise DataError("Normalization by standardize_training_set needs training images: there are none.")
    # n * squares - total**2 in whole numbers has no rounding, unlike the usual difference of two
    # large floats.
    std = math.sqrt(max(Fraction(0), n * squares - total**2)) / n
    return Normalization(method, float(total / n), std or SMALLEST_STD, white)


def _sums(values: Pixels) -> tuple[int, Fraction, Fraction]:
    """Return number, sum and sum of squares; the sums are exact for whole-numbered grey levels."""
    if values.dtype == np.uint8:
        counts = np.bincount(values, minlength=256).tolist()
        total, squares = (sum(count * level**power for level, count in enumerate(counts)) for power in (1, 2))
        return values.size, Fraction(total), Fraction(squares)
    wide = values.astype(np.uint64 if values.dtype == np.uint16 else np.float64)
    return values.size, Fraction(wide.sum().item()), Fraction((wide * wide).sum().item())
