"""A table of a comparison as a Qt model."""

from typing import Any

from PyQt5.QtCore import QAbstractTableModel, QModelIndex, Qt

from aid_desktop.gui.models.epoch_names import title_of
from aid_desktop.runs.comparison_table import TextTable

_NO_PARENT = QModelIndex()


class ComparisonModel(QAbstractTableModel):
    """Shows a TextTable: names on the left, numbers on the right of their columns."""

    def __init__(self, table: TextTable) -> None:
        super().__init__()
        self._table = table

    def set_table(self, table: TextTable) -> None:
        """Show another table."""
        self.beginResetModel()
        self._table = table
        self.endResetModel()

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._table.rows)

    def columnCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._table.headers)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Vertical or not 0 <= section < len(self._table.headers):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return title_of(self._table.headers[section])
        return self._alignment(section) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(index.column())
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._table.rows[index.row()][index.column()]
        return None

    def _alignment(self, column: int) -> int:
        side = Qt.AlignmentFlag.AlignLeft if column < self._table.n_leading else Qt.AlignmentFlag.AlignRight
        return int(side | Qt.AlignmentFlag.AlignVCenter)
