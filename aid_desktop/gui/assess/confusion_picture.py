"""The confusion matrix as it is on show, as a picture or a table in a file."""

import csv
from pathlib import Path

import numpy as np
from PyQt5.QtCore import QPointF, QRectF, QSize, Qt
from PyQt5.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPen
from PyQt5.QtSvg import QSvgGenerator

from aid_desktop.errors import ExportError
from aid_desktop.gui.models.confusion_model import ConfusionModel
from aid_desktop.gui.plots.plot_saving import PNG_SCALE
from aid_desktop.gui.plots.plot_style import plot_font
from aid_desktop.gui.theme import GRID, LIGHT
from aid_desktop.paths import write_atomically

FORMATS = {".png": "Picture, PNG", ".svg": "Vector picture, SVG", ".csv": "Table, CSV"}

_CELL = QSize(9 * GRID, 6 * GRID)
_SMALL_CELL = QSize(GRID, GRID)
_MOST_NAMED = 100
"""Up to so many classes have their names and numbers in the picture; more would not fit on a page."""
_WIDEST_NAME = 25 * GRID
_LONGEST_SIDE = 4096


def save_matrix(model: ConfusionModel, path: Path) -> None:
    """Write the matrix in its present mode as the suffix says: one of FORMATS. Raises OSError, ExportError."""
    suffix = path.suffix.lower()
    if suffix == ".csv":
        _write_csv(model, path)
    elif suffix == ".svg":
        _write_svg(model, path)
    else:
        _write_png(model, path)


def _write_csv(model: ConfusionModel, path: Path) -> None:
    with write_atomically(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows(model.to_rows())


def _write_png(model: ConfusionModel, path: Path) -> None:
    drawing = _Drawing(model)
    size = drawing.size
    scale = min(float(PNG_SCALE), _LONGEST_SIDE / max(size.width(), size.height()))
    image = QImage(round(scale * size.width()), round(scale * size.height()), QImage.Format.Format_RGB32)
    image.fill(QColor(LIGHT.base))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
    painter.scale(scale, scale)
    drawing.paint(painter)
    painter.end()
    with write_atomically(path) as temporary:
        if not image.save(str(temporary), "PNG"):
            raise ExportError(f"{path} cannot be written: check the free space of the disk, or choose another folder")


def _write_svg(model: ConfusionModel, path: Path) -> None:
    drawing = _Drawing(model)
    with write_atomically(path) as temporary:
        generator = QSvgGenerator()
        generator.setFileName(str(temporary))
        generator.setSize(drawing.size)
        generator.setViewBox(QRectF(0, 0, drawing.size.width(), drawing.size.height()))
        generator.setTitle("Confusion matrix")
        painter = QPainter(generator)
        drawing.paint(painter)
        painter.end()


class _Drawing:
    """Draws a matrix on white, whatever the theme of the window is: pictures go into papers."""

    def __init__(self, model: ConfusionModel) -> None:
        self._names = [] if model.matrix is None else list(model.matrix.class_names)
        self._counts = np.zeros((0, 0), np.int64) if model.matrix is None else model.matrix.counts
        self._is_named = len(self._names) <= _MOST_NAMED
        self._model = ConfusionModel()
        self._model.set_matrix(model.matrix)
        self._model.set_mode(model.mode)
        self._model.set_theme(LIGHT)
        self._font = plot_font()
        metrics = QFontMetricsF(self._font)
        self._line = metrics.height()
        longest = max((metrics.horizontalAdvance(name) for name in self._names), default=0.0)
        self._longest = min(longest, _WIDEST_NAME) if self._is_named else 0.0
        self._cell = _CELL if self._is_named else _SMALL_CELL
        # Names of columns stand upright as soon as one is wider than its column.
        self._is_upright = self._longest > self._cell.width() - GRID // 2
        head = self._longest if self._is_upright else (self._line if self._is_named else 0.0)
        self._corner = QPointF(2 * GRID + self._line + self._longest, 2 * GRID + self._line + head)

    @property
    def size(self) -> QSize:
        """Size of the picture in pixels."""
        n = len(self._names)
        width, height = n * self._cell.width(), n * self._cell.height()
        return QSize(round(self._corner.x() + width + GRID), round(self._corner.y() + height + GRID))

    def paint(self, painter: QPainter) -> None:
        """Draw everything from the place (0, 0) on."""
        painter.fillRect(QRectF(0, 0, self.size.width(), self.size.height()), QColor(LIGHT.base))
        painter.setFont(self._font)
        n, left, top = len(self._names), self._corner.x(), self._corner.y()
        width, height = n * self._cell.width(), n * self._cell.height()
        painter.setPen(QColor(LIGHT.muted))
        centre = int(Qt.AlignmentFlag.AlignCenter)
        painter.drawText(QRectF(left, GRID / 2, width, self._line), centre, "predicted")
        self._draw_upright(painter, QPointF(GRID / 2, top + height), height, "actual", centre)
        if self._is_named:
            self._draw_names(painter)
        # Empty cells are white, as the ground is; without numbers there is nothing to draw.
        drawn = np.ones((n, n), np.bool_) if self._is_named else self._counts > 0
        for row, column in np.argwhere(drawn).tolist():
            self._draw_cell(painter, row, column)
        painter.setPen(QPen(QColor(LIGHT.control_border), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(left, top, width, height))

    def _draw_names(self, painter: QPainter) -> None:
        painter.setPen(QColor(LIGHT.text))
        metrics = QFontMetricsF(self._font)
        left, top = self._corner.x(), self._corner.y()
        right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for number, name in enumerate(self._names):
            text = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, _WIDEST_NAME)
            y = top + number * self._cell.height()
            room = QRectF(left - self._longest - GRID / 2, y, self._longest, self._cell.height())
            painter.drawText(room, right, text)
            x = left + number * self._cell.width()
            if self._is_upright:
                start = QPointF(x + (self._cell.width() - self._line) / 2, top - GRID / 2)
                self._draw_upright(painter, start, self._longest, text, int(Qt.AlignmentFlag.AlignLeft))
            else:
                above = QRectF(x, top - self._line - GRID / 4, self._cell.width(), self._line)
                painter.drawText(above, int(Qt.AlignmentFlag.AlignCenter), text)

    def _draw_upright(self, painter: QPainter, start: QPointF, length: float, text: str, flags: int) -> None:
        painter.save()
        painter.translate(start)
        painter.rotate(-90)
        painter.drawText(QRectF(0, 0, length, self._line), flags, text)
        painter.restore()

    def _draw_cell(self, painter: QPainter, row: int, column: int) -> None:
        index = self._model.index(row, column)
        x = self._corner.x() + column * self._cell.width()
        y = self._corner.y() + row * self._cell.height()
        room = QRectF(x, y, self._cell.width(), self._cell.height())
        painter.fillRect(room, index.data(Qt.ItemDataRole.BackgroundRole))
        if not self._is_named:
            return
        painter.setPen(index.data(Qt.ItemDataRole.ForegroundRole))
        painter.setFont(QFont(self._font))
        painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter), str(index.data()))
