"""ROC and precision-recall curves of each class."""

from collections.abc import Callable
from functools import partial
from typing import Any

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QColor
from PyQt5.QtWidgets import QWidget

from aid_desktop.evaluation.assessment import Assessment
from aid_desktop.evaluation.curves import (
    PrecisionRecallCurve,
    RocCurve,
    precision_recall_curves,
    roc_curves,
)
from aid_desktop.evaluation.metrics import Scores
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.gui.assess.curves_page import ClassMenu, CurvesPage, class_pen, clear_curves, set_curve
from aid_desktop.gui.background import Background, JobContext
from aid_desktop.gui.theme import ThemeManager, current_theme

_UNDEFINED = "No class has a curve: images of two classes are needed, and a class that is ticked."
_TOLD_SHARES = 3


class RankPage(CurvesPage):
    """Curves of the ticked classes; `make` computes those of some classes. The legend says the areas."""

    def __init__(
        self,
        name: str,
        make: Callable[[Predictions, list[int]], tuple[Any, ...]],
        labels: tuple[str, str],
        legend_corner: tuple[int, int],
        themes: ThemeManager,
        background: Background,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(name, themes, background, parent)
        self._make = make
        self.classes = ClassMenu(f"{name}Classes", self.refresh, self)
        self.frame.header.addWidget(self.classes)
        self.frame.header.addStretch(1)
        self.panel = self.frame.add_panel(legend_corner=legend_corner)
        self.panel.set_labels(*labels)
        self.frame.restyle()

    def on_new_predictions(self) -> None:
        if self.assessment is not None:
            made = self.assessment
            self.classes.set_classes(made.matrix.class_names, made.matrix.counts.sum(axis=1).tolist())

    def work(self, made: Assessment) -> Callable[[JobContext], Any]:
        return partial(_curves, self._make, made.predictions, self.classes.chosen)

    def draw(self, made: Any) -> None:
        clear_curves(self.panel)
        self.frame.set_empty_text("" if made else _UNDEFINED)
        if made and self.assessment is not None:
            self.draw_curves(made, self.assessment.scores)
            self.set_columns([curve.columns for curve in made])
            self.frame.fit()

    def draw_curves(self, curves: list[Any], scores: Scores) -> None:
        """Draw the curves, one at least, and say what they tell together."""
        raise NotImplementedError


class RocPage(RankPage):
    """False against true positive rate."""

    def __init__(self, themes: ThemeManager, background: Background, parent: QWidget | None = None) -> None:
        labels = "true positive rate", "false positive rate"
        super().__init__("roc", roc_curves, labels, (-8, -8), themes, background, parent)

    def draw_curves(self, curves: list[RocCurve], scores: Scores) -> None:
        set_curve(self.panel, "chance", QColor(current_theme().muted), Qt.PenStyle.DotLine, [0, 1], [0, 1])
        for curve in curves:
            name = f"{curve.name}  {scores.probability.class_roc_auc[curve.class_index]:.4f}"
            set_curve(
                self.panel, name, *class_pen(curve.class_index), curve.false_positive_rate, curve.true_positive_rate
            )
        self.text.setText(_mean_text("ROC-AUC", scores, "roc_auc"))


class PrecisionRecallPage(RankPage):
    """Precision over recall."""

    def __init__(self, themes: ThemeManager, background: Background, parent: QWidget | None = None) -> None:
        labels = "precision", "recall"
        super().__init__("precisionRecall", precision_recall_curves, labels, (8, -8), themes, background, parent)

    def draw_curves(self, curves: list[PrecisionRecallCurve], scores: Scores) -> None:
        for curve in curves:
            name = f"{curve.name}  {scores.probability.class_pr_auc[curve.class_index]:.4f}"
            set_curve(self.panel, name, *class_pen(curve.class_index), curve.recall, curve.precision)
        shares = ", ".join(f"{curve.name} {curve.share:.3f}" for curve in curves[:_TOLD_SHARES])
        end = ", …" if len(curves) > _TOLD_SHARES else "."
        text = _mean_text("PR-AUC", scores, "pr_auc")
        self.text.setText(f"{text} Chance is the share of the class: {shares}{end}")


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
