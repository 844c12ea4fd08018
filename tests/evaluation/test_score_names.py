"""Names of scores that dclab puts into the order of the classes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aid_desktop.errors import ExportError
from aid_desktop.evaluation.score_names import MOST_CLASSES, ml_score_codes


@pytest.mark.parametrize(
    ("names", "codes"),
    [
        (("Cat", "dog"), ("cat", "dog")),
        (("lymphocyte", "monocyte", "RBC"), ("lym", "mon", "rbc")),
        (("rbc", "lym", "mon"), ("0rb", "1ly", "2mo")),
        (("catfish", "Caterpillar"), ("0ca", "1ca")),
        (("ö", "Éa b", "日本"), ("0o0", "1ea", "200")),
        (("no",), ("0no",)),
    ],
)
def test_that_names_are_kept_where_they_are_in_order(names: tuple[str, ...], codes: tuple[str, ...]) -> None:
    assert ml_score_codes(names) == codes


@pytest.mark.parametrize("n", [36, 37, 1296, 1297])
def test_that_many_classes_stay_in_order(n: int) -> None:
    codes = ml_score_codes([f"class {k}" for k in range(n)])
    assert list(codes) == sorted(set(codes))
    assert {len(code) for code in codes} == {3}


def test_that_more_classes_than_names_are_told() -> None:
    with pytest.raises(ExportError, match="46656 classes"):
        ml_score_codes(["x"] * (MOST_CLASSES + 1))


@given(st.lists(st.text(max_size=4), max_size=60))
def test_that_codes_are_valid_and_in_the_order_of_the_classes(names: list[str]) -> None:
    codes = ml_score_codes(names)
    assert list(codes) == sorted(set(codes))
    assert len(codes) == len(names)
    assert all(re.fullmatch("[a-z0-9]{3}", code) for code in codes)
