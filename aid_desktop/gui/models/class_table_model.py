"""The class table as a Qt model: what a user edits becomes a request, never a change of its own."""

from enum import IntEnum
from typing import Any

from PyQt5.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt, pyqtSignal
from PyQt5.QtGui import QIcon, QPixmap

from aid_desktop.data.class_table import ClassRow, ClassTable, Role
from aid_desktop.gui.theme import class_color

SORT_ROLE = Qt.ItemDataRole.UserRole
"""The raw value of a cell, to sort by."""

_NO_PARENT = QModelIndex()
_SWATCH_SIDE = 24


class Column(IntEnum):
    """Columns of the table in order."""

    CLASS = 0
    INDEX = 1
    SOURCE = 2
    ROLE = 3
    IMAGES = 4
    PER_EPOCH = 5
    SHUFFLE = 6
    ZOOM = 7


_HEADERS = {
    Column.CLASS: ("class", "Name of the class. Rename it here; rows of the same name belong together."),
    Column.INDEX: ("index", "Place of the class among the network's outputs, from 0."),
    Column.SOURCE: ("source", "Folder or file that the images come from."),
    Column.ROLE: (
        "role",
        "What the images are for: training, validation after each epoch, or the final test.",
    ),
    Column.IMAGES: ("images", "How many images can be read."),
    Column.PER_EPOCH: (
        "per epoch",
        "How many images are drawn in each epoch; more than there are repeats some.",
    ),
    Column.SHUFFLE: ("shuffle", "Draw at random; off: always the first images in file order."),
    Column.ZOOM: (
        "zoom",
        "Factor by which the original images are enlarged before they are brought to size.",
    ),
}
_EDITABLE = {Column.CLASS, Column.INDEX, Column.ROLE, Column.PER_EPOCH, Column.ZOOM}
_NUMBERS = {Column.INDEX, Column.IMAGES, Column.PER_EPOCH, Column.ZOOM}


class ClassTableModel(QAbstractTableModel):
    """Shows a ClassTable. `edited` carries (row, column, value) of what the user typed or ticked."""

    edited = pyqtSignal(int, int, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._table = ClassTable()
        self._notes: dict[int, list[str]] = {}

    @property
    def table(self) -> ClassTable:
        """What is shown."""
        return self._table

    def set_table(self, table: ClassTable) -> None:
        """Show another table; selections survive when only values have changed."""
        same_sources = [row.source for row in table.rows] == [row.source for row in self._table.rows]
        if not same_sources:
            self.beginResetModel()
        self._table = table
        self._notes = {}
        for finding in table.warnings():
            if finding.row is not None:
                self._notes.setdefault(finding.row, []).append(finding.message)
        if not same_sources:
            self.endResetModel()
        elif table.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(table.rows) - 1, len(Column) - 1))

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._table.rows)

    def columnCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(Column)

    def flags(self, index: QModelIndex) -> Qt.ItemFlags:
        flags = super().flags(index)
        if index.isValid() and index.column() in _EDITABLE:
            return Qt.ItemFlags(flags | Qt.ItemFlag.ItemIsEditable)
        if index.isValid() and index.column() == Column.SHUFFLE:
            return Qt.ItemFlags(flags | Qt.ItemFlag.ItemIsUserCheckable)
        return flags

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Vertical or not 0 <= section < len(Column):
            return None
        title, tooltip = _HEADERS[Column(section)]
        if role == Qt.ItemDataRole.DisplayRole:
            return title
        if role == Qt.ItemDataRole.ToolTipRole:
            return tooltip
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section in _NUMBERS else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = self._table.rows[index.row()], Column(index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(index.row(), row, column)
            case Qt.ItemDataRole.EditRole:
                return _value(row, column)
            case Qt.ItemDataRole.ToolTipRole:
                return self._tooltip(index.row(), row, column)
            case Qt.ItemDataRole.CheckStateRole if column is Column.SHUFFLE:
                return Qt.CheckState.Checked if row.shuffle else Qt.CheckState.Unchecked
            case Qt.ItemDataRole.DecorationRole if column is Column.CLASS:
                return _swatch(row.class_index)
            case Qt.ItemDataRole.TextAlignmentRole if column in _NUMBERS:
                return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            case _ if role == SORT_ROLE:
                return _sort_value(row, column)
            case _:
                return None

    def setData(self, index: QModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if not index.isValid():
            return False
        if role == Qt.ItemDataRole.CheckStateRole and index.column() == Column.SHUFFLE:
            self.edited.emit(index.row(), index.column(), value == Qt.CheckState.Checked)
            return True
        if role != Qt.ItemDataRole.EditRole or index.column() not in _EDITABLE:
            return False
        if value != _value(self._table.rows[index.row()], Column(index.column())):
            self.edited.emit(index.row(), index.column(), value)
        return True

    def _text(self, number: int, row: ClassRow, column: Column) -> str:
        match column:
            case Column.CLASS:
                return row.class_name
            case Column.SOURCE:
                mark = "⚠ " if number in self._notes else ""
                return f"{mark}{row.source.path.parent.name}/{row.source.name}"
            case Column.IMAGES:
                return f"{row.source.n_images:,}".replace(",", "\N{THIN SPACE}")
            case Column.PER_EPOCH:
                if row.role is not Role.TRAINING:
                    return "–"
                return "all" if row.images_per_epoch is None else str(row.images_per_epoch)
            case Column.SHUFFLE:
                return ""
            case Column.ZOOM:
                return f"{row.zoom:g}"
            case _:
                return str(_value(row, column))

    def _tooltip(self, number: int, row: ClassRow, column: Column) -> str:
        if column is not Column.SOURCE:
            return _HEADERS[column][1]
        shapes = ", ".join(
            f"{width} × {height} px {'gray' if channels == 1 else 'rgb'}"
            for height, width, channels in row.source.shapes[:4]
        )
        more = " and more" if len(row.source.shapes) > 4 else ""
        unreadable = [str(problem) for problem in row.source.problems[:20]]
        return "\n".join([str(row.source.path), f"{shapes}{more}", *self._notes.get(number, []), *unreadable])


def _swatch(class_index: int) -> QIcon:
    pixmap = QPixmap(_SWATCH_SIDE, _SWATCH_SIDE)
    pixmap.fill(class_color(class_index))
    swatch = QIcon(pixmap)
    # Qt tints the icons of selected rows, but a class has the same colour everywhere.
    swatch.addPixmap(pixmap, QIcon.Mode.Selected)
    return swatch


def _value(row: ClassRow, column: Column) -> Any:
    match column:
        case Column.CLASS:
            return row.class_name
        case Column.INDEX:
            return row.class_index
        case Column.SOURCE:
            return str(row.source.path)
        case Column.ROLE:
            return str(row.role)
        case Column.IMAGES:
            return row.source.n_images
        case Column.PER_EPOCH:
            return row.images_per_epoch
        case Column.SHUFFLE:
            return row.shuffle
        case Column.ZOOM:
            return row.zoom


def _sort_value(row: ClassRow, column: Column) -> Any:
    return row.n_drawn if column is Column.PER_EPOCH else _value(row, column)
