"""Large images that are drawn quickly at every zoom: each in several sizes, and only the part that is seen."""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt5.QtCore import QRectF
from PyQt5.QtGui import QImage, QPainter

from aid_desktop.gui.widgets.pixmaps import to_image

_SMALLEST = 256

Layer = NDArray[np.uint8 | np.uint16]
Levels = tuple[Layer, ...]
"""The same picture in its own size, in half of it, in a quarter, …"""


def image_levels(image: NDArray[np.uint8]) -> Levels:
    """Return the levels of uint8 (H, W) or (H, W, 3), pixels averaged. Not for the main thread if large."""
    return _levels(image, lambda level: cv2.resize(level, _half(level), interpolation=cv2.INTER_AREA))


def label_levels(labels: Layer) -> Levels:
    """Return the levels of a label map (H, W), in which each pixel has a label of the original."""
    return _levels(labels, lambda level: level[::2, ::2])


class ImageLayer(pg.GraphicsObject):  # type: ignore[misc]  # pyqtgraph has no types
    """A layer for ImageView: an image, or a label map with a colour for each label."""

    def __init__(self) -> None:
        super().__init__()
        self._levels: Levels = ()
        self._colors: NDArray[np.uint8] | None = None
        self.setFlag(self.GraphicsItemFlag.ItemUsesExtendedStyleOption)

    def set_levels(self, levels: Levels, colors: NDArray[np.uint8] | None = None) -> None:
        """Show an image, or a label map with `colors`, uint8 (labels, 4): red, green, blue, opacity."""
        self.prepareGeometryChange()
        self._levels = levels
        self.set_colors(colors)

    def set_colors(self, colors: NDArray[np.uint8] | None) -> None:
        """Change the colours of the labels."""
        self._colors = colors
        self.update()

    def boundingRect(self) -> QRectF:
        """Return the rectangle of the image, one unit a pixel."""
        if not self._levels:
            return QRectF()
        height, width = self._levels[0].shape[:2]
        return QRectF(0, 0, width, height)

    def paint(self, painter: QPainter, option: Any, _: Any) -> None:
        """Draw what is seen, in the level whose pixels are just smaller than those of the screen."""
        bounds = self.boundingRect()
        seen = option.exposedRect.intersected(bounds)
        if seen.isEmpty():
            return
        detail = option.levelOfDetailFromTransform(painter.worldTransform())
        wanted = int(np.floor(np.log2(1 / detail))) if 0 < detail < 1 else 0
        level = self._levels[min(wanted, len(self._levels) - 1)]
        height, width = level.shape[:2]
        across, down = bounds.width() / width, bounds.height() / height
        left, top = int(seen.left() / across), int(seen.top() / down)
        right, bottom = min(width, int(seen.right() / across) + 1), min(height, int(seen.bottom() / down) + 1)
        target = QRectF(left * across, top * down, (right - left) * across, (bottom - top) * down)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, detail < 1 and self._colors is None)
        painter.drawImage(target, self._picture(level[top:bottom, left:right]))

    def _picture(self, part: Layer) -> QImage:
        if self._colors is None:
            return to_image(part.astype(np.uint8, copy=False))
        pixels = np.ascontiguousarray(self._colors[part])
        height, width = part.shape
        return QImage(pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()


def _levels(first: Layer, halve: Callable[[Any], Any]) -> Levels:
    levels = [first]
    while max(levels[-1].shape[:2]) > _SMALLEST and min(levels[-1].shape[:2]) > 1:
        levels.append(np.ascontiguousarray(halve(levels[-1])))
    return tuple(levels)


def _half(level: Layer) -> tuple[int, int]:
    return -(-level.shape[1] // 2), -(-level.shape[0] // 2)
