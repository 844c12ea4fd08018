"""Vertical lines that mark where something changed, any number of them drawn as one item."""

from typing import Any

import numpy as np
import pyqtgraph as pg
from PyQt5.QtCore import QLineF, QPointF, QRectF, Qt
from PyQt5.QtGui import QColor, QPainter, QPainterPath, QPolygonF

from aid_desktop.gui.plots.plot_style import line_pen

# Pixels: the triangle at the upper end, and how near the mouse must come for the tooltip.
_TRIANGLE = 9.0
_REACH = 4.0


class MarkerLines(pg.GraphicsObject):  # type: ignore[misc]  # pyqtgraph has no types
    """Dashed lines with a triangle at the upper end and a tooltip each.

    One `pg.InfiniteLine` for each would cost as much per redraw as a curve. Add it with `ignoreBounds=True`.
    """

    def __init__(self, color: QColor | str) -> None:
        super().__init__()
        self._places = np.zeros(0)
        self._texts: list[str] = []
        self._pen = line_pen(color, Qt.PenStyle.DashLine)

    @property
    def marks(self) -> tuple[tuple[float, str], ...]:
        """Place and text of each line."""
        return tuple(zip(self._places.tolist(), self._texts, strict=True))

    def set_marks(self, marks: list[tuple[float, str]]) -> None:
        """Have exactly these lines: place on the horizontal axis and text of the tooltip."""
        self._places = np.array([place for place, _ in marks], np.float64)
        self._texts = [text for _, text in marks]
        self.update()

    def set_color(self, color: QColor | str) -> None:
        """Take another colour."""
        self._pen = line_pen(color, Qt.PenStyle.DashLine)
        self.update()

    def hoverEvent(self, event: Any) -> None:
        """Have the text of the line under the mouse ready; pyqtgraph calls this with every move."""
        text = "" if event.isExit() else self._text_at(event.pos().x())
        if text != self.toolTip():
            self.setToolTip(text)

    def viewTransformChanged(self) -> None:
        """Cover the new view; pyqtgraph calls this."""
        super().viewTransformChanged()
        self.prepareGeometryChange()

    def boundingRect(self) -> QRectF:
        """Return the whole view: the lines are as high as it."""
        view = self.getViewBox()
        return QRectF() if view is None or not self._texts else QRectF(view.viewRect())

    def shape(self) -> QPainterPath:
        """Return the surroundings of the lines."""
        path = QPainterPath()
        view, reach = self.boundingRect(), _REACH * self._pixel()[0]
        for place in self._seen(view):
            path.addRect(place - reach, view.top(), 2 * reach, view.height())
        return path

    def paint(self, painter: QPainter, *_: Any) -> None:
        """Draw the lines that are seen."""
        view = self.boundingRect()
        places = self._seen(view)
        width, height = self._pixel()
        painter.setPen(self._pen)
        for place in places:
            painter.drawLine(QLineF(place, view.top(), place, view.bottom()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(self._pen.color())
        painter.setPen(Qt.PenStyle.NoPen)
        # The vertical axis points up, so the upper end of the view is the bottom of the rectangle.
        top, half = view.bottom(), _TRIANGLE / 2 * width
        for place in places:
            corners = [QPointF(place - half, top), QPointF(place + half, top)]
            painter.drawPolygon(QPolygonF([*corners, QPointF(place, top - _TRIANGLE * height)]))

    def _seen(self, view: QRectF) -> list[float]:
        is_seen = (self._places >= view.left()) & (self._places <= view.right())
        seen: list[float] = self._places[is_seen].tolist()
        return seen

    def _text_at(self, place: float) -> str:
        if not self._texts:
            return ""
        distances = np.abs(self._places - place)
        nearest = distances.min()
        if nearest > _REACH * self._pixel()[0]:
            return ""
        return "\n\n".join(text for text, d in zip(self._texts, distances, strict=True) if d == nearest)

    def _pixel(self) -> tuple[float, float]:
        """Return width and height of a pixel in units of the axes; 0 before the first layout."""
        return self.pixelWidth() or 0.0, self.pixelHeight() or 0.0
