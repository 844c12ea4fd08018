"""How often a curve has stopped rising."""

import math

import pytest

from aid_desktop.training.plateaus import count_plateaus


@pytest.mark.parametrize(
    ("values", "patience", "expected"),
    [
        ([], 2, 0),
        ([0.5, 0.6, 0.7, 0.8], 1, 0),
        ([0.5, 0.5, 0.5], 0, 0),
        ([0.5, 0.5], 2, 0),
        ([0.5, 0.5, 0.4], 2, 1),
        ([0.5, 0.4, 0.4, 0.4, 0.4], 2, 2),
        # A new best value begins the counting anew.
        ([0.5, 0.4, 0.6, 0.6, 0.6], 2, 1),
        ([0.5, math.nan, math.nan], 2, 1),
    ],
)
def test_that_plateaus_are_counted_from_the_best_value_on(values: list[float], patience: int, expected: int) -> None:
    assert count_plateaus(values, patience) == expected
