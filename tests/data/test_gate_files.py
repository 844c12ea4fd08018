"""Gates written to files and read again."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aid_desktop.data.gate_files import (
    FORMAT,
    gates_document,
    gates_of_document,
    gates_of_poly,
    poly_text,
    read_gates,
    write_gates,
)
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


@settings(max_examples=40)
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


def test_that_gates_that_are_nested_too_deep_are_refused(tmp_path) -> None:
    path = tmp_path / "deep.json"
    part = gates_document([RangeGate("r", (FeatureRange("a", 0, 1),))])["gates"][0]
    for depth, text in ((60, "nested more than 50 deep"), (100_000, "is no file of gates")):
        nested = '{"name": "n", "kind": "all of", "gates": [' * depth + json.dumps(part) + "]}" * depth
        path.write_text(f'{{"format": "{FORMAT}", "version": 1, "gates": [{nested}]}}', encoding="utf-8")
        with pytest.raises(DataError, match=text):
            read_gates(path)


def test_that_a_name_that_poly_files_cannot_hold_is_refused() -> None:
    gate = PolygonGate("a=b", Axis("x"), Axis("y"), ((0, 0), (1, 0), (1, 1)))
    with pytest.raises(ExportError, match="'a=b' has a ="):
        poly_text([gate])
