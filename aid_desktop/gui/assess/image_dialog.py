"""One image large: as it is in its file, and as the network sees it."""

from functools import partial

import numpy as np
from numpy.typing import NDArray
from PyQt5.QtCore import QSize, Qt
from PyQt5.QtWidgets import QDialog, QGridLayout, QLabel, QVBoxLayout, QWidget

from aid_desktop.gui.assess.predicted_images import ImageDetail, PredictedImages
from aid_desktop.gui.background import Background, Failure, Job
from aid_desktop.gui.theme import GRID, set_role
from aid_desktop.gui.widgets.pixmaps import to_pixmap

_SIDE = 40 * GRID


class ImageDialog(QDialog):
    """Leaves the window behind it usable; another image takes the place of the one before."""

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("imageDialog")
        self.setAccessibleName("Image")
        self.setWindowTitle("Image")
        self.setModal(False)
        self._background = background
        self._job: Job[ImageDetail] | None = None
        self._caption = self._label("imageDialog.caption", "title")
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
        box = QVBoxLayout(self)
        box.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        box.setSpacing(GRID)
        box.addWidget(self._caption)
        box.addLayout(grid, 1)
        box.addWidget(self._probabilities)
        box.addWidget(self._origin)

    def show_image(self, images: PredictedImages, row: int) -> None:
        """Read an image in the background and show it."""
        if self._job is not None:
            self._job.cancel()
        self._caption.setText(images.caption(row))
        self._job = self._background.start(
            "Reading an image", partial(images.detail, row), self._on_read, self._on_failed
        )
        self.destroyed.connect(self._job.cancel)
        self.show()
        self.raise_()
        self.activateWindow()

    def _on_read(self, detail: ImageDetail) -> None:
        self._job = None
        self._probabilities.setText(detail.probabilities)
        self._origin.setText(detail.origin)
        pairs = ((detail.original, "original"), (detail.fitted, "as the network sees it"))
        for (image, what), picture, size in zip(pairs, self._pictures, self._sizes, strict=True):
            picture.setPixmap(to_pixmap(image, _SIDE, self.devicePixelRatioF()))
            picture.setAccessibleName(what)
            size.setText(f"{what}: {_size_text(image)}")

    def _on_failed(self, failure: Failure) -> None:
        self._job = None
        self._probabilities.setText("")
        self._origin.setText(failure.message)
        for picture, size in zip(self._pictures, self._sizes, strict=True):
            picture.clear()
            size.clear()

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
