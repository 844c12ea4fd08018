"""Gates: regions in the space of the scalar features that say which events are meant, as cytometry calls them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.scales import Numbers, Scale
from aid_desktop.errors import DataError

Point = tuple[float, float]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Axis:
    """A feature and how it is laid out."""

    feature: str
    scale: Scale = Scale.LINEAR


@dataclass(frozen=True, slots=True)
class PolygonGate:
    """Events inside a polygon, whose edges are straight lines on the axes on which it was drawn.

    `vertices` are in the units of the features, at least 3, without the first one again at the end; where edges
    cross, the even-odd rule counts. `inverted` means the events outside. Events without a place on both axes (NaN,
    infinite, not above 0 on a logarithmic axis) are never contained. Raises DataError for a polygon that cannot be.
    """

    name: str
    x: Axis
    y: Axis
    vertices: tuple[Point, ...]
    inverted: bool = False

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.vertices) < 3:
            raise DataError(f"The polygon {self.name!r} has {len(self.vertices)} corners, expected at least 3.")
        if not np.isfinite(self.places).all():
            raise DataError(
                f"The polygon {self.name!r} has a corner that is not on its axes: expected finite numbers, above 0 on "
                "a logarithmic axis."
            )

    @property
    def features(self) -> tuple[str, ...]:
        """What `contains` wants, in this order."""
        return self.x.feature, self.y.feature

    @property
    def places(self) -> Numbers:
        """The corners (V, 2) where they stand on the axes, see Scale.place."""
        corners = np.array(self.vertices, np.float64).reshape(-1, 2)
        return np.column_stack([self.x.scale.place(corners[:, 0]), self.y.scale.place(corners[:, 1])])

    def contains(self, *columns: Numbers) -> Mask:
        """Return (N,) which events are in the gate; columns (N,) of x and y, in the units of the features."""
        x, y = (axis.scale.place(column) for axis, column in zip((self.x, self.y), columns, strict=True))
        inside = points_in_polygon(x, y, self.places)
        return np.isfinite(x) & np.isfinite(y) & ~inside if self.inverted else inside


@dataclass(frozen=True, slots=True)
class FeatureRange:
    """Values of a feature from `low` to `high`, both included; either may be infinite. Raises DataError if empty."""

    feature: str
    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise DataError(f"The range of {self.feature} is {self.low:g} to {self.high:g}: expected low to high.")


@dataclass(frozen=True, slots=True)
class RangeGate:
    """Events whose values are in one range, or in two (a box). NaN and infinite values are never contained."""

    name: str
    ranges: tuple[FeatureRange, ...]

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.ranges) not in (1, 2):
            raise DataError(f"The gate {self.name!r} has {len(self.ranges)} ranges, expected 1 or 2.")

    @property
    def features(self) -> tuple[str, ...]:
        """What `contains` wants, in this order."""
        return tuple(part.feature for part in self.ranges)

    def contains(self, *columns: Numbers) -> Mask:
        """Return (N,) which events are in the gate; one column (N,) for each range."""
        inside = [
            np.isfinite(column) & (column >= part.low) & (column <= part.high)
            for part, column in zip(self.ranges, columns, strict=True)
        ]
        return cast(Mask, np.logical_and.reduce(inside))


@dataclass(frozen=True, slots=True)
class AllOf:
    """Events that are in all of several gates."""

    name: str
    gates: tuple["Gate", ...]

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.gates) < 2:
            raise DataError(f"The gate {self.name!r} combines {len(self.gates)} gates, expected at least 2.")

    @property
    def features(self) -> tuple[str, ...]:
        """What `contains` wants, in this order, each once."""
        return tuple(dict.fromkeys(name for gate in self.gates for name in gate.features))

    def contains(self, *columns: Numbers) -> Mask:
        """Return (N,) which events are in all gates; one column (N,) for each feature."""
        known = dict(zip(self.features, columns, strict=True))
        return cast(Mask, np.logical_and.reduce([mask_of(gate, known) for gate in self.gates]))


Gate = PolygonGate | RangeGate | AllOf


def mask_of(gate: Gate, columns: Mapping[str, Numbers]) -> Mask:
    """Return (N,) which events are in a gate; `columns` has (N,) of each of its features by name."""
    return gate.contains(*(columns[name] for name in gate.features))


def points_in_polygon(x: Numbers, y: Numbers, corners: Numbers) -> Mask:
    """Return (N,) which points are inside a polygon of corners (V, 2), by counting the edges that a ray crosses.

    The ray goes to the right: an odd number is inside. Points on an edge at the lower or left side are inside, at the
    upper or right side outside, so that polygons side by side share no point. NaN is outside.
    """
    inside = np.zeros(len(x), bool)
    (left, low), (right, high) = corners.min(axis=0), corners.max(axis=0)
    # Most events are far away from most gates, and each edge is compared with each that is left.
    near = np.flatnonzero((x >= left) & (x <= right) & (y >= low) & (y <= high))
    near_x, near_y = x[near], y[near]
    crossings = np.zeros(len(near), bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y0 == y1:
            continue
        spanned = (y0 <= near_y) != (y1 <= near_y)
        crossings ^= spanned & (near_x < (x1 - x0) * (near_y - y0) / (y1 - y0) + x0)
    inside[near] = crossings
    return inside


def flattened(gates: Sequence[Gate]) -> Iterator[PolygonGate | RangeGate]:
    """Yield all gates that combine no others, in order."""
    for gate in gates:
        if isinstance(gate, AllOf):
            yield from flattened(gate.gates)
        else:
            yield gate


def exchanged(gates: Sequence[Gate], old: Gate, new: Gate) -> tuple[Gate, ...]:
    """Return gates with another one in the place of `old`, also where it is part of a combination."""
    return tuple(new if gate == old else _exchanged_inside(gate, old, new) for gate in gates)


def free_name(wanted: str, taken: Sequence[str]) -> str:
    """Return `wanted`, with a number behind it if it is taken."""
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted} {number}", number + 1
    return name


@dataclass(frozen=True, slots=True)
class Summary:
    """A feature of some events: `n` with a finite value, their median, mean and standard deviation (divided by n).

    NaN without any.
    """

    n: int
    median: float
    mean: float
    sd: float


def summarize(values: NDArray[Any]) -> Summary:
    """Return the summary of (N,) values; those that are not finite are left out."""
    finite = np.asarray(values, np.float64)
    finite = finite[np.isfinite(finite)]
    if not len(finite):
        return Summary(0, np.nan, np.nan, np.nan)
    return Summary(len(finite), float(np.median(finite)), float(finite.mean()), float(finite.std()))


def _exchanged_inside(gate: Gate, old: Gate, new: Gate) -> Gate:
    return replace(gate, gates=exchanged(gate.gates, old, new)) if isinstance(gate, AllOf) else gate


def _check_name(name: str) -> None:
    if not name or name != name.strip():
        raise DataError(f"The gate's name is {name!r}: give a name without blanks before or after it.")
