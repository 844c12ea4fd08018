"""Which events a gate contains."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aid_desktop.data.gates import (
    AllOf,
    Axis,
    FeatureRange,
    PolygonGate,
    RangeGate,
    exchanged,
    flattened,
    free_name,
    mask_of,
    points_in_polygon,
    summarize,
)
from aid_desktop.data.scales import Scale
from aid_desktop.errors import DataError

SQUARE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
X, Y = Axis("area_um"), Axis("deform")
COORDINATE = st.integers(-6, 6).map(float)
CORNERS = st.lists(st.tuples(COORDINATE, COORDINATE), min_size=3, max_size=9)


def polygon(vertices=SQUARE, x=X, y=Y, **words) -> PolygonGate:
    return PolygonGate("cells", x, y, tuple(vertices), **words)


def of_dclab(vertices, x, y, inverted=False):
    from dclab.polygon_filter import PolygonFilter

    made = PolygonFilter(axes=("area_um", "deform"), points=np.array(vertices), inverted=inverted)
    try:
        return made.filter(x, y)
    finally:
        PolygonFilter.remove(made.unique_id)


@settings(max_examples=50)
@given(CORNERS, st.integers(0, 2**32 - 1))
def test_that_polygons_contain_what_they_contain_in_dclab(vertices, seed) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(-7, 7, (2, 200))
    np.testing.assert_array_equal(polygon(vertices).contains(x, y), of_dclab(vertices, x, y))
    np.testing.assert_array_equal(polygon(vertices, inverted=True).contains(x, y), of_dclab(vertices, x, y, True))


def test_that_a_point_on_the_border_belongs_to_one_of_two_neighbours_as_in_dclab() -> None:
    x, y = (part.reshape(-1).astype(float) for part in np.meshgrid(np.linspace(0, 2, 9), np.linspace(0, 1, 5)))
    right = tuple((a + 1, b) for a, b in SQUARE)
    in_left, in_right = polygon().contains(x, y), polygon(right).contains(x, y)
    assert not (in_left & in_right).any()
    np.testing.assert_array_equal(in_left, of_dclab(SQUARE, x, y))
    np.testing.assert_array_equal(in_left | in_right, (x < 2) & (y < 1))


@given(CORNERS, st.integers(0, 8), st.booleans())
def test_that_neither_first_corner_nor_direction_matters(vertices, first, is_reversed) -> None:
    rng = np.random.default_rng(5)
    x, y = rng.uniform(-7, 7, (2, 100))
    other = np.roll(np.array(vertices), first, axis=0)[:: -1 if is_reversed else 1]
    np.testing.assert_array_equal(points_in_polygon(x, y, np.array(vertices)), points_in_polygon(x, y, other))


@given(CORNERS, st.floats(-5, 5), st.floats(0.25, 4))
def test_that_moving_and_scaling_events_and_polygon_changes_nothing(vertices, shift, factor) -> None:
    rng = np.random.default_rng(6)
    x, y = rng.uniform(-7, 7, (2, 100))
    corners = np.array(vertices)
    np.testing.assert_array_equal(
        points_in_polygon(x, y, corners),
        points_in_polygon(x * factor + shift, y * factor - shift, corners * factor + np.array([shift, -shift])),
    )


def test_that_a_polygon_of_logarithmic_axes_has_edges_that_are_straight_there() -> None:
    corners = ((1.0, 0.0), (100.0, 0.0), (1.0, 2.0))
    # The middle of the long edge is 10, 1 with a logarithmic axis, and 50.5, 1 with a linear one.
    x, y = np.array([9.0, 11.0, 40.0]), np.array([1.0, 1.0, 1.0])
    on_log = polygon(corners, x=Axis("fl1_max", Scale.LOG))
    assert on_log.contains(x, y).tolist() == [True, False, False]
    assert polygon(corners).contains(x, y).tolist() == [True, True, True]


@pytest.mark.parametrize("inverted", [False, True])
def test_that_events_without_a_place_are_in_no_gate(inverted: bool) -> None:
    x, y = np.array([np.nan, 1, np.inf, 0, -4, 2]), np.array([1, np.nan, 1, 1, 1, 1])
    gate = polygon(((1, 0), (10, 0), (10, 2), (1, 2)), x=Axis("fl1_max", Scale.LOG), inverted=inverted)
    assert gate.contains(x, y).tolist() == [False] * 5 + [not inverted]
    assert (
        RangeGate("all", (FeatureRange("a", -np.inf, np.inf),)).contains(x).tolist()
        == [False, True, False] + [True] * 3
    )


def test_that_a_range_includes_its_limits_and_a_box_needs_both() -> None:
    gate = RangeGate("box", (FeatureRange("a", 1, 3), FeatureRange("b", 0, 1)))
    assert gate.features == ("a", "b")
    assert gate.contains(np.array([1, 3, 3.1, 2]), np.array([0, 1, 0, 2])).tolist() == [True, True, False, False]


@given(st.lists(st.tuples(COORDINATE, COORDINATE), min_size=2, max_size=4), st.integers(0, 99))
def test_that_a_combination_contains_what_all_contain(limits, seed) -> None:
    rng = np.random.default_rng(seed)
    columns = {"a": rng.uniform(-7, 7, 80), "area_um": rng.uniform(-7, 7, 80), "deform": rng.uniform(-7, 7, 80)}
    ranges = [RangeGate(f"r{i}", (FeatureRange("a", min(pair), max(pair)),)) for i, pair in enumerate(limits)]
    gates = (*ranges, polygon(((-5, -5), (5, -5), (0, 5))))
    both = AllOf("both", gates)
    assert both.features == ("a", "area_um", "deform")
    np.testing.assert_array_equal(mask_of(both, columns), np.all([mask_of(gate, columns) for gate in gates], axis=0))
    assert tuple(flattened([AllOf("outer", (both, gates[0]))])) == (*gates, gates[0])


def test_that_a_gate_is_exchanged_where_it_is_part_of_another_too() -> None:
    one, two, new = polygon(), RangeGate("r", (FeatureRange("a", 0, 1),)), polygon(((0, 0), (2, 0), (0, 2)))
    both = AllOf("both", (one, two))
    assert exchanged((two, both, one), one, new) == (two, AllOf("both", (new, two)), new)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: polygon(SQUARE[:2]), "'cells' has 2 corners, expected at least 3"),
        (lambda: polygon(x=Axis("a", Scale.LOG)), "a corner that is not on its axes"),
        (lambda: FeatureRange("a", 2, 1), "range of a is 2 to 1"),
        (lambda: FeatureRange("a", float("nan"), 1), "range of a is nan to 1"),
        (lambda: RangeGate("r", ()), "'r' has 0 ranges, expected 1 or 2"),
        (lambda: RangeGate(" r", (FeatureRange("a", 0, 1),)), "name is ' r'"),
        (lambda: AllOf("c", (polygon(),)), "'c' combines 1 gates"),
    ],
)
def test_that_what_cannot_be_a_gate_is_told(make, text: str) -> None:
    with pytest.raises(DataError, match=text):
        make()


def test_that_names_are_made_different() -> None:
    assert free_name("cells", ["cells", "cells 2"]) == "cells 3"
    assert free_name("cells", []) == "cells"


def test_that_a_summary_leaves_out_what_is_no_number() -> None:
    found = summarize(np.array([1, np.nan, 3, 8, np.inf], np.float32))
    assert (found.n, found.median, found.mean) == (3, 3.0, 4.0)
    assert found.sd == pytest.approx(np.std([1, 3, 8]))
    empty = summarize(np.array([np.nan]))
    assert empty.n == 0
    assert np.isnan([empty.median, empty.mean, empty.sd]).all()
