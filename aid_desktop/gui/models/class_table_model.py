"""The class table as a Qt model: what a user edits becomes a request, never a change of its own.

The model sorts and filters itself: a proxy of Qt would ask for each cell of thousands of rows many times.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

from PyQt5.QtCore import QAbstractItemModel, QAbstractTableModel, QModelIndex, QObject, Qt, pyqtSignal
from PyQt5.QtGui import QIcon, QPixmap

from aid_desktop.data.class_table import ClassRow, ClassTable, Role, TableProblem
from aid_desktop.gui.theme import class_color
from aid_desktop.numbers import grouped

_NO_PARENT = QModelIndex()
_SWATCH_SIDE = 24
_COLORS = {1: "gray", 3: "rgb", 4: "rgb and alpha"}


class Column(IntEnum):
    """Columns of the table in order."""

    CLASS = 0
    INDEX = 1
    SOURCE = 2
    ROLE = 3
    IMAGES = 4
    PER_EPOCH = 5
    SHARE = 6
    SHUFFLE = 7
    ZOOM = 8


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
    Column.SHARE: ("share", "Share of the row's class in the images of an epoch; see Balance."),
    Column.SHUFFLE: ("shuffle", "Draw at random; off: always the first images in file order."),
    Column.ZOOM: (
        "zoom",
        "Factor by which the original images are enlarged before they are brought to size.",
    ),
}
_EDITABLE = {Column.CLASS, Column.INDEX, Column.ROLE, Column.PER_EPOCH, Column.ZOOM}
_NUMBERS = {Column.INDEX, Column.IMAGES, Column.PER_EPOCH, Column.SHARE, Column.ZOOM}


_SHOWN_ROLES = {
    int(role)
    for role in (
        Qt.ItemDataRole.DisplayRole,
        Qt.ItemDataRole.EditRole,
        Qt.ItemDataRole.ToolTipRole,
        Qt.ItemDataRole.CheckStateRole,
        Qt.ItemDataRole.DecorationRole,
        Qt.ItemDataRole.TextAlignmentRole,
    )
}


class ClassTableModel(QAbstractTableModel):
    """Shows a ClassTable, sorted and filtered, or as it is.

    Rows of the model have a `place` in the table. `edited` carries (place, column, value) of what the user typed or
    ticked. Edited rows stay where they are until the user sorts or filters again.
    """

    edited = pyqtSignal(int, int, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._table = ClassTable()
        self._warnings: tuple[TableProblem, ...] = ()
        self._notes: dict[int, list[str]] = {}
        self._available: Sequence[int] | None = None
        self._drawn: dict[int, int] = {}
        self._n_drawn = 0
        self._places: list[int] = []
        self._filter = ""
        self._sorted_by: tuple[Column, bool] | None = None

    @property
    def table(self) -> ClassTable:
        """What is shown."""
        return self._table

    @property
    def warnings(self) -> tuple[TableProblem, ...]:
        """What is doubtful about the table."""
        return self._warnings

    def places(self, first: int, last: int) -> list[int]:
        """Return the places in the table of the rows of the model from `first` to `last`, both included."""
        return self._places[first : last + 1]

    def row_of(self, place: int) -> int | None:
        """Return the row of the model that shows a place of the table; None if the filter hides it."""
        try:
            return self._places.index(place)
        except ValueError:
            return None

    def set_table(self, table: ClassTable) -> None:
        """Show another table; selections survive when only values have changed."""
        same_sources = [row.source for row in table.rows] == [row.source for row in self._table.rows]
        if not same_sources:
            self.beginResetModel()
        self._table = table
        self._warnings = table.warnings
        self._notes = {}
        for finding in self._warnings:
            if finding.row is not None:
                self._notes.setdefault(finding.row, []).append(finding.message)
        self._available = None
        self._add_up()
        if not same_sources:
            self._places = self._arranged()
            self.endResetModel()
        elif self._places:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._places) - 1, len(Column) - 1))

    def set_available(self, available: Sequence[int] | None) -> None:
        """Say for each row of the table how many images a split leaves for training; None for all."""
        if available == self._available:
            return
        self._available = available
        self._add_up()
        if self._places:
            last = self.index(len(self._places) - 1, Column.SHARE)
            self.dataChanged.emit(self.index(0, Column.PER_EPOCH), last)

    def _add_up(self) -> None:
        self._drawn = self._table.drawn_by_class(self._available)
        self._n_drawn = sum(self._drawn.values())

    def set_filter(self, text: str) -> None:
        """Show only rows with this text, in any case, in class, source or role."""
        self.beginResetModel()
        self._filter = text.casefold()
        self._places = self._arranged()
        self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Show the rows in the order of a column, equal ones as in the table; all as in the table if it is -1."""
        self._sorted_by = None if column < 0 else (Column(column), order == Qt.SortOrder.DescendingOrder)
        self.layoutAboutToBeChanged.emit((), QAbstractItemModel.LayoutChangeHint.VerticalSortHint)
        before = self.persistentIndexList()
        places = [self._places[index.row()] for index in before]
        self._places = self._arranged()
        rows = {place: row for row, place in enumerate(self._places)}
        moved = [self.index(rows[place], index.column()) for place, index in zip(places, before, strict=True)]
        self.changePersistentIndexList(before, moved)
        self.layoutChanged.emit((), QAbstractItemModel.LayoutChangeHint.VerticalSortHint)
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(Column) - 1)

    @property
    def _arrow(self) -> str:
        return "▾" if self._sorted_by is not None and self._sorted_by[1] else "▴"

    def _arranged(self) -> list[int]:
        rows = self._table.rows
        places = [place for place, row in enumerate(rows) if not self._filter or self._filter in _searched(row)]
        if self._sorted_by is not None:
            column, is_descending = self._sorted_by
            places.sort(key=lambda place: self._sort_value(rows[place], column), reverse=is_descending)
        return places

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._places)

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
            return title if self._sorted_by is None or self._sorted_by[0] != section else f"{title} {self._arrow}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return tooltip
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section in _NUMBERS else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        # Asked for far more often than for what is shown.
        if role not in _SHOWN_ROLES or not index.isValid():
            return None
        place, column = self._places[index.row()], Column(index.column())
        row = self._table.rows[place]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(place, row, column)
            case Qt.ItemDataRole.EditRole:
                return _value(row, column)
            case Qt.ItemDataRole.ToolTipRole:
                return self._tooltip(place, row, column)
            case Qt.ItemDataRole.CheckStateRole if column is Column.SHUFFLE:
                return Qt.CheckState.Checked if row.shuffle else Qt.CheckState.Unchecked
            case Qt.ItemDataRole.DecorationRole if column is Column.CLASS:
                return _swatch(row.class_index)
            case Qt.ItemDataRole.TextAlignmentRole if column in _NUMBERS:
                return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            case _:
                return None

    def setData(self, index: QModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if not index.isValid():
            return False
        place = self._places[index.row()]
        if role == Qt.ItemDataRole.CheckStateRole and index.column() == Column.SHUFFLE:
            self.edited.emit(place, index.column(), value == Qt.CheckState.Checked)
            return True
        if role != Qt.ItemDataRole.EditRole or index.column() not in _EDITABLE:
            return False
        if value != _value(self._table.rows[place], Column(index.column())):
            self.edited.emit(place, index.column(), value)
        return True

    def _text(self, place: int, row: ClassRow, column: Column) -> str:
        match column:
            case Column.CLASS:
                return row.class_name
            case Column.SOURCE:
                mark = "⚠ " if place in self._notes else ""
                return f"{mark}{_shown_source(row)}"
            case Column.IMAGES:
                return grouped(row.source.n_images)
            case Column.PER_EPOCH:
                if row.role is not Role.TRAINING or self._is_gone(place):
                    return "–"
                return "all" if row.images_per_epoch is None else str(row.images_per_epoch)
            case Column.SHARE:
                return "–" if row.role is not Role.TRAINING else _percent(self._share(row))
            case Column.SHUFFLE:
                return ""
            case Column.ZOOM:
                return f"{row.zoom:g}"
            case _:
                return str(_value(row, column))

    def _is_gone(self, place: int) -> bool:
        """Return whether a split holds out all images of a row."""
        return self._available is not None and not self._available[place]

    def _share(self, row: ClassRow) -> float:
        """Return which part of an epoch's images is of the row's class; 0 unless it is a training row."""
        return self._drawn[row.class_index] / max(1, self._n_drawn) if row.role is Role.TRAINING else 0.0

    def _sort_value(self, row: ClassRow, column: Column) -> Any:
        if column is Column.PER_EPOCH:
            return row.n_drawn if row.role is Role.TRAINING else 0
        return self._share(row) if column is Column.SHARE else _value(row, column)

    def _tooltip(self, place: int, row: ClassRow, column: Column) -> str:
        if column is Column.SHARE and row.role is Role.TRAINING:
            drawn = grouped(self._drawn[row.class_index])
            return f"{row.class_name}: {drawn} of the {grouped(self._n_drawn)} images of an epoch. See Balance."
        if column is Column.PER_EPOCH and row.role is Role.TRAINING and self._is_gone(place):
            return "All images of this row are held out for validation."
        if column is Column.CLASS:
            return f"{row.class_name}\n{_HEADERS[column][1]}"
        if column is not Column.SOURCE:
            return _HEADERS[column][1]
        shapes = ", ".join(
            f"{width} × {height} px {_COLORS.get(channels, f'{channels} channels')}"
            for height, width, channels in row.source.shapes[:4]
        )
        more = " and more" if len(row.source.shapes) > 4 else ""
        unreadable = [str(problem) for problem in row.source.problems[:20]]
        return "\n".join([str(row.source.path), f"{shapes}{more}", *self._notes.get(place, []), *unreadable])


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
        case Column.SHARE:
            return None


def _shown_source(row: ClassRow) -> str:
    return f"{row.source.path.parent.name}/{row.source.name}"


def _searched(row: ClassRow) -> str:
    return f"{row.class_name}\n{_shown_source(row)}\n{row.role}".casefold()


def _percent(share: float) -> str:
    """Return for example 33 %, with a digit more where it would be 0."""
    return f"{share:.0%}".replace("%", " %") if share >= 0.0095 or share == 0 else f"{100 * share:.2g} %"
