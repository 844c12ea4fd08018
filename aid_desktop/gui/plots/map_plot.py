"""Tens of thousands of points in groups of one colour each, to be pointed at, clicked and encircled."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt5.QtCore import QEvent, QObject, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QColor, QKeyEvent, QPainter
from PyQt5.QtWidgets import QWidget
from pyqtgraph.graphicsItems.ScatterPlotItem import drawSymbol

from aid_desktop.data.gates import points_in_polygon
from aid_desktop.evaluation.projection import Places
from aid_desktop.gui.plots.lasso import Lasso
from aid_desktop.gui.plots.map_drawing import DrawnGroup, Frame, draw_map
from aid_desktop.gui.plots.plot_frame import PlotFrame
from aid_desktop.gui.plots.plot_saving import CsvWriter
from aid_desktop.gui.plots.plot_style import LegendSample, Panel, Readout, line_pen
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import Theme, ThemeManager
from aid_desktop.paths import write_atomically

Indices = NDArray[np.intp]

_SYMBOLS = ("o", "s", "t1", "d", "p", "h", "star")
_SIZE = 7
_RING = 13
_NEAR = 12
"""A point is meant from so many pixels on."""

_OPACITY = 190
_STEPS = {
    int(Qt.Key.Key_Left): (-1, 0),
    int(Qt.Key.Key_Right): (1, 0),
    int(Qt.Key.Key_Up): (0, 1),
    int(Qt.Key.Key_Down): (0, -1),
}
_ENTER = (int(Qt.Key.Key_Return), int(Qt.Key.Key_Enter))


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Which points belong together: `codes` (N,) counts in `names` and `colors`."""

    codes: Indices
    names: tuple[str, ...]
    colors: tuple[QColor, ...]


