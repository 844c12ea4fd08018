"""The view of the class table: edits go to all selected rows, keys set class and role."""

from typing import Any

from PyQt5.QtCore import QAbstractItemModel, QModelIndex, QSortFilterProxyModel, Qt, pyqtSignal, pyqtSlot
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
from aid_desktop.gui.data.undo import TableEditor
from aid_desktop.gui.models.class_table_model import SORT_ROLE, ClassTableModel, Column
from aid_desktop.gui.qt import required

_MOST_IMAGES = 100_000_000
_ROLE_KEYS = {Qt.Key.Key_T: Role.TRAINING, Qt.Key.Key_V: Role.VALIDATION, Qt.Key.Key_E: Role.TEST}


class ClassTableView(QTableView):
    """Sorts, filters and edits. `rows_selected` carries the places of the selected rows in the class table."""

    rows_selected = pyqtSignal(tuple)
    refused = pyqtSignal(str)

    def __init__(self, editor: TableEditor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self._model = ClassTableModel(self)
        self._proxy = QSortFilterProxyModel(self)
        self._proxy.setSourceModel(self._model)
        self._proxy.setSortRole(SORT_ROLE)
        self._proxy.setFilterKeyColumn(-1)
        self._proxy.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setModel(self._proxy)
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
        self._proxy.modelReset.connect(self._on_selection_changed)

    @property
    def table_model(self) -> ClassTableModel:
        """The model below sorting and filtering."""
        return self._model

    def selected_places(self) -> tuple[int, ...]:
        """Return the places of the selected rows in the class table."""
        rows = required(self.selectionModel()).selectedRows()
        return tuple(sorted(self._proxy.mapToSource(index).row() for index in rows))

    def select_place(self, place: int) -> None:
        """Select one row by its place in the class table."""
        index = self._proxy.mapFromSource(self._model.index(place, 0))
        self.selectRow(index.row())

    @pyqtSlot(str)
    def set_filter(self, text: str) -> None:
        """Show only rows with this text in any column."""
        self._proxy.setFilterFixedString(text)

    def remove_selected(self) -> None:
        """Remove the selected rows; classes stay numbered without a gap."""
        places = self.selected_places()
        if places:
            rows = "1 row" if len(places) == 1 else f"{len(places)} rows"
            before = self._editor.table
            had_gap = before != before.renumbered()
            after = before.removed(places)
            self._editor.change(after if had_gap else after.renumbered(), f"remove {rows}")

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
    def _on_edited(self, row: int, column: int, value: object) -> None:
        selected = self.selected_places()
        self._apply(selected if row in selected else (row,), Column(column), value)

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
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(Column.SOURCE, QHeaderView.ResizeMode.Stretch)
        self.setSortingEnabled(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)


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
