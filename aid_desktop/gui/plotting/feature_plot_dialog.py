"""The window that plots two features of the events of a source, and gates them."""

from dataclasses import dataclass, field
from functools import partial

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QCloseEvent
from PyQt5.QtWidgets import QHBoxLayout, QLabel, QSplitter, QTabWidget, QVBoxLayout, QWidget

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.data.source import DataSource
from aid_desktop.errors import DataError
from aid_desktop.gui.background import Background, Failure, Job
from aid_desktop.gui.plotting.axis_choice import AxisChoice
from aid_desktop.gui.plotting.event_view import EventView
from aid_desktop.gui.plotting.file_opening import FileOpening
from aid_desktop.gui.plotting.gate_drawing import HINT
from aid_desktop.gui.plotting.gate_layer import GateLayer
from aid_desktop.gui.plotting.gate_list import GateList
from aid_desktop.gui.plotting.gate_panel import GatePanel
from aid_desktop.gui.plotting.gate_rows import RowsRequest, request_of
from aid_desktop.gui.plotting.new_gates import NewGates
from aid_desktop.gui.plotting.peak_panel import PeakPanel
from aid_desktop.gui.plotting.plot_texts import EMPTY_TEXT, LEFT_TEXT, READING_TEXT, event_text, status_text
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
from aid_desktop.gui.widgets.dialog import Dialog
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note, sentence
from aid_desktop.gui.widgets.naming import named_button

_SIZE = (164, 84)
_RIGHT_WIDTH = 56 * GRID


@dataclass(slots=True)
class PlotMemory:
    """What the window shows again when it is opened anew."""

    opened: list[DataSource] = field(default_factory=list)
    request: PlotRequest | None = None


class FeaturePlotDialog(Dialog):
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
        self.set_size(*_SIZE)
        self._table = table
        self._gates = gates
        self._memory = memory
        self._background = background
        self._columns: Columns = {}
        self._plotting: Job[Plotted] | None = None
        self._gating: Job[GatedEvents] | None = None
        self.files = FileOpening(background, self)
        self.messages = MessageStrip("plotMessages", self)
        self.choice = AxisChoice(self)
        self.frame = ScatterFrame("featurePlot", themes, self)
        self.frame.save_tables_in(background)
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

    @property
    def _is_outdated(self) -> bool:
        """Whether what is plotted is not what is chosen."""
        return self.frame.plotted is None or self.frame.plotted.request != self.choice.request

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

    def reject(self) -> None:
        if self.new_gates.drawing.is_active:
            self.new_gates.drawing.cancel()
            return
        super().reject()

    def closeEvent(self, a0: QCloseEvent | None) -> None:
        self.new_gates.drawing.cancel()
        super().closeEvent(a0)

    def done(self, a0: int) -> None:
        self.files.cancel()
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
        bottom = QHBoxLayout()
        bottom.setSpacing(GRID)
        bottom.addWidget(self._status, 1)
        bottom.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(self.messages)
        column.addWidget(_side_by_side(self, self.frame, self.tabs), 1)
        column.addLayout(bottom)

    def _connect(self) -> None:
        self.choice.source_changed.connect(self._on_source_changed)
        self.choice.changed.connect(self._plot)
        self.choice.open_wanted.connect(self.files.choose)
        self.files.opened.connect(self._on_opened)
        self.files.failed.connect(self._on_failed)
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

    @pyqtSlot(DataSource)
    def _on_opened(self, source: DataSource) -> None:
        if source not in self._memory.opened:
            self._memory.opened.append(source)
        self._offer_sources(source)

    @pyqtSlot()
    def _on_source_changed(self) -> None:
        source = self.choice.source
        self._columns = {}
        self._take_plot_away(READING_TEXT)
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
        if request is None:
            self._take_plot_away(EMPTY_TEXT)
            self._show_status()
            return
        self._memory.request = request
        if self.frame.plotted is None:
            self.frame.clear(READING_TEXT)
        work = partial(plot_events, request, dict(self._columns))
        job = self._background.start(
            "Plotting events", work, self._on_plotted, self._on_not_plotted, is_cancellable=True
        )
        job.ended.connect(partial(self._on_ended, job))
        self._plotting = job
        self._show_status()

    def _on_plotted(self, plotted: Plotted) -> None:
        self.new_gates.drawing.cancel()
        self._columns = {**self._columns, **plotted.columns}
        self.frame.show_plot(plotted)
        self.layer.show(self._gates.gates)
        self._gate()
        self._tell_event()

    def _on_not_plotted(self, failure: Failure) -> None:
        self._on_failed(failure)
        if self._is_outdated:
            self._take_plot_away(sentence(failure.message))

    def _take_plot_away(self, reason: str) -> None:
        """Say why there is no plot: what was plotted before is not what is chosen now."""
        self.new_gates.drawing.cancel()
        self.frame.clear(reason)
        self.layer.show(())

    def _on_ended(self, job: object) -> None:
        if job is self._plotting:
            self._plotting = None
            if self._is_outdated and self.frame.empty_text in ("", READING_TEXT):
                self._take_plot_away(LEFT_TEXT)
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
            self._tell_event()

    @pyqtSlot(Failure)
    def _on_failed(self, failure: Failure) -> None:
        self.say(Level.ERROR, failure.message, failure.details)

    @pyqtSlot(int)
    def _on_event_clicked(self, index: int) -> None:
        if self.tabs.currentWidget() is not self.peaks:
            self.tabs.setCurrentWidget(self.event_view)
        self.event_view.show_event(index)

    @pyqtSlot(int)
    def _on_event_shown(self, _: int) -> None:
        if self.event_view.shown is not None:
            self.peaks.show_event(self.event_view.shown)
        self._tell_event()

    def _tell_event(self) -> None:
        """Mark the event on show in the plot, and say where it is; a plot of another source knows nothing of it."""
        shown, plotted = self.event_view.shown, self.frame.plotted
        if shown is not None and plotted is not None and plotted.request.source == shown.request.source:
            self.frame.select(shown.request.index)
            text = event_text(plotted, self._gates.gates, self.panel.events, shown.request.index)
            self.event_view.set_values(text)

    @pyqtSlot(tuple, Role)
    def _on_rows_wanted(self, places: tuple[int, ...], role: Role) -> None:
        events = self.panel.events
        if events is None:
            return
        try:
            request = request_of(events, [self._gates.gates[place] for place in places], role)
        except DataError as error:
            self.say(Level.ERROR, str(error))
        else:
            self.rows_wanted.emit(request)

    @pyqtSlot()
    def _show_status(self) -> None:
        if self.new_gates.drawing.is_active:
            self._status.setText(HINT)
            return
        plotted = self.frame.plotted
        self.panel.set_enabled_for_plot(plotted is not None)
        if self._plotting is not None:
            self._status.setText(READING_TEXT)
        else:
            self._status.setText("" if plotted is None else status_text(plotted))


def _side_by_side(parent: QWidget, left: QWidget, right: QWidget) -> QSplitter:
    splitter = QSplitter(Qt.Orientation.Horizontal, parent)
    splitter.setObjectName("plotSplitter")
    splitter.setChildrenCollapsible(False)
    splitter.setHandleWidth(2 * GRID)
    splitter.addWidget(left)
    splitter.addWidget(right)
    splitter.setStretchFactor(0, 1)
    splitter.setSizes([_SIZE[0] * GRID - _RIGHT_WIDTH, _RIGHT_WIDTH])
    return splitter
