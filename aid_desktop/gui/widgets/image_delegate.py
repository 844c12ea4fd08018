"""How one image of a grid is drawn."""

from PyQt5.QtCore import QModelIndex, QRect, QSize, Qt
from PyQt5.QtGui import QColor, QFontMetrics, QPainter, QPalette, QPen
from PyQt5.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, current_theme
from aid_desktop.gui.widgets.image_items import CORRECT_ROLE, FAILURE_ROLE, IMAGE_ROLE
from aid_desktop.gui.widgets.pixmaps import draw_fitted, to_image

SMALLEST_CAPTIONED = 56
"""Smaller images have no caption."""

_FRAME = 3
_PADDING = GRID // 2
_CAPTION_LINES = 2


class ImageDelegate(QStyledItemDelegate):
    """Draw an image in a frame, blue if its prediction is correct and orange if not, above its caption.

    What the caption says in a second line stands over the foot of the image.
    `side` is the longest side of an image in logical pixels. Small images have no caption.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.side = 112

    def size(self, line: int) -> QSize:
        """Return the size of every cell in pixels; `line` is the height of a line of text."""
        side = self.side + 2 * (_FRAME + _PADDING)
        return QSize(side, side + (_CAPTION_LINES * line if self.side >= SMALLEST_CAPTIONED else 0))

    def side_in(self, height: int, line: int) -> int:
        """Return the side of images that, with their captions, are as high as this."""
        return height - 2 * (_FRAME + _PADDING) - _CAPTION_LINES * line

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return self.size(option.fontMetrics.height())

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        pen, theme = required(painter), current_theme()
        cell = option.rect.adjusted(1, 1, -1, -1)
        if option.state & QStyle.StateFlag.State_Selected:
            pen.fillRect(cell, QColor(theme.selection))
        if option.state & QStyle.StateFlag.State_HasFocus:
            pen.setPen(QPen(QColor(theme.accent), 1))
            pen.drawRect(cell.adjusted(0, 0, -1, -1))
        inset = _FRAME + _PADDING
        box = QRect(option.rect.left() + inset, option.rect.top() + inset, self.side, self.side)
        self._draw_frame(pen, index, self._draw_image(pen, index, box))
        if self.side >= SMALLEST_CAPTIONED:
            self._draw_caption(pen, option, index, box)

    def _draw_image(self, pen: QPainter, index: QModelIndex, box: QRect) -> QRect:
        pixels, theme = index.data(IMAGE_ROLE), current_theme()
        if pixels is not None:
            return draw_fitted(pen, to_image(pixels), box)
        pen.fillRect(box, QColor(theme.border))
        if index.data(FAILURE_ROLE):
            pen.setPen(QColor(theme.text))
            pen.drawText(box, int(Qt.AlignmentFlag.AlignCenter), "✕")
        return box

    def _draw_frame(self, pen: QPainter, index: QModelIndex, target: QRect) -> None:
        correct, theme = index.data(CORRECT_ROLE), current_theme()
        if correct is None:
            return
        color = QColor(theme.correct if correct else theme.wrong)
        outer = target.adjusted(-_FRAME, -_FRAME, _FRAME, _FRAME)
        for edge in (
            QRect(outer.left(), outer.top(), outer.width(), _FRAME),
            QRect(outer.left(), target.bottom() + 1, outer.width(), _FRAME),
            QRect(outer.left(), target.top(), _FRAME, target.height()),
            QRect(target.right() + 1, target.top(), _FRAME, target.height()),
        ):
            pen.fillRect(edge, color)

    def _draw_caption(self, pen: QPainter, option: QStyleOptionViewItem, index: QModelIndex, box: QRect) -> None:
        metrics = option.fontMetrics
        room = QRect(box.left() - _FRAME, box.bottom() + 1 + _FRAME, box.width() + 2 * _FRAME, metrics.height())
        pen.setPen(option.palette.color(QPalette.ColorRole.Text))
        caption, _, mark = str(index.data()).partition("\n")
        for line in caption_lines(caption):
            pen.drawText(room, int(Qt.AlignmentFlag.AlignCenter), shortened(line, metrics, room.width()))
            room.translate(0, metrics.height())
        if mark:
            self._draw_mark(pen, option, mark, box)

    def _draw_mark(self, pen: QPainter, option: QStyleOptionViewItem, mark: str, box: QRect) -> None:
        """Write what has changed since over the foot of the image, where it is seen at a glance."""
        flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
        needed = option.fontMetrics.boundingRect(box, flags, mark).height()
        height = min(needed, box.height() // 2)
        room = QRect(box.left(), box.bottom() + 1 - height, box.width(), height)
        pen.fillRect(room, QColor(current_theme().accent))
        pen.setPen(QColor(current_theme().accent_text))
        pen.drawText(room, flags, mark)


def shortened(line: str, metrics: QFontMetrics, width: int) -> str:
    """Return a line of a caption that is no wider than this: the number behind a name is kept."""
    name, gap, number = line.rpartition(" ")
    if not (name and number.replace(".", "").isdigit()):
        return metrics.elidedText(line, Qt.TextElideMode.ElideMiddle, width)
    room = width - metrics.horizontalAdvance(gap + number)
    return metrics.elidedText(name, Qt.TextElideMode.ElideRight, room) + gap + number


def caption_lines(caption: str) -> tuple[str, ...]:
    """Return the lines of a caption: two where an arrow leads from one name to another, so that both are readable."""
    head, arrow, tail = caption.partition(" → ")
    return (head, f"→ {tail}") if arrow else (caption,)
