"""ROC and precision-recall curves of each class."""

from collections.abc import Callable
from functools import partial
from typing import Any

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QColor
from PyQt5.QtWidgets import QWidget

from aid_desktop.evaluation.curves import (
    PrecisionRecallCurve,
    RocCurve,
    precision_recall_curves,
    roc_curves,
)
from aid_desktop.evaluation.metrics import Scores
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.gui.assess.assessment import Assessment
from aid_desktop.gui.assess.curves_page import ClassMenu, CurvesPage, class_pen, clear_curves, set_curve
from aid_desktop.gui.background import Background, JobContext
from aid_desktop.gui.theme import ThemeManager, current_theme

_UNDEFINED = "No class has a curve: images of two classes are needed, and a class that is ticked."


class RocPage(CurvesPage):
    """False against true positive rate; the legend says the areas."""

    def __init__(self, themes: ThemeManager, background: Background, parent: QWidget | None = None) -> None:
        super().__init__("roc", themes, background, parent)
        self.classes = ClassMenu("rocClasses", self.refresh, self)
        self.frame.header.addWidget(self.classes)
        self.frame.header.addStretch(1)
        self.panel = self.frame.add_panel(legend_corner=(-8, -8))
        self.panel.set_labels("true positive rate", "false positive rate")
        self.frame.restyle()

    def on_new_predictions(self) -> None:
        if self.assessment is not None:
            made = self.assessment
            self.classes.set_classes(made.matrix.class_names, made.matrix.counts.sum(axis=1).tolist())

    def work(self, made: Assessment) -> Callable[[JobContext], Any]:
        return partial(_curves, roc_curves, made.predictions, self.classes.chosen)

    def draw(self, made: Any) -> None:
        curves: list[RocCurve] = made
        clear_curves(self.panel)
        self.frame.set_empty_text("" if curves else _UNDEFINED)
        if not curves or self.assessment is None:
            return
        set_curve(self.panel, "chance", QColor(current_theme().muted), Qt.PenStyle.DotLine, [0, 1], [0, 1])
        areas = self.assessment.scores.probability.class_roc_auc
        for curve in curves:
            name = f"{curve.name}  {areas[curve.class_index]:.4f}"
            set_curve(
                self.panel, name, *class_pen(curve.class_index), curve.false_positive_rate, curve.true_positive_rate
            )
        self.set_columns([curve.columns for curve in curves])
        self.text.setText(_mean_text("ROC-AUC", self.assessment.scores, "roc_auc"))
        self.frame.fit()


class PrecisionRecallPage(CurvesPage):
    """Precision over recall; the legend says the areas."""

    def __init__(self, themes: ThemeManager, background: Background, parent: QWidget | None = None) -> None:
        super().__init__("precisionRecall", themes, background, parent)
        self.classes = ClassMenu("precisionRecallClasses", self.refresh, self)
        self.frame.header.addWidget(self.classes)
        self.frame.header.addStretch(1)
        self.panel = self.frame.add_panel(legend_corner=(8, -8))
        self.panel.set_labels("precision", "recall")
        self.frame.restyle()

    def on_new_predictions(self) -> None:
        if self.assessment is not None:
            made = self.assessment
            self.classes.set_classes(made.matrix.class_names, made.matrix.counts.sum(axis=1).tolist())

    def work(self, made: Assessment) -> Callable[[JobContext], Any]:
        return partial(_curves, precision_recall_curves, made.predictions, self.classes.chosen)

    def draw(self, made: Any) -> None:
        curves: list[PrecisionRecallCurve] = made
        clear_curves(self.panel)
        self.frame.set_empty_text("" if curves else _UNDEFINED)
        if not curves or self.assessment is None:
            return
        areas = self.assessment.scores.probability.class_pr_auc
        for curve in curves:
            name = f"{curve.name}  {areas[curve.class_index]:.4f}"
            set_curve(self.panel, name, *class_pen(curve.class_index), curve.recall, curve.precision)
        self.set_columns([curve.columns for curve in curves])
        shares = ", ".join(f"{curve.name} {curve.share:.3f}" for curve in curves[:4])
        text = _mean_text("PR-AUC", self.assessment.scores, "pr_auc")
        self.text.setText(f"{text} Chance is the share of the class: {shares}{', …' if len(curves) > 4 else ''}.")
        self.frame.fit()


def _curves(
    make: Callable[[Predictions, list[int]], tuple[Any, ...]],
    predictions: Predictions,
    classes: list[int],
    context: JobContext,
) -> list[Any]:
    curves: list[Any] = []
    for done, index in enumerate(classes):
        context.report_or_leave(done, len(classes))
        curves += make(predictions, [index])
    return curves


def _mean_text(title: str, scores: Scores, key: str) -> str:
    value = scores.headlines[key]
    if value is None:
        return ""
    low_high = scores.intervals.get(key)
    between = "" if low_high is None else f" [{low_high[0]:.4f}–{low_high[1]:.4f}]"
    return f"Mean {title} of the classes: {value:.4f}{between}."
