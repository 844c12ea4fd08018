"""The curves of a run above the table of its epochs, with what decides how both are shown."""

from collections.abc import Sequence

from PyQt5.QtCore import QModelIndex, Qt, QTimer, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QSlider,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.gui.history.opened_run import RunFiles
from aid_desktop.gui.models.history_model import HistoryModel
from aid_desktop.gui.plots.history_plot import HistoryPlot
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, ThemeManager
from aid_desktop.runs.records import EpochRecord

LONGEST_WINDOW = 50

_SMOOTHING_DELAY = 60  # milliseconds after the last move of the slider
_ROW_HEIGHT = 3 * GRID
_WIDEST_NUMBER = "0.0000"
_CELL_PADDING = 3 * GRID


class CurvesPanel(QWidget):
    """Plot and table of one run; `epoch_chosen` carries the epoch chosen in either."""

    epoch_chosen = pyqtSignal(int)

    def __init__(self, themes: ThemeManager, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plot = HistoryPlot("historyPlot", themes, self, is_stacked=False)
        self.model = HistoryModel(self)
        self.table = _epoch_table(self.model, self)
        self._smoothing = QSlider(Qt.Orientation.Horizontal, self)
        self._smoothing.setRange(1, LONGEST_WINDOW)
        self._smoothing.setPageStep(5)
        self._smoothing.setFixedWidth(16 * GRID)
        self._smoothing.setObjectName("historySmoothing")
        self._smoothing.setAccessibleName("Smoothing of the curves")
        self._smoothing.setToolTip("Draw the median of this many epochs around each epoch; 1: as measured")
        self._smoothing_text = QLabel(self)
        self._smoothing_text.setMinimumWidth(self.fontMetrics().horizontalAdvance("50 epochs  "))
        self._saved_only = QCheckBox("Saved epochs only", self)
        self._saved_only.setObjectName("historySavedOnly")
        self._saved_only.setAccessibleName("Show saved epochs only")
        self._saved_only.setToolTip("Show only the epochs after which a model was saved, in plot and table")
        self._log = QCheckBox("Logarithmic", self)
        self._log.setObjectName("historyLog")
        self._log.setAccessibleName("Logarithmic vertical axis")
        self._log.setToolTip("Use a logarithmic vertical axis, which suits losses and learning rates")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SMOOTHING_DELAY)
        self._selected: int | None = None
        self._is_selecting = False
        self._lay_out()
        self._on_slider_moved(1)
        self._connect()

    def show_run(self, files: RunFiles) -> None:
        """Show what the files of a run say."""
        self._selected = None
        self.model.set_history(files.history, files.series)
        self.plot.set_history(files.history, files.folder.name, files.series)
        self.plot.set_markers(files.revisions)
        self._size_columns()

    def append(self, record: EpochRecord, removed: Sequence[int] = ()) -> None:
        """Add the next epoch, for which the models of the epochs `removed` have gone."""
        bar = required(self.table.verticalScrollBar())
        was_at_end = bar.value() == bar.maximum()
        is_first = not self.model.rowCount()
        self.plot.append(record, removed)
        self.model.append(record, removed)
        if is_first:
            self._size_columns()
        elif was_at_end:
            self.table.scrollToBottom()

    def add_marker(self, epoch: int, text: str) -> None:
        """Mark that settings changed before an epoch."""
        self.plot.add_marker(epoch, text)

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
        row = QHBoxLayout()
        row.setSpacing(GRID)
        title = QLabel("Smoothing", self)
        title.setBuddy(self._smoothing)
        for widget in (title, self._smoothing, self._smoothing_text):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self._saved_only)
        row.addWidget(self._log)
        upper = QWidget(self)
        column = QVBoxLayout(upper)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(self.plot, 1)
        column.addLayout(row)
        splitter = QSplitter(Qt.Orientation.Vertical, self)
        splitter.addWidget(upper)
        splitter.addWidget(self.table)
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 2)
        splitter.setSizes([360, 220])
        splitter.setHandleWidth(GRID)
        splitter.setChildrenCollapsible(False)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(splitter)

    def _connect(self) -> None:
        self.plot.epoch_clicked.connect(self._on_epoch_clicked)
        required(self.table.selectionModel()).currentRowChanged.connect(self._on_row_changed)
        self._smoothing.valueChanged.connect(self._on_slider_moved)
        self._timer.timeout.connect(self._on_smoothing_settled)
        self._saved_only.toggled.connect(self._on_saved_only)
        self._log.toggled.connect(self.plot.set_log)
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

    @pyqtSlot(int)
    def _on_slider_moved(self, window: int) -> None:
        self._smoothing_text.setText("off" if window == 1 else f"{window} epochs")
        self._timer.start()

    @pyqtSlot()
    def _on_smoothing_settled(self) -> None:
        self.plot.set_rolling_median(self._smoothing.value())

    @pyqtSlot(bool)
    def _on_saved_only(self, is_saved_only: bool) -> None:
        self.plot.set_saved_only(is_saved_only)
        self.model.set_saved_only(is_saved_only)

    @pyqtSlot()
    def _on_model_reset(self) -> None:
        self.select(self._selected)


def _epoch_table(model: HistoryModel, parent: QWidget) -> QTableView:
    table = QTableView(parent)
    table.setObjectName("historyTable")
    table.setAccessibleName("Epochs of the run")
    table.setModel(model)
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
