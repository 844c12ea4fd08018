"""One event: its image with the contour of the mask, and its fluorescence traces."""

from functools import partial
from typing import Any

import numpy as np
import pyqtgraph as pg
from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import (
    QAction,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.data.rtdc import MASK
from aid_desktop.data.source import DataSource
from aid_desktop.gui.background import Background, Failure, Job
from aid_desktop.gui.plots.image_layer import image_levels
from aid_desktop.gui.plots.image_view import ImageView
from aid_desktop.gui.plots.plot_frame import PlotFrame
from aid_desktop.gui.plots.plot_style import line_pen
from aid_desktop.gui.plotting.event_reading import MAIN_IMAGE, EventRead, EventRequest, read_event
from aid_desktop.gui.theme import GRID, ThemeManager, class_color, set_role
from aid_desktop.gui.widgets.amount_editor import guard_wheel
from aid_desktop.gui.widgets.naming import name_widget
from aid_desktop.numbers import grouped

EMPTY_TEXT = "Click a point of the plot, or give the number of an event"
_CONTOUR, _CENTRE = "#e69f00", "#56b4e9"


class EventView(QWidget):
    """Shows an event of a source. `chosen` carries the number (from 0) of the event on show, `failed` why not."""

    chosen = pyqtSignal(int)
    failed = pyqtSignal(Failure)

    def __init__(self, background: Background, themes: ThemeManager, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("eventView")
        self._background = background
        self._source: DataSource | None = None
        self._read: EventRead | None = None
        self._job: Job[EventRead] | None = None
        self._traces: tuple[str, ...] | None = None
        self.image = ImageView("eventImage", "Image of the event", self)
        self.image.canvas.setMinimumSize(20 * GRID, 14 * GRID)
        self.trace_plot = PlotFrame("eventTraces", themes, self)
        self.trace_plot.suggested_name = "traces"
        self.trace_plot.save_tables_in(background)
        self.trace_plot.header.addStretch(1)
        self._trace_panel = self.trace_plot.add_panel()
        self._trace_panel.set_labels("signal [a.u.]", "sample")
        self.trace_plot.restyle()
        self._contours: list[Any] = []
        self._centre: Any = pg.ScatterPlotItem(size=11, pen=line_pen(_CENTRE, width=2.0), brush=None, symbol="+")
        self.image.add_layer(self._centre)
        self._make_choices()
        self._lay_out()
        self.set_source(None)

    @property
    def shown(self) -> EventRead | None:
        """The event on show."""
        return self._read

    def set_source(self, source: DataSource | None) -> None:
        """Choose from the events of another source from now on; none of them is shown yet."""
        self._stop()
        self._source, self._read, self._traces = source, None, None
        n_events = 0 if source is None else source.n_images
        channels = () if source is None else tuple(name for name in source.channels if name != "image")
        for widget in (self.number, self.channel):
            widget.blockSignals(True)
        self.number.setRange(0, n_events)
        self.number.setValue(0)
        self.number.setSuffix(f" of {grouped(n_events)}")
        self.channel.clear()
        self.channel.addItem("image", MAIN_IMAGE)
        for name in channels:
            self.channel.addItem(name, name)
        for widget in (self.number, self.channel):
            widget.blockSignals(False)
            widget.setEnabled(n_events > 0)
        self.contour.setEnabled(source is not None and MASK in source.channels)
        self.trace_button.setEnabled(False)
        self.trace_plot.hide()
        self._forget()

    @pyqtSlot(int)
    def show_event(self, index: int) -> None:
        """Show an event by its number from 0."""
        if self.number.value() == index + 1:
            self._start()
        else:
            self.number.setValue(index + 1)

    def _make_choices(self) -> None:
        self.number = QSpinBox(self)
        self.number.setKeyboardTracking(False)
        self.number.setSpecialValueText("–")
        self.number.setAlignment(Qt.AlignmentFlag.AlignRight)
        name_widget(self.number, "eventNumber", "Number of the event", "Which event of the source is shown")
        self.number.valueChanged.connect(self._start)
        self.channel = QComboBox(self)
        name_widget(self.channel, "eventChannel", "Channel", "Which image of the event is shown")
        self.channel.currentIndexChanged.connect(self._start)
        for box in (self.number, self.channel):
            guard_wheel(box)
        self.contour = QCheckBox("Contour", self)
        name_widget(self.contour, "eventContour", "Contour", "Draw the outline of the mask that the file has")
        self.centre = QCheckBox("Centre", self)
        name_widget(self.centre, "eventCentre", "Centre", "Mark the position (pos_x, pos_y) that the file has")
        for tick in (self.contour, self.centre):
            tick.setChecked(True)
            tick.toggled.connect(self._draw_marks)
        self.trace_button = QToolButton(self)
        self.trace_button.setText("Traces")
        self.trace_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        name_widget(self.trace_button, "eventTraceChoice", "Traces", "Which fluorescence traces are plotted")
        self._trace_menu = QMenu(self.trace_button)
        self.trace_button.setMenu(self._trace_menu)

    def _lay_out(self) -> None:
        label = QLabel("&Event", self)
        label.setBuddy(self.number)
        first, second = QHBoxLayout(), QHBoxLayout()
        for row, widgets in (
            (first, (label, self.number, self.channel)),
            (second, (self.contour, self.centre, self.trace_button)),
        ):
            row.setSpacing(GRID)
            for widget in widgets:
                row.addWidget(widget)
            row.addStretch(1)
        self._values = QLabel(self)
        self._values.setObjectName("eventValues")
        self._values.setTextFormat(Qt.TextFormat.PlainText)
        self._values.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._values.setWordWrap(True)
        set_role(self._values, "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(first)
        column.addLayout(second)
        column.addWidget(self.image, 3)
        column.addWidget(self._values)
        column.addWidget(self.trace_plot, 2)

    def set_values(self, text: str) -> None:
        """Say something about the event on show."""
        self._values.setText(text)

    @pyqtSlot()
    def _start(self) -> None:
        self._stop()
        index = self.number.value() - 1
        if self._source is None or index < 0:
            self._forget()
            return
        request = EventRequest(self._source, index, self.channel.currentData(), self._traces)
        self._job = self._background.start(
            "Reading an event", partial(read_event, request), self._show, self._on_failed
        )
        self.destroyed.connect(self._job.cancel)

    def _stop(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def _show(self, read: EventRead) -> None:
        self._job, self._read = None, read
        self.image.set_image(image_levels(read.image))
        self._draw_marks()
        self._fill_trace_menu(read)
        self._draw_traces(read)
        self.chosen.emit(read.request.index)

    def _on_failed(self, failure: Failure) -> None:
        self._job = None
        self._forget()
        self.failed.emit(failure)

    def _forget(self) -> None:
        self._read = None
        self.image.clear(EMPTY_TEXT)
        self.set_values("")
        self._draw_marks()

    @pyqtSlot()
    def _draw_marks(self) -> None:
        outlines = () if self._read is None or not self.contour.isChecked() else self._read.outlines
        while len(self._contours) < len(outlines):
            curve = pg.PlotCurveItem(pen=line_pen(_CONTOUR, width=1.5))
            self.image.add_layer(curve)
            self._contours.append(curve)
        for number, curve in enumerate(self._contours):
            points = outlines[number] if number < len(outlines) else np.empty((0, 2))
            closed = np.concatenate([points, points[:1]])
            curve.setData(closed[:, 0], closed[:, 1])
        centre = self._read.centre if self._read is not None and self.centre.isChecked() else None
        self._centre.setData(*([[], []] if centre is None else [[centre[0]], [centre[1]]]))

    def _fill_trace_menu(self, read: EventRead) -> None:
        self.trace_button.setEnabled(bool(read.trace_names))
        if tuple(action.text() for action in self._trace_menu.actions()) != read.trace_names:
            self._trace_menu.clear()
            for name in read.trace_names:
                action = QAction(name, self._trace_menu)
                action.setObjectName(f"eventTrace.{name}")
                action.setCheckable(True)
                action.setChecked(name in read.traces)
                action.toggled.connect(self._on_traces_chosen)
                self._trace_menu.addAction(action)

    @pyqtSlot()
    def _on_traces_chosen(self) -> None:
        self._traces = tuple(action.text() for action in self._trace_menu.actions() if action.isChecked())
        self._start()

    def _draw_traces(self, read: EventRead) -> None:
        panel = self._trace_panel
        for name in tuple(panel.curves):
            if name not in read.traces:
                panel.remove_curve(name)
        for name, values in read.traces.items():
            if name not in panel.curves:
                panel.add_curve(name, class_color(read.trace_names.index(name)))
            panel.curves[name].setData(np.arange(len(values)) * (read.interval or 1.0), values)
        panel.set_labels("signal [a.u.]", "sample" if read.interval is None else "time [µs]")
        self.trace_plot.setVisible(bool(read.traces))
        self.trace_plot.restyle()
