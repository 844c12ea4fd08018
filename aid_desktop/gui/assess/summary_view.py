"""How many images of each file are of each class: a table, and the shares as bars."""

from typing import Any

from PyQt5.QtCore import QAbstractTableModel, QModelIndex, Qt
from PyQt5.QtWidgets import QAbstractItemView, QHeaderView, QSplitter, QTableView, QVBoxLayout, QWidget

from aid_desktop.evaluation.summary import Summary, fraction_text
from aid_desktop.gui.numbers import grouped
from aid_desktop.gui.plots.share_plot import SharePlot
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, ThemeManager

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_FIRST = ("File", "Images")


class SummaryModel(QAbstractTableModel):
    """A row for each file, and one for all of them; columns: file, images, then each class."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._header: tuple[str, ...] = _FIRST
        self._rows: list[tuple[str, ...]] = []
        self._tips: list[tuple[str, ...]] = []

    def set_summary(self, summary: Summary) -> None:
        """Show a summary."""
        self.beginResetModel()
        files = summary.shown
        groups = [summary.groups(file) for file in files]
        self._header = (*_FIRST, *(name for name, _ in groups[0])) if groups else _FIRST
        self._rows = [
            (file.name, grouped(file.n), *(_cell(count, file.n) for _, count in group))
            for file, group in zip(files, groups, strict=True)
        ]
        self._tips = [
            (file.path, "", *(_tip(name, count, file.n) for name, count in group))
            for file, group in zip(files, groups, strict=True)
        ]
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._header)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._header[section]
        return (_RIGHT if section else _LEFT) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            return self._rows[index.row()][index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tips[index.row()][index.column()]
        return _RIGHT if role == Qt.ItemDataRole.TextAlignmentRole and index.column() > 0 else None


class SummaryView(QWidget):
    """The table above, the bars below it."""

    def __init__(self, themes: ThemeManager, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("classifySummary")
        self.setAccessibleName("Images of each class")
        self.model = SummaryModel(self)
        self.table = QTableView(self)
        self.table.setObjectName("classifySummaryTable")
        self.table.setAccessibleName("Images of each class by file")
        self.table.setModel(self.model)
        self.table.setTabKeyNavigation(False)
        self.table.setWordWrap(False)
        self.table.setAlternatingRowColors(True)
        self.table.setShowGrid(False)
        self.table.setStyleSheet("QTableView::item { padding: 0 5px; }")
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        required(self.table.verticalHeader()).hide()
        header = required(self.table.horizontalHeader())
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.plot = SharePlot("classifyPlot", themes, self)
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
        self.model.set_summary(summary)
        self.plot.show_summary(summary)


def _cell(count: int, n: int) -> str:
    return f"{grouped(count)}  ({100 * count / n:.1f} %)" if n else grouped(count)


def _tip(name: str, count: int, n: int) -> str:
    return f"{name}: {fraction_text(count, n)} with a confidence of 95 %" if n else ""
