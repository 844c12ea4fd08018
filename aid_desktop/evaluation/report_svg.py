"""Curves as SVG inside a page: its text can be selected, and takes the page's colours, light or dark."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from aid_desktop.evaluation.class_colors import class_hex
from aid_desktop.evaluation.writing import encodable

WIDTH, HEIGHT = 460, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 12, 30, 44
_ROW = 18
_PER_ROW = 2
_NAME_LIMIT = 30
DASHES = ("", "7 4", "2 3", "7 3 2 3", "7 3 2 3 2 3")
MUTED = "currentColor"


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One line of a plot: float64 `x` and `y` (N,); NaN leaves a gap. `dash` is that of SVG's stroke-dasharray."""

    name: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    color: str
    dash: str = ""
    has_dots: bool = False


def class_style(index: int) -> tuple[str, str]:
    """Return colour and dash of a class, as in the window."""
    return class_hex(index), DASHES[index % len(DASHES)]


def line_plot(
    title: str,
    labels: tuple[str, str],
    series: Sequence[Series],
    y_range: tuple[float, float] | None = None,
    marks: Sequence[float] = (),
) -> str:
    """Return an <svg> element with axes, named by `labels` (x, y), and a legend below; all text is escaped.

    `marks` are places of upright dashed lines. Series without any finite point are left out.
    """
    drawn = [one for one in series if (np.isfinite(one.x) & np.isfinite(one.y)).any()]
    x_low, x_high = _span([*(one.x for one in drawn), np.array(marks, np.float64)])
    y_low, y_high = y_range or _span([one.y for one in drawn])
    rows = -(-len(drawn) // _PER_ROW)
    height = HEIGHT + rows * _ROW

    def place(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        across = _LEFT + (x - x_low) / (x_high - x_low) * (WIDTH - _LEFT - _RIGHT)
        down = HEIGHT - _BOTTOM - (y - y_low) / (y_high - y_low) * (HEIGHT - _TOP - _BOTTOM)
        return np.stack([across, down], axis=1)

    parts = [_axes(labels, (x_low, x_high), (y_low, y_high))]
    for mark in marks:
        start = place(np.array([mark]), np.array([y_low]))[0, 0]
        parts.append(
            f'<line class="mark" x1="{start:.1f}" x2="{start:.1f}" y1="{_TOP}" y2="{HEIGHT - _BOTTOM}" '
            'stroke="currentColor" stroke-dasharray="4 4" opacity="0.55"/>'
        )
    for number, one in enumerate(drawn):
        parts.append(_line(one, place(one.x, np.clip(one.y, y_low, y_high))))
        parts.append(_legend_entry(one, number))
    shown = escape(encodable(title))
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{shown}">'
        f'<text x="{_LEFT}" y="18" class="name">{shown}</text>{"".join(parts)}</svg>'
    )


def _span(values: Sequence[NDArray[np.float64]]) -> tuple[float, float]:
    """Return limits that differ and hold all finite values."""
    known = [one[np.isfinite(one)] for one in values]
    joined = np.concatenate(known) if known else np.zeros(0)
    if not joined.size:
        return 0.0, 1.0
    low, high = float(joined.min()), float(joined.max())
    if high > low:
        return low, high
    half = abs(low) / 2 or 0.5
    return low - half, high + half


def ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Return round numbers from low to high: steps of 1, 2 or 5 times a power of ten."""
    step = 10.0 ** np.floor(np.log10((high - low) / wanted))
    error = (high - low) / wanted / step
    step *= 1 if error < 1.5 else 2 if error < 3.5 else 5 if error < 7.5 else 10
    first = np.ceil(low / step - 1e-9)
    last = np.floor(high / step + 1e-9)
    # Plus 0: no tick is called -0.
    return [float(f"{number * step:.12g}") + 0.0 for number in np.arange(first, last + 1)]


def _axes(labels: tuple[str, str], x: tuple[float, float], y: tuple[float, float]) -> str:
    left, right, top, bottom = _LEFT, WIDTH - _RIGHT, _TOP, HEIGHT - _BOTTOM
    parts = []
    for value in ticks(*x):
        across = left + (value - x[0]) / (x[1] - x[0]) * (right - left)
        parts.append(f'<line class="grid" x1="{across:.1f}" x2="{across:.1f}" y1="{top}" y2="{bottom}"/>')
        parts.append(f'<text x="{across:.1f}" y="{bottom + 16}" text-anchor="middle">{value:g}</text>')
    for value in ticks(*y):
        down = bottom - (value - y[0]) / (y[1] - y[0]) * (bottom - top)
        parts.append(f'<line class="grid" x1="{left}" x2="{right}" y1="{down:.1f}" y2="{down:.1f}"/>')
        parts.append(f'<text x="{left - 6}" y="{down + 4:.1f}" text-anchor="end">{value:g}</text>')
    middle = (top + bottom) / 2
    parts.append(
        f'<rect class="frame" x="{left}" y="{top}" width="{right - left}" height="{bottom - top}"/>'
        f'<text x="{(left + right) / 2}" y="{bottom + 34}" text-anchor="middle">{escape(encodable(labels[0]))}</text>'
        f'<text x="14" y="{middle}" text-anchor="middle" transform="rotate(-90 14 {middle})">'
        f"{escape(encodable(labels[1]))}</text>"
    )
    return "".join(parts)


def _line(one: Series, points: NDArray[np.float64]) -> str:
    known = np.isfinite(points[:, 0]) & np.isfinite(points[:, 1])
    commands, is_new = [], True
    for is_known, (across, down) in zip(known.tolist(), points.tolist(), strict=True):
        if is_known:
            commands.append(f"{'M' if is_new else 'L'}{across:.1f} {down:.1f}")
        is_new = not is_known
    dash = f' stroke-dasharray="{one.dash}"' if one.dash else ""
    path = f'<path class="line" d="{"".join(commands)}" stroke="{one.color}"{dash}/>'
    if not one.has_dots:
        return path
    dots = (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{one.color}"/>' for x, y in points[known].tolist())
    return path + "".join(dots)


def _legend_entry(one: Series, number: int) -> str:
    across = _LEFT + (number % _PER_ROW) * (WIDTH - _LEFT) / _PER_ROW
    down = HEIGHT + 10 + (number // _PER_ROW) * _ROW
    name = one.name if len(one.name) <= _NAME_LIMIT else f"{one.name[: _NAME_LIMIT - 1]}…"
    dash = f' stroke-dasharray="{one.dash}"' if one.dash else ""
    return (
        f'<line class="line" x1="{across:.0f}" x2="{across + 22:.0f}" y1="{down - 4}" y2="{down - 4}" '
        f'stroke="{one.color}"{dash}/>'
        f'<text x="{across + 28:.0f}" y="{down}">{escape(encodable(name))}</text>'
    )
