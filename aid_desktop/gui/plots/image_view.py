"""One large image to zoom with the wheel and to move by dragging, with layers over it."""

from typing import Any

import numpy as np
import pyqtgraph as pg
from PyQt5.QtCore import QEvent, QObject, QPoint, QPointF, QRectF, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QLabel, QVBoxLayout, QWidget

from aid_desktop.gui.plots.image_layer import ImageLayer, Levels
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, current_theme

_MARGIN = 0.02


class ImageView(QWidget):
    """Shows an image, and layers over it in its pixels.

    `pointed` carries column and row of the pixel under the mouse, `left` tells that the mouse is beside the image.
    While there is no image, a text says what belongs here.
    """

    pointed = pyqtSignal(int, int)
    left = pyqtSignal()

    def __init__(self, name: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._size: tuple[int, int] | None = None
        self.canvas: Any = pg.GraphicsLayoutWidget(self)
        self.canvas.setObjectName(f"{name}.canvas")
        self.canvas.setAccessibleName(title)
        self.canvas.setToolTip(f"{title}: zoom with the wheel, move by dragging, a double click shows all")
        self.canvas.setAcceptDrops(False)
        self.canvas.setMinimumSize(30 * GRID, 30 * GRID)
        self.canvas.ci.setContentsMargins(0, 0, 0, 0)
        self._box = self.canvas.addViewBox(lockAspect=True, invertY=True, enableMenu=False)
        self._image = ImageLayer()
        self.add_layer(self._image)
        self._empty = QLabel(self.canvas)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._empty.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.canvas)
        over = QVBoxLayout(self.canvas)
        over.addWidget(self._empty)
        scene = self.canvas.scene()
        scene.sigMouseMoved.connect(self._on_mouse_moved)
        scene.sigMouseClicked.connect(self._on_mouse_clicked)
        self.canvas.viewport().installEventFilter(self)
        self._apply_theme()

    @property
    def empty_text(self) -> str:
        """What is said while there is no image."""
        return self._empty.text()

    def set_image(self, levels: Levels) -> None:
        """Show an image, see image_layer.image_levels; all of it if the one before had another size."""
        self._image.set_levels(levels)
        self._image.show()
        self._empty.clear()
        height, width = levels[0].shape[:2]
        if self._size != (height, width):
            self._size = height, width
            self.fit()

    def clear(self, text: str = "") -> None:
        """Take the image away and say something in its place."""
        self._size = None
        self._image.hide()
        self._empty.setText(text)

    def add_layer(self, item: Any) -> None:
        """Put a graphics item over the image; one unit is a pixel, the upper left corner of the image is 0, 0."""
        self._box.addItem(item, ignoreBounds=True)

    def pixel_of(self, column: int, row: int) -> QPoint:
        """Return where the centre of a pixel of the image is on `canvas.viewport()`."""
        scene = self._box.mapViewToScene(QPointF(column + 0.5, row + 0.5))
        return QPoint(self.canvas.mapFromScene(scene))

    @pyqtSlot()
    def fit(self) -> None:
        """Show the whole image."""
        if self._size is not None:
            height, width = self._size
            self._box.setRange(QRectF(0, 0, width, height), padding=_MARGIN)

    def changeEvent(self, a0: QEvent | None) -> None:
        super().changeEvent(a0)
        if required(a0).type() == QEvent.Type.PaletteChange:
            self._apply_theme()

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        if required(a1).type() == QEvent.Type.Leave:
            self.left.emit()
        return False

    @pyqtSlot(object)
    def _on_mouse_moved(self, scene_place: QPointF) -> None:
        place = self._box.mapSceneToView(scene_place)
        column, row = int(np.floor(place.x())), int(np.floor(place.y()))
        if self._size is not None and 0 <= row < self._size[0] and 0 <= column < self._size[1]:
            self.pointed.emit(column, row)
        else:
            self.left.emit()

    @pyqtSlot(object)
    def _on_mouse_clicked(self, event: Any) -> None:
        if event.double():
            self.fit()

    def _apply_theme(self) -> None:
        theme = current_theme()
        self.canvas.setBackground(theme.plot_background)
        self._empty.setStyleSheet(f"color: {theme.muted}; background: transparent;")
