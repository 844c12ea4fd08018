"""The comparison of any runs as a Qt model."""

import math

import numpy as np
from PyQt5.QtCore import QObject, Qt

from aid_desktop.gui.models.comparison_model import ComparisonModel
from aid_desktop.runs.run_comparison import Cell, RunTable

_EMPTY = RunTable((), (), 0, ())


class RunTableModel(ComparisonModel):
    """Shows a RunTable; numbers are sorted as numbers, what is missing comes last either way."""

    def __init__(self, parent: QObject | None = None) -> None:
        self._all = _EMPTY
        self._order: list[int] = []
        self._sorting: tuple[str, Qt.SortOrder] | None = None
        super().__init__(_EMPTY.texts())
        self.setParent(parent)

    @property
    def shown(self) -> RunTable:
        """The table in the order in which it is shown."""
        rows = tuple(self._all.rows[place] for place in self._order)
        return RunTable(self._all.headers, rows, self._all.n_leading, tuple(self._all.paths[i] for i in self._order))

    def set_runs(self, table: RunTable) -> None:
        """Show another table, sorted as before if the column is still there."""
        self._all = table
        self._arrange()

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = int(Qt.ItemDataRole.DisplayRole)
    ) -> object:
        told: object = super().headerData(section, orientation, Qt.ItemDataRole(role))
        if role == Qt.ItemDataRole.DisplayRole and isinstance(told, str):
            words = told.replace("last val ", "last validation ")
            return "\n".join(words.rsplit(" ", 1))
        if role == Qt.ItemDataRole.ToolTipRole and 0 <= section < len(self._all.headers):
            is_setting = 0 < section < self._all.n_leading
            return f"{'A setting in which the runs differ. ' if is_setting else ''}Click to sort."
        return told

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort the rows by a column; a negative column brings back the order of the runs."""
        is_known = 0 <= column < len(self._all.headers)
        self._sorting = (self._all.headers[column], order) if is_known else None
        self._arrange()

    def row_of(self, key: str) -> int | None:
        """Return the row of the run at a path; None when it is not shown."""
        return next((row for row, place in enumerate(self._order) if str(self._all.paths[place]) == key), None)

    def _arrange(self) -> None:
        self._order = list(range(len(self._all.rows)))
        if self._sorting is not None and self._sorting[0] in self._all.headers:
            column = self._all.headers.index(self._sorting[0])
            is_falling = self._sorting[1] == Qt.SortOrder.DescendingOrder
            cells = [row[column] for row in self._all.rows]
            there = [place for place in self._order if not _is_missing(cells[place])]
            gone = [place for place in self._order if _is_missing(cells[place])]
            self._order = sorted(there, key=lambda place: _rank(cells[place]), reverse=is_falling) + gone
        self.set_table(self.shown.texts())


def _is_missing(cell: Cell) -> bool:
    return cell is None or cell == "" or (isinstance(cell, float) and bool(np.isnan(cell)))


def _rank(cell: Cell) -> tuple[float, str]:
    """Return what a cell is sorted by: its number, also that at the beginning of a text, then the text."""
    if isinstance(cell, float):
        return cell, ""
    text = str(cell)
    try:
        return float(text.split()[0]), text
    except (ValueError, IndexError):
        return math.inf, text.lower()
