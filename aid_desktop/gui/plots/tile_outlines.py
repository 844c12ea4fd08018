"""Tiles over an image: outlines in the colours of their classes, filled but for the background."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt5.QtCore import QRectF, Qt
from PyQt5.QtGui import QBrush, QColor, QImage, QPainter, QPainterPath

from aid_desktop.data.tiles import Positions
from aid_desktop.gui.plots.plot_style import line_pen
from aid_desktop.gui.theme import class_color

_FILLED = 70
_SMALLEST = 4.0
"""Tiles with fewer pixels of the screen have no outline, which would hide the image."""


class TileOutlines(pg.GraphicsObject):  # type: ignore[misc]  # pyqtgraph has no types
    """A layer for ImageView. Class 0 is the background, drawn below the others and never filled."""

    def __init__(self) -> None:
        super().__init__()
        self._positions: Positions = np.empty((0, 2), np.intp)
        self._labels: NDArray[np.intp] = np.empty(0, np.intp)
        self._size = 1
        self._shown: tuple[bool, ...] = ()
        # Else the whole picture counts as exposed, however small a part of it is seen.
        self.setFlag(self.GraphicsItemFlag.ItemUsesExtendedStyleOption)

    def set_tiles(self, positions: Positions, labels: NDArray[np.intp], size: int, shown: Sequence[bool]) -> None:
        """Show tiles of `size` pixels with their classes; `shown` tells which classes are to be seen."""
        self.prepareGeometryChange()
        self._positions, self._labels, self._size = positions, labels, size
        self.set_shown(shown)

    def set_shown(self, shown: Sequence[bool]) -> None:
        """Hide classes or bring them back."""
        self._shown = tuple(shown)
        self.update()

    def boundingRect(self) -> QRectF:
        """Return the rectangle around all tiles, in pixels."""
        if not len(self._positions):
            return QRectF()
        (left, top), (right, bottom) = self._positions.min(axis=0), self._positions.max(axis=0) + self._size
        return QRectF(left, top, right - left, bottom - top)

    def paint(self, painter: QPainter, option: Any, _: Any) -> None:
        """Draw the tiles that are seen."""
        if self._size * option.levelOfDetailFromTransform(painter.worldTransform()) < _SMALLEST:
            self._paint_cells(painter)
            return
        seen = option.exposedRect
        first, last = (seen.left() - self._size, seen.top() - self._size), (seen.right(), seen.bottom())
        is_seen = ((self._positions >= first) & (self._positions <= last)).all(axis=1)
        for label, is_shown in enumerate(self._shown):
            if not is_shown:
                continue
            # One path, so that tiles that overlap are not darker than others.
            path = QPainterPath()
            path.setFillRule(Qt.FillRule.WindingFill)
            for x, y in self._positions[is_seen & (self._labels == label)].tolist():
                path.addRect(x, y, self._size, self._size)
            painter.setPen(line_pen(class_color(label)))
            painter.setBrush(QBrush(QColor(*_fill(label))) if label else QBrush())
            painter.drawPath(path)

    def _paint_cells(self, painter: QPainter) -> None:
        """Draw the fillings alone, as a small picture with a pixel for each tile: there may be very many."""
        columns, rows = (self._positions.max(axis=0) // self._size + 1).tolist()
        pixels = np.zeros((rows, columns, 4), np.uint8)
        for label, is_shown in enumerate(self._shown):
            if label and is_shown:
                x, y = self._positions[self._labels == label].T // self._size
                pixels[y, x] = _fill(label)
        picture = QImage(pixels.tobytes(), columns, rows, 4 * columns, QImage.Format.Format_RGBA8888)
        painter.drawImage(QRectF(0, 0, columns * self._size, rows * self._size), picture)


def _fill(label: int) -> tuple[int, int, int, int]:
    color = class_color(label)
    return color.red(), color.green(), color.blue(), _FILLED
