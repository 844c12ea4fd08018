"""Where files are dropped: a hint for empty places, and an overlay that tells what a drop will do."""

from collections.abc import Callable
from pathlib import Path

from PyQt5.QtCore import QEvent, QMimeData, QObject, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFont,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
)
from PyQt5.QtWidgets import QFrame, QHBoxLayout, QLabel, QLayout, QPushButton, QVBoxLayout, QWidget

from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, icon, set_role

HINT = "Drop folders, images, stacks, tables or .rtdc files here"

_ICON_SIDE = 6 * GRID
_VEIL = 240


class DropArea(QFrame):
    """A hint for an empty place, with buttons, that takes dropped files and is marked while they hover.

    `paths_dropped` carries a tuple of paths.
    """

    paths_dropped = pyqtSignal(tuple)

    def __init__(self, text: str = HINT, parent: QWidget | None = None, detail: str = "") -> None:
        super().__init__(parent)
        self.setObjectName("dropArea")
        self.setAccessibleName(text)
        self.setAcceptDrops(True)
        self._picture = QLabel(self)
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._text = QLabel(text, self)
        self._text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._text.setWordWrap(True)
        set_role(self._text, "title")
        self._detail = QLabel(detail, self)
        self._detail.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._detail.setWordWrap(True)
        self._detail.setVisible(bool(detail))
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(GRID)
        self._buttons.addStretch(1)
        self._buttons.addStretch(1)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 3 * GRID)
        column.setSpacing(2 * GRID)
        column.addStretch(1)
        column.addWidget(self._picture)
        column.addWidget(self._text)
        column.addWidget(self._detail)
        column.addLayout(self._buttons)
        column.addStretch(1)
        self._draw_picture()

    def add_button(self, button: QPushButton) -> None:
        """Offer a button below the text."""
        self._buttons.insertWidget(self._buttons.count() - 1, button)

    def add_below(self, part: QWidget | QLayout) -> None:
        """Put something below the buttons."""
        place = self._column.count() - 1
        if isinstance(part, QLayout):
            self._column.insertLayout(place, part)
        else:
            self._column.insertWidget(place, part)

    def show_picture(self, is_shown: bool) -> None:
        """Show the picture above the text, or save its room."""
        self._picture.setVisible(is_shown)

    def changeEvent(self, a0: QEvent | None) -> None:
        super().changeEvent(a0)
        if required(a0).type() == QEvent.Type.PaletteChange:
            self._draw_picture()

    def dragEnterEvent(self, a0: QDragEnterEvent | None) -> None:
        event = required(a0)
        if dropped_paths(event.mimeData()):
            event.acceptProposedAction()
            self._mark(True)

    def dragMoveEvent(self, a0: QDragMoveEvent | None) -> None:
        required(a0).acceptProposedAction()

    def dragLeaveEvent(self, a0: QDragLeaveEvent | None) -> None:
        self._mark(False)

    def dropEvent(self, a0: QDropEvent | None) -> None:
        event = required(a0)
        self._mark(False)
        paths = dropped_paths(event.mimeData())
        if paths:
            event.acceptProposedAction()
            self.paths_dropped.emit(paths)

    def _draw_picture(self) -> None:
        self._picture.setPixmap(icon("drop", "muted").pixmap(QSize(_ICON_SIDE, _ICON_SIDE)))

    def _mark(self, is_dragging: bool) -> None:
        self.setProperty("dragging", is_dragging)
        style = required(self.style())
        style.unpolish(self)
        style.polish(self)


class DropOverlay(QWidget):
    """Cover a window while files are dragged over it, and tell what dropping them will do.

    `describe` turns paths into text such as `3 folders`, at once; "" refuses the drop. It is asked once for each drag.
    `paths_dragged` carries a tuple of paths that is taken, so that more can be found out about it, `paths_dropped`
    one that was dropped. Widgets in the window that take drops themselves keep doing so.
    """

    paths_dragged = pyqtSignal(tuple)
    paths_dropped = pyqtSignal(tuple)

    def __init__(self, window: QWidget, describe: Callable[[tuple[Path, ...]], str]) -> None:
        super().__init__(window)
        self.setObjectName("dropOverlay")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._describe = describe
        self._text = ""
        self._paths: tuple[Path, ...] = ()
        window.setAcceptDrops(True)
        window.installEventFilter(self)
        self.hide()

    @property
    def text(self) -> str:
        """What is told now."""
        return self._text

    def show_text(self, text: str) -> None:
        """Cover the window and tell something."""
        self._text = text
        self.setAccessibleName(text)
        self.setGeometry(required(self.parentWidget()).rect())
        self.raise_()
        self.show()
        self.update()

    def tell_more(self, paths: tuple[Path, ...], text: str) -> None:
        """Add a line on paths, if they are still being dragged."""
        if text and self.isVisible() and paths == self._paths:
            self.show_text(f"{self._text}\n{text}")

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        if isinstance(a1, QDropEvent):
            return self._on_drag(a1)
        kind = required(a1).type()
        if kind == QEvent.Type.DragLeave:
            self.hide()
        elif kind == QEvent.Type.Resize:
            self.setGeometry(required(self.parentWidget()).rect())
        return False

    def _on_drag(self, event: QDropEvent) -> bool:
        # Qt derives the events of entering and moving from that of dropping.
        paths = dropped_paths(event.mimeData())
        if event.type() == QEvent.Type.DragEnter:
            text = self._describe(paths) if paths else ""
            if text:
                self._paths = paths
                self.show_text(text)
                self.paths_dragged.emit(paths)
            else:
                self.hide()
        if not self.isVisible():
            return False
        event.acceptProposedAction()
        if event.type() == QEvent.Type.Drop:
            self.hide()
            self.paths_dropped.emit(paths)
        return True

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        palette = self.palette()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = QColor(palette.color(QPalette.Window))
        veil.setAlpha(_VEIL)
        painter.fillRect(self.rect(), veil)
        frame = QRectF(self.rect()).adjusted(2 * GRID, 2 * GRID, -2 * GRID, -2 * GRID)
        painter.setPen(QPen(palette.color(QPalette.Highlight), 2, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(frame, GRID, GRID)
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() * 1.6)
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(palette.color(QPalette.WindowText))
        flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
        painter.drawText(frame.adjusted(2 * GRID, 2 * GRID, -2 * GRID, -2 * GRID), flags, self._text)


def dropped_paths(mime: QMimeData | None) -> tuple[Path, ...]:
    """Return the local files and folders that are being dragged."""
    return tuple(Path(url.toLocalFile()) for url in required(mime).urls() if url.isLocalFile())
