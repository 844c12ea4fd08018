"""How often a curve has stopped rising."""

import math

import pytest

from aid_desktop.training.plateaus import PlateauCounter

CASES = pytest.mark.parametrize(
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


@CASES
def test_that_plateaus_are_counted_from_the_best_value_on(values: list[float], patience: int, expected: int) -> None:
    assert PlateauCounter(values).count(patience) == expected


@CASES
def test_that_counting_after_each_value_gives_the_same(values: list[float], patience: int, expected: int) -> None:
    counter = PlateauCounter()
    for value in values:
        counter.add(value)
        counter.count(patience)
    assert counter.count(patience) == expected


@pytest.mark.parametrize(("patience", "expected"), [(1, 4), (2, 2), (0, 0)])
def test_that_another_patience_counts_from_the_beginning(patience: int, expected: int) -> None:
    counter = PlateauCounter([0.5, 0.4, 0.4, 0.4])
    assert counter.count(3) == 1
    counter.add(0.4)
    assert counter.count(patience) == expected
