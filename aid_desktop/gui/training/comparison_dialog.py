"""How the runs of a series compare: architectures above, each run below."""

from dataclasses import dataclass
from pathlib import Path

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QGuiApplication, QKeySequence
from PyQt5.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QShortcut,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.gui.background import JobContext
from aid_desktop.gui.models.comparison_model import ComparisonModel
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, set_role
from aid_desktop.gui.widgets.dialog import Dialog
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note
from aid_desktop.gui.widgets.naming import name_widget, named_button
from aid_desktop.gui.widgets.row_table import show_rows
from aid_desktop.runs.comparison import Comparison, RunState, compare, write_comparison
from aid_desktop.runs.comparison_table import TextTable, run_table, summary_table
from aid_desktop.runs.series import Series

_ROW_HEIGHT = 3 * GRID
_HINT = (
    "Mean ± standard deviation over the finished runs, each with the values of its best epoch. The validation images "
    "have chosen that epoch, so these values are a little too good: assess the model you take on test images."
)


@dataclass(frozen=True, slots=True)
class ComparedSeries:
    """A series and how far its runs are."""

    series: Series
    comparison: Comparison

    @property
    def n_left(self) -> int:
        """How many runs are not finished."""
        return sum(run.state is not RunState.FINISHED for run in self.comparison.runs)


def compare_and_write(series: Series, context: JobContext) -> ComparedSeries:
    """Compare the runs of a series and write its comparison.csv, for a background thread.

    Raises RunError if a history cannot be read, OSError if the file cannot be written.
    """
    comparison = compare(series)
    write_comparison(comparison, series.comparison_csv)
    return ComparedSeries(series, comparison)


class ComparisonDialog(Dialog):
    """Shows a ComparedSeries beside the window.

    `run_chosen` carries the folder of a run to look at, `go_on_wanted` the series of which the rest is to be trained.
    """

    run_chosen = pyqtSignal(Path)
    go_on_wanted = pyqtSignal(Series)

    def __init__(self, compared: ComparedSeries, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("comparisonDialog")
        self.setAccessibleName("Comparison of runs")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        # It may come up while the user is at work elsewhere.
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setModal(False)
        self.set_size(140, 60)
        self._compared = compared
        self.messages = MessageStrip("comparisonMessages", self)
        self._title = QLabel(self)
        set_role(self._title, "heading")
        self._summary = ComparisonModel(summary_table(compared.comparison))
        self._runs = ComparisonModel(run_table(compared.comparison))
        self.summary_view = _view(self._summary, "comparisonSummary", "Architectures", "", self)
        self.runs_view = _view(self._runs, "comparisonRuns", "Runs", "Double-click to open a run in History", self)
        self.runs_view.doubleClicked.connect(self._on_run_activated)
        shortcut = QShortcut(QKeySequence("Return"), self.runs_view, self._on_run_activated)
        shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
        self._go_on = named_button(self, "", "comparisonGoOnButton", "Train the runs that are not finished", "resume")
        self._lay_out()
        self.set_compared(compared, can_go_on=True)

    def set_compared(self, compared: ComparedSeries, *, can_go_on: bool) -> None:
        """Show how far the series is now; `can_go_on`: the rest of it does not wait already."""
        self._compared = compared
        comparison, n_left = compared.comparison, compared.n_left
        self.setWindowTitle(f"Comparison: {compared.series.path.name}")
        n_runs = len(comparison.runs)
        self._title.setText(f"{n_runs - n_left} of {n_runs} runs are finished")
        self._summary.set_table(summary_table(comparison))
        self._runs.set_table(run_table(comparison))
        for view in (self.summary_view, self.runs_view):
            view.resizeColumnsToContents()
            for column in range(required(view.model()).columnCount()):
                view.setColumnWidth(column, view.columnWidth(column) + GRID)
        header = required(self.summary_view.horizontalHeader())
        n_rows = min(6, len(comparison.summaries))
        self.summary_view.setFixedHeight(header.sizeHint().height() + n_rows * _ROW_HEIGHT + 2 * GRID)
        self._go_on.setText(f"Train the other {n_left}" if n_left > 1 else "Train the other one")
        self._go_on.setVisible(bool(n_left) and can_go_on)

    def _lay_out(self) -> None:
        hint = QLabel(_HINT, self)
        hint.setWordWrap(True)
        set_role(hint, "muted")
        copy = named_button(self, "Copy", "comparisonCopyButton", "Copy both tables, for a spreadsheet", "copy")
        save = named_button(self, "Save as CSV…", "comparisonSaveButton", "Save both tables as one file", "save")
        close = named_button(self, "Close", "comparisonCloseButton", "The button Compare… of the queue shows it again")
        copy.clicked.connect(self._on_copy)
        save.clicked.connect(self._on_save)
        close.clicked.connect(self.accept)
        self._go_on.clicked.connect(self._on_go_on)
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID)
        for button in (copy, save):
            buttons.addWidget(button)
        buttons.addStretch(1)
        for button in (self._go_on, close):
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        for part in (self.messages, self._title, self.summary_view, hint):
            column.addWidget(part)
        column.addWidget(self.runs_view, 1)
        column.addLayout(buttons)

    @pyqtSlot()
    def _on_copy(self) -> None:
        tables: tuple[TextTable, ...] = (summary_table(self._compared.comparison), run_table(self._compared.comparison))
        text = "\n".join(table.tab_separated() for table in tables)
        required(QGuiApplication.clipboard()).setText(text)

    @pyqtSlot()
    def _on_save(self) -> None:
        suggested = str(self._compared.series.comparison_csv)
        path, _ = QFileDialog.getSaveFileName(self, "Save the comparison", suggested, "Table (*.csv)")
        if not path:
            return
        try:
            write_comparison(self._compared.comparison, Path(path))
        except OSError as error:
            self.messages.add(Note(Level.ERROR, f"{path} cannot be written: {error.strerror}."))

    @pyqtSlot()
    def _on_go_on(self) -> None:
        self._go_on.hide()
        self.go_on_wanted.emit(self._compared.series)

    @pyqtSlot()
    def _on_run_activated(self) -> None:
        rows = required(self.runs_view.selectionModel()).selectedRows()
        runs = [self._compared.comparison.runs[index.row()] for index in rows]
        if runs and runs[0].n_epochs:
            self.run_chosen.emit(runs[0].folder.path)


def _view(model: ComparisonModel, name: str, title: str, tip: str, parent: QWidget) -> QTableView:
    view = QTableView(parent)
    view.setModel(model)
    name_widget(view, name, title, tip)
    show_rows(view)
    rows = required(view.verticalHeader())
    rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    rows.setDefaultSectionSize(_ROW_HEIGHT)
    return view
