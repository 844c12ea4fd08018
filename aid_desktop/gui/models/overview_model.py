"""The images of each class in each role as a Qt model, however many classes there are."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from PyQt5.QtCore import QAbstractTableModel, QModelIndex, Qt
from PyQt5.QtGui import QFont

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.gui.theme import class_color
from aid_desktop.numbers import grouped

BAR_ROLE = int(Qt.ItemDataRole.UserRole)
"""Length of the bar of a class from 0 to 1, and its colour, as a pair."""

_NO_PARENT = QModelIndex()
_ROLES = (Role.TRAINING, Role.VALIDATION, Role.TEST)


class OverviewColumn(IntEnum):
    """Columns in order; the last three are roles."""

    CLASS = 0
    BAR = 1
    TRAINING = 2
    VALIDATION = 3
    TEST = 4


class OverviewModel(QAbstractTableModel):
    """The sums of all classes in the first row, then each class in the order of the indices."""

    def __init__(self) -> None:
        super().__init__()
        self._classes: list[tuple[int, str, Mapping[Role, int]]] = []
        self._sums = dict.fromkeys(Role, 0)
        self._most = 1

    def set_table(self, table: ClassTable) -> None:
        """Count the images of another table."""
        numbers = table.images_by_class
        self.beginResetModel()
        self._classes = [
            (index, name, of_class) for (index, of_class), name in zip(numbers.items(), table.class_names, strict=True)
        ]
        self._sums = {role: sum(of_class[role] for of_class in numbers.values()) for role in Role}
        self._most = max((of_class[Role.TRAINING] for of_class in numbers.values()), default=0) or 1
        self.endResetModel()

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() or not self._classes else len(self._classes) + 1

    def columnCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(OverviewColumn)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Vertical or not 0 <= section < len(OverviewColumn):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return "" if section < OverviewColumn.TRAINING else str(_ROLES[section - OverviewColumn.TRAINING])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() >= OverviewColumn.TRAINING:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if index.row() == 0:
            return self._sum_data(index.column(), role)
        class_index, name, numbers = self._classes[index.row() - 1]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return _text(name, numbers, index.column())
            case Qt.ItemDataRole.ToolTipRole:
                parts = [f"{grouped(numbers[each])} {each}" for each in _ROLES]
                return f"{name} (class {class_index}): {', '.join(parts)} images"
            case _ if role == BAR_ROLE and index.column() == OverviewColumn.BAR:
                return numbers[Role.TRAINING] / self._most, class_color(class_index)
            case _:
                return None

    def _sum_data(self, column: int, role: int) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            n_classes = len(self._classes)
            return _text("1 class" if n_classes == 1 else f"{grouped(n_classes)} classes", self._sums, column)
        if role == Qt.ItemDataRole.FontRole:
            font = QFont()
            font.setBold(True)
            return font
        return None


def _text(name: str, numbers: Mapping[Role, int], column: int) -> str:
    if column < OverviewColumn.TRAINING:
        return name if column == OverviewColumn.CLASS else ""
    number = numbers[_ROLES[column - OverviewColumn.TRAINING]]
    return grouped(number) if number else "–"
