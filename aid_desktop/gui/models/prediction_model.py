"""Scores per class and over all classes as a Qt model."""

from enum import IntEnum
from typing import Any

from PyQt5.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt
from PyQt5.QtGui import QFont

from aid_desktop.evaluation.metrics import ClassScores, Scores
from aid_desktop.gui.numbers import grouped

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


_HEADERS = {
    Column.NAME: ("class", "Name of the class; the last row is about all classes."),
    Column.PRECISION: ("precision", "Of the images predicted as this class: the share that are of it."),
    Column.RECALL: ("recall", "Of the images of this class: the share that were predicted as it."),
    Column.F1: ("F1", "Harmonic mean of precision and recall."),
    Column.SUPPORT: ("images", "Number of images of this class (support)."),
    Column.ROC_AUC: ("ROC-AUC", "Area under the ROC curve of this class against all others: 1 perfect, 0.5 chance."),
    Column.PR_AUC: ("PR-AUC", "Area under the precision-recall curve of this class against all others."),
}


class MetricsModel(QAbstractTableModel):
    """Shows Scores: one row per class, then one that says accuracy and balanced accuracy in its first column.

    A view lets that last row span all columns.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._scores: Scores | None = None

    @property
    def scores(self) -> Scores | None:
        """What is shown."""
        return self._scores

    def set_scores(self, scores: Scores | None) -> None:
        """Show other scores."""
        self.beginResetModel()
        self._scores = scores
        self.endResetModel()

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() or self._scores is None else len(self._scores.per_class) + 1

    def columnCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(Column)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self._scores is None or not index.isValid():
            return None
        if index.row() == len(self._scores.per_class):
            return _overall(self._scores, index.column(), role)
        value = _value(self._scores.per_class[index.row()], Column(index.column()))
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(value)
        if role == SORT_ROLE:
            return value
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if index.column() else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.ToolTipRole and value is None:
            return "Not defined: all images are of this class, or none is."
        return None

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


def overall_text(scores: Scores) -> str:
    """Return for example `accuracy 0.9050 [0.891–0.917] · balanced 0.905`, with the 95 % interval."""
    low, high = scores.accuracy_interval
    return f"accuracy {scores.accuracy:.4f} [{low:.3f}–{high:.3f}] · balanced {scores.balanced_accuracy:.3f}"


def _overall(scores: Scores, column: int, role: int) -> Any:
    if role == Qt.ItemDataRole.FontRole:
        font = QFont()
        font.setBold(True)
        return font
    if column != Column.NAME:
        return None
    if role in (Qt.ItemDataRole.DisplayRole, SORT_ROLE):
        return f"all classes: {overall_text(scores)}"
    if role == Qt.ItemDataRole.ToolTipRole:
        return (
            "Accuracy: share of all images predicted correctly, and the limits that hold the true value with a "
            "confidence of 95 %. Balanced accuracy: the mean recall of the classes."
        )
    return None


def _value(scores: ClassScores, column: Column) -> str | float | None:
    if column is Column.NAME:
        return scores.name
    if column is Column.SUPPORT:
        return scores.support
    numbers = (scores.precision, scores.recall, scores.f1, None, scores.roc_auc, scores.pr_auc)
    return numbers[column - 1]


def _text(value: str | float | None) -> str:
    if value is None:
        return "–"
    if isinstance(value, int):
        return grouped(value)
    return f"{value:.3f}" if isinstance(value, float) else value
