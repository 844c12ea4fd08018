"""A freehand line around points of a plot, drawn with the left mouse button."""

from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt5.QtCore import QEvent, QObject, QPoint, Qt, pyqtSignal
from PyQt5.QtGui import QColor, QMouseEvent

from aid_desktop.gui.plots.plot_style import Panel, line_pen

_SHORTEST = 4
"""A press that moves by fewer pixels is a click."""


class Lasso(QObject):
    """Takes the left mouse button over a panel while `is_active`; the plot is then moved with the middle button.

    `closed` carries the corners (V, 2) in units of the axes and whether Shift is held, `clicked` a place (x, y) and the
    same.
    """

    closed = pyqtSignal(object, bool)
    clicked = pyqtSignal(float, float, bool)

    def __init__(self, canvas: Any, panel: Panel, parent: QObject) -> None:
        super().__init__(parent)
        self.is_active = True
        self._canvas = canvas
        self._panel = panel
        self._track: list[QPoint] = []
        self._is_drawing = False
        self._line: Any = pg.PlotCurveItem(antialias=True)
        self._line.setZValue(60)
        panel.plot.addItem(self._line, ignoreBounds=True)

    def set_color(self, color: str) -> None:
        """Draw in another colour."""
        self._line.setPen(line_pen(QColor(color), Qt.PenStyle.DashLine, 1.5))

    def take(self, event: QEvent) -> bool:
        """Take an event of the canvas' viewport; return whether it was for the lasso."""
        if not isinstance(event, QMouseEvent):
            return False
        if event.type() == QEvent.Type.MouseButtonPress and event.button() == Qt.MouseButton.LeftButton:
            if not (self.is_active and self._is_inside(event.pos())):
                return False
            self._is_drawing, self._track = True, [event.pos()]
            return True
        if not self._is_drawing:
            return False
        if event.type() == QEvent.Type.MouseMove:
            self._track.append(event.pos())
            self._draw()
            return True
        if event.type() == QEvent.Type.MouseButtonRelease and event.button() == Qt.MouseButton.LeftButton:
            self._finish(bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
            return True
        return False

    def _finish(self, adds: bool) -> None:
        corners = self._corners()
        moved = max((place - self._track[0]).manhattanLength() for place in self._track)
        self._is_drawing, self._track = False, []
        self._line.setData([], [])
        if moved < _SHORTEST:
            self.clicked.emit(float(corners[0, 0]), float(corners[0, 1]), adds)
        else:
            self.closed.emit(corners, adds)

    def _draw(self) -> None:
        corners = self._corners()
        closed = np.concatenate([corners, corners[:1]])
        self._line.setData(closed[:, 0], closed[:, 1])

    def _corners(self) -> NDArray[np.float64]:
        view = self._panel.plot.vb
        points = [view.mapSceneToView(self._canvas.mapToScene(place)) for place in self._track]
        return np.array([(point.x(), point.y()) for point in points])

    def _is_inside(self, place: QPoint) -> bool:
        return bool(self._panel.plot.vb.sceneBoundingRect().contains(self._canvas.mapToScene(place)))
