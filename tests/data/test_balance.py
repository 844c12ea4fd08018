from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aid_desktop.data.balance import divided

sizes = st.lists(st.integers(1, 1000), min_size=1, max_size=12)


@given(sizes, st.integers(0, 5000))
def test_that_the_parts_are_whole_sum_up_and_are_at_least_one(sizes: list[int], more: int) -> None:
    number = len(sizes) + more
    parts = divided(number, sizes)
    assert sum(parts) == number
    assert min(parts) >= 1
    assert len(parts) == len(sizes)


@given(sizes, st.integers(1, 20))
def test_that_the_parts_are_in_proportion(sizes: list[int], factor: int) -> None:
    number = factor * sum(sizes)
    assert divided(number, sizes) == [factor * size for size in sizes]
    for part, size in zip(divided(number + 1, sizes), sizes, strict=True):
        assert abs(part - Fraction((number + 1) * size, sum(sizes))) < 1


@given(sizes, st.integers(0, 500))
def test_that_a_larger_row_never_has_less(sizes: list[int], more: int) -> None:
    parts = divided(len(sizes) + more, sorted(sizes))
    assert all(one <= other + 1 for one, other in pairwise(parts))


def test_that_rows_of_the_same_size_beside_small_ones_have_the_same() -> None:
    assert divided(60, [1000, 1000, *[1] * 40]) == [10, 10, *[1] * 40]


def test_that_a_number_that_is_too_small_is_refused() -> None:
    with pytest.raises(ValueError, match="2 cannot be divided into 3 parts"):
        divided(2, [5, 5, 5])
