"""Scores per class and their means as a Qt model."""

from enum import IntEnum
from typing import Any

from PyQt5.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt
from PyQt5.QtGui import QFont

from aid_desktop.evaluation.bootstrap import Interval
from aid_desktop.evaluation.metrics import Averages, ClassScores, Scores
from aid_desktop.numbers import grouped

SORT_ROLE = Qt.ItemDataRole.UserRole
"""The raw value of a cell: a number, a text, or None where a score is not defined."""

_NO_PARENT = QModelIndex()


class Column(IntEnum):
    """Columns of the table in order."""

    NAME = 0
    PRECISION = 1
    RECALL = 2
    F1 = 3
    SUPPORT = 4
    ROC_AUC = 5
    PR_AUC = 6
    SHARE = 7
    ENRICHMENT = 8


_HEADERS = {
    Column.NAME: ("class", "Name of the class; the last rows are means over the classes."),
    Column.PRECISION: (
        "precision",
        "Of the images predicted as this class: the share that are of it. For sorting: the final concentration.",
    ),
    Column.RECALL: (
        "recall",
        "Of the images of this class: the share that were predicted as it. For sorting: the yield.",
    ),
    Column.F1: ("F1", "Harmonic mean of precision and recall."),
    Column.SUPPORT: ("images", "Number of images of this class (support)."),
    Column.ROC_AUC: ("ROC-AUC", "Area under the ROC curve of this class against all others: 1 perfect, 0.5 chance."),
    Column.PR_AUC: ("PR-AUC", "Area under the precision-recall curve of this class against all others."),
    Column.SHARE: ("initial conc.", "Share of all images that are of this class: the concentration before sorting."),
    Column.ENRICHMENT: ("enrichment", "Precision by initial concentration: how much richer sorting makes the sample."),
}
_KEYS = {
    Column.PRECISION: "precision",
    Column.RECALL: "recall",
    Column.F1: "f1",
    Column.ROC_AUC: "roc_auc",
    Column.PR_AUC: "pr_auc",
}
_MEANS = (
    ("macro mean", "macro", "Each class counts the same."),
    ("weighted mean", "weighted", "Each class counts as much as it has images."),
)


class MetricsModel(QAbstractTableModel):
    """Shows Scores: one row per class, then the macro and the weighted mean."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._scores: Scores | None = None

    @property
    def scores(self) -> Scores | None:
        """What is shown."""
        return self._scores

    def set_scores(self, scores: Scores | None) -> None:
        """Show other scores; the cells of the same classes stay chosen."""
        before = self._scores
        names = None if before is None else [one.name for one in before.per_class]
        if scores is not None and names == [one.name for one in scores.per_class]:
            self._scores = scores
            self.dataChanged.emit(self.index(0, 0), self.index(self.rowCount() - 1, len(Column) - 1))
            return
        self.beginResetModel()
        self._scores = scores
        self.endResetModel()

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() or self._scores is None else len(self._scores.per_class) + len(_MEANS)

    def columnCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(Column)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self._scores is None or not index.isValid():
            return None
        column, n_classes = Column(index.column()), len(self._scores.per_class)
        mean = _MEANS[index.row() - n_classes] if index.row() >= n_classes else None
        if role == Qt.ItemDataRole.FontRole and mean is not None:
            font = QFont()
            font.setBold(True)
            return font
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        if role not in (Qt.ItemDataRole.DisplayRole, SORT_ROLE, Qt.ItemDataRole.ToolTipRole):
            return None
        if mean is None:
            scores = self._scores.per_class[index.row()]
            value = _value(scores, column)
            if role == Qt.ItemDataRole.ToolTipRole:
                return _tip(value, scores.intervals.get(_KEYS.get(column, "")))
        else:
            value = _mean_value(self._scores, mean, column)
            if role == Qt.ItemDataRole.ToolTipRole:
                interval = self._scores.intervals.get(f"{mean[1]}_{_KEYS.get(column, '')}")
                return mean[2] if interval is None else interval_tip(interval)
        return value if role == SORT_ROLE else _text(value, "" if mean else "–")

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(Column):
            return None
        name, meaning = _HEADERS[Column(section)]
        if role == Qt.ItemDataRole.DisplayRole:
            return name
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return meaning if role == Qt.ItemDataRole.ToolTipRole else None


def interval_text(interval: Interval | None, decimals: int = 3) -> str:
    """Return for example `[0.891–0.917]`, or nothing."""
    return "" if interval is None else f"[{interval[0]:.{decimals}f}–{interval[1]:.{decimals}f}]"


def interval_tip(interval: Interval) -> str:
    """Say in words between which limits a score lies."""
    return f"{interval[0]:.4f} to {interval[1]:.4f} with a confidence of 95 % (bootstrap over the images)."


def _tip(value: str | float | None, interval: Interval | None) -> str | None:
    if value is None:
        return "Not defined: all images are of this class, or none is, or none was predicted as it."
    return None if interval is None else interval_tip(interval)


def _value(scores: ClassScores, column: Column) -> str | float | None:
    values: tuple[str | float | None, ...] = (
        scores.name,
        scores.precision,
        scores.recall,
        scores.f1,
        scores.support,
        scores.roc_auc,
        scores.pr_auc,
        scores.initial_concentration,
        scores.enrichment,
    )
    return values[column]


def _mean_value(scores: Scores, mean: tuple[str, str, str], column: Column) -> str | float | None:
    name, kind, _ = mean
    of: Averages = scores.macro if kind == "macro" else scores.weighted
    known: dict[Column, str | float | None] = {
        Column.NAME: name,
        Column.PRECISION: of.precision,
        Column.RECALL: of.recall,
        Column.F1: of.f1,
        Column.SUPPORT: scores.n,
    }
    if kind == "macro":
        known |= {Column.ROC_AUC: scores.probability.roc_auc, Column.PR_AUC: scores.probability.pr_auc}
    return known.get(column)


def _text(value: str | float | None, missing: str) -> str:
    if value is None:
        return missing
    if isinstance(value, int):
        return grouped(value)
    return f"{value:.3f}" if isinstance(value, float) else value
