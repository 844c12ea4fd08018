"""The table that compares the runs on show."""

from collections.abc import Sequence
from pathlib import Path

from PyQt5.QtCore import QModelIndex, Qt, QTimer, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QGuiApplication, QShowEvent
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.gui.models.run_table_model import RunTableModel
from aid_desktop.gui.qt import required
from aid_desktop.gui.saving import save_as
from aid_desktop.gui.theme import GRID, set_role
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note
from aid_desktop.gui.widgets.naming import name_widget, named_button
from aid_desktop.gui.widgets.row_table import show_rows
from aid_desktop.runs.run_comparison import RunFacts, compare_runs, write_run_table

_ROW_HEIGHT = 3 * GRID
_WIDEST = 30 * GRID
_CELL_PADDING = 3 * GRID
# Epochs of a live run can come faster than anybody reads the table.
_DELAY = 300
_HINT = "Best epoch: highest validation accuracy among the saved models. Settings are shown where the runs differ."


class ComparisonPanel(QWidget):
    """Compares runs. `run_chosen` carries the path of a run that the user chose in the table."""

    run_chosen = pyqtSignal(Path)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = RunTableModel(self)
        self.messages = MessageStrip("historyComparisonMessages", self)
        self.table = _table(self.model, self)
        self._facts: tuple[RunFacts, ...] = ()
        self._is_stale = False
        self._sized_for: tuple[object, ...] = ()
        self._hint = QLabel(_HINT, self)
        self._hint.setWordWrap(True)
        set_role(self._hint, "muted")
        self._copy = named_button(
            self, "Copy", "historyComparisonCopyButton", "Copy the table, for a spreadsheet", "copy"
        )
        self._save = named_button(
            self, "Save as CSV…", "historyComparisonSaveButton", "Save the table with all digits as a CSV file", "save"
        )
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY)
        self._timer.timeout.connect(self._compare)
        self._copy.clicked.connect(self._on_copy)
        self._save.clicked.connect(self._on_save)
        self.table.activated.connect(self._on_activated)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(self._hint, 1)
        row.addWidget(self._copy)
        row.addWidget(self._save)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID // 2, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(self.messages)
        column.addWidget(self.table, 1)
        column.addLayout(row)

    def set_runs(self, facts: Sequence[RunFacts]) -> None:
        """Compare these runs, once somebody sees it."""
        self._facts = tuple(facts)
        self._timer.stop()
        self._is_stale = True
        if self.isVisible():
            self._compare()

    def set_runs_soon(self, facts: Sequence[RunFacts]) -> None:
        """Compare these runs within a moment, once somebody sees it; meanwhile others may come."""
        self._facts = tuple(facts)
        self._is_stale = True
        if self.isVisible() and not self._timer.isActive():
            self._timer.start()

    def showEvent(self, a0: QShowEvent | None) -> None:
        super().showEvent(a0)
        if self._is_stale:
            self._compare()

    @pyqtSlot()
    def _compare(self) -> None:
        self._is_stale = False
        table = compare_runs(self._facts)
        self.model.set_runs(table)
        for button in (self._copy, self._save):
            button.setEnabled(bool(table.rows))
        layout = (*table.headers, *table.paths)
        if layout != self._sized_for:
            self._sized_for = layout
            self._size_columns()

    def _size_columns(self) -> None:
        """Give each column the room of its title or its texts; Qt would add that of a sort mark to each."""
        metrics = self.table.fontMetrics()
        rows = self.model.shown.texts().rows
        for column in range(self.model.columnCount()):
            title = str(self.model.headerData(column, Qt.Orientation.Horizontal))
            words = (*title.split("\n"), *(row[column] for row in rows))
            width = max(map(metrics.horizontalAdvance, words)) + _CELL_PADDING
            self.table.setColumnWidth(column, min(_WIDEST, width))

    @pyqtSlot()
    def _on_copy(self) -> None:
        required(QGuiApplication.clipboard()).setText(self.model.shown.texts().tab_separated())

    @pyqtSlot()
    def _on_save(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self, "Save the comparison", "comparison.csv", "Table (*.csv)")
        if chosen:
            save_as(chosen, ".csv", self._save_to, self)

    def _save_to(self, path: Path) -> None:
        self.messages.clear()
        try:
            write_run_table(self.model.shown, path)
        except OSError as error:
            text = f"{path} cannot be written ({error.strerror or error}): choose another folder or name"
            self.messages.add(Note(Level.ERROR, text))

    @pyqtSlot(QModelIndex)
    def _on_activated(self, index: QModelIndex) -> None:
        self.run_chosen.emit(self.model.shown.paths[index.row()])


def _table(model: RunTableModel, parent: QWidget) -> QTableView:
    table = QTableView(parent)
    name_widget(table, "historyComparison", "Comparison of the runs", "Double-click or Return: show this run's epochs")
    table.setModel(model)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setAlternatingRowColors(True)
    show_rows(table)
    rows = required(table.verticalHeader())
    rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    rows.setDefaultSectionSize(_ROW_HEIGHT)
    header = required(table.horizontalHeader())
    header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
    table.setSortingEnabled(True)
    return table
