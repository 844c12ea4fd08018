"""One image large: as it is in its file, and as the network sees it, with what speaks for a class."""

from functools import partial

import numpy as np
from numpy.typing import NDArray
from PyQt5.QtCore import QSize, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QKeyEvent
from PyQt5.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from aid_desktop.gui.assess.gradcam_panel import GradCamPanel
from aid_desktop.gui.assess.predicted_images import ImageDetail, PredictedImages
from aid_desktop.gui.background import Background, Failure, Job
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, set_role
from aid_desktop.gui.widgets.dialog import Dialog
from aid_desktop.gui.widgets.naming import named_button
from aid_desktop.gui.widgets.pixmaps import to_pixmap
from aid_desktop.numbers import grouped

_SIDE = 40 * GRID


class ImageDialog(Dialog):
    """Leaves the window behind it usable; another image takes the place of the one before.

    `moved` carries the row of the image that the user went on to, `key_pressed` a key that the dialog has no use for.
    """

    moved = pyqtSignal(int)
    key_pressed = pyqtSignal(int)

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("imageDialog")
        self.setAccessibleName("Image")
        self.setWindowTitle("Image")
        self.setModal(False)
        self._background = background
        self._job: Job[ImageDetail] | None = None
        self._images: PredictedImages | None = None
        self._row = 0
        self._detail: ImageDetail | None = None
        self._caption = self._label("imageDialog.caption", "title")
        self._caption.setToolTip("Actual class → predicted class, and the model's probability of that")
        self._probabilities = self._label("imageDialog.probabilities", "")
        self._origin = self._label("imageDialog.origin", "muted")
        self._pictures = (QLabel(self), QLabel(self))
        self._sizes = (QLabel(self), QLabel(self))
        grid = QGridLayout()
        grid.setSpacing(GRID)
        names = ("imageDialog.original", "imageDialog.fitted")
        for column, (name, picture, size) in enumerate(zip(names, self._pictures, self._sizes, strict=True)):
            picture.setObjectName(name)
            picture.setMinimumSize(QSize(_SIDE, _SIDE))
            picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
            size.setAlignment(Qt.AlignmentFlag.AlignCenter)
            set_role(size, "muted")
            grid.addWidget(picture, 0, column)
            grid.addWidget(size, 1, column)
        self.heat = GradCamPanel(background, self)
        self.heat.drawn.connect(self._on_drawn)
        box = QVBoxLayout(self)
        box.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        box.setSpacing(GRID)
        box.addLayout(self._make_head())
        box.addLayout(grid, 1)
        box.addWidget(self._probabilities)
        box.addWidget(self._origin)
        box.addWidget(self.heat)

    @property
    def images(self) -> PredictedImages | None:
        """The images that the user can go through."""
        return self._images

    @property
    def row(self) -> int:
        """The row of the image on show."""
        return self._row

    @pyqtSlot()
    def look(self) -> None:
        """Take the caption anew, which may tell of a change since."""
        if self._images is not None:
            self._caption.setText(self._images.caption(self._row))

    def keyPressEvent(self, a0: QKeyEvent | None) -> None:
        event = required(a0)
        plain = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        if event.modifiers() in plain and event.key() not in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.key_pressed.emit(event.key())
        else:
            super().keyPressEvent(a0)

    def show_image(self, images: PredictedImages, row: int) -> None:
        """Read an image in the background and show it."""
        if self._job is not None:
            self._job.cancel()
        self._images, self._row, self._detail = images, row, None
        self.heat.clear()
        self.look()
        self._place.setText(f"{grouped(row + 1)} of {grouped(len(images))}")
        self._back.setEnabled(row > 0)
        self._on.setEnabled(row < len(images) - 1)
        self._job = self._background.start(
            "Reading an image", partial(images.detail, row), self._on_read, self._on_failed
        )
        self.destroyed.connect(self._job.cancel)
        self.show()
        self.raise_()
        self.activateWindow()

    def _on_read(self, detail: ImageDetail) -> None:
        self._job, self._detail = None, detail
        self._probabilities.setText(detail.probabilities)
        self._origin.setText(detail.origin)
        pairs = ((detail.original, "original"), (detail.fitted, "as the network sees it"))
        for (image, what), picture, size in zip(pairs, self._pictures, self._sizes, strict=True):
            picture.setPixmap(to_pixmap(image, _SIDE, self.devicePixelRatioF()))
            picture.setAccessibleName(what)
            size.setText(f"{what}: {_size_text(image)}")
        if self._images is not None:
            self.heat.show_detail(self._images.assessment, detail)

    @pyqtSlot(object)
    def _on_drawn(self, picture: NDArray[np.uint8] | None) -> None:
        if self._detail is not None:
            shown = self._detail.fitted if picture is None else picture
            self._pictures[1].setPixmap(to_pixmap(shown, _SIDE, self.devicePixelRatioF()))

    @pyqtSlot()
    def _go_back(self) -> None:
        self._go(self._row - 1)

    @pyqtSlot()
    def _go_on(self) -> None:
        self._go(self._row + 1)

    def _go(self, row: int) -> None:
        if self._images is not None and 0 <= row < len(self._images):
            self.show_image(self._images, row)
            self.moved.emit(row)

    def _on_failed(self, failure: Failure) -> None:
        self._job = None
        self._probabilities.setText("")
        self._origin.setText(failure.message)
        for picture, size in zip(self._pictures, self._sizes, strict=True):
            picture.clear()
            size.clear()

    def _make_head(self) -> QHBoxLayout:
        self._back = named_button(self, "‹ Back", "imageDialog.back", "The image before (Page up)")
        self._back.setShortcut("PgUp")
        self._back.clicked.connect(self._go_back)
        self._on = named_button(self, "Next ›", "imageDialog.next", "The next image (Page down)")
        self._on.setShortcut("PgDown")
        self._on.clicked.connect(self._go_on)
        self._place = QLabel(self)
        self._place.setObjectName("imageDialog.place")
        self._place.setFixedHeight(self._back.sizeHint().height())
        set_role(self._place, "muted")
        head = QHBoxLayout()
        head.setSpacing(GRID)
        head.addWidget(self._caption, 1)
        for widget in (self._place, self._back, self._on):
            head.addWidget(widget, 0, Qt.AlignmentFlag.AlignTop)
        return head

    def _label(self, name: str, role: str) -> QLabel:
        label = QLabel(self)
        label.setObjectName(name)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        set_role(label, role)
        return label


def _size_text(image: NDArray[np.uint8]) -> str:
    height, width = image.shape[:2]
    is_gray = image.ndim == 2 or image.shape[2] == 1
    return f"{width} × {height} px, {'gray' if is_gray else 'rgb'}"
