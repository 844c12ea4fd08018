"""A map of points as an SVG drawing: pyqtgraph's own export takes 20 s for 20 000 points."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from aid_desktop.evaluation.projection import Places

_LEFT, _TOP, _BOTTOM, _LEGEND = 64, 16, 56, 168
_TICKS = 6
_TEXT = 'font-family="sans-serif" font-size="12"'
# In the order of the symbols of the plot, in a square of side 1.
_SHAPES = (
    '<circle r=".5"/>',
    '<rect x="-.5" y="-.5" width="1" height="1"/>',
    '<path d="M-.5 .5L.5 .5L0 -.5z"/>',
    '<path d="M0 -.5L.4 0L0 .5L-.4 0z"/>',
    '<path d="M0 -.5L.48 -.15L.29 .4L-.29 .4L-.48 -.15z"/>',
    '<path d="M-.43 .25L0 .5L.43 .25L.43 -.25L0 -.5L-.43 -.25z"/>',
    '<path d="M0 -.5L.12 -.16L.48 -.15L.19 .06L.29 .4L0 .2L-.29 .4L-.19 .06L-.48 -.15L-.12 -.16z"/>',
)


@dataclass(frozen=True, slots=True, eq=False)
class DrawnGroup:
    """Points (N, 2) of one name and colour `#rrggbb`; `shape` counts in the symbols of the plot."""

    name: str
    color: str
    shape: int
    places: Places


@dataclass(frozen=True, slots=True)
class Frame:
    """What is seen of the map: the range of both axes and their names, size in pixels, and colours `#rrggbb`."""

    x: tuple[float, float]
    y: tuple[float, float]
    labels: tuple[str, str]
    size: tuple[int, int]
    ink: str
    ground: str


def draw_map(groups: Sequence[DrawnGroup], frame: Frame, dot: float = 7.0) -> str:
    """Return an SVG document with the points in sight, both axes, and a legend beside them; `dot` is a width."""
    width, height = frame.size
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{width + _LEGEND}" height="{height}" viewBox="0 0 {width + _LEGEND} {height}">',
        f'<rect width="100%" height="100%" fill="{frame.ground}"/>',
        "<defs>",
        *[f'<g id="s{number}" transform="scale({dot:g})">{shape}</g>' for number, shape in enumerate(_SHAPES)],
        "</defs>",
        *_axes(frame),
    ]
    for group in groups:
        seen = group.places[_in_sight(group.places, frame)]
        pixels = np.column_stack([_across(seen[:, 0], frame), _down(seen[:, 1], frame)])
        shape = f"#s{group.shape % len(_SHAPES)}"
        lines.append(f'<g fill="{group.color}" fill-opacity=".75"><title>{escape(group.name)}</title>')
        lines += [f'<use xlink:href="{shape}" x="{x:.1f}" y="{y:.1f}"/>' for x, y in pixels.tolist()]
        lines.append("</g>")
    for number, group in enumerate(groups):
        y = _TOP + 12 + 20 * number
        lines.append(
            f'<use xlink:href="#s{group.shape % len(_SHAPES)}" x="{width + 8}" y="{y}" fill="{group.color}"/>'
            f'<text x="{width + 20}" y="{y + 4}" fill="{frame.ink}" {_TEXT}>{escape(group.name)}</text>'
        )
    return "\n".join([*lines, "</svg>\n"])


def _axes(frame: Frame) -> Iterator[str]:
    width, height = frame.size
    right, low = width - 8, height - _BOTTOM
    yield f'<path d="M{_LEFT} {_TOP}V{low}H{right}" fill="none" stroke="{frame.ink}"/>'
    for value in _ticks(*frame.x):
        x = float(_across(np.array(value), frame))
        yield f'<path d="M{x:.1f} {low}v4" stroke="{frame.ink}"/>'
        yield f'<text x="{x:.1f}" y="{low + 18}" text-anchor="middle" fill="{frame.ink}" {_TEXT}>{value:g}</text>'
    for value in _ticks(*frame.y):
        y = float(_down(np.array(value), frame))
        yield f'<path d="M{_LEFT} {y:.1f}h-4" stroke="{frame.ink}"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" fill="{frame.ink}" {_TEXT}>{value:g}</text>'
    across, up = map(escape, frame.labels)
    middle = (_TOP + low) / 2
    turned = f'transform="rotate(-90 16 {middle})"'
    yield (
        f'<text x="{(_LEFT + right) / 2}" y="{height - 12}" text-anchor="middle" fill="{frame.ink}" {_TEXT}>'
        f"{across}</text>"
    )
    yield (f'<text x="16" y="{middle}" text-anchor="middle" {turned} fill="{frame.ink}" {_TEXT}>{up}</text>')


def _ticks(low: float, high: float) -> list[float]:
    """Return round numbers between both ends: 1, 2 or 5 times a power of ten apart."""
    rough = (high - low) / _TICKS
    power = 10.0 ** np.floor(np.log10(rough))
    step = float(next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough))
    first, last = int(np.ceil(low / step)), int(np.floor(high / step))
    return [round(number * step, 12) for number in range(first, last + 1)]


def _in_sight(places: Places, frame: Frame) -> NDArray[Any]:
    x, y = places.T
    inside: NDArray[Any] = (x >= frame.x[0]) & (x <= frame.x[1]) & (y >= frame.y[0]) & (y <= frame.y[1])
    return inside


def _across(values: NDArray[Any], frame: Frame) -> NDArray[Any]:
    low, high = frame.x
    return np.asarray(_LEFT + (values - low) / (high - low) * (frame.size[0] - 8 - _LEFT))


def _down(values: NDArray[Any], frame: Frame) -> NDArray[Any]:
    low, high = frame.y
    bottom = frame.size[1] - _BOTTOM
    return np.asarray(bottom - (values - low) / (high - low) * (bottom - _TOP))
