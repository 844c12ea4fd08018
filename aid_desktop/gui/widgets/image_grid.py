"""A grid of images that reads and draws only those in sight, however many there are."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PyQt5.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QItemSelectionRange,
    QMimeData,
    QModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    pyqtSignal,
    pyqtSlot,
)
from PyQt5.QtGui import QKeyEvent, QKeySequence, QPainter, QPaintEvent, QRegion, QResizeEvent
from PyQt5.QtWidgets import QAbstractItemView, QAction, QApplication, QStyle, QWidget

from aid_desktop.gui.background import Background, Failure, JobContext
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID
from aid_desktop.gui.widgets.image_delegate import ImageDelegate
from aid_desktop.gui.widgets.image_items import ReadImage
from aid_desktop.gui.widgets.image_reading import ImageReading
from aid_desktop.gui.widgets.pixmaps import to_image

if TYPE_CHECKING:
    # Models stand above widgets; at run time the grid is given its model.
    from aid_desktop.gui.models.image_list_model import ImageListModel

SMALLEST_SIDE, LARGEST_SIDE = 32, 256

_MARGIN = GRID // 2
_OPENING = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class ImageGrid(QAbstractItemView):
    """Shows an ImageListModel in lines of equal cells and reads the images in sight in the background.

    All cells are equal, so places are calculated: neither showing 100 000 images nor resizing costs more
    than showing ten. (A QListView goes through all items whenever its width changes.) Without `background`
    only images in memory can be shown. `opened` carries the row of an image that was double-clicked or
    chosen with Enter or the space bar; Ctrl+C copies the current image and its origin. `failed` tells that
    images cannot be read.
    """

    opened = pyqtSignal(int)
    failed = pyqtSignal(Failure)

    def __init__(
        self,
        name: str,
        images: "ImageListModel",
        background: Background | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName("Images")
        self.setToolTip("Space, Enter or a double click shows an image large; Ctrl+C copies it and its origin")
        self._background = background
        self._images = images
        images.setParent(self)
        self._drawing = ImageDelegate(self)
        self._reading: ImageReading | None = None
        if background is not None:
            self._reading = ImageReading(self._images, background, self.visible_rows, self)
            self._reading.failed.connect(self.failed)
        self.setItemDelegate(self._drawing)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self._add_action("open", "Show large\tEnter", self.open_current)
        self._add_action("copy", "Copy image and origin\tCtrl+C", self.copy_current)
        self.doubleClicked.connect(self._on_double_clicked)
        self.setModel(self._images)

    @property
    def images(self) -> "ImageListModel":
        """The model; show something else by its `set_items` or `set_images`."""
        return self._images

    @property
    def side(self) -> int:
        """Longest side of the images on the screen in logical pixels."""
        return self._drawing.side

    @property
    def side_of_a_line(self) -> int:
        """Side of the images of which one line, with its captions, just fits."""
        return self._drawing.side_in(self.contentsRect().height() - 2 * _MARGIN, self.fontMetrics().height())

    @pyqtSlot(int)
    def set_side(self, side: int) -> None:
        """Draw the images larger or smaller; the first one in sight stays in sight."""
        visible = self.visible_rows()
        self._drawing.side = min(max(side, SMALLEST_SIDE), LARGEST_SIDE)
        self.updateGeometries()
        if visible:
            self.scrollTo(self._images.index(visible[0]), QAbstractItemView.ScrollHint.PositionAtTop)
        required(self.viewport()).update()

    def visible_rows(self) -> range:
        """Return the rows of the images that are at least partly in sight."""
        height = self._cell().height()
        first_line = max(0, (self.verticalOffset() - _MARGIN) // height)
        last_line = (self.verticalOffset() + required(self.viewport()).height() - 1 - _MARGIN) // height
        n, per_line = len(self._images.items), self.per_line()
        return range(min(n, first_line * per_line), min(n, (last_line + 1) * per_line))

    def per_line(self) -> int:
        """Return the number of images side by side."""
        return max(1, (required(self.viewport()).width() - 2 * _MARGIN) // self._cell().width())

    def selected_rows(self) -> NDArray[np.intp]:
        """Return the rows (N,) of the selected images in ascending order; of 100 000 as quickly as of ten."""
        ranges = required(self.selectionModel()).selection()
        parts = [np.arange(one.top(), one.bottom() + 1, dtype=np.intp) for one in ranges]
        return np.unique(np.concatenate(parts)) if parts else np.empty(0, np.intp)

    def select_rows(self, rows: NDArray[np.intp], current: int = -1) -> None:
        """Select images by their rows (N,), of 100 000 as quickly as of ten; `current` gets the frame, -1: none."""
        ordered = np.unique(rows)
        selection = QItemSelection()
        for block in np.split(ordered, np.flatnonzero(np.diff(ordered) != 1) + 1) if len(ordered) else ():
            selection.append(QItemSelectionRange(self._images.index(int(block[0])), self._images.index(int(block[-1]))))
        chosen, command = required(self.selectionModel()), QItemSelectionModel.SelectionFlag
        if current >= 0:
            chosen.setCurrentIndex(self._images.index(current), command.NoUpdate)
        chosen.select(selection, command.ClearAndSelect)

    @pyqtSlot()
    def open_current(self) -> None:
        """Ask for a large view of the current image."""
        if self.currentIndex().isValid():
            self.opened.emit(self.currentIndex().row())

    @pyqtSlot()
    def copy_current(self) -> None:
        """Copy the current image as it is in its file, and where it comes from, to the clipboard."""
        if not self.currentIndex().isValid():
            return
        items, row = self._images.items, self.currentIndex().row()
        if items.is_ready or self._background is None:
            _copy(items.read([row]))
        else:
            read = partial(_read_one, items.read, row)
            job = self._background.start("Copying an image", read, _copy, self.failed.emit)
            self.destroyed.connect(job.cancel)

    def horizontalOffset(self) -> int:
        return 0

    def verticalOffset(self) -> int:
        return required(self.verticalScrollBar()).value()

    def isIndexHidden(self, index: QModelIndex) -> bool:
        return False

    def visualRect(self, index: QModelIndex) -> QRect:
        if not index.isValid():
            return QRect()
        line, column = divmod(index.row(), self.per_line())
        cell = self._cell()
        place = QPoint(_MARGIN + column * cell.width(), _MARGIN + line * cell.height() - self.verticalOffset())
        return QRect(place, cell)

    def indexAt(self, p: QPoint) -> QModelIndex:
        cell = self._cell()
        column, line = (
            (p.x() - _MARGIN) // cell.width(),
            (p.y() + self.verticalOffset() - _MARGIN) // cell.height(),
        )
        row = line * self.per_line() + column
        inside = 0 <= column < self.per_line() and 0 <= row < len(self._images.items)
        return self._images.index(row) if inside else QModelIndex()

    def scrollTo(
        self,
        index: QModelIndex,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
        if not index.isValid():
            return
        bar, rect = required(self.verticalScrollBar()), self.visualRect(index)
        height = required(self.viewport()).height()
        above, below = rect.top() - _MARGIN, rect.bottom() + _MARGIN - height
        if hint == QAbstractItemView.ScrollHint.PositionAtTop or (above < 0 and rect.height() <= height):
            bar.setValue(bar.value() + above)
        elif hint == QAbstractItemView.ScrollHint.PositionAtCenter:
            bar.setValue(bar.value() + (above + below) // 2)
        elif below > 0 or hint == QAbstractItemView.ScrollHint.PositionAtBottom:
            bar.setValue(bar.value() + min(below, above))

    def moveCursor(
        self,
        cursorAction: QAbstractItemView.CursorAction,
        modifiers: Qt.KeyboardModifiers | Qt.KeyboardModifier,
    ) -> QModelIndex:
        n, action = len(self._images.items), QAbstractItemView.CursorAction
        if not n:
            return QModelIndex()
        row, per_line = self.currentIndex().row(), self.per_line()
        page = per_line * max(1, required(self.viewport()).height() // self._cell().height())
        steps = {
            action.MoveLeft: -1, action.MovePrevious: -1, action.MoveRight: 1, action.MoveNext: 1,
            action.MoveUp: -per_line, action.MoveDown: per_line,
            action.MovePageUp: -page, action.MovePageDown: page, action.MoveHome: -n, action.MoveEnd: n,
        }  # fmt: skip
        return self._images.index(min(max(row + steps[cursorAction], 0), n - 1) if row >= 0 else 0)

    def setSelection(
        self, rect: QRect, command: QItemSelectionModel.SelectionFlags | QItemSelectionModel.SelectionFlag
    ) -> None:
        selection = QItemSelection()
        cell, per_line, n = self._cell(), self.per_line(), len(self._images.items)
        box = rect.normalized().translated(-_MARGIN, self.verticalOffset() - _MARGIN)
        first, last = max(0, box.left() // cell.width()), min(per_line - 1, box.right() // cell.width())
        for line in range(max(0, box.top() // cell.height()), box.bottom() // cell.height() + 1):
            start, end = line * per_line + first, min(n - 1, line * per_line + last)
            if start <= end:
                selection.select(self._images.index(start), self._images.index(end))
        required(self.selectionModel()).select(selection, command)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        # All of it: whoever selects 100 000 images need not wait until their places are added up.
        return QRegion(required(self.viewport()).rect())

    def updateGeometries(self) -> None:
        super().updateGeometries()
        cell, height = self._cell(), required(self.viewport()).height()
        lines = -(-len(self._images.items) // self.per_line())
        bar = required(self.verticalScrollBar())
        bar.setRange(0, max(0, lines * cell.height() + 2 * _MARGIN - height))
        bar.setPageStep(height)
        bar.setSingleStep(max(1, cell.height() // 3))
        self._images.set_display_side(round(self.side * self.devicePixelRatioF()))
        self._wake()

    def reset(self) -> None:
        super().reset()
        required(self.verticalScrollBar()).setValue(0)
        self.updateGeometries()

    def resizeEvent(self, e: QResizeEvent | None) -> None:
        super().resizeEvent(e)
        self.updateGeometries()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        required(self.viewport()).update()
        self._wake()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        pressed = required(event)
        # With Ctrl the space bar chooses the image or leaves it out.
        if pressed.key() in _OPENING and not pressed.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.open_current()
        elif pressed.matches(QKeySequence.StandardKey.Copy):
            self.copy_current()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, e: QPaintEvent | None) -> None:
        painter = QPainter(self.viewport())
        chosen, current = required(self.selectionModel()), self.currentIndex()
        option = self.viewOptions()
        focused, flag = self.hasFocus(), QStyle.StateFlag
        plain = flag.State_Enabled if self.isEnabled() else flag.State_None
        for row in self.visible_rows():
            index = self._images.index(row)
            option.rect = self.visualRect(index)
            if not required(e).rect().intersects(option.rect):
                continue
            state = QStyle.State(plain)
            if chosen.isSelected(index):
                state |= flag.State_Selected
            if focused and index == current:
                state |= flag.State_HasFocus
            option.state = state
            self._drawing.paint(painter, option, index)

    def _wake(self) -> None:
        if self._reading is not None:
            self._reading.wake()

    def _cell(self) -> QSize:
        return self._drawing.size(self.fontMetrics().height())

    def _add_action(self, part: str, text: str, slot: Callable[[], None]) -> None:
        action = QAction(text, self)
        action.setObjectName(f"{self.objectName()}.{part}")
        action.triggered.connect(slot)
        self.addAction(action)

    @pyqtSlot(QModelIndex)
    def _on_double_clicked(self, index: QModelIndex) -> None:
        self.opened.emit(index.row())


def _read_one(read: Callable[[list[int]], list[ReadImage]], row: int, _: JobContext) -> list[ReadImage]:
    return read([row])


def _copy(images: list[ReadImage]) -> None:
    data = QMimeData()
    data.setImageData(to_image(images[0].image))
    data.setText(images[0].origin)
    required(QApplication.clipboard()).setMimeData(data)
