"""The epochs of a run as rows of a table."""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PyQt5.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt

from aid_desktop.gui.models.epoch_names import in_order, title_of
from aid_desktop.gui.models.epoch_series import EpochSeries
from aid_desktop.runs.history import History
from aid_desktop.runs.records import EpochRecord

SORT_ROLE = int(Qt.ItemDataRole.UserRole) + 1
"""Role of a cell's raw value: a number, or True where a model was saved."""

_SMALLEST_PLAIN = 0.001
# AIDeveloper does not always tell.
_MAY_BE_UNKNOWN = ("learning_rate", "seconds")
_HELP = {
    "epoch": "Counted from 0, as in the names of saved models",
    "revision": "Number of the settings in force",
    "learning rate": "Learning rate at the end of the epoch",
    "seconds": "How long the epoch took",
    "model": "Whether a model was saved after this epoch",
}


class HistoryModel(QAbstractTableModel):
    """One row per epoch: epoch, ✓ where a model was saved, metrics, learning rate, seconds, revision.

    Sorting and showing saved epochs only are done here and stay quick for very long runs.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._records: list[EpochRecord] = []
        self._series = EpochSeries()
        self._columns: tuple[str, ...] = ()
        self._order: NDArray[np.intp] = np.empty(0, np.intp)
        self._is_saved_only = False
        self._sorting: tuple[int, Qt.SortOrder] | None = None

    def set_history(self, history: History, series: EpochSeries | None = None) -> None:
        """Show other records; `series` may hold the same ones, made elsewhere."""
        self.beginResetModel()
        self._records = list(history.records)
        # The model grows its own series: a given one belongs to a plot that appends as well.
        self._series = EpochSeries(history.records) if series is None else series.copy()
        self._columns = _table_columns(history.records[-1]) if history.records else ()
        self._order = self._wanted_order()
        self.endResetModel()

    def append(self, record: EpochRecord, removed: Sequence[int] = ()) -> None:
        """Add the next epoch at the end, or where the sorting puts it; the models of epochs `removed` have gone."""
        if removed:
            self._forget_models(removed)
        if _table_columns(record) != self._columns:
            self.set_history(History((*self._records, record)))
            return
        is_shown = record.model is not None or not self._is_saved_only
        row = len(self._order)
        if is_shown:
            self.beginInsertRows(QModelIndex(), row, row)
        self._series.append(record)
        self._records.append(record)
        if is_shown:
            self._order = np.append(self._order, len(self._records) - 1)
            self.endInsertRows()
            if self._sorting is not None:
                self.sort(*self._sorting)

    def _forget_models(self, epochs: Sequence[int]) -> None:
        self._series.forget_models(epochs)
        self._records = [
            dataclasses.replace(record, model=None) if record.model and record.epoch in epochs else record
            for record in self._records
        ]
        if self._is_saved_only:
            self.beginResetModel()
            self._order = self._wanted_order()
            self.endResetModel()
        elif len(self._order):
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, self.columnCount() - 1))

    def set_saved_only(self, is_saved_only: bool) -> None:
        """Show only the epochs after which a model was saved."""
        if is_saved_only != self._is_saved_only:
            self.beginResetModel()
            self._is_saved_only = is_saved_only
            self._order = self._wanted_order()
            self.endResetModel()

    def record(self, row: int) -> EpochRecord:
        """Return the record of a row."""
        return self._records[int(self._order[row])]

    def row_of(self, epoch: int) -> int | None:
        """Return the row of an epoch; None when it is not shown."""
        position = self._series.position(epoch)
        if position is None:
            return None
        rows = np.flatnonzero(self._order == position)
        return int(rows[0]) if len(rows) else None

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._order)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._columns)

    def data(self, index: QModelIndex, role: int = int(Qt.ItemDataRole.DisplayRole)) -> object:
        if not index.isValid() or index.row() >= len(self._order) or index.column() >= len(self._columns):
            return None
        name = self._columns[index.column()]
        record = self.record(index.row())
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignHCenter if name == "model" else Qt.AlignmentFlag.AlignRight
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        value = record.value(name)
        if name == "model":
            return _model_cell(record.model, role)
        if role == Qt.ItemDataRole.DisplayRole:
            return number_text(name, value)
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{title_of(name)} of epoch {record.epoch}: {_exact(value)}"
        if role == SORT_ROLE:
            return value
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = int(Qt.ItemDataRole.DisplayRole)
    ) -> object:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self._columns):
            return None
        title = title_of(self._columns[section])
        if role == Qt.ItemDataRole.DisplayRole:
            return title.replace(" ", "\n")
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return title
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{_HELP.get(title, title.capitalize())}. Click to sort."
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort the rows by a column; a negative column brings back the order of epochs."""
        self._sorting = (column, order) if 0 <= column < len(self._columns) else None
        self.layoutAboutToBeChanged.emit()
        old = self._order
        self._order = self._wanted_order()
        places = np.empty(len(self._records), np.intp)
        places[self._order] = np.arange(len(self._order))
        before = self.persistentIndexList()
        after = [self.index(int(places[old[index.row()]]), index.column()) for index in before]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def _wanted_order(self) -> NDArray[np.intp]:
        order = np.arange(len(self._records))
        if self._is_saved_only:
            order = order[self._series.saved]
        if self._sorting is None or self._sorting[0] >= len(self._columns):
            return order
        column, direction = self._sorting
        keys = self._sort_keys(self._columns[column])[order]
        if direction == Qt.SortOrder.DescendingOrder:
            keys = -keys
        return order[np.argsort(keys, kind="stable")]

    def _sort_keys(self, name: str) -> NDArray[np.float64]:
        if name == "epoch":
            return self._series.epochs
        if name == "model":
            return self._series.saved.astype(np.float64)
        if name == "revision":
            return np.array([record.revision for record in self._records], np.float64)
        return self._series.values(name)


def _table_columns(record: EpochRecord) -> tuple[str, ...]:
    metrics = in_order([name for name, _ in record.metrics])
    return ("epoch", "model", *metrics, "learning_rate", "seconds", "revision")


def number_text(name: str, value: object) -> str:
    """Return a number of a column for a table: metrics with four decimals, or digits where they are tiny."""
    if not isinstance(value, float):
        return "" if value is None else str(value)
    if name in _MAY_BE_UNKNOWN and math.isnan(value):
        return ""
    if name == "seconds":
        return f"{value:.2f}"
    if name == "learning_rate":
        return f"{value:.4g}"
    is_tiny = 0 < abs(value) < _SMALLEST_PLAIN
    return f"{value:.3e}" if is_tiny else f"{value:.4f}"


def _model_cell(model: str | None, role: int) -> object:
    if role == Qt.ItemDataRole.DisplayRole:
        return "✓" if model else ""
    if role == Qt.ItemDataRole.ToolTipRole:
        return f"Saved as {model}" if model else "No model of this epoch is kept"
    if role == Qt.ItemDataRole.AccessibleTextRole:
        return "model saved" if model else "no model"
    if role == SORT_ROLE:
        return model is not None
    return None


def _exact(value: object) -> str:
    return f"{value:.9g}" if isinstance(value, float) else str(value)
