"""The results of an assessment, each kind in a tab of its own."""

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QTabWidget, QWidget

from aid_desktop.evaluation.assessment import Assessment
from aid_desktop.evaluation.predictions import Threshold
from aid_desktop.gui.assess.curves_calibration import CalibrationPage
from aid_desktop.gui.assess.curves_coverage import CoveragePage
from aid_desktop.gui.assess.curves_page import CurvesPage
from aid_desktop.gui.assess.curves_rank import PrecisionRecallPage, RocPage
from aid_desktop.gui.assess.curves_threshold import ProbabilityPage, SortingPage
from aid_desktop.gui.assess.metrics_view import MetricsView
from aid_desktop.gui.background import Background
from aid_desktop.gui.theme import GRID, ThemeManager


class ResultTabs(QTabWidget):
    """Metrics and curves. Only what is seen is computed.

    `threshold_moved` carries the Threshold to which a line was dragged; `recalibrated` the Assessment after the
    model's temperature was changed.
    """

    threshold_moved = pyqtSignal(Threshold)
    recalibrated = pyqtSignal(Assessment)

    def __init__(self, themes: ThemeManager, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("assessResultTabs")
        self.setAccessibleName("Results")
        self.metrics = MetricsView(self)
        self.roc = RocPage(themes, background, self)
        self.precision_recall = PrecisionRecallPage(themes, background, self)
        self.probabilities = ProbabilityPage(themes, background, self)
        self.threshold = SortingPage(themes, background, self)
        self.calibration = CalibrationPage(themes, background, self)
        self.coverage = CoveragePage(themes, background, self)
        self.setTabToolTip(self.addTab(self.metrics, "Metrics"), "Accuracy, and precision, recall, F1 … of each class")
        for page, title, tip in (
            (self.roc, "ROC", "False against true positive rate of each class"),
            (self.precision_recall, "Precision-recall", "Precision over recall of each class"),
            (self.probabilities, "Probabilities", "How the probability of a class is spread among the actual classes"),
            (self.threshold, "Threshold", "Concentration, enrichment and yield over the threshold on a class"),
            (self.calibration, "Calibration", "Are images of a probability of 0.9 right nine times of ten?"),
            (self.coverage, "Coverage", "Accuracy when images that the model is not sure of are rejected"),
        ):
            self.setTabToolTip(self.addTab(page, title), tip)
        # Many tabs beside the matrix: on small screens they are scrolled, since a shortened title tells nothing.
        self.setElideMode(Qt.TextElideMode.ElideNone)
        self.setStyleSheet(f"QTabBar::tab {{ padding: {GRID - 2}px {GRID}px; }}")
        for page in (self.probabilities, self.threshold):
            page.threshold_moved.connect(self._on_moved)
        self.calibration.recalibrated.connect(self.recalibrated)

    @property
    def pages(self) -> tuple[CurvesPage, ...]:
        """The tabs with curves."""
        return (
            self.roc,
            self.precision_recall,
            self.probabilities,
            self.threshold,
            self.calibration,
            self.coverage,
        )

    def show_assessment(self, made: Assessment) -> None:
        """Show an assessment: the metrics at once, the curves when they are looked at."""
        self.metrics.show_assessment(made)
        for page in self.pages:
            page.show_assessment(made)

    @pyqtSlot(object)
    def set_threshold(self, threshold: Threshold | None) -> None:
        """Move the lines to the threshold that was chosen elsewhere, before its scores are there."""
        self.probabilities.set_threshold(threshold)
        self.threshold.set_threshold(threshold)

    @pyqtSlot(Threshold)
    def _on_moved(self, threshold: Threshold) -> None:
        self.threshold_moved.emit(threshold)
