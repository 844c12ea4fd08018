"""Gates as files: our own JSON, and the .poly files of the RT-DC programs."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aid_desktop.data.gates import AllOf, Axis, FeatureRange, Gate, PolygonGate, RangeGate
from aid_desktop.data.scales import Scale
from aid_desktop.errors import DataError, ExportError
from aid_desktop.paths import write_atomically

FORMAT = "aid-desktop-gates"
VERSION = 1
POLY_SUFFIX = ".poly"
_DEEPEST = 50
SUFFIXES = (".json", POLY_SUFFIX)


def write_gates(path: Path, gates: Sequence[Gate]) -> None:
    """Write gates as .poly if the path ends so, else as JSON. Raises OSError, and ExportError as `poly_text` does."""
    is_poly = path.suffix.lower() == POLY_SUFFIX
    text = poly_text(gates) if is_poly else json.dumps(gates_document(gates), indent=1, ensure_ascii=False)
    with write_atomically(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def read_gates(path: Path) -> tuple[Gate, ...]:
    """Read what `write_gates` has written, or a .poly file. Raises DataError if that cannot be."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise DataError(f"{path} cannot be read: {reason or error}.") from error
    try:
        if path.suffix.lower() == POLY_SUFFIX:
            return gates_of_poly(text)
        return gates_of_document(json.loads(text))
    except (json.JSONDecodeError, RecursionError) as error:
        raise DataError(f"{path} is no file of gates: {error}.") from error
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def gates_document(gates: Sequence[Gate]) -> dict[str, Any]:
    """Return gates as plain values for JSON, with format and version."""
    return {"format": FORMAT, "version": VERSION, "gates": [_to_json(gate) for gate in gates]}


def gates_of_document(document: Any) -> tuple[Gate, ...]:
    """Return the gates of a document of `gates_document`. Raises DataError if it is none, or of a later version."""
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise DataError(f"it is no file of gates: expected the format {FORMAT!r}.")
    if document.get("version") != VERSION:
        raise DataError(f"it has version {document.get('version')!r}, expected {VERSION}: use a newer program.")
    try:
        return tuple(_from_json(item) for item in document["gates"])
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, RecursionError) as error:
        raise DataError(f"a gate cannot be read: {error!r}.") from error


def poly_text(gates: Sequence[Gate]) -> str:
    """Return polygons as the text of a .poly file.

    Raises ExportError for a gate that such files cannot hold: they have polygons on linear axes only.
    """
    blocks = []
    for number, gate in enumerate(gates):
        if not isinstance(gate, PolygonGate) or Scale.LOG in (gate.x.scale, gate.y.scale):
            raise ExportError(
                f"The gate {gate.name!r} is no polygon on linear axes, and .poly files hold nothing else: save it as "
                ".json, or draw it on linear axes."
            )
        if "=" in gate.name:
            raise ExportError(
                f"The name of the gate {gate.name!r} has a =, which .poly files cannot hold: rename it, or save it "
                "as .json."
            )
        lines = (
            f"[Polygon {number:08d}]",
            f"X Axis = {gate.x.feature}",
            f"Y Axis = {gate.y.feature}",
            f"Name = {gate.name}",
            f"Inverted = {gate.inverted}",
            *(f"point{i:08d} = {x:.17e} {y:.17e}" for i, (x, y) in enumerate(gate.vertices)),
        )
        blocks.append("\n".join(lines))
    return "\n".join(blocks)


def gates_of_poly(text: str) -> tuple[Gate, ...]:
    """Return the polygons of a .poly file. Raises DataError if one is incomplete, or there is none."""
    blocks = re.split(r"^\s*\[Polygon[^\]]*\]\s*$", text, flags=re.MULTILINE | re.IGNORECASE)[1:]
    if not blocks:
        raise DataError("it has no polygon: expected lines like [Polygon 00000000].")
    return tuple(_polygon_of(block, number) for number, block in enumerate(blocks))


def _polygon_of(block: str, number: int) -> PolygonGate:
    pairs = [line.split("=", 1) for line in block.splitlines() if "=" in line]
    values = {key.strip().casefold(): value.strip() for key, value in pairs}
    try:
        points = sorted((key, values[key]) for key in values if re.fullmatch(r"point\d+", key))
        vertices = tuple((float(x), float(y)) for x, y in (text.split() for _, text in points))
        axes = Axis(values["x axis"].casefold()), Axis(values["y axis"].casefold())
    except (KeyError, ValueError) as error:
        raise DataError(f"polygon {number + 1} cannot be read: {error!r}.") from error
    inverted = values.get("inverted", "False").casefold() == "true"
    return PolygonGate(values.get("name") or f"polygon {number + 1}", *axes, vertices, inverted)


def _to_json(gate: Gate) -> dict[str, Any]:
    match gate:
        case PolygonGate():
            x, y = ({"feature": axis.feature, "scale": str(axis.scale)} for axis in (gate.x, gate.y))
            corners = [list(corner) for corner in gate.vertices]
            shape = {"kind": "polygon", "x": x, "y": y, "vertices": corners, "inverted": gate.inverted}
        case RangeGate():
            # JSON has no infinity.
            ranges = [
                {"feature": part.feature, "low": _finite(part.low), "high": _finite(part.high)} for part in gate.ranges
            ]
            shape = {"kind": "range", "ranges": ranges}
        case _:
            shape = {"kind": "all of", "gates": [_to_json(part) for part in gate.gates]}
    return {"name": gate.name, **shape}


def _finite(value: float) -> float | None:
    return value if abs(value) < float("inf") else None


def _from_json(item: Any, depth: int = 0) -> Gate:
    if depth > _DEEPEST:
        raise DataError(f"combinations of gates are nested more than {_DEEPEST} deep.")
    name, kind = str(item["name"]), item["kind"]
    if kind == "polygon":
        x, y = (Axis(str(item[key]["feature"]), Scale(item[key]["scale"])) for key in ("x", "y"))
        vertices = tuple((float(corner[0]), float(corner[1])) for corner in item["vertices"])
        return PolygonGate(name, x, y, vertices, bool(item["inverted"]))
    if kind == "range":
        return RangeGate(name, tuple(_range_of(part) for part in item["ranges"]))
    if kind == "all of":
        return AllOf(name, tuple(_from_json(part, depth + 1) for part in item["gates"]))
    raise DataError(f"the gate {name!r} is of the kind {kind!r}, expected polygon, range, or all of.")


def _range_of(part: Any) -> FeatureRange:
    low, high = part["low"], part["high"]
    return FeatureRange(
        str(part["feature"]),
        -float("inf") if low is None else float(low),
        float("inf") if high is None else float(high),
    )
