"""Threshold and rejection."""

import numpy as np
import pytest

from aid_desktop.errors import DataError
from aid_desktop.evaluation.decision import MOST_PROBABLE, REJECTED, Decision
from aid_desktop.evaluation.predictions import Threshold

VALUES = np.array([[0.7, 0.2, 0.1], [0.4, 0.35, 0.25], [0.05, 0.05, 0.9]], np.float32)


def test_that_the_most_probable_class_counts() -> None:
    assert MOST_PROBABLE.classes(VALUES).tolist() == [0, 0, 2]
    assert MOST_PROBABLE.describe(("a", "b", "c")) == ()


def test_that_images_below_the_limit_are_rejected_and_those_at_it_are_not() -> None:
    assert Decision(reject=0.7).classes(VALUES).tolist() == [0, REJECTED, 2]
    assert Decision(reject=0.9).classes(VALUES).tolist() == [REJECTED, REJECTED, 2]
    assert Decision(reject=0.0).classes(VALUES).tolist() == [0, 0, 2]


def test_that_the_models_own_probability_decides_whatever_the_threshold() -> None:
    decision = Decision(Threshold(1, 0.15), 0.5)
    assert decision.classes(VALUES).tolist() == [1, REJECTED, 2]
    assert decision.describe(("a", "b", "c")) == (
        "b where its probability > 0.15",
        "rejected where the highest probability < 0.5",
    )


@pytest.mark.parametrize("reject", [-0.1, 1.1, float("nan")])
def test_that_other_limits_are_refused(reject: float) -> None:
    with pytest.raises(DataError, match="between 0 and 1"):
        Decision(reject=reject)
