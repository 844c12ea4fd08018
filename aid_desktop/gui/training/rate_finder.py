"""The learning-rate finder: measures in the background, shows the losses, and gives a rate or a range to the form."""

import numpy as np
import pyqtgraph as pg
from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QColor
from PyQt5.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from aid_desktop.gui.background import Background, Failure, JobContext
from aid_desktop.gui.plots.plot_frame import PlotFrame
from aid_desktop.gui.plots.plot_style import line_pen
from aid_desktop.gui.theme import GRID, Theme, ThemeManager, set_primary, set_role
from aid_desktop.gui.widgets.dialog import Dialog
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note, sentence
from aid_desktop.gui.widgets.naming import named_button
from aid_desktop.gui.widgets.work_row import WorkRow
from aid_desktop.training.lr_finder import HIGHEST, LOWEST, find_learning_rate
from aid_desktop.training.range_test import RangeTest
from aid_desktop.training.run import TrainingRun

_FIGURES = 3
_SPAN_OPACITY = 40
_ABOVE = 0.5
_EXPLANATION = (
    "Each batch was trained on with a higher rate than the one before, in a network of its own. A good rate lies where "
    "the loss falls fastest; a cyclic schedule goes from where it begins to fall to where it has nearly fallen."
)
_NO_FALL = "The loss never fell: try another optimizer or larger batches, or look at the images and their classes."


