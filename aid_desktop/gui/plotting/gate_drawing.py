"""A new polygon, drawn corner by corner in the scatter plot."""

from typing import Any

import numpy as np
import pyqtgraph as pg
from PyQt5.QtCore import QObject, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QColor

from aid_desktop.data.scales import Numbers
from aid_desktop.gui.plots.plot_style import line_pen
from aid_desktop.gui.plotting.scatter_frame import ScatterFrame

HINT = "Click the corners. A double click or Enter closes the polygon, Backspace takes a corner back, Esc cancels."

_CLOSING = (int(Qt.Key.Key_Return), int(Qt.Key.Key_Enter))


class PolygonDrawing(QObject):
    """`finished` carries the corners (V, 2) where they stand on the axes.

    `started` tells that clicks are corners from now on, `ended` that they no longer are, finished or not.

    A polygon that is closed without a corner is the middle half of what is seen, to be changed afterwards: so one can
    be made by keys alone. With one or two corners it stays open.
    """

    started = pyqtSignal()
    finished = pyqtSignal(object)
    ended = pyqtSignal()

    def __init__(self, frame: ScatterFrame) -> None:
        super().__init__(frame)
        self._frame = frame
        self._corners: list[tuple[float, float]] = []
        self._line: Any = pg.PlotCurveItem()
        self._line.setZValue(40)
        frame.scatter.plot.addItem(self._line, ignoreBounds=True)
        frame.corner_clicked.connect(self._on_corner)
        frame.pointed.connect(self._on_pointed)
        frame.closed.connect(self.close)
        frame.key_pressed.connect(self._on_key)

    @property
    def is_active(self) -> bool:
        """Whether a polygon is being drawn."""
        return self._frame.is_drawing

    @property
    def corners(self) -> Numbers:
        """The corners (V, 2) so far."""
        return np.array(self._corners, np.float64).reshape(-1, 2)

    def start(self, color: QColor) -> None:
        """Take clicks in the plot as corners from now on."""
        self._corners.clear()
        self._line.setPen(line_pen(color, width=2.0))
        self._frame.is_drawing = True
        self._frame.setCursor(Qt.CursorShape.CrossCursor)
        self._frame.setFocus()
        self._draw()
        self.started.emit()

    @pyqtSlot()
    def cancel(self) -> None:
        """Forget the corners."""
        if self.is_active:
            self._end()

    @pyqtSlot()
    def close(self) -> None:
        """Finish the polygon, unless it has too few corners."""
        if not self.is_active or len(self._corners) in (1, 2):
            return
        corners = self.corners if self._corners else self._middle()
        self._end()
        self.finished.emit(corners)

    def _end(self) -> None:
        self._frame.is_drawing = False
        self._frame.unsetCursor()
        self._corners.clear()
        self._draw()
        self.ended.emit()

    def _middle(self) -> Numbers:
        (left, right), (low, high) = self._frame.scatter.plot.vb.viewRange()
        width, height = (right - left) / 4, (high - low) / 4
        columns = (left + width, right - width, right - width, left + width)
        rows = (low + height, low + height, high - height, high - height)
        return np.column_stack([columns, rows])

    @pyqtSlot(float, float)
    def _on_corner(self, x: float, y: float) -> None:
        self._corners.append((x, y))
        self._draw()

    @pyqtSlot(float, float)
    def _on_pointed(self, x: float, y: float) -> None:
        self._draw((x, y))

    @pyqtSlot(int)
    def _on_key(self, key: int) -> None:
        if key in _CLOSING:
            self.close()
        elif key == Qt.Key.Key_Escape:
            self.cancel()
        elif key == Qt.Key.Key_Backspace and self._corners:
            self._corners.pop()
            self._draw()

    def _draw(self, mouse: tuple[float, float] | None = None) -> None:
        corners = [*self._corners, mouse] if mouse is not None and self._corners else self._corners
        line = np.array([*corners, *corners[:1]], np.float64).reshape(-1, 2)
        self._line.setData(line[:, 0], line[:, 1])
