"""The view of the class table: edits go to all selected rows, keys set class and role."""

from collections.abc import Collection, Sequence
from itertools import groupby
from typing import Any

from PyQt5.QtCore import (
    QAbstractItemModel,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    Qt,
    pyqtSignal,
    pyqtSlot,
)
from PyQt5.QtGui import QKeyEvent
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDoubleSpinBox,
    QHeaderView,
    QSpinBox,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from aid_desktop.data.class_table import MAX_CLASS_INDEX, MAX_ZOOM, MIN_ZOOM, Role
from aid_desktop.errors import DataError
from aid_desktop.gui.data.split_counting import SplitCounts
from aid_desktop.gui.data.undo import TableEditor
from aid_desktop.gui.models.class_table_model import ClassTableModel, Column
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID

_MOST_IMAGES = 100_000_000
_WIDEST_CLASS = 20 * GRID
_ROLE_KEYS = {Qt.Key.Key_T: Role.TRAINING, Qt.Key.Key_V: Role.VALIDATION, Qt.Key.Key_E: Role.TEST}


class ClassTableView(QTableView):
    """Sorts, filters and edits. `rows_selected` carries the places of the selected rows in the class table."""

    rows_selected = pyqtSignal(tuple)
    refused = pyqtSignal(str)

    def __init__(self, editor: TableEditor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self._model = ClassTableModel(self)
        self._sorted_by = (-1, int(Qt.SortOrder.AscendingOrder))
        self.setModel(self._model)
        self.setObjectName("classTable")
        self.setAccessibleName("Class table")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(
            QAbstractItemView.EditTriggers(QAbstractItemView.EditTrigger.DoubleClicked)
            | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setItemDelegate(_Delegate(self))
        self._set_up_headers()
        self._model.edited.connect(self._on_edited)
        required(self.selectionModel()).selectionChanged.connect(self._on_selection_changed)
        self._model.modelReset.connect(self._on_selection_changed)
        # Scrolled to where fewer rows no longer reach, Qt would measure all of them for the width of the columns.
        self._model.modelAboutToBeReset.connect(self.scrollToTop)

    @property
    def table_model(self) -> ClassTableModel:
        """What the view shows."""
        return self._model

    def selected_places(self) -> tuple[int, ...]:
        """Return the places of the selected rows in the class table."""
        # Whole rows are selected. Asking Qt for them row by row would ask the model about each cell.
        ranges = required(self.selectionModel()).selection()
        places = {place for part in ranges for place in self._model.places(part.top(), part.bottom())}
        return tuple(sorted(places))

    def select_place(self, place: int) -> None:
        """Select one row by its place in the class table, unless the filter hides it."""
        row = self._model.row_of(place)
        if row is not None:
            # Not selectRow: with Ctrl or Shift held just then, it would toggle the row or select more.
            self._select([row])

    def select_places(self, places: Collection[int]) -> None:
        """Select these rows, as far as they are there and not hidden."""
        shown = self._model.places(0, self._model.rowCount() - 1)
        self._select([row for row, place in enumerate(shown) if place in set(places)])

    @pyqtSlot(str)
    def set_filter(self, text: str) -> None:
        """Show only rows with this text in class, source or role; of the selected rows, those stay selected."""
        selected = set(self.selected_places())
        self._model.set_filter(text)
        shown = self._model.places(0, self._model.rowCount() - 1)
        self._select([row for row, place in enumerate(shown) if place in selected])

    @pyqtSlot(object)
    def show_split(self, counts: SplitCounts | None) -> None:
        """Let the shares count what a split leaves for training; None for all images."""
        fits = counts is not None and counts.table == self._model.table
        self._model.set_available(counts.kept if counts is not None and fits else None)

    def _select(self, rows: Sequence[int]) -> None:
        """Select rows of the model, in one step however many they are; `rows` ascend."""
        selection = QItemSelection()
        last = self._model.columnCount() - 1
        for _, run in groupby(enumerate(rows), key=lambda pair: pair[1] - pair[0]):
            block = [row for _, row in run]
            selection.select(self._model.index(block[0], 0), self._model.index(block[-1], last))
        model = required(self.selectionModel())
        model.select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if rows:
            model.setCurrentIndex(self._model.index(rows[0], 0), QItemSelectionModel.SelectionFlag.NoUpdate)

    def sizeHintForColumn(self, column: int) -> int:
        width = super().sizeHintForColumn(column)
        return min(width, _WIDEST_CLASS) if column == Column.CLASS else width

    def remove_selected(self) -> None:
        """Remove the selected rows and select the next one; classes stay numbered without a gap."""
        places = self.selected_places()
        if places:
            first = min(self._model.row_of(place) or 0 for place in places)
            rows = "1 row" if len(places) == 1 else f"{len(places)} rows"
            before = self._editor.table
            had_gap = before != before.renumbered()
            after = before.removed(places)
            self._editor.change(after if had_gap else after.renumbered(), f"remove {rows}")
            self._select([min(first, self._model.rowCount() - 1)] if self._model.rowCount() else [])

    def set_role(self, role: Role) -> None:
        """Give the selected rows a role."""
        self._editor.change(self._editor.table.set_role(self.selected_places(), role), f"set role {role}")

    def keyPressEvent(self, e: QKeyEvent | None) -> None:
        event = required(e)
        is_plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        if is_plain and event.key() in _ROLE_KEYS and self.selected_places():
            self.set_role(_ROLE_KEYS[Qt.Key(event.key())])
        elif is_plain and Qt.Key.Key_1 <= event.key() <= Qt.Key.Key_9 and self.selected_places():
            self._apply(self.selected_places(), Column.INDEX, event.key() - Qt.Key.Key_1)
        elif event.key() == Qt.Key.Key_Delete:
            self.remove_selected()
        else:
            super().keyPressEvent(e)

    @pyqtSlot(int, int, object)
    def _on_edited(self, place: int, column: int, value: object) -> None:
        selected = self.selected_places()
        self._apply(selected if place in selected else (place,), Column(column), value)

    def _apply(self, places: tuple[int, ...], column: Column, value: Any) -> None:
        table = self._editor.table
        try:
            match column:
                case Column.CLASS:
                    changed = table.assign_class_name(places, value)
                case Column.INDEX:
                    changed = table.assign_class_index(places, value)
                case Column.ROLE:
                    changed = table.set_role(places, Role(value))
                case Column.PER_EPOCH:
                    changed = table.set_images_per_epoch(places, value or None)
                case Column.SHUFFLE:
                    changed = table.set_shuffle(places, value)
                case Column.ZOOM:
                    changed = table.set_zoom(places, value)
                case _:
                    return
        except DataError as error:
            self.refused.emit(str(error))
            return
        self._editor.change(changed, f"set {column.name.lower().replace('_', ' ')}")

    @pyqtSlot()
    def _on_selection_changed(self) -> None:
        self.rows_selected.emit(self.selected_places())

    def _set_up_headers(self) -> None:
        required(self.verticalHeader()).hide()
        header = required(self.horizontalHeader())
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(Column.SOURCE, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(8 * GRID)
        # Of thousands of rows, only those in sight are measured.
        header.setResizeContentsPrecision(0)
        header.setHighlightSections(False)
        header.setSectionsClickable(True)
        # It shows no selection, but would ask the model about each selected row whenever it is painted.
        header.setSelectionModel(QItemSelectionModel(self._model, header))
        # The arrow is part of the title: Qt's own would need room in every column.
        header.setSortIndicatorShown(False)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.sortIndicatorChanged.connect(self._on_sorted)

    @pyqtSlot(int, Qt.SortOrder)
    def _on_sorted(self, column: int, order: Qt.SortOrder) -> None:
        """Sort; after the second click on a header, let the third one bring the order of the table back."""
        is_third = column >= 0 and self._sorted_by == (column, Qt.SortOrder.DescendingOrder)
        self._sorted_by = (column, int(order))
        if is_third:
            required(self.horizontalHeader()).setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        else:
            self._model.sort(column, order)


class _Delegate(QStyledItemDelegate):
    """Editors with the limits of each column."""

    def createEditor(self, parent: QWidget | None, option: QStyleOptionViewItem, index: QModelIndex) -> QWidget | None:
        match index.column():
            case Column.ROLE:
                combo = QComboBox(parent)
                combo.addItems([str(role) for role in Role])
                return combo
            case Column.INDEX:
                return _integer_box(parent, 0, MAX_CLASS_INDEX)
            case Column.PER_EPOCH:
                box = _integer_box(parent, 0, _MOST_IMAGES)
                box.setSpecialValueText("all")
                return box
            case Column.ZOOM:
                number = QDoubleSpinBox(parent)
                number.setRange(MIN_ZOOM, MAX_ZOOM)
                number.setSingleStep(0.05)
                return number
            case _:
                return super().createEditor(parent, option, index)

    def setEditorData(self, editor: QWidget | None, index: QModelIndex) -> None:
        value = index.data(Qt.ItemDataRole.EditRole)
        if isinstance(editor, QComboBox):
            editor.setCurrentText(value)
        elif isinstance(editor, QSpinBox):
            editor.setValue(value or 0)
        else:
            super().setEditorData(editor, index)

    def setModelData(self, editor: QWidget | None, model: QAbstractItemModel | None, index: QModelIndex) -> None:
        if isinstance(editor, QComboBox):
            required(model).setData(index, editor.currentText())
        elif isinstance(editor, QSpinBox):
            value = editor.value()
            required(model).setData(index, (value or None) if index.column() == Column.PER_EPOCH else value)
        else:
            super().setModelData(editor, model, index)


def _integer_box(parent: QWidget | None, low: int, high: int) -> QSpinBox:
    box = QSpinBox(parent)
    box.setRange(low, high)
    return box
