"""Tests of what follows from a learning-rate range test."""

import numpy as np
import pytest

from aid_desktop.training.range_test import RangeTest

RATES = np.geomspace(1e-6, 1, 61)


def valley(lowest: float) -> RangeTest:
    """Return a test whose loss is 2, falls to 1 within two decades before `lowest`, and rises after it."""
    away = np.log10(RATES / lowest)
    return RangeTest(RATES, np.where(away < 0, 1 + np.clip(-away / 2, 0, 1), 1 + 3 * away))


def test_that_the_average_begins_at_the_first_loss_and_forgets_it() -> None:
    test = RangeTest(RATES, np.array([5.0, *[1.0] * 60]))
    assert test.smoothed[0] == pytest.approx(5)
    assert test.smoothed[1] == pytest.approx((0.9 * 5 + 1) / 1.9)
    assert np.all(np.diff(test.smoothed) < 0)
    assert test.smoothed[-1] == pytest.approx(1, abs=0.01)


def test_that_a_steady_loss_has_no_slope() -> None:
    assert RangeTest(RATES, np.full(61, 2.0)).slopes == pytest.approx(np.zeros(61))


@pytest.mark.parametrize("lowest", [1e-3, 1e-2])
def test_that_the_steepest_place_lies_on_the_fall(lowest: float) -> None:
    steepest = valley(lowest).steepest
    assert steepest is not None
    assert lowest / 100 < steepest < lowest * 3


@pytest.mark.parametrize("lowest", [1e-3, 1e-2])
def test_that_the_span_reaches_from_the_beginning_of_the_fall_to_nearly_its_end(lowest: float) -> None:
    test = valley(lowest)
    assert test.span is not None
    low, high = test.span
    assert lowest / 120 < low < lowest / 5
    assert low < high <= RATES[np.argmin(test.smoothed)]


@pytest.mark.parametrize("losses", [np.linspace(1, 9, 61), np.full(61, 2.0)])
def test_that_a_loss_that_never_falls_suggests_nothing(losses: np.ndarray) -> None:
    test = RangeTest(RATES, losses)
    assert test.steepest is None
    assert test.span is None


@pytest.mark.parametrize("n", [0, 1, 3])
def test_that_too_few_batches_suggest_nothing(n: int) -> None:
    test = RangeTest(RATES[:n], np.linspace(3, 1, n))
    assert test.steepest is None
    assert len(test.slopes) == n
