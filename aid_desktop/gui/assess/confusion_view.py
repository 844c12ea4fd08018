"""The confusion matrix: click on cells, headers or the corner to choose images."""

from functools import partial
from pathlib import Path

import numpy as np
from PyQt5.QtCore import QModelIndex, QRect, QSize, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import (
    QAbstractButton,
    QAction,
    QApplication,
    QButtonGroup,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMenu,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from aid_desktop.errors import AidError
from aid_desktop.evaluation.confusion import ConfusionMatrix
from aid_desktop.gui.assess.confusion_header import NamesHeader
from aid_desktop.gui.assess.confusion_picture import FORMATS, save_matrix
from aid_desktop.gui.background import Failure
from aid_desktop.gui.models.confusion_model import CHANGED_ROLE, Block, CellImages, ConfusionModel, Mode, images_in
from aid_desktop.gui.qt import required
from aid_desktop.gui.saving import save_as
from aid_desktop.gui.theme import GRID, Theme, ThemeManager, current_theme, icon, set_role
from aid_desktop.gui.widgets.naming import named_button

MOST_STRETCHED = 14
"""Up to so many classes the cells fill the room; more classes are scrolled."""

_WIDEST_NAMES = 20 * GRID
_CELL = QSize(9 * GRID, 4 * GRID)
_SMALLEST_CELL = QSize(4 * GRID, 2 * GRID)
_LINE = 0.9
"""Figures have no descenders."""

_ROOMY = 6 * GRID
_MODE_TIPS = {
    Mode.COUNTS: "Number of images",
    Mode.BY_ROW: "Share of the images of the actual class",
    Mode.BY_COLUMN: "Share of the images predicted as the class",
}


class ConfusionView(QWidget):
    """Shows a ConfusionMatrix. `cells_selected` carries the CellImages whenever other cells are chosen.

    `failed` tells that the matrix cannot be saved.
    """

    cells_selected = pyqtSignal(CellImages)
    failed = pyqtSignal(Failure)

    def __init__(self, themes: ThemeManager, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = ConfusionModel(self)
        self.model.set_theme(themes.current)
        themes.changed.connect(self._on_theme_changed)
        self._is_choosing = False
        self.table = self._make_table()
        self._lay_out()

    @pyqtSlot(Theme)
    def _on_theme_changed(self, theme: Theme) -> None:
        self.model.set_theme(theme)
        # The size of text may be another one.
        if self.model.matrix is not None:
            self._set_stretched(len(self.model.matrix.class_names) <= MOST_STRETCHED)

    def set_matrix(self, matrix: ConfusionMatrix, keep_cells: bool = False) -> None:
        """Show another matrix and choose its most frequent mistake, or keep the cells chosen before."""
        self.model.set_matrix(matrix)
        self._set_stretched(len(matrix.class_names) <= MOST_STRETCHED)
        if keep_cells and self._blocks():
            self._on_selection()
            return
        mistakes = matrix.counts * (1 - np.eye(len(matrix.class_names), dtype=np.int64))
        self._is_choosing = True
        if mistakes.any():
            row, column = divmod(int(mistakes.argmax()), len(matrix.class_names))
            self.table.setCurrentIndex(self.model.index(row, column))
        else:
            self.table.selectAll()
        self._is_choosing = False
        self._on_selection()

    @pyqtSlot()
    def copy(self) -> None:
        """Copy the matrix as tab-separated text."""
        required(QApplication.clipboard()).setText(self.model.to_tsv())

    def save(self, path: Path) -> None:
        """Write the matrix as it is on show, by the suffix: .png, .svg or .csv."""
        try:
            save_matrix(self.model, path)
        except AidError as error:
            self.failed.emit(Failure(str(error)))
        except OSError as error:
            reason = f"{path} cannot be written ({error.strerror or error}): choose another folder or name"
            self.failed.emit(Failure(reason))

    def _ask_and_save(self, suffix: str) -> None:
        start = str(Path.home() / f"confusion matrix{suffix}")
        name, _ = QFileDialog.getSaveFileName(self, "Save the matrix", start, f"{FORMATS[suffix]} (*{suffix})")
        if name:
            save_as(name, suffix, self.save, self)

    def _make_save(self) -> QPushButton:
        tip = "Save the matrix as it is on show as a picture, or its numbers as a table"
        button = named_button(self, "Save", "confusionMatrix.save", tip, "save")
        menu = QMenu(button)
        for suffix, words in FORMATS.items():
            action = QAction(f"{words}…", menu)
            action.setObjectName(f"confusionMatrix.save{suffix}")
            action.triggered.connect(partial(self._ask_and_save, suffix))
            menu.addAction(action)
        button.setMenu(menu)
        return button

    def _blocks(self) -> list[Block]:
        ranges = required(self.table.selectionModel()).selection()
        return [Block(one.top(), one.left(), one.bottom(), one.right()) for one in ranges]

    @pyqtSlot()
    def _on_selection(self) -> None:
        if self.model.matrix is not None and not self._is_choosing:
            self.cells_selected.emit(images_in(self.model.matrix, self._blocks()))

    @pyqtSlot(int)
    def _on_mode(self, number: int) -> None:
        self.model.set_mode(list(Mode)[number])

    def _set_stretched(self, stretched: bool) -> None:
        mode = QHeaderView.ResizeMode.Stretch if stretched else QHeaderView.ResizeMode.Interactive
        least = _SMALLEST_CELL if stretched else _CELL
        for header, size in (
            (required(self.table.horizontalHeader()), least.width()),
            (required(self.table.verticalHeader()), max(least.height(), round(_LINE * self.fontMetrics().height()))),
        ):
            header.setMinimumSectionSize(size)
            header.setSectionResizeMode(mode)
            if not stretched:
                header.setDefaultSectionSize(size)

    def _make_table(self) -> QTableView:
        table = QTableView(self)
        table.setObjectName("confusionMatrix")
        table.setAccessibleName("Confusion matrix: rows actual, columns predicted classes")
        table.setHorizontalHeader(NamesHeader(table))
        table.setModel(self.model)
        table.setItemDelegate(ConfusionDelegate(table))
        table.setTabKeyNavigation(False)
        table.setWordWrap(False)
        table.setEditTriggers(QTableView.EditTrigger.NoEditTriggers)
        table.setVerticalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        table.setHorizontalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        for header in (required(table.horizontalHeader()), required(table.verticalHeader())):
            header.setHighlightSections(False)
            header.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        required(table.verticalHeader()).setMaximumWidth(_WIDEST_NAMES)
        corner = table.findChild(QAbstractButton)
        if corner is not None:
            corner.setObjectName("confusionMatrix.all")
            corner.setAccessibleName("Choose all images")
            corner.setToolTip("Choose all images")
        required(table.selectionModel()).selectionChanged.connect(self._on_selection)
        return table

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.setSpacing(GRID // 2)
        self._modes = QButtonGroup(self)
        for number, mode in enumerate(Mode):
            button = QPushButton(str(mode), self)
            button.setCheckable(True)
            button.setChecked(mode is self.model.mode)
            button.setObjectName(f"confusionMatrix.{mode.name.lower()}")
            button.setAccessibleName(f"Show {mode}")
            button.setToolTip(_MODE_TIPS[mode])
            self._modes.addButton(button, number)
            bar.addWidget(button)
        self._modes.idClicked.connect(self._on_mode)
        copy = QPushButton(icon("copy"), "Copy", self)
        copy.setObjectName("confusionMatrix.copy")
        copy.setAccessibleName("Copy the matrix")
        copy.setToolTip("Copy the matrix as a table for a spreadsheet")
        copy.clicked.connect(self.copy)
        bar.addStretch(1)
        bar.addWidget(copy)
        bar.addWidget(self._make_save())
        predicted = QLabel("predicted", self)
        predicted.setAlignment(Qt.AlignmentFlag.AlignCenter)
        set_role(predicted, "muted")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(GRID // 2)
        grid.addLayout(bar, 0, 1)
        grid.addWidget(predicted, 1, 1)
        grid.addWidget(UprightLabel("actual", self), 2, 0)
        grid.addWidget(self.table, 2, 1)
        grid.setRowStretch(2, 1)


class ConfusionDelegate(QStyledItemDelegate):
    """Draw a cell in the model's colours, chosen ones with a frame: their ground must stay readable."""

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        pen = required(painter)
        pen.fillRect(option.rect, index.data(Qt.ItemDataRole.BackgroundRole))
        pen.setPen(index.data(Qt.ItemDataRole.ForegroundRole))
        font = QFont(option.font)
        if option.rect.height() >= _ROOMY:
            font.setPointSizeF(1.3 * font.pointSizeF())
        pen.setFont(font)
        pen.drawText(option.rect, int(Qt.AlignmentFlag.AlignCenter), str(index.data()))
        n_changed = index.data(CHANGED_ROLE)
        if n_changed and option.rect.height() >= _CELL.height():
            pen.setFont(option.font)
            corner = option.rect.adjusted(GRID // 2, GRID // 4, -GRID // 2, -GRID // 4)
            pen.drawText(corner, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop), f"{n_changed} changed")
        if option.state & QStyle.StateFlag.State_Selected:
            edge = QPen(QColor(current_theme().text), 2 if option.rect.height() >= _CELL.height() else 1)
            edge.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            pen.setPen(edge)
            pen.drawRect(option.rect.adjusted(1, 1, -2, -2))


class UprightLabel(QWidget):
    """A muted word that reads from bottom to top."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = text
        self.setAccessibleName(text)

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(metrics.height(), metrics.horizontalAdvance(self._text) + GRID)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setPen(QColor(current_theme().muted))
        painter.translate(0, self.height())
        painter.rotate(-90)
        room = QRect(0, 0, self.height(), self.width())
        painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter), self._text)
