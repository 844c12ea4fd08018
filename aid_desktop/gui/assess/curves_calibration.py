"""Can the probabilities be taken at their word? And the temperature that makes them so."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QColor
from PyQt5.QtWidgets import QComboBox, QLabel, QWidget

from aid_desktop.data.class_table import Role
from aid_desktop.evaluation.assessment import Assessment
from aid_desktop.evaluation.curves import Reliability, reliability
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.gui.assess.assessment import Recalibrated, calibrate
from aid_desktop.gui.assess.curves_page import CurvesPage, clear_curves, set_curve
from aid_desktop.gui.background import Background, Failure, Job, JobContext
from aid_desktop.gui.theme import ThemeManager, current_theme
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note, sentence
from aid_desktop.gui.widgets.naming import name_widget, named_button
from aid_desktop.numbers import grouped

_SMALLEST, _LARGEST = 4.0, 16.0
_BINS = ("bins of equal width", "bins of equal number")
_ADVICE = {
    Role.TEST: "Better fitted on validation images: test images that were used for it are not new any more.",
    Role.VALIDATION: "Fitted on validation images: report the scores of the test images afterwards.",
    Role.TRAINING: "Do not fit on training images: the network knows them, and is more certain there than elsewhere.",
}


class CalibrationPage(CurvesPage):
    """Reliability diagram, and the buttons that calibrate the model or take that back.

    `recalibrated` carries the Assessment with the new probabilities, if the one it was made of is still on show; the
    model's file has the new temperature. `fitting` tells whether that is under way.
    """

    recalibrated = pyqtSignal(Assessment)
    fitting = pyqtSignal(bool)

    def __init__(self, themes: ThemeManager, background: Background, parent: QWidget | None = None) -> None:
        super().__init__("calibration", themes, background, parent)
        self._fitting: Job[Recalibrated] | None = None
        self._is_blocked = False
        self._told_of: Path | None = None
        self.messages = MessageStrip("calibrationMessages", self)
        self.column.insertWidget(0, self.messages)
        self.bins = QComboBox(self)
        name_widget(self.bins, "calibrationBins", "Bins", "How the images are put together by their probability")
        self.bins.addItems(_BINS)
        self.bins.currentIndexChanged.connect(self.refresh)
        self.fit_button = named_button(
            self,
            "Calibrate",
            "calibrationFitButton",
            "Find the temperature at which the probabilities are true for these images, and keep it in the model's "
            "file. The classes predicted stay the same",
        )
        self.remove_button = named_button(
            self, "Remove", "calibrationRemoveButton", "Take the temperature out of the model's file again"
        )
        self.fit_button.clicked.connect(self._on_fit)
        self.remove_button.clicked.connect(self._on_remove)
        self.temperature = QLabel(self)
        self.temperature.setObjectName("calibrationTemperature")
        for widget in (self.bins, self.fit_button, self.remove_button, self.temperature):
            self.frame.header.addWidget(widget)
        self.frame.header.addStretch(1)
        self.panel = self.frame.add_panel(legend_corner=(8, 8))
        self.panel.set_labels("share right", "probability of the predicted class")
        self.frame.restyle()

    @property
    def is_fitting(self) -> bool:
        """Whether the model is being calibrated."""
        return self._fitting is not None

    def set_blocked(self, is_blocked: bool) -> None:
        """Allow no change of the model while it is assessed."""
        self._is_blocked = is_blocked
        self._enable()

    def on_new_predictions(self) -> None:
        if self.assessment is None:
            return
        if self._told_of != self.assessment.path:
            self.messages.clear()
            self._told_of = self.assessment.path
        temperature = self.assessment.card.temperature
        self.temperature.setText("not calibrated" if temperature == 1 else f"temperature {temperature:.3g}")
        self._enable()

    def work(self, made: Assessment) -> Callable[[JobContext], Any]:
        return partial(_reliability, made.predictions, self.bins.currentIndex() == 1)

    def draw(self, made: Any) -> None:
        found: Reliability = made
        clear_curves(self.panel)
        self.frame.set_empty_text("")
        theme = current_theme()
        correct, muted = QColor(theme.correct), QColor(theme.muted)
        set_curve(self.panel, "true probabilities", muted, Qt.PenStyle.DotLine, [0, 1], [0, 1])
        set_curve(self.panel, "this model", correct, Qt.PenStyle.SolidLine, found.confidence, found.accuracy)
        # The area says how many images there are; points of few images mean little.
        sizes = np.maximum(_SMALLEST, _LARGEST * np.sqrt(found.n / found.n.max()))
        self.panel.curves["this model"].setData(
            found.confidence, found.accuracy, symbol="o", symbolSize=sizes, symbolBrush=correct, symbolPen=None
        )
        self.set_columns([found.columns])
        if self.assessment is not None:
            loss = self.assessment.scores.probability.log_loss
            advice = _ADVICE[self.assessment.role]
            self.text.setText(f"Calibration error {found.ece:.4f} (ECE), log loss {loss:.4f}. {advice}")
        self.frame.fit()

    @pyqtSlot()
    def _on_fit(self) -> None:
        self._change(is_wanted=True)

    @pyqtSlot()
    def _on_remove(self) -> None:
        self._change(is_wanted=False)

    def _change(self, *, is_wanted: bool) -> None:
        if self._fitting is not None or self._is_blocked or self.assessment is None:
            return
        self.messages.clear()
        self._fitting = self._background.start(
            "Calibrating the model",
            partial(calibrate, self.assessment, is_wanted),
            partial(self._on_recalibrated, self.assessment.predictions),
            self._on_refused,
        )
        self._fitting.ended.connect(self._on_fitted)
        self._enable()
        self.fitting.emit(True)

    def _on_recalibrated(self, before: Predictions, made: Recalibrated) -> None:
        name = made.assessment.path.name
        if self.assessment is None or self.assessment.predictions is not before:
            self.messages.add(Note(Level.WARNING, f"The temperature of {name} was changed: assess it again."))
            return
        if made.fitted is None:
            again = "" if made.is_exact else " Some probabilities were too small to be restored: assess it again."
            level = Level.INFO if made.is_exact else Level.WARNING
            self.messages.add(Note(level, f"The calibration was taken out of {name}.{again}"))
        else:
            fitted = made.fitted
            is_seen = made.assessment.role is Role.TRAINING
            warning = f" {_ADVICE[Role.TRAINING]} Remove it, and calibrate on others." if is_seen else ""
            text = (
                f"Calibrated with {grouped(fitted.n)} images: calibration error {fitted.ece[0]:.3f} → "
                f"{fitted.ece[1]:.3f}, log loss {fitted.log_loss[0]:.3f} → {fitted.log_loss[1]:.3f}.{warning}"
            )
            self.messages.add(Note(Level.WARNING if is_seen else Level.INFO, text))
        self.recalibrated.emit(made.assessment)

    def _on_refused(self, failure: Failure) -> None:
        self.messages.add(Note(Level.ERROR, sentence(failure.message), failure.details))

    @pyqtSlot()
    def _on_fitted(self) -> None:
        self._fitting = None
        self._enable()
        self.fitting.emit(False)

    def _enable(self) -> None:
        is_free = self._fitting is None and not self._is_blocked and self.assessment is not None
        self.fit_button.setEnabled(is_free)
        is_calibrated = self.assessment is not None and self.assessment.card.temperature != 1
        self.remove_button.setEnabled(is_free and is_calibrated)


def _reliability(predictions: Predictions, is_equal_mass: bool, _: JobContext) -> Reliability:
    return reliability(predictions, is_equal_mass)
