"""Gates written to files and read again."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aid_desktop.data.gate_files import (
    gates_document,
    gates_of_document,
    gates_of_poly,
    poly_text,
    read_gates,
    write_gates,
)
from aid_desktop.data.gate_text import describe, limits_text, with_limits
from aid_desktop.data.gates import AllOf, Axis, FeatureRange, PolygonGate, RangeGate
from aid_desktop.data.scales import Scale
from aid_desktop.errors import DataError, ExportError

NAMES = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8)
VALUES = st.floats(0.001, 1e6)
AXES = st.builds(Axis, st.sampled_from(["area_um", "deform", "fl1_max"]), st.sampled_from(Scale))
CORNERS = st.lists(st.tuples(VALUES, VALUES), min_size=3, max_size=6).map(tuple)
POLYGONS = st.builds(PolygonGate, NAMES, AXES, AXES, CORNERS, st.booleans())
RANGES = st.tuples(VALUES, VALUES | st.just(np.inf)).map(lambda pair: FeatureRange("time", min(pair), max(pair)))
RANGE_GATES = st.builds(RangeGate, NAMES, st.lists(RANGES, min_size=1, max_size=2).map(tuple))
GATES = st.recursive(
    POLYGONS | RANGE_GATES, lambda parts: st.builds(AllOf, NAMES, st.lists(parts, min_size=2, max_size=3).map(tuple)),
    max_leaves=4,
)  # fmt: skip

TRIANGLE = PolygonGate("rbc", Axis("area_um"), Axis("deform"), ((20.5, 0.01), (80.0, 0.01), (50.0, 0.2)))


@given(st.lists(GATES, max_size=3).map(tuple))
def test_that_gates_come_back_from_json(gates) -> None:
    text = json.dumps(gates_document(gates), allow_nan=False)
    assert gates_of_document(json.loads(text)) == gates


@given(st.lists(st.builds(PolygonGate, st.just("a"), st.just(TRIANGLE.x), st.just(TRIANGLE.y), CORNERS, st.booleans()),
                min_size=1, max_size=3).map(tuple))  # fmt: skip
def test_that_polygons_come_back_from_poly(gates) -> None:
    assert gates_of_poly(poly_text(gates)) == gates


@pytest.mark.parametrize("name", ["gates.json", "gates.poly"])
def test_that_a_file_holds_gates(tmp_path, name) -> None:
    write_gates(tmp_path / name, [TRIANGLE])
    assert read_gates(tmp_path / name) == (TRIANGLE,)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_that_dclab_reads_our_polygons_and_we_read_its(tmp_path) -> None:
    from dclab.polygon_filter import PolygonFilter

    write_gates(tmp_path / "ours.poly", [TRIANGLE])
    PolygonFilter.clear_all_filters()
    try:
        found = PolygonFilter.import_all(tmp_path / "ours.poly")
        assert [(one.name, tuple(one.axes), one.inverted) for one in found] == [("rbc", ("area_um", "deform"), False)]
        np.testing.assert_array_equal(found[0].points, TRIANGLE.vertices)
        inverse = found[0].copy(invert=True)
        PolygonFilter.save_all(tmp_path / "theirs.poly")
    finally:
        PolygonFilter.clear_all_filters()
    first, second = read_gates(tmp_path / "theirs.poly")
    assert isinstance(first, PolygonGate)
    assert isinstance(second, PolygonGate)
    np.testing.assert_allclose(first.vertices, TRIANGLE.vertices, rtol=1e-14)
    assert (first.name, first.inverted, second.inverted) == ("rbc", False, inverse.inverted)


@pytest.mark.parametrize(
    "gate",
    [
        RangeGate("small", (FeatureRange("area_um", 0, 40),)),
        PolygonGate("small", Axis("a", Scale.LOG), Axis("b"), ((1, 1), (2, 2), (3, 1))),
    ],
)
def test_that_what_poly_files_cannot_hold_is_refused(tmp_path, gate) -> None:
    with pytest.raises(ExportError, match=r"'small' is no polygon on linear axes.*save it as \.json"):
        write_gates(tmp_path / "a.poly", [TRIANGLE, gate])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.json", "{", "a.json is no file of gates"),
        ("a.json", "[]", "a.json: it is no file of gates: expected the format"),
        ("a.json", '{"format": "aid-desktop-gates", "version": 9}', "version 9, expected 1"),
        ("a.json", '{"format": "aid-desktop-gates", "version": 1, "gates": [{}]}', "a gate cannot be read"),
        ("a.json", '{"format": "aid-desktop-gates", "version": 1, "gates": [{"name": "a", "kind": "b"}]}', "kind 'b'"),
        ("a.poly", "hello", "it has no polygon"),
        ("a.poly", "[Polygon 00000000]\nX Axis = area_um\n", "polygon 1 cannot be read"),
        ("a.poly", "[Polygon 0]\nX Axis = a\nY Axis = b\npoint0 = 1 2\n", "has 1 corners"),
    ],
)
def test_that_a_file_that_is_none_is_told_with_its_name(tmp_path, name, text, message) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=message) as told:
        read_gates(tmp_path / name)
    assert str(tmp_path / name) in str(told.value)


def test_that_a_file_that_is_not_there_is_told(tmp_path) -> None:
    with pytest.raises(DataError, match="cannot be read: No such file"):
        read_gates(tmp_path / "a.json")
    (tmp_path / "b.poly").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="it is no text"):
        read_gates(tmp_path / "b.poly")


@given(POLYGONS | RANGE_GATES)
def test_that_limits_are_read_as_they_are_written(gate) -> None:
    text = limits_text(gate)
    changed = with_limits(gate, text)
    assert limits_text(changed) == text
    assert (changed.name, changed.features) == (gate.name, gate.features)


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
