"""The curves of a report: computed once, drawn in its page and written as tables."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aid_desktop.evaluation.confusion import ConfusionMatrix
from aid_desktop.evaluation.curves import (
    Columns,
    CoverageCurve,
    PrecisionRecallCurve,
    ProbabilityHistogram,
    Reliability,
    RocCurve,
    ThresholdCurves,
    coverage_curve,
    precision_recall_curves,
    probability_histogram,
    reliability,
    roc_curves,
    threshold_curves,
)
from aid_desktop.evaluation.metrics import Scores
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.evaluation.report_facts import ReportedRun
from aid_desktop.evaluation.report_svg import MUTED, Series, class_style, line_plot
from aid_desktop.models.metadata import ModelCard

MOST_CURVES = 12
_MOST_EPOCHS = 500
_DIAGONAL = np.array([0.0, 1.0])


@dataclass(frozen=True, slots=True)
class ReportCurves:
    """All curves of an assessment; of many classes those of the MOST_CURVES with the most images."""

    roc: tuple[RocCurve, ...]
    precision_recall: tuple[PrecisionRecallCurve, ...]
    threshold: ThresholdCurves
    histogram: ProbabilityHistogram
    reliability: Reliability
    coverage: CoverageCurve
    roc_auc: tuple[float | None, ...]
    pr_auc: tuple[float | None, ...]
    n_left_out: int

    @property
    def tables(self) -> dict[str, list[Columns]]:
        """The numbers by the name of the file they go to."""
        return {
            "roc": [one.columns for one in self.roc],
            "precision_recall": [one.columns for one in self.precision_recall],
            "threshold": [self.threshold.columns],
            "probabilities": [self.histogram.columns],
            "reliability": [self.reliability.columns],
            "coverage": [self.coverage.columns],
        }


def report_curves(scores: Scores, matrix: ConfusionMatrix, predictions: Predictions) -> ReportCurves:
    """Compute the curves; those over a threshold are of its class, or of the first one."""
    support = matrix.counts.sum(axis=1)
    chosen = sorted(np.argsort(-support, kind="stable")[:MOST_CURVES].tolist())
    target = 0 if matrix.threshold is None else matrix.threshold.class_index
    return ReportCurves(
        roc_curves(predictions, chosen),
        precision_recall_curves(predictions, chosen),
        threshold_curves(predictions, target),
        probability_histogram(predictions, target),
        reliability(predictions),
        coverage_curve(predictions),
        scores.probability.class_roc_auc,
        scores.probability.class_pr_auc,
        max(0, len(support) - MOST_CURVES),
    )


def score_plots(curves: ReportCurves) -> list[str]:
    """Return the curves as SVG elements; those that are not defined are left out."""
    plots = []
    if curves.roc:
        lines = [Series("chance", _DIAGONAL, _DIAGONAL, MUTED, "2 3")]
        for roc in curves.roc:
            name = f"{roc.name} {curves.roc_auc[roc.class_index]:.4f}"
            color, dash = class_style(roc.class_index)
            lines.append(Series(name, roc.false_positive_rate, roc.true_positive_rate, color, dash))
        plots.append(line_plot("ROC", ("false positive rate", "true positive rate"), lines, (0, 1)))
    if curves.precision_recall:
        lines = []
        for pr in curves.precision_recall:
            name = f"{pr.name} {curves.pr_auc[pr.class_index]:.4f}"
            color, dash = class_style(pr.class_index)
            lines.append(Series(name, pr.recall, pr.precision, color, dash))
        plots.append(line_plot("Precision and recall", ("recall", "precision"), lines, (0, 1)))
    plots.append(_histogram(curves.histogram))
    plots += _sorting(curves.threshold)
    bins = curves.reliability
    lines = [
        Series("true probabilities", _DIAGONAL, _DIAGONAL, MUTED, "2 3"),
        Series("this model", bins.confidence, bins.accuracy, class_style(4)[0], has_dots=True),
    ]
    labels = ("probability of the predicted class", "share right")
    plots.append(line_plot(f"Calibration, expected error {bins.ece:.4f}", labels, lines, (0, 1)))
    kept = curves.coverage
    lines = [Series("accuracy of the images kept", kept.coverage, kept.accuracy, class_style(4)[0])]
    plots.append(line_plot("Accuracy when uncertain images are rejected", ("coverage", "accuracy"), lines))
    return plots


def _histogram(histogram: ProbabilityHistogram) -> str:
    largest = sorted(np.argsort(-histogram.counts.sum(axis=1), kind="stable")[:MOST_CURVES].tolist())
    lines = []
    for index in largest:
        x = np.repeat(histogram.edges, 2)[1:-1]
        y = np.repeat(histogram.counts[index].astype(np.float64), 2)
        lines.append(Series(f"actual {histogram.class_names[index]}", x, y, *class_style(index)))
    return line_plot(f"Probability of {histogram.name}", ("probability", "images"), lines)


def _sorting(found: ThresholdCurves) -> list[str]:
    color = class_style(found.class_index)[0]
    initial = np.full(2, found.initial)
    shares = [
        Series("concentration", found.threshold, found.concentration, color),
        Series("yield", found.threshold, found.sorting_yield, color, "7 4"),
        Series("initial concentration", _DIAGONAL, initial, MUTED, "2 3"),
    ]
    enrichment = [Series("enrichment", found.threshold, found.enrichment, color)]
    return [
        line_plot(f"Sorting by a threshold on {found.name}", ("threshold", "share"), shares, (0, 1)),
        line_plot(f"Enrichment of {found.name}", ("threshold", "enrichment"), enrichment),
    ]


def history_plots(run: ReportedRun, card: ModelCard | None) -> list[str]:
    """Return accuracy and loss of the run over its epochs, with marks where settings were changed."""
    history = run.history
    if len(history) < 2:
        return []
    epochs = history.epochs()
    kept = np.unique(np.linspace(0, len(epochs) - 1, min(len(epochs), _MOST_EPOCHS)).round().astype(int))
    marks = [float(epoch) for epoch, _, _ in run.changes]
    plots = []
    for name in ("accuracy", "loss"):
        lines = []
        for column, title, number in ((name, "training", 0), (f"val_{name}", "validation", 4)):
            if column in history.columns:
                lines.append(Series(title, epochs[kept], history.column(column)[kept], class_style(number)[0]))
        if card is not None and lines:
            lines += _model_point(card, epochs, lines[-1])
        if lines:
            plots.append(line_plot(name.capitalize(), ("epoch (from 0)", name), lines, marks=marks))
    return plots


def _model_point(card: ModelCard, epochs: NDArray[np.float64], line: Series) -> list[Series]:
    places = np.flatnonzero(line.x == card.epoch)
    if not len(places) or card.epoch not in epochs:
        return []
    return [Series("this model", line.x[places], line.y[places], class_style(5)[0], has_dots=True)]
