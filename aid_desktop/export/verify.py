"""Does an exported file compute what Keras computes?"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aid_desktop.export.exporter import Check, ExportFormat, Limit
from aid_desktop.models.onnx_cache import TOLERANCE

logger = logging.getLogger(__name__)

MOST_CHANGED = 0.02
"""Largest part of the images whose most probable class may be another one, of a format with Limit.ANSWERS."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What one runtime has computed.

    Attributes:
        runtime, version: its name, and its version; "" if it is not installed, so that nothing was computed.
        difference: largest one of a probability to Keras; NaN if nothing was computed.
        changed: part of the images of which another class is the most probable, 0 to 1.
        problem: why nothing was computed, in one line; "" otherwise.
        is_own: see Check.
        is_same: within the limits of the format.
    """

    runtime: str
    version: str
    difference: float = float("nan")
    changed: float = float("nan")
    problem: str = ""
    is_own: bool = True
    is_same: bool = False

    @property
    def title(self) -> str:
        """For example "ONNX Runtime 1.32.0"."""
        return f"{self.runtime} {self.version}".strip()

    @property
    def was_run(self) -> bool:
        """Whether the runtime has computed anything."""
        return not self.problem

    def to_json(self) -> dict[str, object]:
        """Return the values for a report; null for what is no number."""
        return {
            "runtime": self.runtime,
            "version": self.version,
            "max_abs_difference": None if np.isnan(self.difference) else self.difference,
            "changed_answers": None if np.isnan(self.changed) else self.changed,
            "is_same": self.is_same,
            "problem": self.problem,
        }


def verify(
    target: ExportFormat, path: Path, inputs: Sequence[NDArray[Any]], expected: NDArray[np.float32]
) -> tuple[Verification, ...]:
    """Run a file in every runtime that is there, and compare with the probabilities (N, C) of Keras."""
    return tuple(_verify(target, check, path, inputs, expected) for check in target.checks)


def _verify(
    target: ExportFormat, check: Check, path: Path, inputs: Sequence[NDArray[Any]], expected: NDArray[np.float32]
) -> Verification:
    version = check.version
    if not version:
        return Verification(check.runtime, "", problem=check.problem, is_own=check.is_own)
    try:
        found = np.asarray(check.run(path, inputs), np.float32)
    # Runtimes of six makers have no error in common; whatever they say is reported to the user.
    except Exception as error:
        logger.info("%s cannot compute %s", check.runtime, path, exc_info=True)
        return Verification(check.runtime, version, problem=first_line(error), is_own=check.is_own)
    if found.shape != expected.shape:
        problem = f"its output has the shape {found.shape}, expected {expected.shape}"
        return Verification(check.runtime, version, problem=problem, is_own=check.is_own)
    return _compared(check, version, target.limit, found, expected)


def _compared(
    check: Check, version: str, limit: Limit, found: NDArray[np.float32], expected: NDArray[np.float32]
) -> Verification:
    # A result that is no number differs as much as two probabilities can, and is no answer.
    is_number = np.isfinite(found)
    difference = float(np.where(is_number, np.abs(found.astype(np.float64) - expected), 1.0).max())
    is_changed = (found.argmax(axis=1) != expected.argmax(axis=1)) | ~is_number.all(axis=1)
    changed = float(is_changed.mean())
    is_same = changed <= MOST_CHANGED if limit is Limit.ANSWERS else difference <= TOLERANCE
    return Verification(check.runtime, version, difference, changed, is_own=check.is_own, is_same=is_same)


def first_line(error: Exception) -> str:
    """Return what an error says, in one line, without the place in a library's source."""
    lines = str(error).strip().splitlines()
    if not lines:
        return type(error).__name__
    # Some begin with a title alone.
    text = " ".join(lines[:2]) if lines[0].endswith(":") and len(lines) > 1 else lines[0]
    return (text.partition("error: ")[2] if text.startswith("OpenCV(") else text)[:300]
