"""Probabilities of one class, and what sorting by a threshold on it gives; the line is the threshold."""

from collections.abc import Callable
from functools import partial
from typing import Any

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QColor, QPen
from PyQt5.QtWidgets import QComboBox, QLabel, QWidget

from aid_desktop.evaluation.assessment import Assessment
from aid_desktop.evaluation.curves import (
    ProbabilityHistogram,
    SortingPoint,
    ThresholdCurves,
    probability_histogram,
    threshold_curves,
)
from aid_desktop.evaluation.predictions import Predictions, Threshold
from aid_desktop.gui.assess.curves_page import (
    MOST_CURVES,
    CurvesPage,
    class_combo,
    class_pen,
    clear_curves,
    guide_line,
    set_curve,
    style_line,
)
from aid_desktop.gui.background import Background, JobContext
from aid_desktop.gui.plots.line_legend import LineLegend
from aid_desktop.gui.theme import Theme, ThemeManager, current_theme, line_style
from aid_desktop.gui.widgets.naming import name_widget
from aid_desktop.numbers import grouped

_DECIMALS = 4
_SHORTER = {"initial concentration": "initial"}
_KINDS = ("concentration, yield", "enrichment")


class ThresholdPage(CurvesPage):
    """Base of the pages with a threshold on the class that is looked at.

    `threshold_moved` carries the Threshold to which the user has dragged a line.
    """

    threshold_moved = pyqtSignal(Threshold)

    def __init__(self, name: str, themes: ThemeManager, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(name, themes, background, parent)
        self._threshold: Threshold | None = None
        self._value = 0.5
        self._is_placing = False
        self._lines: list[Any] = []
        self._found: ThresholdCurves | None = None
        self.classes = class_combo(f"{name}Class", self)
        label = QLabel("&Class", self)
        label.setBuddy(self.classes)
        self.frame.header.addWidget(label)
        self.frame.header.addWidget(self.classes)
        self.frame.header.addStretch(1)
        self.classes.currentIndexChanged.connect(self._on_class)

    @property
    def found(self) -> ThresholdCurves | None:
        """What the threshold of the chosen class gives, once computed."""
        return self._found

    def add_line(self, panel: Any) -> Any:
        """Add a line for the threshold that can be dragged."""
        line = guide_line(panel, is_movable=True)
        line.sigPositionChanged.connect(self._on_line)
        self._lines.append(line)
        return line

    def set_threshold(self, threshold: Threshold | None) -> None:
        """Show the threshold in force; without one, or for another class, the line stands pale where it was."""
        self._threshold = threshold
        if threshold is not None and threshold.class_index < self.classes.count():
            self._value = threshold.probability
            if self.classes.currentIndex() != threshold.class_index:
                self.classes.setCurrentIndex(threshold.class_index)
        self._place_lines()

    def on_new_predictions(self) -> None:
        self._found = None
        names = list(self.assessment.matrix.class_names) if self.assessment is not None else []
        if names != [self.classes.itemText(index) for index in range(self.classes.count())]:
            self.classes.blockSignals(True)
            self.classes.clear()
            self.classes.addItems(names)
            self.classes.blockSignals(False)
        if self.assessment is not None:
            self.set_threshold(self.assessment.matrix.threshold)

    def on_rescored(self) -> None:
        self._place_lines()

    def sorting_text(self) -> str:
        """Say what the threshold gives."""
        if self._found is None:
            return ""
        return sorting_text(self._found.name, self._value, self._found.at(self._value))

    @pyqtSlot()
    def _on_class(self) -> None:
        self.refresh()
        self._place_lines()

    @pyqtSlot(object)
    def _on_line(self, line: Any) -> None:
        if self._is_placing or self.classes.currentIndex() < 0:
            return
        self._value = round(float(line.value()), _DECIMALS)
        self._threshold = Threshold(self.classes.currentIndex(), self._value)
        self._place_lines()
        self.threshold_moved.emit(self._threshold)

    def _place_lines(self) -> None:
        self._is_placing = True
        is_used = self._threshold is not None and self._threshold.class_index == self.classes.currentIndex()
        for line in self._lines:
            line.setValue(self._value)
            style_line(line, is_used)
        self._is_placing = False
        unused = "" if is_used else " Drag the line, or tick Threshold above, to use it."
        self.text.setText(self.sorting_text() + unused if self._found is not None else "")

    @pyqtSlot(Theme)
    def _on_theme(self, theme: Theme) -> None:
        super()._on_theme(theme)
        self._place_lines()


class SortingPage(ThresholdPage):
    """Concentration, yield and enrichment over the threshold, as AIDeveloper defines them."""

    def __init__(self, themes: ThemeManager, background: Background, parent: QWidget | None = None) -> None:
        super().__init__("threshold", themes, background, parent)
        # Inside of a low plot it would hide a quarter of the curves; saved files have theirs there.
        self.frame.set_legend_shown(False)
        self.legend = LineLegend("thresholdLegend", self)
        self.panel = self.frame.add_panel(legend_corner=(8, -8))
        self.add_line(self.panel)
        self.kinds = QComboBox(self)
        name_widget(self.kinds, "thresholdKind", "Curves", "What is drawn over the threshold")
        self.kinds.addItems(_KINDS)
        self.kinds.currentIndexChanged.connect(self._on_kind)
        self.frame.header.insertWidget(2, self.kinds)
        self.frame.header.insertWidget(3, self.legend)
        # The legend needs the room more than the name of the class.
        self.classes.setMinimumContentsLength(5)
        self.frame.restyle()

    def work(self, made: Assessment) -> Callable[[JobContext], Any]:
        return partial(_sorting, made.predictions, max(0, self.classes.currentIndex()))

    def draw(self, made: Any) -> None:
        self._found = made
        self.set_columns([made.columns])
        self._draw_kind()
        self._place_lines()

    @pyqtSlot()
    def _on_kind(self) -> None:
        self._draw_kind()

    def _draw_kind(self) -> None:
        found = self._found
        clear_curves(self.panel)
        if found is None:
            self.legend.set_entries(())
            return
        self.frame.set_empty_text("")
        color, muted = class_pen(found.class_index)[0], QColor(current_theme().muted)
        solid, dashed, dotted = Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine
        is_enrichment = self.kinds.currentIndex() == 1
        if is_enrichment:
            set_curve(self.panel, "enrichment", color, solid, found.threshold, found.enrichment)
            set_curve(self.panel, "without sorting", muted, dotted, [0, 1], [1, 1])
        else:
            set_curve(self.panel, "concentration", color, solid, found.threshold, found.concentration)
            set_curve(self.panel, "yield", color, dashed, found.threshold, found.sorting_yield)
            set_curve(self.panel, "initial concentration", muted, dotted, [0, 1], [found.initial] * 2)
        self.legend.set_entries([(_SHORTER.get(name, name), _pen(curve)) for name, curve in self.panel.curves.items()])
        self.panel.set_labels(
            "enrichment" if is_enrichment else "share", f"threshold on the probability of {found.name}"
        )
        self.frame.restyle()
        self.frame.fit()


class ProbabilityPage(ThresholdPage):
    """How the probability of one class is spread among the images of each actual class."""

    def __init__(self, themes: ThemeManager, background: Background, parent: QWidget | None = None) -> None:
        super().__init__("probability", themes, background, parent)
        self.panel = self.frame.add_panel(legend_corner=(-8, 8))
        self.panel.set_labels("images", "probability")
        self.add_line(self.panel)
        self.frame.restyle()

    def work(self, made: Assessment) -> Callable[[JobContext], Any]:
        return partial(_histogram, made.predictions, max(0, self.classes.currentIndex()))

    def draw(self, made: Any) -> None:
        histogram: ProbabilityHistogram = made[0]
        self._found = made[1]
        clear_curves(self.panel)
        self.frame.set_empty_text("")
        self.panel.set_labels("images", f"probability of {histogram.name}")
        totals = histogram.counts.sum(axis=1)
        shown = sorted(totals.argsort(kind="stable")[::-1][:MOST_CURVES].tolist())
        for index in shown:
            color, style = class_pen(index)[0], line_style(index)
            name = f"actual {histogram.class_names[index]}"
            set_curve(self.panel, name, color, style, histogram.edges, histogram.counts[index], is_steps=True)
        self.set_columns([histogram.columns])
        self.frame.restyle()
        self._place_lines()
        self.frame.fit()


def _pen(curve: Any) -> QPen:
    return QPen(curve.opts["pen"])


def _sorting(predictions: Predictions, class_index: int, _: JobContext) -> ThresholdCurves:
    return threshold_curves(predictions, class_index)


def _histogram(
    predictions: Predictions, class_index: int, context: JobContext
) -> tuple[ProbabilityHistogram, ThresholdCurves]:
    histogram = probability_histogram(predictions, class_index)
    context.leave_if_cancelled(1, 2)
    return histogram, threshold_curves(predictions, class_index)


def sorting_text(name: str, threshold: float, point: SortingPoint) -> str:
    """Say for example `cat above 0.65: concentration 50.0 % → 96.3 %, enrichment 1.93, yield 80.1 %, 402 images.`"""
    final = "–" if point.concentration is None else f"{point.concentration:.1%}".replace("%", " %")
    enrichment = "–" if point.enrichment is None else f"{point.enrichment:.3g}"
    found = "–" if point.sorting_yield is None else f"{point.sorting_yield:.1%}".replace("%", " %")
    initial = f"{point.initial:.1%}".replace("%", " %")
    return (
        f"{name} above {threshold:g}: concentration {initial} → {final}, enrichment {enrichment}, yield {found}, "
        f"{grouped(point.n_sorted)} image{'' if point.n_sorted == 1 else 's'}."
    )
