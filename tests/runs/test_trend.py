"""Lines through stretches of curves."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aid_desktop.runs.trend import first_stretch, linear_fit


@given(st.floats(-10, 10), st.floats(-10, 10), st.integers(2, 60), st.integers(0, 100_000))
@settings(max_examples=50, deadline=None)
def test_that_a_line_is_found_again(slope: float, intercept: float, n: int, start: int) -> None:
    x = np.arange(start, start + n, dtype=np.float64)
    fit = linear_fit(x, intercept + slope * x, (start, start + n - 1))
    assert fit.n_points == n
    assert fit.slope == pytest.approx(slope, abs=1e-6)
    np.testing.assert_allclose(fit.at(x), intercept + slope * x, atol=1e-4)


def test_that_the_fit_is_that_of_least_squares() -> None:
    rng = np.random.default_rng(3)
    x, y = np.arange(50.0), rng.normal(size=50)
    fit = linear_fit(x, y, (10, 39.5))
    assert (fit.slope, fit.intercept) == pytest.approx(tuple(np.polyfit(x[10:40], y[10:40], 1)))
    assert fit.n_points == 30


def test_that_values_that_are_no_numbers_are_left_out() -> None:
    x, y = np.arange(5.0), np.array([1.0, np.nan, 3.0, np.inf, 5.0])
    fit = linear_fit(x, y, (0, 4))
    assert (fit.slope, fit.intercept, fit.n_points) == pytest.approx((1, 1, 3))
    assert linear_fit(x, y, (3, 4)) is None
    assert linear_fit(x, y, (7, 9)) is None


@pytest.mark.parametrize(
    ("n", "expected"), [(1, (0, 0)), (11, (0, 10)), (12, (10, 11)), (50, (45, 49)), (1000, (900, 999))]
)
def test_that_a_fit_begins_with_the_last_tenth(n: int, expected: tuple[float, float]) -> None:
    assert first_stretch(np.arange(n, dtype=np.float64)) == expected


def test_that_points_of_one_epoch_have_no_line() -> None:
    assert linear_fit(np.array([3.0, 3.0, 3.0]), np.array([1.0, 2.0, 4.0]), (0, 9)) is None
