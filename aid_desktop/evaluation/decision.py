"""How classes follow from probabilities: a threshold on one class, and images that are left undecided."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aid_desktop.errors import DataError
from aid_desktop.evaluation.predictions import Threshold, predicted_classes

REJECTED = -1
"""In place of the number of a class, as dclab has it in ml_class."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The rule by which images get a class.

    `threshold` favours one class, see Threshold. Images whose highest probability is below `reject`, 0 to 1, get no
    class: they are rejected; None rejects none. The highest probability is that of the model, whatever the threshold.
    Raises DataError for a number outside of 0 to 1.
    """

    threshold: Threshold | None = None
    reject: float | None = None

    def __post_init__(self) -> None:
        if self.reject is not None and not 0 <= self.reject <= 1:
            raise DataError(f"images below {self.reject:g} are to be rejected; a probability lies between 0 and 1")

    def classes(self, probabilities: NDArray[np.float32]) -> NDArray[np.intp]:
        """Return the class of each image, (N,) intp, REJECTED where it gets none; `probabilities` is (N, C)."""
        classes = predicted_classes(probabilities, self.threshold)
        # Compared as float32, so that a probability written as 0.9 is not below a limit of 0.9.
        if self.reject is not None:
            classes[probabilities.max(axis=1) < np.float32(self.reject)] = REJECTED
        return classes

    def describe(self, class_names: tuple[str, ...]) -> tuple[str, ...]:
        """Return one sentence for each part of the rule; none if the most probable class counts."""
        lines = []
        if self.threshold is not None:
            name = class_names[self.threshold.class_index]
            lines.append(f"{name} where its probability > {self.threshold.probability:g}")
        if self.reject is not None:
            lines.append(f"rejected where the highest probability < {self.reject:g}")
        return tuple(lines)


MOST_PROBABLE = Decision()
"""Each image has the class of its highest probability."""

Rule = Decision | Threshold | None
"""A decision, or a threshold alone; None: each image has the class of its highest probability."""


def decision_of(rule: Rule) -> Decision:
    """Return a rule as a decision."""
    return rule if isinstance(rule, Decision) else Decision(rule)


def deciding_probability(probabilities: NDArray[np.float32], classes: NDArray[np.intp]) -> NDArray[np.float32]:
    """Return the probability of each image's class, (N,); of rejected images the highest, for which they were rejected.

    `probabilities` is (N, C), `classes` what `Decision.classes` says of them.
    """
    shown = np.where(classes == REJECTED, probabilities.argmax(axis=1), classes)
    return np.take_along_axis(probabilities, shown[:, None], axis=1)[:, 0]