class _DotSample(LegendSample):
    """The dot beside a name in the legend of saved pictures."""

    def paint(self, painter: QPainter, *_: Any) -> None:
        """Draw the dot as the points are, pale where they are hidden."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(1.0 if self.item.isVisible() else 0.3)
        painter.translate(10, 10)
        drawSymbol(painter, self.item.opts["symbol"], _SIZE + 2, pg.mkPen(None), self.item.opts["brush"])


class MapPlot(PlotFrame):
    """Shows points in groups. Only points of shown groups can be pointed at or picked.

    `picked` carries the ascending numbers of the points that were encircled or clicked; with Shift they come to those
    picked before. `pointed` carries the number of the point under the mouse or the keyboard's cross, -1 for none.
    The arrow keys go from point to point, Enter picks.
    """

    picked = pyqtSignal(object)
    pointed = pyqtSignal(int)

    def __init__(self, name: str, themes: ThemeManager, parent: QWidget | None = None) -> None:
        self._lasso: Lasso | None = None
        super().__init__(name, themes, parent, is_legend_shown=False)
        self.panel: Panel = self.add_panel()
        # Room for a lasso around the outermost points.
        self.panel.plot.vb.setDefaultPadding(0.08)
        self._places: Places = np.empty((0, 2))
        self._groups = Groups(np.empty(0, np.intp), (), ())
        self._shown: tuple[bool, ...] = ()
        self._picked: Indices = np.empty(0, np.intp)
        self._pointed = -1
        self._items: list[Any] = []
        self._rings = self._scatter(20)
        self._cross = self._scatter(25)
        self._write_csv: CsvWriter | None = None
        self._lasso = Lasso(self.canvas, self.panel, self)
        self._lasso.closed.connect(self._on_lasso)
        self._lasso.clicked.connect(self._on_click)
        self.set_reader(self._read)
        self.clicked.connect(self._on_plain_click)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        themes.changed.connect(self._color)
        self._color(themes.current)

    @property
    def places(self) -> Places:
        """Where the points are, (N, 2)."""
        return self._places

    @property
    def visible(self) -> NDArray[np.bool_]:
        """Which points belong to a group that is shown, (N,)."""
        return np.array(self._shown, np.bool_)[self._groups.codes]

    @pyqtSlot(bool)
    def set_lasso_active(self, active: bool) -> None:
        """Let dragging encircle points, or move the plot."""
        required(self._lasso).is_active = active
        self.canvas.viewport().setCursor(Qt.CursorShape.CrossCursor if active else Qt.CursorShape.ArrowCursor)

    def set_points(self, places: Places, groups: Groups) -> None:
        """Show other points, all of them."""
        self._places = places
        self._picked, self._pointed = np.empty(0, np.intp), -1
        self._rings.setData([], [])
        self._cross.setData([], [])
        self.set_groups(groups)
        self.fit()

    def set_groups(self, groups: Groups) -> None:
        """Colour the same points otherwise; all groups are shown."""
        for item in self._items:
            self.panel.plot.removeItem(item)
        self.panel.legend.clear()
        self._groups = groups
        self._shown = (True,) * len(groups.names)
        self._items = [self._make_item(number) for number in range(len(groups.names))]
        for item, name in zip(self._items, groups.names, strict=True):
            self.panel.legend.addItem(_DotSample(item), html.escape(name))
        self.panel.apply(self._themes.current)

    def set_shown(self, shown: Sequence[bool]) -> None:
        """Show some of the groups."""
        self._shown = tuple(shown)
        for item, is_shown in zip(self._items, self._shown, strict=True):
            item.setVisible(is_shown)

    def set_ringed(self, points: Indices) -> None:
        """Draw a ring around some points."""
        self._rings.setData(self._places[points, 0], self._places[points, 1])

    def set_csv_writer(self, write: CsvWriter) -> None:
        """Let `write` make the table of a saved plot; it may raise AidError and OSError."""
        self._write_csv = write

    def csv_writer(self) -> CsvWriter:
        """Return what writes the table of now, from any thread. It raises OSError, AidError."""
        return super().csv_writer() if self._write_csv is None else self._write_csv

    def save(self, path: Path) -> None:
        """Write PNG, SVG or CSV by the suffix. Raises OSError, AidError."""
        suffix = path.suffix.lower()
        if suffix == ".svg":
            with write_atomically(path) as temporary:
                temporary.write_text(self._drawing(), encoding="utf-8")
        else:
            super().save(path)

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        event = required(a1)
        if self._lasso is not None and a0 is self.canvas.viewport():
            if event.type() == QEvent.Type.MouseButtonDblClick and self._lasso.is_active:
                self.fit()
                return True
            if self._lasso.take(event):
                return True
            if event.type() == QEvent.Type.Leave and self._pointed >= 0:
                self._forget_pointed()
        return super().eventFilter(a0, a1)

    def keyPressEvent(self, a0: QKeyEvent | None) -> None:
        event = required(a0)
        if event.key() in _STEPS:
            self._step(*_STEPS[event.key()])
        elif event.key() in _ENTER and self._pointed >= 0:
            adds = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._pick(np.array([self._pointed], np.intp), adds)
        else:
            super().keyPressEvent(event)

    def nearest(self, x: float, y: float) -> int:
        """Return the visible point nearest to a place in units of the axes, if it is near on the screen; else -1."""
        if not len(self._places):
            return -1
        width, height = self.panel.plot.vb.viewPixelSize()
        distances = ((self._places - (x, y)) / (width, height)) ** 2 @ np.ones(2)
        distances[~self.visible] = np.inf
        best = int(distances.argmin())
        return best if distances[best] <= _NEAR**2 else -1

    def _drawing(self) -> str:
        """Return what is seen as an SVG document."""
        x, y = (tuple(map(float, ends)) for ends in self.panel.plot.vb.viewRange())
        labels, theme = self.panel.labels, self._themes.current
        names = labels.get("bottom", ""), labels.get("left", "")
        size = self.canvas.width(), self.canvas.height()
        frame = Frame((x[0], x[1]), (y[0], y[1]), names, size, theme.text, theme.plot_background)
        groups = [
            DrawnGroup(name, color.name(), number, self._places[self._groups.codes == number])
            for number, (name, color) in enumerate(zip(self._groups.names, self._groups.colors, strict=True))
            if self._shown[number]
        ]
        return draw_map(groups, frame, _SIZE)

    def _step(self, right: int, up: int) -> None:
        """Go to the nearest point in a direction: within 45 degrees of it."""
        visible = np.flatnonzero(self.visible)
        if not len(visible):
            return
        if self._pointed < 0 or not self.visible[self._pointed]:
            middle = np.median(self._places[visible], axis=0)
            self._point(int(visible[((self._places[visible] - middle) ** 2).sum(axis=1).argmin()]))
            return
        ways = self._places[visible] - self._places[self._pointed]
        along, across = ways @ (right, up), np.abs(ways @ (up, right))
        ahead = (along > 0) & (across <= along)
        if ahead.any():
            self._point(int(visible[ahead][(ways[ahead] ** 2).sum(axis=1).argmin()]))

    def _forget_pointed(self) -> None:
        self._pointed = -1
        self._cross.setData([], [])
        self.pointed.emit(-1)

    def _point(self, number: int) -> None:
        self._pointed = number
        self._cross.setData(self._places[[number], 0], self._places[[number], 1])
        self.pointed.emit(number)

    def _pick(self, points: Indices, adds: bool) -> None:
        self._picked = np.union1d(self._picked, points) if adds else points
        self.picked.emit(self._picked)

    def _read(self, _: Panel, x: float, y: float) -> Readout | None:
        number = self.nearest(x, y)
        if number != self._pointed:
            self._pointed = number
            self._cross.setData([], [])
            self.pointed.emit(number)
        return None

    @pyqtSlot(object, bool)
    def _on_lasso(self, corners: Places, adds: bool) -> None:
        self._pick(
            np.flatnonzero(points_in_polygon(self._places[:, 0], self._places[:, 1], corners) & self.visible), adds
        )

    @pyqtSlot(float, float, bool)
    def _on_click(self, x: float, y: float, adds: bool) -> None:
        self.setFocus()
        number = self.nearest(x, y)
        if number >= 0:
            self._pick(np.array([number], np.intp), adds)

    @pyqtSlot(float, float)
    def _on_plain_click(self, x: float, y: float) -> None:
        self._on_click(x, y, False)

    def _make_item(self, number: int) -> Any:
        color = QColor(self._groups.colors[number])
        color.setAlpha(_OPACITY)
        chosen = self._places[self._groups.codes == number]
        item = pg.ScatterPlotItem(
            chosen[:, 0],
            chosen[:, 1],
            size=_SIZE,
            pen=None,
            brush=pg.mkBrush(color),
            symbol=_SYMBOLS[number % len(_SYMBOLS)],
        )
        self.panel.plot.addItem(item)
        return item

    def _scatter(self, height: int) -> Any:
        item = pg.ScatterPlotItem(size=_RING, brush=None, symbol="o" if height == 20 else "+")
        item.setZValue(height)
        self.panel.plot.addItem(item, ignoreBounds=True)
        return item

    @pyqtSlot(Theme)
    def _color(self, theme: Theme) -> None:
        for item in (self._rings, self._cross):
            item.setPen(line_pen(theme.text, width=1.5))
        required(self._lasso).set_color(theme.accent)
