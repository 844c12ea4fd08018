"""A few images side by side, enlarged without smoothing, with captions."""

from collections.abc import Sequence

from PyQt5.QtCore import QRectF, QSize, Qt
from PyQt5.QtGui import QImage, QPainter, QPaintEvent, QPalette
from PyQt5.QtWidgets import QSizePolicy, QWidget

from aid_desktop.data.display import display_range, to_display
from aid_desktop.data.pixels import Pixels
from aid_desktop.gui.theme import GRID
from aid_desktop.gui.widgets.pixmaps import to_image

_SIDE = 72


class ImageStrip(QWidget):
    """Draws images of any pixel type, (H, W) or (H, W, C); wraps into further lines when the width is short.

    Images of more than 8 bits are shown in one common range of grey levels.
    """

    def __init__(self, name: str, title: str, parent: QWidget | None = None, side: int = _SIDE) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setToolTip(title)
        self._side = side
        self._arrays: tuple[Pixels, ...] = ()
        self._images: tuple[QImage, ...] = ()
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    @property
    def images(self) -> tuple[Pixels, ...]:
        """What is shown."""
        return self._arrays

    def set_images(self, images: Sequence[Pixels], levels: tuple[float, float] | None = None) -> None:
        """Show these images; `levels` are the grey levels of black and white, by default display.display_range."""
        self._arrays = tuple(images)
        levels = levels or display_range(self._arrays)
        self._images = tuple(to_image(to_display(array, levels)) for array in self._arrays)
        self.updateGeometry()
        self.update()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, a0: int) -> int:
        lines = -(-max(1, len(self._images)) // self._per_line(a0))
        return lines * (self._side + GRID) - GRID

    def sizeHint(self) -> QSize:
        return QSize(4 * (self._side + GRID), self.heightForWidth(max(self.width(), 4 * (self._side + GRID))))

    def minimumSizeHint(self) -> QSize:
        return QSize(self._side, self._side)

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        painter = QPainter(self)
        per_line = self._per_line(self.width())
        for number, image in enumerate(self._images):
            line, column = divmod(number, per_line)
            if line and (line + 1) * (self._side + GRID) - GRID > self.height():
                # Half an image tells nothing.
                break
            cell = QRectF(column * (self._side + GRID), line * (self._side + GRID), self._side, self._side)
            size = image.size().scaled(cell.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
            target = QRectF(0, 0, size.width(), size.height())
            target.moveCenter(cell.center())
            painter.fillRect(cell, self.palette().color(QPalette.ColorRole.AlternateBase))
            # Small images are shown pixel by pixel; only large ones are smoothed.
            smooth = image.width() > target.width()
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
            painter.drawImage(target, image)

    def _per_line(self, width: int) -> int:
        return max(1, (width + GRID) // (self._side + GRID))
