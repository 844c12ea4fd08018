"""Gates as a line of text that people read and edit."""

from collections.abc import Sequence
from dataclasses import replace

from aid_desktop.data.gates import AllOf, FeatureRange, Gate, Point, PolygonGate, RangeGate
from aid_desktop.data.scales import Scale
from aid_desktop.errors import DataError

_FORMS = {
    "polygon": "corners like 20, 0.01; 80, 0.01; 50, 0.2",
    "range": "two numbers for each range, like 20 to 80; 0.01 to 0.2",
}


def describe(gate: Gate) -> str:
    """Return what kind of gate it is, of which features."""
    match gate:
        case PolygonGate():
            axes = " and ".join(
                axis.feature + (" (log)" if axis.scale is Scale.LOG else "") for axis in (gate.x, gate.y)
            )
            return f"{'outside of a polygon' if gate.inverted else 'polygon'} of {axes}"
        case RangeGate():
            return f"{'range' if len(gate.ranges) == 1 else 'box'} of {' and '.join(gate.features)}"
        case _:
            return " and ".join(part.name for part in gate.gates)


def limits_text(gate: Gate) -> str:
    """Return corners `x, y; x, y; …`, limits `low to high; …`, or "" for a combination, which has none of its own."""
    match gate:
        case PolygonGate():
            return "; ".join(f"{_number(x)}, {_number(y)}" for x, y in gate.vertices)
        case RangeGate():
            return "; ".join(f"{_number(part.low)} to {_number(part.high)}" for part in gate.ranges)
        case _:
            return ""


def with_limits(gate: Gate, text: str) -> Gate:
    """Return the gate with the corners or limits of such a text. Raises DataError, saying what is expected.

    A number that stands in the text as `limits_text` writes it stays as exact as it is in the gate.
    """
    if isinstance(gate, AllOf):
        raise DataError(f"The gate {gate.name!r} combines others: change those.")
    kind = "polygon" if isinstance(gate, PolygonGate) else "range"
    parts = [part for part in text.split(";") if part.strip()]
    separator = "," if kind == "polygon" else " to "
    old = gate.vertices if isinstance(gate, PolygonGate) else tuple((part.low, part.high) for part in gate.ranges)
    try:
        words = enumerate(part.split(separator) for part in parts)
        pairs = [(_read(first, old, place, 0), _read(second, old, place, 1)) for place, (first, second) in words]
    except ValueError as error:
        raise DataError(f"{text!r} cannot be read: expected {_FORMS[kind]}.") from error
    if isinstance(gate, PolygonGate):
        return replace(gate, vertices=tuple(pairs))
    if len(pairs) != len(gate.ranges):
        raise DataError(f"{text!r} has {len(pairs)} ranges, expected {len(gate.ranges)}: {_FORMS[kind]}.")
    ranges = zip(gate.ranges, pairs, strict=True)
    return replace(gate, ranges=tuple(FeatureRange(part.feature, low, high) for part, (low, high) in ranges))


def _read(word: str, old: Sequence[Point], place: int, side: int) -> float:
    known = [pair[side] for pair in (*old[place : place + 1], *old)]
    return next((value for value in known if _number(value) == word.strip()), None) or float(word)


def _number(value: float) -> str:
    """Return a number with as few digits as tell it apart from its neighbours on any plot."""
    return f"{value:.6g}"