class RateFinderDialog(Dialog):
    """Begins to measure `run` when it is made. `rate_chosen` and `span_chosen` carry what the user takes over.

    Line and region can be dragged. Closing the dialog stops the measurement.
    """

    rate_chosen = pyqtSignal(float)
    span_chosen = pyqtSignal(float, float)

    def __init__(
        self, run: TrainingRun, background: Background, themes: ThemeManager, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("rateFinderDialog")
        self.setAccessibleName("Find a learning rate")
        self.setWindowTitle("Find a learning rate")
        self.setModal(False)
        self.set_size(96, 72)
        self._run = run
        self.messages = MessageStrip("rateFinderMessages", self)
        self._make_plot(themes)
        self._make_parts()
        self._lay_out()
        self.set_test(None)
        themes.changed.connect(self._on_theme_changed)
        self._on_theme_changed(themes.current)
        self.finished.connect(run.control.stop)
        job = background.start("Finding a learning rate", self._measure, self.set_test, self._on_failure)
        self.work.follow(job, "preparing the images …")

    @property
    def rate(self) -> float:
        """Where the line stands."""
        return rounded(10 ** float(self.line.value()))

    @property
    def span(self) -> tuple[float, float]:
        """Where the region begins and ends."""
        low, high = self.region.getRegion()
        return rounded(10**low), rounded(10**high)

    def set_test(self, test: RangeTest | None) -> None:
        """Show what was measured; None while nothing is."""
        rate, span = (None, None) if test is None else (test.steepest, test.span)
        is_found = rate is not None and span is not None
        for item in (self.line, self.region):
            item.setVisible(is_found)
        for button in (self.use_rate, self.use_span):
            button.setEnabled(is_found)
        self._values.setVisible(is_found)
        self.frame.set_empty_text("" if test is not None else "The losses appear here.")
        if test is None:
            return
        self._explanation.setText(_EXPLANATION if is_found else _NO_FALL)
        self.losses.setData(test.rates, test.losses)
        self.smoothed.setData(test.rates, test.smoothed)
        self.slopes.setData(test.rates, test.slopes)
        self.frame.fit()
        if rate is not None and span is not None:
            self.line.setValue(np.log10(rate))
            self.region.setRegion(np.log10(span))
            self._show_fall(test)
            self.use_rate.setFocus()
        self._show_values()

    def _show_fall(self, test: RangeTest) -> None:
        """Leave out how far the losses jump once they diverge: beside that no fall could be seen."""
        bottom, steepest = float(test.losses.min()), float(test.slopes.min())
        top = float(test.smoothed[: int(test.smoothed.argmin()) + 1].max())
        upper, lower = self.frame.panels.values()
        upper.plot.setYRange(bottom, top + _ABOVE * (top - bottom))
        lower.plot.setYRange(steepest, -steepest)

    def _measure(self, context: JobContext) -> RangeTest | None:
        return find_learning_rate(self._run, lambda text: None, context.report)

    def _make_plot(self, themes: ThemeManager) -> None:
        self.frame = PlotFrame("rateFinderPlot", themes, self)
        self.frame.suggested_name = "learning rate"
        self.frame.header.addStretch(1)
        color = QColor(themes.current.accent)
        upper, lower = (self.frame.add_panel(row, legend_corner=(8, -8)) for row in (0, 1))
        for panel, label in ((upper, "loss"), (lower, "change per factor of 10")):
            panel.set_labels(label, "learning rate" if panel is lower else "")
            panel.plot.setLogMode(x=True)
        self.losses = upper.add_curve("each batch", color)
        self.smoothed = upper.add_curve("smoothed", color)
        self.slopes = lower.add_curve("derivative", color)
        self.frame.restyle()
        limits = (np.log10(LOWEST), np.log10(HIGHEST))
        self.region = pg.LinearRegionItem(bounds=limits, swapMode="sort")
        self.line = pg.InfiniteLine(angle=90, movable=True, bounds=limits)
        self.region.setZValue(10)
        self.line.setZValue(30)
        for item, changed in ((self.region, "sigRegionChanged"), (self.line, "sigPositionChanged")):
            upper.plot.addItem(item, ignoreBounds=True)
            getattr(item, changed).connect(self._show_values)

    def _make_parts(self) -> None:
        self._explanation = QLabel(_EXPLANATION, self)
        self._explanation.setWordWrap(True)
        set_role(self._explanation, "muted")
        self._values = QLabel(self)
        self.work = WorkRow("rateFinder", "batches", "How many batches are done", "Stop measuring", self)
        self.work.cancelled.connect(self._run.control.stop)
        self.work.running_changed.connect(self._on_running_changed)
        self.use_rate = named_button(
            self, "Use this rate", "useRateButton", "Take the rate at the line over as the learning rate"
        )
        self.use_span = named_button(
            self,
            "Use the range in cycles",
            "useSpanButton",
            "Choose the cyclic schedule, with the ends of the region as its lowest and highest rate",
        )
        self.use_rate.clicked.connect(self._on_use_rate)
        self.use_span.clicked.connect(self._on_use_span)
        set_primary(self.use_rate)

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self._values, 1)
        buttons.addWidget(self.use_span)
        buttons.addWidget(self.use_rate)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(self.messages)
        column.addWidget(self._explanation)
        column.addWidget(self.frame, 1)
        column.addWidget(self.work)
        column.addLayout(buttons)

    @pyqtSlot(bool)
    def _on_running_changed(self, running: bool) -> None:
        if not running and self.work.was_cancelled:
            self.messages.add(Note(Level.INFO, "Stopped. Close this window and begin again for another try."))

    def _on_failure(self, failure: Failure) -> None:
        self.messages.add(Note(Level.ERROR, sentence(failure.message), failure.details))

    def _show_values(self) -> None:
        low, high = self.span
        self._values.setText(f"Rate {self.rate:g}   ·   range {low:g} to {high:g}")

    @pyqtSlot()
    def _on_use_rate(self) -> None:
        self.rate_chosen.emit(self.rate)
        self.accept()

    @pyqtSlot()
    def _on_use_span(self) -> None:
        self.span_chosen.emit(*self.span)
        self.accept()

    @pyqtSlot(Theme)
    def _on_theme_changed(self, theme: Theme) -> None:
        self.losses.setPen(line_pen(theme.muted))
        self.smoothed.setPen(line_pen(theme.accent, width=2))
        self.slopes.setPen(line_pen(theme.accent, width=1.5))
        self.line.setPen(line_pen(theme.text, Qt.PenStyle.DashLine, 1.5))
        self.line.setHoverPen(line_pen(theme.accent_hover, width=3))
        fill = QColor(theme.accent)
        fill.setAlpha(_SPAN_OPACITY)
        self.region.setBrush(fill)
        self.region.setHoverBrush(fill)
        for end in self.region.lines:
            end.setPen(line_pen(theme.accent))
            end.setHoverPen(line_pen(theme.accent_hover, width=3))


def rounded(value: float) -> float:
    """Return a rate with as many figures as people would type."""
    return float(f"{value:.{_FIGURES}g}")
