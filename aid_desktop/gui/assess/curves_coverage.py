"""How accurate the model is on the images that are left when those it is not sure of are rejected."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

from PyQt5.QtCore import Qt, pyqtSlot
from PyQt5.QtGui import QColor
from PyQt5.QtWidgets import QDoubleSpinBox, QLabel, QWidget

from aid_desktop.evaluation.assessment import Assessment
from aid_desktop.evaluation.curves import CoverageCurve, coverage_curve
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.gui.assess.curves_page import CurvesPage, clear_curves, guide_line, set_curve, style_line
from aid_desktop.gui.background import Background, JobContext
from aid_desktop.gui.theme import Theme, ThemeManager, current_theme
from aid_desktop.gui.widgets.naming import name_widget
from aid_desktop.numbers import grouped

_NAME = "accuracy of the images kept"


class CoveragePage(CurvesPage):
    """Accuracy over coverage; the line and the field are the reject threshold, which changes nothing elsewhere."""

    def __init__(self, themes: ThemeManager, background: Background, parent: QWidget | None = None) -> None:
        super().__init__("coverage", themes, background, parent)
        self._found: CoverageCurve | None = None
        self._is_placing = False
        self.reject = QDoubleSpinBox(self)
        name_widget(
            self.reject,
            "coverageReject",
            "Reject threshold",
            "Images whose highest probability is below it are rejected: the model says nothing about them",
        )
        self.reject.setRange(0, 1)
        self.reject.setDecimals(4)
        self.reject.setSingleStep(0.01)
        self.reject.setValue(0.9)
        self.reject.setKeyboardTracking(False)
        self.reject.valueChanged.connect(self._on_reject)
        label = QLabel("&Reject below", self)
        label.setBuddy(self.reject)
        self.frame.header.addWidget(label)
        self.frame.header.addWidget(self.reject)
        self.frame.header.addStretch(1)
        self.panel = self.frame.add_panel(legend_corner=(8, -8))
        self.panel.set_labels("accuracy", "coverage (share of images kept)")
        self.line = guide_line(self.panel, is_movable=True)
        style_line(self.line, is_used=True)
        self.line.sigPositionChanged.connect(self._on_line)
        self.frame.restyle()

    def on_new_predictions(self) -> None:
        self._found = None

    def work(self, made: Assessment) -> Callable[[JobContext], Any]:
        return partial(_coverage, made.predictions)

    def draw(self, made: Any) -> None:
        self._found = made
        curve: CoverageCurve = made
        clear_curves(self.panel)
        self.frame.set_empty_text("")
        color = QColor(current_theme().correct)
        # Coverage falls with the threshold; a plot wants it to rise.
        x, y = curve.coverage[::-1], curve.accuracy[::-1]
        set_curve(self.panel, _NAME, color, Qt.PenStyle.SolidLine, x, y)
        self.set_columns([curve.columns])
        self._show()
        self.frame.fit()

    @pyqtSlot()
    def _on_reject(self) -> None:
        self._show()

    @pyqtSlot(object)
    def _on_line(self, line: Any) -> None:
        if self._is_placing or self._found is None:
            return
        # The threshold that leaves this share; the line stays where it was dragged to.
        found = self._found
        place = round((1 - float(line.value())) * len(found.confidence))
        value = float(found.confidence[min(place, len(found.confidence) - 1)]) if place else 0.0
        self.reject.blockSignals(True)
        # Rounded down, so that images of just this probability are kept.
        self.reject.setValue(math.floor(value * 10_000) / 10_000)
        self.reject.blockSignals(False)
        self._say()

    def _show(self) -> None:
        if self._found is None:
            return
        self._is_placing = True
        self.line.setValue(self._found.at(self.reject.value())[0])
        self._is_placing = False
        self._say()

    def _say(self) -> None:
        if self._found is None:
            return
        n = len(self._found.confidence)
        coverage, accuracy = self._found.at(self.reject.value())
        kept = round(coverage * n)
        right = "–" if math.isnan(accuracy) else f"{accuracy:.4f}"
        self.text.setText(
            f"Rejecting below {self.reject.value():g}: {grouped(kept)} of {grouped(n)} images are kept "
            f"(coverage {coverage:.1%}".replace("%", " %")
            + f"), accuracy {right}; without rejecting {self._found.accuracy[0]:.4f}."
        )

    @pyqtSlot(Theme)
    def _on_theme(self, theme: Theme) -> None:
        super()._on_theme(theme)
        style_line(self.line, is_used=True)


def _coverage(predictions: Predictions, _: JobContext) -> CoverageCurve:
    return coverage_curve(predictions)
