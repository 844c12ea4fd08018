"""One look for all plots: colours of the theme, light grid, legend, crosshair, saving."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from PyQt5.QtCore import Qt
from PyQt5.QtGui import QColor, QFont, QPainter, QPen
from PyQt5.QtWidgets import QApplication

from aid_desktop.gui.theme import SMALLEST_FONT, Theme

AXIS_WIDTH = 64
"""Width in pixels of all vertical axes, so that plots below each other are aligned."""

_GRID_OPACITY = 0.28
_LEGEND_OPACITY = 215
_HIDDEN_OPACITY = 0.3


@dataclass(frozen=True, slots=True)
class Readout:
    """What the crosshair tells: where its lines stand (`y` None: no horizontal one), and rich text."""

    x: float
    y: float | None
    text: str


def line_pen(color: QColor | str, style: Qt.PenStyle = Qt.PenStyle.SolidLine, width: float = 1.0) -> QPen:
    """Return a pen whose width is in pixels at every zoom."""
    pen = QPen(QColor(color))
    pen.setStyle(style)
    pen.setWidthF(width)
    pen.setCosmetic(True)
    return pen


def plot_font() -> QFont:
    """Return the font of axes and legends."""
    font = QApplication.font()
    font.setPointSizeF(max(SMALLEST_FONT, font.pointSizeF() - 1))
    return font


class DecadeAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph has no types
    """An axis that names 1, 2 and 5 of each decade in plain numbers when it is logarithmic."""

    def logTickStrings(self, values: list[float], scale: float, spacing: float | None) -> list[str]:
        """Return what stands at the ticks; pyqtgraph names so many that they cover each other."""
        return [_tick_text(10.0 ** min(value, 300.0) * scale) for value in values]


class WholeNumberAxis(DecadeAxis):
    """A horizontal axis of things that are counted: ticks at whole numbers only."""

    def __init__(self) -> None:
        super().__init__(orientation="bottom")

    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, float]]:
        """Return the distances of the ticks, as pyqtgraph chooses them but not below 1."""
        spacings = [pair for pair in super().tickSpacing(minVal, maxVal, size) if pair[0] >= 1]
        return spacings or [(1.0, 0.0)]


def _tick_text(value: float) -> str:
    digits = f"{value:.0e}"
    return f"{value:.6g}" if digits[0] in "125" else ""


class LegendSample(pg.ItemSample):  # type: ignore[misc]  # pyqtgraph has no types
    """The line beside a name in a legend; a click hides the curve and makes the line pale."""

    def paint(self, painter: QPainter, *_: Any) -> None:
        """Draw the line as the curve has it."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(1.0 if self.item.isVisible() else _HIDDEN_OPACITY)
        painter.setPen(self.item.opts["pen"])
        painter.drawLine(0, 10, 20, 10)


