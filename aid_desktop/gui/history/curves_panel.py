"""The curves of the runs on show, above the epochs of the current one and the comparison of all."""

from collections.abc import Sequence

from PyQt5.QtCore import QModelIndex, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QAbstractItemView, QHeaderView, QSplitter, QTableView, QTabWidget, QVBoxLayout, QWidget

from aid_desktop.gui.background import Background
from aid_desktop.gui.history.comparison_panel import ComparisonPanel
from aid_desktop.gui.history.curve_controls import CurveControls
from aid_desktop.gui.history.fit_table import FitTable
from aid_desktop.gui.history.opened_run import OpenedRun
from aid_desktop.gui.models.epoch_series import EpochSeries
from aid_desktop.gui.models.history_model import HistoryModel
from aid_desktop.gui.plots.plotted_run import PlottedRun
from aid_desktop.gui.plots.runs_plot import RunsPlot
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, ThemeManager
from aid_desktop.gui.widgets.empty_hint import EmptyHint
from aid_desktop.runs.history import History
from aid_desktop.runs.records import EpochRecord

_ROW_HEIGHT = 3 * GRID
_WIDEST_NUMBER = "0.0000"
_CELL_PADDING = 3 * GRID
_FITS = 2
_FEW_CURVES = 4


class CurvesPanel(QWidget):
    """Plot of the runs on show, table of the current one's epochs, and the comparison of all.

    `epoch_chosen` carries the epoch chosen in plot or table, `point_chosen` the key of another run and its epoch.
    """

    epoch_chosen = pyqtSignal(int)
    point_chosen = pyqtSignal(str, int)

    def __init__(self, themes: ThemeManager, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plot = RunsPlot("historyPlot", themes, background, self)
        self.controls = CurveControls(self)
        self.model = HistoryModel(self)
        self.table = _epoch_table(self.model, self)
        self.comparison = ComparisonPanel(self)
        self.fits = FitTable(self)
        self.tables = QTabWidget(self)
        self._selected: int | None = None
        self._is_selecting = False
        self._lay_out()
        self._connect()

    def show_run(self, run: OpenedRun) -> None:
        """Show the epochs of a run in the table."""
        self._selected = None
        self.model.set_history(History(tuple(run.records)), run.series)
        self._size_columns()

    def clear(self, empty_text: str) -> None:
        """Show nothing but a text where the curves would be."""
        self._selected = None
        self.plot.set_runs((), "")
        self.plot.set_empty_text(empty_text)
        self.plot.set_selected_epoch(None)
        self.model.set_history(History(), EpochSeries(()))
        self.comparison.set_runs(())

    def show_runs(self, runs: Sequence[PlottedRun], current: str) -> None:
        """Show the curves of runs; `current` is the key of that in the table."""
        if len(runs) != len(self.plot.runs):
            # Of one run the boxes above the plot tell all that the legend would.
            self.controls.set_legend_shown(len(runs) > 1)
            self._leave_legend_out_of_many(len(runs))
        self.plot.set_runs(runs, current)

    def append(self, record: EpochRecord, removed: Sequence[int] = ()) -> None:
        """Add the next epoch to the table, for which the models of the epochs `removed` have gone."""
        bar = required(self.table.verticalScrollBar())
        was_at_end = bar.value() == bar.maximum()
        is_first = not self.model.rowCount()
        self.model.append(record, removed)
        if is_first:
            self._size_columns()
        elif was_at_end:
            self.table.scrollToBottom()

    def select(self, epoch: int | None) -> None:
        """Mark an epoch in plot and table; emits nothing."""
        self._selected = epoch
        self.plot.set_selected_epoch(epoch)
        row = self.model.row_of(epoch) if epoch is not None else None
        self._is_selecting = True
        if row is None:
            required(self.table.selectionModel()).clear()
        else:
            self.table.selectRow(row)
            self.table.scrollTo(self.model.index(row, 0), QAbstractItemView.ScrollHint.PositionAtCenter)
        self._is_selecting = False

    def _lay_out(self) -> None:
        upper = QWidget(self)
        column = QVBoxLayout(upper)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(self.plot, 1)
        column.addWidget(self.controls)
        self.tables.setObjectName("historyTables")
        self.tables.setAccessibleName("Tables of the runs")
        self.tables.setDocumentMode(True)
        self.tables.addTab(self.table, "Epochs")
        self.tables.addTab(self.comparison, "Comparison")
        self.tables.addTab(self.fits, "Linear fit")
        self.tables.setTabVisible(_FITS, False)
        self.tables.setTabToolTip(_FITS, "The slopes of the lines that are fitted to the curves")
        self.tables.setTabToolTip(0, "The epochs of the chosen run")
        self.tables.setTabToolTip(1, "Settings that differ between the ticked runs, their best and last values, time")
        splitter = QSplitter(Qt.Orientation.Vertical, self)
        splitter.addWidget(upper)
        splitter.addWidget(self.tables)
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 2)
        splitter.setSizes([360, 220])
        splitter.setHandleWidth(GRID)
        splitter.setChildrenCollapsible(False)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(splitter)

    def _connect(self) -> None:
        plot, controls = self.plot, self.controls
        plot.epoch_clicked.connect(self._on_epoch_clicked)
        plot.point_clicked.connect(self.point_chosen)
        required(self.table.selectionModel()).currentRowChanged.connect(self._on_row_changed)
        controls.window_changed.connect(plot.set_rolling_median)
        controls.saved_only_changed.connect(plot.set_saved_only)
        controls.saved_only_changed.connect(self.model.set_saved_only)
        controls.log_changed.connect(plot.set_log)
        controls.log_x_changed.connect(plot.set_log_x)
        controls.fit_changed.connect(plot.set_fit_shown)
        controls.fit_changed.connect(self._on_fit_shown)
        plot.fits_changed.connect(self._on_fits)
        controls.stretch_changed.connect(plot.set_stretch)
        controls.legend_changed.connect(plot.frame.set_legend_shown)
        plot.stretch_changed.connect(controls.show_stretch)
        self.model.modelReset.connect(self._on_model_reset)

    def _size_columns(self) -> None:
        """Give each column the room of its title or its numbers; Qt would add that of a sort mark to each."""
        header = required(self.table.horizontalHeader())
        metrics = header.fontMetrics()
        for column in range(self.model.columnCount()):
            title = str(self.model.headerData(column, Qt.Orientation.Horizontal))
            words = (*title.split("\n"), _WIDEST_NUMBER)
            header.resizeSection(column, max(map(metrics.horizontalAdvance, words)) + _CELL_PADDING)

    @pyqtSlot(int)
    def _on_epoch_clicked(self, epoch: int) -> None:
        self.select(epoch)
        self.epoch_chosen.emit(epoch)

    @pyqtSlot(QModelIndex, QModelIndex)
    def _on_row_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if current.isValid() and not self._is_selecting:
            self._selected = self.model.record(current.row()).epoch
            self.plot.set_selected_epoch(self._selected)
            self.epoch_chosen.emit(self._selected)

    @pyqtSlot(bool)
    def _on_fit_shown(self, is_shown: bool) -> None:
        self.tables.setTabVisible(_FITS, is_shown)
        if is_shown:
            self.tables.setCurrentIndex(_FITS)
            self._leave_legend_out_of_many(len(self.plot.runs))

    def _leave_legend_out_of_many(self, n_runs: int) -> None:
        """Hide a legend that would cover most of the curves: list, boxes and table tell the same."""
        if n_runs * len(self.plot.columns) > _FEW_CURVES:
            self.controls.set_legend_shown(False)

    @pyqtSlot()
    def _on_fits(self) -> None:
        self.fits.show_fits(self.plot.fits)

    @pyqtSlot()
    def _on_model_reset(self) -> None:
        self.select(self._selected)


def _epoch_table(model: HistoryModel, parent: QWidget) -> QTableView:
    table = QTableView(parent)
    table.setObjectName("historyTable")
    table.setAccessibleName("Epochs of the run")
    table.setModel(model)
    EmptyHint("The epochs of the chosen run stand here.", table)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setAlternatingRowColors(True)
    table.setShowGrid(False)
    table.setWordWrap(False)
    rows = required(table.verticalHeader())
    rows.hide()
    rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    rows.setDefaultSectionSize(_ROW_HEIGHT)
    header = required(table.horizontalHeader())
    header.setStretchLastSection(True)
    header.setHighlightSections(False)
    header.setMinimumSectionSize(6 * GRID)
    # Without a column the model keeps the order of epochs; set before, as enabling it sorts at once.
    header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
    table.setSortingEnabled(True)
    return table
