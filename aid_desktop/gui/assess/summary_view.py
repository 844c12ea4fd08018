"""How many images of each file are of each class: a table, and the shares as bars."""

from typing import Any

from PyQt5.QtCore import QAbstractTableModel, QModelIndex, Qt
from PyQt5.QtWidgets import QAbstractItemView, QHeaderView, QSplitter, QTableView, QVBoxLayout, QWidget

from aid_desktop.evaluation.summary import FileSummary, Summary, fraction_text
from aid_desktop.gui.background import Background
from aid_desktop.gui.plots.share_plot import SharePlot
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, ThemeManager
from aid_desktop.gui.widgets.row_table import show_rows
from aid_desktop.numbers import grouped

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_MOST_MEASURED = 30
_USUAL_CELL = "100 000  (100.0 %)"
_FIRST = ("File", "Images")


class SummaryModel(QAbstractTableModel):
    """A row for all files together, and one for each; columns: file, images, then each class."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._header: tuple[str, ...] = _FIRST
        self._files: tuple[FileSummary, ...] = ()
        self._groups: list[tuple[tuple[str, int], ...]] = []

    def set_summary(self, summary: Summary) -> None:
        """Show a summary."""
        self.beginResetModel()
        self._files = summary.total_first
        self._groups = [summary.groups(file) for file in self._files]
        self._header = (*_FIRST, *(name for name, _ in self._groups[0])) if self._groups else _FIRST
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._files)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._header)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._header[section]
        return (_RIGHT if section else _LEFT) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        # Made when asked for: with a thousand classes few cells are ever in sight.
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(index.row(), index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(index.row(), index.column())
        return _RIGHT if role == Qt.ItemDataRole.TextAlignmentRole and index.column() > 0 else None

    def _text(self, row: int, column: int) -> str:
        file = self._files[row]
        if column < len(_FIRST):
            return grouped(file.n) if column else file.name
        return _cell(self._groups[row][column - len(_FIRST)][1], file.n)

    def _tip(self, row: int, column: int) -> str:
        file = self._files[row]
        if column < len(_FIRST):
            return "" if column else file.path
        return _tip(*self._groups[row][column - len(_FIRST)], file.n)


class SummaryView(QWidget):
    """The table above, the bars below it."""

    def __init__(self, themes: ThemeManager, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("classifySummary")
        self.setAccessibleName("Images of each class")
        self.model = SummaryModel(self)
        self.table = QTableView(self)
        self.table.setObjectName("classifySummaryTable")
        self.table.setAccessibleName("Images of each class by file")
        self.table.setModel(self.model)
        show_rows(self.table)
        self.table.setAlternatingRowColors(True)
        self.table.setStyleSheet("QTableView::item { padding: 0 5px; }")
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.plot = SharePlot("classifyPlot", themes, self)
        self.plot.save_tables_in(background)
        splitter = QSplitter(Qt.Orientation.Vertical, self)
        splitter.setObjectName("classifySummarySplitter")
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self.table)
        splitter.addWidget(self.plot)
        splitter.setSizes([20 * GRID, 36 * GRID])
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        column.addWidget(splitter)

    def show_summary(self, summary: Summary) -> None:
        """Show the counts."""
        header, mode = required(self.table.horizontalHeader()), QHeaderView.ResizeMode
        is_wide = len(summary.class_names) > _MOST_MEASURED
        # Measuring the texts of a thousand columns takes seconds.
        header.setSectionResizeMode(mode.Interactive if is_wide else mode.ResizeToContents)
        self.model.set_summary(summary)
        if is_wide:
            header.setDefaultSectionSize(self.fontMetrics().horizontalAdvance(_USUAL_CELL) + 3 * GRID)
            self.table.resizeColumnToContents(0)
        self.plot.show_summary(summary)


def _cell(count: int, n: int) -> str:
    return f"{grouped(count)}  ({100 * count / n:.1f} %)" if n else grouped(count)


def _tip(name: str, count: int, n: int) -> str:
    return f"{name}: {fraction_text(count, n)} with a confidence of 95 %" if n else ""
