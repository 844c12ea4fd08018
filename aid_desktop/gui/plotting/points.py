"""Many points that are saved as one picture: as drawings, thousands of them take minutes to write and to open."""

from typing import Any

import pyqtgraph as pg
from PyQt5.QtCore import QRectF, QSizeF, Qt
from PyQt5.QtGui import QImage, QPaintEngine, QPainter, QTransform

from aid_desktop.gui.plots.plot_saving import PNG_SCALE
from aid_desktop.gui.qt import required


class Points(pg.ScatterPlotItem):  # type: ignore[misc]  # pyqtgraph has no types
    """A scatter plot whose points become an image where they are written into an SVG file.

    Clicks go through it: the plot finds the nearest point.
    """

    def mouseClickEvent(self, ev: Any) -> None:
        """Leave the click to what lies behind."""
        ev.ignore()

    def paint(self, painter: QPainter, *args: Any) -> None:
        """Draw the points that are seen."""
        if required(painter.paintEngine()).type() != QPaintEngine.Type.SVG:
            super().paint(painter, *args)
            return
        to_file = painter.transform()
        box = self.getViewBox()
        seen = to_file.mapRect(self.mapRectFromScene(box.mapRectToScene(box.rect())))
        width, height = (int(PNG_SCALE * side) + 1 for side in (seen.width(), seen.height()))
        picture = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
        picture.fill(Qt.GlobalColor.transparent)
        on_picture = QPainter(picture)
        shift = QTransform.fromTranslate(-seen.left(), -seen.top())
        on_picture.setTransform(to_file * shift * QTransform.fromScale(PNG_SCALE, PNG_SCALE))
        self.setExportMode(True, {"resolutionScale": float(PNG_SCALE)})
        super().paint(on_picture, *args)
        on_picture.end()
        painter.resetTransform()
        painter.drawImage(QRectF(seen.topLeft(), QSizeF(width / PNG_SCALE, height / PNG_SCALE)), picture)
