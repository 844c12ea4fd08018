"""The scatter plot with a histogram along each axis."""

import html
from functools import lru_cache
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt5.QtCore import QPointF, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QColor, QKeyEvent
from PyQt5.QtWidgets import QWidget

from aid_desktop.data.density import DensityMethod, Histogram
from aid_desktop.data.feature_labels import feature_label
from aid_desktop.data.gates import Axis
from aid_desktop.data.scales import Numbers, Scale
from aid_desktop.data.selection import whole_numbers
from aid_desktop.gui.plots.plot_frame import PlotFrame
from aid_desktop.gui.plots.plot_saving import PlotTable
from aid_desktop.gui.plots.plot_style import Panel, Readout, line_pen
from aid_desktop.gui.plotting.plotted import Plotted
from aid_desktop.gui.plotting.points import Points
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import Theme, ThemeManager
from aid_desktop.numbers import grouped

_COLORS = 64
_DARKEST = 0.25
_POINT, _RING = 4.0, 13.0
_NEAR = 14.0
_HISTOGRAM_SHARE, _SCATTER_SHARE = 2, 7


class ScatterFrame(PlotFrame):
    """Draws a plot; `event_clicked` carries the event nearest to a click, by its number in the source.

    While `is_drawing`, clicks are corners instead: `corner_clicked` carries their places, `key_pressed` the keys, and
    `closed` a double click. `pointed` carries the place of the mouse in the scatter plot.
    """

    event_clicked = pyqtSignal(int)
    corner_clicked = pyqtSignal(float, float)
    closed = pyqtSignal()
    pointed = pyqtSignal(float, float)
    key_pressed = pyqtSignal(int)

    def __init__(self, name: str, themes: ThemeManager, parent: QWidget | None = None) -> None:
        self.is_drawing = False
        self._side: Panel | None = None
        super().__init__(name, themes, parent, is_legend_shown=False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Scatter plot of two features")
        self._plotted: Plotted | None = None
        self._drawn_in: Theme | None = None
        self._selected: int | None = None
        self.scatter = self.add_panel(1)
        self.above = self.add_panel(0)
        self._side = Panel(self.canvas.addPlot(row=1, col=1, enableMenu=False), (-8, 8))
        self._add_items()
        self._arrange()
        self.set_reader(self._read)
        self.set_table(self._points_table)
        self.canvas.scene().sigMouseMoved.connect(self._on_pointed)
        self.restyle()

    @property
    def side(self) -> Panel:
        """The histogram along the vertical axis; its places are along y."""
        return required(self._side)

    @property
    def plotted(self) -> Plotted | None:
        """What is shown."""
        return self._plotted

    def show_plot(self, plotted: Plotted) -> None:
        """Draw a plot; the whole of it if it has other axes than the one before, or comes from another source."""
        before, request = self._plotted, plotted.request
        self._plotted = plotted
        self.suggested_name = f"{request.source.path.stem}_{request.x.feature}_{request.y.feature}"
        self.set_empty_text("" if len(plotted.shown) else "No event has a place on both axes: choose other features")
        for panel, x, y in self._axes_of(plotted):
            panel.set_labels(y, x)
        for axis, sides in ((plotted.request.x, ("bottom",)), (plotted.request.y, ("left",))):
            for panel in (self.scatter, self.above if sides == ("bottom",) else self.side):
                panel.plot.getAxis(sides[0]).setLogMode(axis.scale is Scale.LOG)
        self._draw_points(plotted)
        self._draw_histograms(plotted)
        self.restyle()
        if before is None or _place(before) != _place(plotted):
            self._selected = None
            self.fit()
        self._mark()

    def clear(self, text: str) -> None:
        """Take the plot away and say something in its place."""
        self._plotted = self._selected = None
        self.set_empty_text(text)

    def select(self, index: int | None) -> None:
        """Mark an event by its number in the source."""
        self._selected = index
        self._mark()

    def nearest(self, x: float, y: float, within: float = np.inf) -> int | None:
        """Return the place in `plotted.shown` of the point nearest on the screen; None if all are further away.

        `within` is in pixels.
        """
        if self._plotted is None or not len(self._plotted.shown):
            return None
        width, height = self.scatter.plot.vb.viewPixelSize()
        away = (self._plotted.places - np.array([x, y])) / np.array([width, height])
        squares: NDArray[np.float64] = np.einsum("ij,ij->i", away, away)
        found = int(squares.argmin())
        return found if squares[found] <= within**2 else None

    def keyPressEvent(self, a0: QKeyEvent | None) -> None:
        event = required(a0)
        if self.is_drawing:
            self.key_pressed.emit(event.key())
        else:
            super().keyPressEvent(a0)

    def _add_items(self) -> None:
        self._points: Any = Points(pen=None, size=_POINT, pxMode=True)
        self._ring: Any = pg.ScatterPlotItem(size=_RING, pxMode=True, brush=None)
        self._ring.setZValue(30)
        self._bars_above: Any = pg.BarGraphItem(x0=[], x1=[], y0=0, height=[])
        self._bars_beside: Any = pg.BarGraphItem(x0=0, width=[], y0=[], y1=[])
        self.scatter.plot.addItem(self._points)
        self.scatter.plot.addItem(self._ring, ignoreBounds=True)
        self.above.plot.addItem(self._bars_above)
        self.side.plot.addItem(self._bars_beside)

    def _arrange(self) -> None:
        layout = self.canvas.ci.layout
        for set_share in (layout.setRowStretchFactor, layout.setColumnStretchFactor):
            is_row = set_share == layout.setRowStretchFactor
            set_share(0, _HISTOGRAM_SHARE if is_row else _SCATTER_SHARE)
            set_share(1, _SCATTER_SHARE if is_row else _HISTOGRAM_SHARE)
        layout.setHorizontalSpacing(4)
        self.side.plot.setYLink(self.scatter.plot)
        self.side.plot.hideAxis("left")
        self.side.legend.hide()
        self.above.plot.getAxis("bottom").setStyle(showValues=False)
        for panel, is_free in ((self.above, {"x": True, "y": False}), (self.side, {"x": False, "y": True})):
            panel.plot.vb.setMouseEnabled(**is_free)

    def _draw_points(self, plotted: Plotted) -> None:
        density = plotted.density
        is_plain = plotted.request.method is DensityMethod.NONE
        # What is dense is drawn last: lone points would hide it.
        order = np.argsort(density, kind="stable")
        top = float(density.max(initial=0.0))
        shade = np.zeros(len(density), np.intp) if top <= 0 else (density[order] / top * (_COLORS - 1)).astype(np.intp)
        theme = self._drawn_in = self._themes.current
        table = [pg.mkBrush(QColor(theme.accent))] * _COLORS if is_plain else _viridis(theme.is_dark)
        brushes = np.array(table, object)[shade]
        places = plotted.places[order]
        self._points.setData(x=places[:, 0], y=places[:, 1], brush=brushes)

    def _draw_histograms(self, plotted: Plotted) -> None:
        above, beside = plotted.x_histogram, plotted.y_histogram
        self._bars_above.setOpts(x0=above.edges[:-1], x1=above.edges[1:], y0=0, height=above.counts)
        self._bars_beside.setOpts(y0=beside.edges[:-1], y1=beside.edges[1:], x0=0, width=beside.counts)
        # Numbers of events are long, and there is little room for them.
        most = int(beside.counts.max(initial=0))
        round_number = most // (step := 10 ** (len(str(most)) - 1)) * step
        self.side.plot.getAxis("bottom").setTicks([[(0, "0"), (round_number, str(round_number))]])

    def _axes_of(self, plotted: Plotted) -> tuple[tuple[Panel, str, str], ...]:
        x, y = (feature_label(axis.feature) for axis in (plotted.request.x, plotted.request.y))
        return (self.scatter, x, y), (self.above, "", "events"), (self.side, "events", "")

    def _mark(self) -> None:
        plotted = self._plotted
        if plotted is None or self._selected is None:
            self._ring.setData([], [])
            return
        axes = (plotted.request.x, plotted.request.y)
        place = [axis.scale.place(plotted.columns[axis.feature][self._selected : self._selected + 1]) for axis in axes]
        is_there = bool(np.isfinite(place).all())
        self._ring.setData(*(place if is_there else ([], [])))

    @pyqtSlot(Theme)
    def _on_theme_changed(self, theme: Theme) -> None:
        super()._on_theme_changed(theme)
        if self._side is None:
            return
        self._side.apply(theme)
        self._ring.setPen(line_pen(theme.text, width=2.0))
        fill = QColor(theme.muted)
        fill.setAlpha(110)
        for bars in (self._bars_above, self._bars_beside):
            bars.setOpts(brush=fill, pen=line_pen(theme.plot_background))
        if self._plotted is not None and theme is not self._drawn_in:
            self._draw_points(self._plotted)

    @pyqtSlot(object)
    def _on_mouse_clicked(self, event: Any) -> None:
        place = event.scenePos()
        if event.button() != Qt.MouseButton.LeftButton or self._panel_at(place) is not self.scatter:
            super()._on_mouse_clicked(event)
            return
        self.setFocus()
        point = self.scatter.plot.vb.mapSceneToView(place)
        if self.is_drawing:
            self.closed.emit() if event.double() else self.corner_clicked.emit(point.x(), point.y())
            return
        super()._on_mouse_clicked(event)
        if event.isAccepted():
            # A corner or an edge of a gate was meant.
            return
        found = None if event.double() else self.nearest(point.x(), point.y())
        if found is not None and self._plotted is not None:
            self.event_clicked.emit(int(self._plotted.shown[found]))

    @pyqtSlot(object)
    def _on_pointed(self, place: QPointF) -> None:
        if self.is_drawing and self._panel_at(place) is self.scatter:
            point = self.scatter.plot.vb.mapSceneToView(place)
            self.pointed.emit(point.x(), point.y())

    def _read(self, panel: Panel, x: float, y: float) -> Readout | None:
        if self._plotted is None:
            return None
        request = self._plotted.request
        if panel is self.above:
            return Readout(x, None, _bar_text(self._plotted.x_histogram, request.x, x))
        found = self.nearest(x, y, _NEAR)
        if found is None:
            lines = [_value_text(request.x, x), _value_text(request.y, y)]
            return Readout(x, y, "<br>".join(lines))
        at_x, at_y = self._plotted.places[found].tolist()
        number = grouped(int(whole_numbers(request.source, self._plotted.shown[found : found + 1])[0]) + 1)
        lines = [f"<b>event {number}</b>", _value_text(request.x, at_x), _value_text(request.y, at_y)]
        return Readout(at_x, at_y, "<br>".join(lines))

    def _points_table(self) -> PlotTable:
        plotted = self._plotted
        if plotted is None:
            return PlotTable((), ())
        axes = (plotted.request.x, plotted.request.y)
        names = ("event", *(axis.feature for axis in axes), "density")
        values: list[Numbers] = [plotted.columns[axis.feature][plotted.shown] for axis in axes]
        numbers = whole_numbers(plotted.request.source, plotted.shown) + 1
        return PlotTable(names, (numbers.astype(np.float64), *values, plotted.density))

    def _show_legends(self, shown: bool) -> None:
        """Points need no legend: gates carry their names."""


def _place(plotted: Plotted) -> tuple[object, ...]:
    return plotted.request.source, plotted.request.x, plotted.request.y


@lru_cache
def _viridis(is_on_dark: bool) -> list[Any]:
    # Its darkest part would not be seen on a dark ground.
    table = pg.colormap.get("viridis").getLookupTable(start=_DARKEST if is_on_dark else 0.0, stop=1.0, nPts=_COLORS)
    return [pg.mkBrush(*color) for color in table.tolist()]


def _value_text(axis: Axis, place: float) -> str:
    return html.escape(f"{feature_label(axis.feature)}: {float(axis.scale.number_at(np.array([place]))[0]):.4g}")


def _bar_text(bars: Histogram, axis: Axis, place: float) -> str:
    number = int(np.searchsorted(bars.edges, place, side="right")) - 1
    if not 0 <= number < len(bars.counts):
        return _value_text(axis, place)
    low, high = axis.scale.number_at(bars.edges[number : number + 2]).tolist()
    return f"{low:.4g} to {high:.4g}: {grouped(int(bars.counts[number]))} events"


def values_of(axis: Axis, places: Numbers) -> Numbers:
    """Return which values of a feature stand at places on an axis."""
    return axis.scale.number_at(places)
