"""The window that plots two features of the events of a source, and gates them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QCloseEvent
from PyQt5.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QLabel, QSplitter, QTabWidget, QVBoxLayout, QWidget

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.data.feature_labels import feature_label
from aid_desktop.data.formats import open_source
from aid_desktop.data.gates import Gate
from aid_desktop.data.source import DataSource
from aid_desktop.gui.background import Background, Failure, Job, JobContext
from aid_desktop.gui.numbers import grouped
from aid_desktop.gui.plotting.axis_choice import AxisChoice
from aid_desktop.gui.plotting.event_view import EventView
from aid_desktop.gui.plotting.gate_drawing import HINT
from aid_desktop.gui.plotting.gate_layer import GateLayer
from aid_desktop.gui.plotting.gate_list import GateList
from aid_desktop.gui.plotting.gate_panel import GatePanel
from aid_desktop.gui.plotting.gate_rows import RowsRequest
from aid_desktop.gui.plotting.new_gates import NewGates
from aid_desktop.gui.plotting.peak_panel import PeakPanel
from aid_desktop.gui.plotting.plotted import (
    Columns,
    GatedEvents,
    PlotRequest,
    Plotted,
    evaluate_gates,
    plot_events,
)
from aid_desktop.gui.plotting.scatter_frame import ScatterFrame
from aid_desktop.gui.theme import GRID, ThemeManager, set_role
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note, sentence
from aid_desktop.gui.widgets.naming import named_button

EMPTY_TEXT = (
    "Add .rtdc files with measured features (area, deformation, …) on the Data tab, or open one here. "
    "Images alone cannot be plotted."
)
_SIZE = (164 * GRID, 84 * GRID)
_RIGHT_WIDTH = 56 * GRID


@dataclass(slots=True)
class PlotMemory:
    """What the window shows again when it is opened anew."""

    opened: list[DataSource] = field(default_factory=list)
    request: PlotRequest | None = None


class FeaturePlotDialog(QDialog):
    """Plots events of rows of the class table, or of files opened here. Leaves the window behind it usable.

    `rows_wanted` carries gates that are to become rows. Gates and `memory` outlive the dialog.
    """

    rows_wanted = pyqtSignal(RowsRequest)

    def __init__(
        self,
        table: ClassTable,
        gates: GateList,
        memory: PlotMemory,
        background: Background,
        themes: ThemeManager,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("featurePlotDialog")
        self.setAccessibleName("Plot features")
        self.setWindowTitle("Plot features")
        self.setWindowFlags(self.windowFlags() | Qt.WindowType.WindowMinMaxButtonsHint)
        self.setModal(False)
        self.resize(*_SIZE)
        self._table = table
        self._gates = gates
        self._memory = memory
        self._background = background
        self._columns: Columns = {}
        self._plotting: Job[Plotted] | None = None
        self._gating: Job[GatedEvents] | None = None
        self.messages = MessageStrip("plotMessages", self)
        self.choice = AxisChoice(self)
        self.frame = ScatterFrame("featurePlot", themes, self)
        self.new_gates = NewGates(self.frame, gates)
        self.layer = GateLayer(self.frame)
        self.panel = GatePanel(gates, self)
        self.event_view = EventView(background, themes, self)
        self.peaks = PeakPanel(background, themes, self)
        self._lay_out()
        self._connect()
        self.frame.clear(EMPTY_TEXT)
        # Choosing a source replaces what is remembered.
        remembered = memory.request
        self._offer_sources(remembered.source if remembered is not None else None)
        if remembered is not None:
            self.choice.density_box.setCurrentText(str(remembered.method))
            self.choice.set_axes(remembered.x, remembered.y)

    @property
    def is_busy(self) -> bool:
        """Whether something is being read or counted."""
        return self._plotting is not None or self._gating is not None

    @property
    def status(self) -> str:
        """What is said below the plot."""
        return self._status.text()

    def show_source(self, source: DataSource) -> None:
        """Plot the events of a source."""
        self._offer_sources(source)

    def say(self, level: Level, text: str, details: str = "") -> None:
        """Say something above the plot."""
        self.messages.add(Note(level, sentence(text), details))

    @pyqtSlot(ClassTable)
    def set_table(self, table: ClassTable) -> None:
        """Offer the rows of another class table."""
        self._table = table
        self._offer_sources(self.choice.source)

    def open_file(self, path: Path) -> None:
        """Open a file in the background and plot its events."""
        self._background.start(
            f"Opening {path.name}", partial(_open, path), self._on_opened, self._on_failed, is_cancellable=True
        )

    def reject(self) -> None:
        if self.new_gates.drawing.is_active:
            self.new_gates.drawing.cancel()
            return
        super().reject()

    def closeEvent(self, a0: QCloseEvent | None) -> None:
        self.new_gates.drawing.cancel()
        super().closeEvent(a0)

    def done(self, a0: int) -> None:
        for job in (self._plotting, self._gating):
            if job is not None:
                job.cancel()
        super().done(a0)

    @pyqtSlot()
    def _on_close(self) -> None:
        self.close()

    def _lay_out(self) -> None:
        self.tabs = QTabWidget(self)
        self.tabs.setObjectName("plotTabs")
        self.tabs.setAccessibleName("Gates, event, peaks")
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.panel, "Gates")
        self.tabs.addTab(self.event_view, "Event")
        self.tabs.addTab(self.peaks, "Peaks")
        self._status = QLabel(self)
        self._status.setObjectName("plotStatus")
        self._status.setWordWrap(True)
        set_role(self._status, "muted")
        close = named_button(self, "Close", "plotCloseButton", "Close the window; its gates are kept until you quit")
        close.clicked.connect(self._on_close)
        self.frame.header.addWidget(self.choice, 1)
        splitter = QSplitter(Qt.Orientation.Horizontal, self)
        splitter.setObjectName("plotSplitter")
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(2 * GRID)
        splitter.addWidget(self.frame)
        splitter.addWidget(self.tabs)
        splitter.setStretchFactor(0, 1)
        splitter.setSizes([_SIZE[0] - _RIGHT_WIDTH, _RIGHT_WIDTH])
        bottom = QHBoxLayout()
        bottom.setSpacing(GRID)
        bottom.addWidget(self._status, 1)
        bottom.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(self.messages)
        column.addWidget(splitter, 1)
        column.addLayout(bottom)

    def _connect(self) -> None:
        self.choice.source_changed.connect(self._on_source_changed)
        self.choice.changed.connect(self._plot)
        self.choice.open_wanted.connect(self._choose_file)
        self.frame.event_clicked.connect(self._on_event_clicked)
        self.event_view.chosen.connect(self._on_event_shown)
        self.event_view.failed.connect(self._on_failed)
        self.peaks.failed.connect(self._on_failed)
        self.new_gates.refused.connect(partial(self.say, Level.ERROR))
        drawing = self.new_gates.drawing
        for signal, is_drawing in ((drawing.started, True), (drawing.ended, False)):
            signal.connect(partial(self.layer.lock, is_drawing))
            signal.connect(self._show_status)
        self.layer.edited.connect(self._gates.exchange)
        self._gates.changed.connect(self._on_gates_changed)
        self.panel.polygon_wanted.connect(self.new_gates.draw_polygon)
        self.panel.range_wanted.connect(self.new_gates.add_range)
        self.panel.feature_chosen.connect(self._gate)
        self.panel.rows_wanted.connect(self._on_rows_wanted)
        self.panel.refused.connect(partial(self.say, Level.ERROR))

    def _offer_sources(self, chosen: DataSource | None) -> None:
        titles: dict[DataSource, str] = {}
        for row in self._table.rows:
            if row.source.features:
                titles.setdefault(row.source, f"{row.class_name}: {row.source.name}")
        for source in self._memory.opened:
            titles.setdefault(source, source.name)
        if chosen is not None and chosen.features:
            titles.setdefault(chosen, chosen.name)
        self.choice.set_sources([(title, source) for source, title in titles.items()], chosen)

    @pyqtSlot()
    def _choose_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Plot the events of a file", "", "RT-DC files (*.rtdc *.hdf5 *.h5)")
        if name:
            self.open_file(Path(name))

    def _on_opened(self, source: DataSource) -> None:
        if not source.features:
            self.say(Level.ERROR, f"{source.path} has images, but no features of its events: nothing can be plotted.")
            return
        if source not in self._memory.opened:
            self._memory.opened.append(source)
        self._offer_sources(source)

    @pyqtSlot()
    def _on_source_changed(self) -> None:
        source = self.choice.source
        self._columns = {}
        self.new_gates.drawing.cancel()
        self.event_view.set_source(source)
        self.peaks.set_source(source)
        self.panel.show_events(None)
        self.panel.set_features(() if source is None else source.features, self.choice.x_box.currentData() or "")

    @pyqtSlot()
    def _plot(self) -> None:
        if self._plotting is not None:
            self._plotting.cancel()
            self._plotting = None
        request = self.choice.request
        self.panel.set_enabled_for_source(request is not None)
        if request is None:
            self.frame.clear(EMPTY_TEXT)
            self._show_status()
            return
        self._memory.request = request
        work = partial(plot_events, request, dict(self._columns))
        job = self._background.start("Plotting events", work, self._on_plotted, self._on_failed, is_cancellable=True)
        job.ended.connect(partial(self._on_ended, job))
        self._plotting = job
        self._status.setText("Reading…")

    def _on_plotted(self, plotted: Plotted) -> None:
        self.new_gates.drawing.cancel()
        self._columns = {**self._columns, **plotted.columns}
        self.frame.suggested_name = f"{plotted.request.source.path.stem}_{plotted.request.x.feature}_" + (
            plotted.request.y.feature
        )
        self.frame.show_plot(plotted)
        self.layer.show(self._gates.gates)
        self._gate()

    def _on_ended(self, job: object) -> None:
        if job is self._plotting:
            self._plotting = None
        if job is self._gating:
            self._gating = None
        self._show_status()

    @pyqtSlot()
    def _on_gates_changed(self) -> None:
        self.layer.show(self._gates.gates)
        self._gate()

    @pyqtSlot()
    def _gate(self) -> None:
        """Count the events of all gates anew, what is known already aside."""
        if self._gating is not None:
            self._gating.cancel()
            self._gating = None
        source, feature = self.choice.source, self.panel.feature
        if source is None or not feature:
            return
        before = self.panel.events
        done = before.results if before is not None and before.source == source else {}
        work = partial(evaluate_gates, source, self._gates.gates, feature, dict(self._columns), done)
        job = self._background.start("Counting events", work, self._on_gated, self._on_failed, is_cancellable=True)
        job.ended.connect(partial(self._on_ended, job))
        self._gating = job

    def _on_gated(self, events: GatedEvents) -> None:
        if events.source == self.choice.source:
            self._columns = {**self._columns, **events.columns}
            self.panel.show_events(events)

    def _on_failed(self, failure: Failure) -> None:
        self.say(Level.ERROR, failure.message, failure.details)

    @pyqtSlot(int)
    def _on_event_clicked(self, index: int) -> None:
        if self.tabs.currentWidget() is not self.peaks:
            self.tabs.setCurrentWidget(self.event_view)
        self.event_view.show_event(index)

    @pyqtSlot(int)
    def _on_event_shown(self, index: int) -> None:
        self.frame.select(index)
        if self.event_view.shown is not None:
            self.peaks.show_event(self.event_view.shown)
        if self.frame.plotted is not None:
            text = event_text(self.frame.plotted, self._gates.gates, self.panel.events, index)
            self.event_view.set_values(text)

    @pyqtSlot(tuple, Role)
    def _on_rows_wanted(self, places: tuple[int, ...], role: Role) -> None:
        events = self.panel.events
        if events is None:
            return
        gates = [self._gates.gates[place] for place in places]
        unknown = [gate.name for gate in gates if gate not in events.results]
        if unknown:
            self.say(
                Level.ERROR,
                f"{events.source.name} lacks a feature of {', '.join(unknown)}, or its events are still being counted: "
                "choose other gates, or wait.",
            )
            return
        chosen = tuple((gate.name, events.results[gate].mask) for gate in gates)
        self.rows_wanted.emit(RowsRequest(events.source, chosen, role))

    @pyqtSlot()
    def _show_status(self) -> None:
        if self.new_gates.drawing.is_active:
            self._status.setText(HINT)
            return
        plotted = self.frame.plotted
        if self.is_busy and self._plotting is not None:
            self._status.setText("Reading…")
        else:
            self._status.setText("" if plotted is None else status_text(plotted))


def event_text(plotted: Plotted, gates: Sequence[Gate], events: GatedEvents | None, index: int) -> str:
    """Return the values of an event on the axes, and in which gates it is."""
    names = dict.fromkeys((plotted.request.x.feature, plotted.request.y.feature))
    parts = [f"{feature_label(name)}: {plotted.columns[name][index]:.4g}" for name in names]
    if events is not None and gates:
        inside = [gate.name for gate in gates if gate in events.results and events.results[gate].mask[index]]
        parts.append(f"gates: {', '.join(inside) or 'none'}")
    return "   ".join(parts)


def status_text(plotted: Plotted) -> str:
    """Return how many events there are, how many cannot be drawn, and how many are."""
    text = f"{grouped(plotted.n_events)} events."
    if plotted.n_left_out:
        have = "1 has" if plotted.n_left_out == 1 else f"{grouped(plotted.n_left_out)} have"
        text += f" {have} no place on these axes (no number, or not above 0 on a log axis)."
    if len(plotted.shown) < plotted.n_events - plotted.n_left_out:
        text += (
            f" Drawn: {grouped(len(plotted.shown))} of them, chosen at random; histograms, density and gates count all."
        )
    return text


def _open(path: Path, context: JobContext) -> DataSource:
    return open_source(path, context.report_or_leave).source
