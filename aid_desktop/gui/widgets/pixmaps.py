"""Turn arrays of pixels into pictures that Qt draws, without smoothing where they are enlarged."""

from typing import cast

import numpy as np
from numpy.typing import NDArray
from PyQt5.QtCore import QRect, QSize, Qt
from PyQt5.QtGui import QGuiApplication, QImage, QPainter, QPixmap

from aid_desktop.gui.qt import required


def to_image(image: NDArray[np.uint8]) -> QImage:
    """Return a QImage of the same size that owns its pixels.

    `image` is uint8: (H, W) or (H, W, 1) grey, or (H, W, 3) RGB. May be called in any thread. Raises
    ValueError for other arrays.
    """
    pixels = image[:, :, 0] if image.ndim == 3 and image.shape[2] == 1 else image
    if pixels.dtype != np.uint8 or not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 3)):
        raise ValueError(f"got {image.dtype} of shape {image.shape}; expected uint8 (H, W), (H, W, 1) or (H, W, 3)")
    pixels = np.ascontiguousarray(pixels)
    height, width = pixels.shape[:2]
    kind = QImage.Format.Format_Grayscale8 if pixels.ndim == 2 else QImage.Format.Format_RGB888
    return QImage(pixels.tobytes(), width, height, pixels.strides[0], kind).copy()


def to_pixmap(image: NDArray[np.uint8], side: int, ratio: float | None = None) -> QPixmap:
    """Return a pixmap whose longer side is `side` logical pixels, in the image's aspect.

    Enlarged images keep their pixels visible, larger ones are averaged. `ratio` is the number of device
    pixels per logical pixel, default that of the screen; the pixmap has all of them. `image` is as in
    `to_image`. Only in the main thread.
    """
    if ratio is None:
        screen = QGuiApplication.primaryScreen()
        ratio = 1.0 if screen is None else screen.devicePixelRatio()
    box = max(1, round(side * ratio))
    picture = to_image(shrunk(image, box))
    size = picture.size().scaled(box, box, Qt.AspectRatioMode.KeepAspectRatio).expandedTo(QSize(1, 1))
    pixmap = QPixmap.fromImage(picture.scaled(size))
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def shrunk(image: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Return the image with neither side longer than `side`, averaging pixels; the same array if it fits."""
    height, width = image.shape[:2]
    factor = side / max(height, width)
    if factor >= 1:
        return image
    import cv2

    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return cast(NDArray[np.uint8], cv2.resize(image, size, interpolation=cv2.INTER_AREA))


def draw_fitted(painter: QPainter, image: QImage, box: QRect) -> QRect:
    """Draw an image as large as fits into the middle of `box`, without smoothing it when enlarged.

    Returns where it was drawn.
    """
    size = image.size().scaled(box.size(), Qt.AspectRatioMode.KeepAspectRatio).expandedTo(QSize(1, 1))
    target = QRect(box.topLeft(), size)
    target.moveCenter(box.center())
    density = required(painter.device()).devicePixelRatioF()
    is_reduced = image.width() > target.width() * density
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, is_reduced)
    painter.drawImage(target, image)
    return target