class Panel:
    """One pair of axes with its curves. `plot` is the pyqtgraph PlotItem."""

    def __init__(self, plot: Any, legend_corner: tuple[int, int]) -> None:
        self.plot = plot
        self.labels: dict[str, str] = {}
        self._corner = legend_corner
        self.curves: dict[str, Any] = {}
        plot.setMenuEnabled(False)
        plot.hideButtons()
        plot.showGrid(x=True, y=True, alpha=_GRID_OPACITY)
        plot.getAxis("left").setWidth(AXIS_WIDTH)
        for side in ("left", "bottom"):
            axis = plot.getAxis(side)
            axis.enableAutoSIPrefix(False)
            axis.setStyle(tickTextOffset=4, autoExpandTextSpace=False)
        self.legend = plot.addLegend(offset=legend_corner, sampleType=LegendSample, horSpacing=8)
        # Else the names stay small in pictures that are saved larger.
        self.legend.setFlag(self.legend.GraphicsItemFlag.ItemIgnoresTransformations, False)
        self.across = pg.InfiniteLine(angle=0, movable=False)
        self.down = pg.InfiniteLine(angle=90, movable=False)
        for line in (self.across, self.down):
            line.hide()
            line.setZValue(50)
            plot.addItem(line, ignoreBounds=True)

    def set_labels(self, left: str, bottom: str) -> None:
        """Name the axes; an empty name leaves no room."""
        self.labels = {"left": left, "bottom": bottom}

    def add_curve(self, name: str, color: QColor, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> Any:
        """Add an empty curve, a pyqtgraph PlotDataItem that thins out long data by itself; x must increase."""
        curve = pg.PlotDataItem(name=name, pen=line_pen(color, style), antialias=True)
        self._add(curve, "peak")
        self.curves[name] = curve
        self.place_legend()
        return curve

    def add_points(self, color: QColor, size: float = 6.0, symbol: str = "o") -> Any:
        """Add points without a line, with no place in the legend, and return their PlotDataItem."""
        brush = pg.mkBrush(color)
        points = pg.PlotDataItem(
            pen=None, symbol=symbol, symbolSize=size, symbolBrush=brush, symbolPen=None, antialias=True
        )
        points.setZValue(20)
        self._add(points, "subsample")
        return points

    def _add(self, item: Any, method: str) -> None:
        self.plot.addItem(item)
        # Adding it has set these to what the panel has. 1: no more than two points for each pixel.
        item.opts["autoDownsampleFactor"] = 1.0
        item.setDownsampling(auto=True, method=method)
        item.setClipToView(True)

    def remove_curve(self, name: str) -> None:
        """Take a curve away."""
        self.plot.removeItem(self.curves.pop(name))
        self.place_legend()

    def set_legend_texts(self, texts: Mapping[str, str]) -> None:
        """Let the legend say these texts in place of the names of curves; the others say their names."""
        for name, curve in self.curves.items():
            label = self.legend.getLabel(curve)
            text = texts.get(name, name)
            if label is not None and label.text != text:
                label.setText(text)
        self.place_legend()

    def place_legend(self) -> None:
        """Bring the legend back to its corner; it stays where it was when its size changes."""
        self.legend.updateSize()
        self.legend.setOffset(self._corner)

    def wrap_legend(self) -> None:
        """Give the legend as many columns as it needs to be no higher than the axes."""
        self.legend.updateSize()
        n, before = len(self.legend.items), self.legend.columnCount
        room = self.plot.vb.height() - 2 * abs(self._corner[1])
        if n and room > 0:
            line = self.legend.boundingRect().height() / -(-n // before)
            columns = -(-n // max(1, int(room // line)))
            if columns != before:
                self.legend.setColumnCount(columns)
        self.place_legend()

    def apply(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        font = plot_font()
        size = f"{font.pointSizeF():g}pt"
        for side in ("left", "bottom"):
            axis = self.plot.getAxis(side)
            axis.setPen(line_pen(theme.control_border))
            axis.setTickPen(line_pen(theme.plot_grid if theme.is_dark else theme.control_border))
            axis.setTextPen(line_pen(theme.muted))
            axis.setTickFont(font)
            text = self.labels.get(side, "")
            axis.setLabel(text, color=theme.text, **{"font-size": size})
            axis.showLabel(bool(text))
        # An axis takes no room while its panel is hidden, and does not notice when it is shown again.
        self.plot.getAxis("left").setWidth(AXIS_WIDTH)
        self.plot.getAxis("bottom").setHeight(None)
        ground = QColor(theme.plot_background)
        ground.setAlpha(_LEGEND_OPACITY)
        self.legend.setBrush(ground)
        self.legend.setPen(line_pen(theme.border))
        self.legend.setLabelTextSize(size)
        self.legend.setLabelTextColor(theme.text)
        for _, label in self.legend.items:
            label.setText(label.text)
        self.place_legend()
        for line in (self.across, self.down):
            line.setPen(line_pen(theme.muted, Qt.PenStyle.DotLine))


Reader = Callable[[Panel, float, float], Readout | None]
"""Turns a place under the mouse, in units of the axes, into what the crosshair tells; None: nothing."""


def read_place(_panel: Panel, x: float, y: float) -> Readout:
    """Tell the place itself, as plots do that have nothing better."""
    return Readout(x, y, f"{x:.4g}, {y:.4g}")


def curves_table(panels: list[Panel]) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    """Return names and columns of all visible curves; equal x stand once."""
    names: list[str] = []
    columns: list[Any] = []
    last: Any = None
    for panel in panels:
        for name, curve in panel.curves.items():
            x, y = curve.getOriginalDataset()
            if x is None or not curve.isVisible():
                continue
            if last is None or not np.array_equal(last, x):
                names.append(panel.labels.get("bottom") or "x")
                columns.append(x)
                last = x
            names.append(name)
            columns.append(y)
    return tuple(names), tuple(columns)
