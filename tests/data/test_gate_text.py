"""Gates as a line of text."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aid_desktop.data.gate_text import describe, limits_text, with_limits
from aid_desktop.data.gates import AllOf, Axis, FeatureRange, PolygonGate, RangeGate
from aid_desktop.data.scales import Scale
from aid_desktop.errors import DataError

NAMES = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8)


VALUES = st.floats(0.001, 1e6)


AXES = st.builds(Axis, st.sampled_from(["area_um", "deform", "fl1_max"]), st.sampled_from(Scale))


CORNERS = st.lists(st.tuples(VALUES, VALUES), min_size=3, max_size=6).map(tuple)


POLYGONS = st.builds(PolygonGate, NAMES, AXES, AXES, CORNERS, st.booleans())


RANGES = st.tuples(VALUES, VALUES | st.just(np.inf)).map(lambda pair: FeatureRange("time", min(pair), max(pair)))


RANGE_GATES = st.builds(RangeGate, NAMES, st.lists(RANGES, min_size=1, max_size=2).map(tuple))


TRIANGLE = PolygonGate("rbc", Axis("area_um"), Axis("deform"), ((20.5, 0.01), (80.0, 0.01), (50.0, 0.2)))


@given(POLYGONS | RANGE_GATES)
def test_that_limits_are_read_as_they_are_written(gate) -> None:
    text = limits_text(gate)
    changed = with_limits(gate, text)
    assert limits_text(changed) == text
    assert changed.features == gate.features
    if isinstance(gate, RangeGate) or len(set(text.split("; "))) == len(gate.vertices):
        assert changed == gate


def test_that_only_what_is_edited_is_changed() -> None:
    corners = ((1 / 3, 2 / 3), (100 / 7, 0.1), (1 / 3 + 1e-9, 5.0))
    gate = PolygonGate("p", Axis("a"), Axis("b"), corners)
    assert limits_text(gate) == "0.333333, 0.666667; 14.2857, 0.1; 0.333333, 5"
    edited = with_limits(gate, "0.333333, 0.666667; 14.2857, 0.2;0.333333 , 5")
    assert edited.vertices == (corners[0], (100 / 7, 0.2), corners[2])
    shorter = with_limits(gate, "14.2857, 0.1; 0.333333, 5; 0.333333, 0.666667")
    assert shorter.vertices[0] == corners[1]
    box = RangeGate("r", (FeatureRange("a", 1 / 3, 2 / 3),))
    assert with_limits(box, "0.333333 to 0.7").ranges == (FeatureRange("a", 1 / 3, 0.7),)
    assert with_limits(RangeGate("r", (FeatureRange("a", 0.0, 1.0),)), "0 to 2").ranges[0].low == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1, 2; 3", "expected corners like 20, 0.01"),
        ("1, 2; 3, x; 4, 5", "expected corners like"),
        ("1, 2; 3, 4", "has 2 corners"),
        ("1 to 2", "expected corners like"),
    ],
)
def test_that_corners_that_cannot_be_read_are_told(text, message) -> None:
    with pytest.raises(DataError, match=message):
        with_limits(TRIANGLE, text)


def test_that_limits_are_checked() -> None:
    box = RangeGate("box", (FeatureRange("a", 0, 1), FeatureRange("b", 2, 3)))
    assert with_limits(box, "0 to 2 ; -1e3 to inf").ranges[1] == FeatureRange("b", -1000, np.inf)
    with pytest.raises(DataError, match="has 1 ranges, expected 2"):
        with_limits(box, "0 to 1")
    with pytest.raises(DataError, match="range of a is 3 to 1"):
        with_limits(box, "3 to 1; 0 to 1")
    with pytest.raises(DataError, match="combines others"):
        with_limits(AllOf("both", (box, TRIANGLE)), "1 to 2")


def test_that_gates_are_described() -> None:
    box = RangeGate("box", (FeatureRange("a", 0, 1), FeatureRange("b", 2, 3)))
    log = PolygonGate("p", Axis("fl1_max", Scale.LOG), Axis("deform"), ((1, 0), (2, 0), (2, 1)), True)
    assert describe(TRIANGLE) == "polygon of area_um and deform"
    assert describe(log) == "outside of a polygon of fl1_max (log) and deform"
    assert describe(box) == "box of a and b"
    assert describe(RangeGate("r", box.ranges[:1])) == "range of a"
    assert describe(AllOf("both", (box, log))) == "box and p"
    assert limits_text(AllOf("both", (box, log))) == ""
