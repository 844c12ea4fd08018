"""The image of the point under the mouse, beside it."""

from functools import partial

import numpy as np
from PyQt5.QtCore import QPoint, Qt, QTimer, pyqtSlot
from PyQt5.QtWidgets import QFrame, QLabel, QVBoxLayout

from aid_desktop.gui.assess.predicted_images import PredictedImages
from aid_desktop.gui.background import Background, Failure, Job, JobContext
from aid_desktop.gui.plots.map_plot import MapPlot
from aid_desktop.gui.theme import GRID, Theme
from aid_desktop.gui.widgets.image_items import ReadImage
from aid_desktop.gui.widgets.pixmaps import to_pixmap

_SIDE = 12 * GRID
_SETTLE_MS = 60


class MapHover(QFrame):
    """Shows picture and caption of a point once the mouse has rested on it for a moment."""

    def __init__(self, plot: MapPlot, background: Background) -> None:
        super().__init__(plot.canvas)
        self.setObjectName("embeddingHover")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._plot = plot
        self._background = background
        self._images: PredictedImages | None = None
        self._job: Job[list[ReadImage]] | None = None
        self._number = -1
        self._picture = QLabel(self)
        self._picture.setObjectName("embeddingHover.picture")
        self._picture.setFixedSize(_SIDE, _SIDE)
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._caption = QLabel(self)
        self._caption.setObjectName("embeddingHover.caption")
        self._caption.setTextFormat(Qt.TextFormat.PlainText)
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID // 2, GRID // 2, GRID // 2, GRID // 2)
        column.setSpacing(GRID // 2)
        column.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._caption)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self._read)
        self.hide()

    def set_images(self, images: PredictedImages | None) -> None:
        """Say which images the points are, in their order."""
        self._images = images
        self.show_point(-1)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of a theme."""
        self.setStyleSheet(
            f"QFrame#embeddingHover {{ background: {theme.tooltip}; border: 1px solid {theme.border};"
            f" border-radius: 4px; }} QLabel {{ color: {theme.text}; background: transparent; }}"
        )

    def show_point(self, number: int) -> None:
        """Show the image of a point; -1 for none."""
        if self._job is not None:
            self._job.cancel()
            self._job = None
        self._number = number
        if number < 0 or self._images is None:
            self._settle.stop()
            self.hide()
            return
        self._settle.start()

    @pyqtSlot()
    def _read(self) -> None:
        if self._images is None or self._number < 0:
            return
        self._picture.clear()
        self._caption.setText(self._images.caption(self._number))
        self._place()
        self.show()
        read = partial(_read_one, self._images, self._number)
        self._job = self._background.start("Reading an image", read, self._on_read, self._on_failed)
        self.destroyed.connect(self._job.cancel)

    def _on_read(self, images: list[ReadImage]) -> None:
        self._job = None
        self._picture.setPixmap(to_pixmap(images[0].image, _SIDE))

    def _on_failed(self, failure: Failure) -> None:
        self._job = None
        self._caption.setText(failure.message)
        self._place()

    def _place(self) -> None:
        self.adjustSize()
        x, y = np.asarray(self._plot.places[self._number]).tolist()
        point = self._plot.canvas.viewport().mapTo(self._plot.canvas, self._plot.pixel_of(self._plot.panel, x, y))
        area = self._plot.canvas.rect()
        left = point.x() + 2 * GRID
        if left + self.width() > area.right():
            left = point.x() - 2 * GRID - self.width()
        top = min(max(0, point.y() - self.height() // 2), max(0, area.bottom() - self.height()))
        self.move(QPoint(max(0, left), top))


def _read_one(images: PredictedImages, number: int, _: JobContext) -> list[ReadImage]:
    return images.read([number])
