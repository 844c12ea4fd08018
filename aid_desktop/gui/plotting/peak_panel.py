"""Peaks of fluorescence traces, event by event, and the line through their times over the places of the events."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyqtgraph as pg
from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QComboBox, QDoubleSpinBox, QFileDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from aid_desktop.data.source import DataSource
from aid_desktop.errors import DataError, ExportError
from aid_desktop.evaluation.peaks import (
    RANGE_SHARE,
    Peak,
    PeakModel,
    TraceAt,
    fit_peaks,
    highest_peaks,
    read_peaks,
    trace_at,
    write_peaks,
)
from aid_desktop.gui.background import Background, Failure, Job, JobContext
from aid_desktop.gui.plots.plot_frame import PlotFrame
from aid_desktop.gui.plots.plot_style import line_pen
from aid_desktop.gui.plotting.event_reading import EventRead
from aid_desktop.gui.plotting.peak_table import PeakTable
from aid_desktop.gui.saving import save_as
from aid_desktop.gui.theme import GRID, Theme, ThemeManager, class_color, set_role
from aid_desktop.gui.widgets.amount_editor import guard_wheel
from aid_desktop.gui.widgets.message_strip import sentence
from aid_desktop.gui.widgets.naming import name_widget, named_button

_EMPTY = "Click a point of the plot whose event has fluorescence traces"
_HIGHEST_TIP = "Add the maxima of the events that have the highest ones, in the trace above"
_NO_TRACE_TIP = "Click an event that has fluorescence traces first: its trace above is the one that is searched"
_NO_PEAKS = "Peaks appear here, and the line through them from two on"


class PeakPanel(QWidget):
    """Collects peaks of the events of a source. `failed` says what cannot be done, and why."""

    failed = pyqtSignal(Failure)

    def __init__(self, background: Background, themes: ThemeManager, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("peakPanel")
        self._background = background
        self._themes = themes
        self._source: DataSource | None = None
        self._event: int | None = None
        self._trace: TraceAt | None = None
        self._model: PeakModel | None = None
        self._reading: Job[TraceAt] | None = None
        self._searching: Job[list[Peak]] | None = None
        self.table = PeakTable(self)
        self.table.changed.connect(self._fit)
        self.table.itemSelectionChanged.connect(self._mark)
        self._make_controls()
        self._make_plots()
        self._lay_out()
        themes.changed.connect(self._on_theme_changed)
        self._on_theme_changed(themes.current)
        self.set_source(None)
        self._fit()

    @property
    def model(self) -> PeakModel | None:
        """The line through the peaks; None for fewer than two positions."""
        return self._model

    @property
    def trace(self) -> TraceAt | None:
        """The trace on show."""
        return self._trace

    def set_source(self, source: DataSource | None) -> None:
        """Take events of another source from now on; the peaks of the one before are kept."""
        self._stop()
        self._source, self._event = source, None
        self._set_traces(())
        self._show_nothing()

    def show_event(self, read: EventRead) -> None:
        """Show a trace of an event."""
        self._event = read.request.index
        self._set_traces(read.trace_names)
        self._read()

    def save(self, path: Path) -> None:
        """Write peaks and line to an .xlsx file. Raises ExportError."""
        write_peaks(path, self.table.peaks, self._model)

    def open(self, path: Path) -> None:
        """Add the peaks of an .xlsx file. Raises DataError."""
        self.table.add(read_peaks(path))

    def _make_controls(self) -> None:
        self.trace_box = QComboBox(self)
        self.trace_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.trace_box.setMinimumContentsLength(8)
        name_widget(self.trace_box, "peakTrace", "Trace", "In which fluorescence trace peaks are looked for")
        self.trace_box.currentIndexChanged.connect(self._read)
        guard_wheel(self.trace_box)
        self.add_button = named_button(
            self, "Add &peak", "peakAddButton", "Add the maximum within the range of the trace"
        )
        self.add_button.clicked.connect(self._on_add)
        self.percent_box = QDoubleSpinBox(self)
        self.percent_box.setRange(0.01, 100)
        self.percent_box.setValue(5)
        self.percent_box.setSuffix(" %")
        name_widget(
            self.percent_box, "peakPercent", "Highest", "The share of all events, those with the highest maxima"
        )
        guard_wheel(self.percent_box)
        self.highest_button = named_button(self, "Add &highest", "peakHighestButton", _HIGHEST_TIP)
        self.highest_button.clicked.connect(self._on_highest)
        self.remove_button = named_button(self, "Remove", "peakRemoveButton", "Remove the selected peaks (Del)")
        self.remove_button.clicked.connect(self.table.remove_selected)
        self.clear_button = named_button(self, "Remove all", "peakClearButton", "Remove all peaks")
        self.clear_button.clicked.connect(self.table.clear_peaks)
        self.open_button = named_button(self, "Open…", "peakOpenButton", "Add the peaks of a file (.xlsx)")
        self.open_button.clicked.connect(self._on_open)
        self.save_button = named_button(self, "Save…", "peakSaveButton", "Save peaks and line (.xlsx)")
        self.save_button.clicked.connect(self._on_save)

    def _make_plots(self) -> None:
        self.trace_plot = PlotFrame("peakTracePlot", self._themes, self, is_legend_shown=False)
        self.trace_plot.save_tables_in(self._background)
        self.trace_plot.header.addWidget(self.trace_box)
        self.trace_plot.header.addWidget(self.add_button)
        self.trace_plot.header.addStretch(1)
        panel = self.trace_plot.add_panel()
        panel.set_labels("signal [a.u.]", "time [µs]")
        self._curve = panel.add_curve("signal", class_color(0))
        self.region: Any = pg.LinearRegionItem((0, 1), swapMode="sort")
        panel.plot.addItem(self.region, ignoreBounds=True)
        self.region.sigRegionChangeFinished.connect(self._fit)
        self.peak_plot = PlotFrame("peakPlot", self._themes, self, is_legend_shown=False)
        self.peak_plot.save_tables_in(self._background)
        self.peak_plot.header.addWidget(self.percent_box)
        self.peak_plot.header.addWidget(self.highest_button)
        self.peak_plot.header.addStretch(1)
        panel = self.peak_plot.add_panel()
        panel.set_labels("time [µs]", "position [µm]")
        self._line = panel.add_curve("line", class_color(5))
        self._dots: Any = pg.ScatterPlotItem(size=7, pen=None)
        self._ring: Any = pg.ScatterPlotItem(size=13, brush=None)
        for item in (self._dots, self._ring):
            panel.plot.addItem(item)
        self.peak_plot.clicked.connect(self._on_peak_clicked)
        for plot, name in ((self.trace_plot, "trace"), (self.peak_plot, "peaks")):
            plot.suggested_name = name
            plot.canvas.setMinimumSize(20 * GRID, 10 * GRID)
            plot.restyle()

    def _lay_out(self) -> None:
        self._line_text = QLabel(self)
        self._line_text.setObjectName("peakModel")
        self._line_text.setWordWrap(True)
        self._line_text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        set_role(self._line_text, "muted")
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID // 2)
        for button in (self.remove_button, self.clear_button, self.open_button, self.save_button):
            buttons.addWidget(button, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.trace_plot, 3)
        column.addWidget(self.table, 3)
        column.addLayout(buttons)
        column.addWidget(self.peak_plot, 3)
        column.addWidget(self._line_text)

    def _set_traces(self, names: tuple[str, ...]) -> None:
        known = tuple(self.trace_box.itemText(i) for i in range(self.trace_box.count()))
        if known != names:
            before = self.trace_box.currentText()
            self.trace_box.blockSignals(True)
            self.trace_box.clear()
            self.trace_box.addItems(names)
            self.trace_box.setCurrentIndex(max(0, self.trace_box.findText(before)))
            self.trace_box.blockSignals(False)
        self.trace_box.setEnabled(bool(names))
        self._show_highest()

    @pyqtSlot()
    def _read(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        name = self.trace_box.currentText()
        if self._source is None or self._event is None or not name:
            self._show_nothing()
            return
        work = partial(_trace_at, self._source, name, self._event)
        self._reading = self._background.start("Reading a trace", work, self._show, self._on_failed)
        self.destroyed.connect(self._reading.cancel)

    def _show(self, trace: TraceAt) -> None:
        is_first = self._trace is None
        self._reading, self._trace = None, trace
        times = np.arange(len(trace.values)) * trace.interval
        self._curve.setData(times, trace.values)
        finite = np.flatnonzero(np.isfinite(trace.values))
        if is_first and len(finite):
            middle, half = times[finite[np.argmax(trace.values[finite])]], RANGE_SHARE * times[-1] / 2
            self.region.setRegion((middle - half, middle + half))
        self.region.show()
        self.trace_plot.set_empty_text("")
        self.add_button.setEnabled(True)

    def _show_nothing(self, text: str = _EMPTY) -> None:
        self._trace = None
        self.region.hide()
        self.trace_plot.set_empty_text(text)
        self.add_button.setEnabled(False)

    def _stop(self) -> None:
        for job in (self._reading, self._searching):
            if job is not None:
                job.cancel()
        self._reading = self._searching = None

    def _on_failed(self, failure: Failure) -> None:
        self._reading = None
        # Here and not among the messages: files without times or places are no mistake of the user.
        self._show_nothing(sentence(failure.message))

    @pyqtSlot()
    def _on_add(self) -> None:
        if self._trace is not None:
            try:
                self.table.add([self._trace.peak(*self.region.getRegion())])
            except DataError as error:
                self.failed.emit(Failure(str(error)))

    @pyqtSlot()
    def _on_highest(self) -> None:
        if self._source is None or self._searching is not None:
            return
        work = partial(_highest, self._source, self.trace_box.currentText(), self.percent_box.value())
        job = self._background.start("Finding peaks", work, self.table.add, self.failed.emit, is_cancellable=True)
        job.ended.connect(partial(self._on_searched, job))
        self.destroyed.connect(job.cancel)
        self._searching = job
        self.highest_button.setEnabled(False)

    def _on_searched(self, job: object) -> None:
        if job is self._searching:
            self._searching = None
            self._show_highest()

    def _show_highest(self) -> None:
        has_trace = self.trace_box.count() > 0
        self.highest_button.setEnabled(has_trace and self._searching is None)
        self.highest_button.setToolTip(_HIGHEST_TIP if has_trace else _NO_TRACE_TIP)

    def _fit(self, *_: object) -> None:
        peaks = self.table.peaks
        low, high = self.region.getRegion()
        try:
            self._model = fit_peaks(peaks, float(high - low))
        except DataError:
            self._model = None
        places = np.array([(peak.position, peak.time) for peak in peaks]).reshape(-1, 2)
        self._dots.setData(places[:, 0], places[:, 1])
        model = self._model
        ends = np.array([np.nanmin(places[:, 0]), np.nanmax(places[:, 0])]) if model is not None else np.empty(0)
        self._line.setData(ends, ends if model is None else model.slope * ends + model.intercept)
        self.peak_plot.set_empty_text("" if peaks else _NO_PEAKS)
        self._line_text.setText("" if model is None else model_text(model))
        for button in (self.clear_button, self.save_button):
            button.setEnabled(bool(peaks))
        self._mark()

    @pyqtSlot()
    def _mark(self) -> None:
        chosen = [self.table.peaks[place] for place in self.table.selected_peaks()]
        self._ring.setData([peak.position for peak in chosen], [peak.time for peak in chosen])
        self.remove_button.setEnabled(bool(chosen))

    @pyqtSlot(float, float)
    def _on_peak_clicked(self, x: float, y: float) -> None:
        width, height = self.peak_plot.panels[0].plot.vb.viewPixelSize()
        peaks = self.table.peaks
        away = np.array([np.hypot((peak.position - x) / width, (peak.time - y) / height) for peak in peaks])
        if np.isfinite(away).any():
            self.table.selectRow(int(np.nanargmin(away)))

    @pyqtSlot()
    def _on_open(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Open peaks", "", "Tables (*.xlsx)")
        if name:
            try:
                self.open(Path(name))
            except DataError as error:
                self.failed.emit(Failure(str(error)))

    @pyqtSlot()
    def _on_save(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Save peaks", "peaks.xlsx", "Tables (*.xlsx)")
        if name:
            save_as(name, ".xlsx", self._save_to, self)

    def _save_to(self, path: Path) -> None:
        try:
            self.save(path)
        except ExportError as error:
            self.failed.emit(Failure(str(error)))

    @pyqtSlot(Theme)
    def _on_theme_changed(self, theme: Theme) -> None:
        self._dots.setBrush(pg.mkBrush(theme.accent))
        self._ring.setPen(line_pen(theme.text, width=2.0))


def model_text(model: PeakModel) -> str:
    """Return the line in words."""
    sign = "+" if model.intercept >= 0 else "−"
    return (
        f"time = {model.slope:.4g} µs/µm · position {sign} {abs(model.intercept):.4g} µs; "
        f"velocity {model.velocity:.4g} m/s"
    )


def _trace_at(source: DataSource, name: str, event: int, _: JobContext) -> TraceAt:
    return trace_at(source, name, event)


def _highest(source: DataSource, name: str, percent: float, context: JobContext) -> list[Peak]:
    return highest_peaks(source, name, percent, context.report_or_leave)
