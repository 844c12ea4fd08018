"""Suspicious images as a Qt model, with small pictures."""

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

import numpy as np
from PyQt5.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt

from aid_desktop.evaluation.label_issues import LabelIssue, LabelIssues, Reason
from aid_desktop.evaluation.label_tables import reasons_text
from aid_desktop.gui.models.image_list_model import ImageListModel
from aid_desktop.gui.widgets.image_items import FAILURE_ROLE, IMAGE_ROLE, ORIGIN_ROLE
from aid_desktop.gui.widgets.pixmaps import to_pixmap

THUMBNAIL = 32
"""Longer side of the pictures in pixels."""

_NO_PARENT = QModelIndex()


class Column(IntEnum):
    """Columns of the table in order."""

    IMAGE = 0
    ACTUAL = 1
    SUGGESTED = 2
    SCORE = 3
    REASONS = 4


_HEADERS = {
    Column.IMAGE: ("image", "The image, and its file and number"),
    Column.ACTUAL: ("actual", "The class that the image has in the class table"),
    Column.SUGGESTED: (
        "looks like",
        "The class of the highest probability, where that speaks against the actual one",
    ),
    Column.SCORE: (
        "score",
        "How little the probabilities support the actual class, 0 to 1: 1 − the label quality of cleanlab",
    ),
    Column.REASONS: ("why", "Why the image is on the list"),
}


class LabelIssueModel(QAbstractTableModel):
    """Shows LabelIssues in their order, all or those of some reasons; `pictures` are the images of the rows."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.pictures = ImageListModel(self)
        self.pictures.dataChanged.connect(self._on_pictures)
        self._names: tuple[str, ...] = ()
        self._issues: tuple[LabelIssue, ...] = ()
        self._numbers = np.empty(0, np.intp)

    @property
    def issues(self) -> tuple[LabelIssue, ...]:
        """The rows."""
        return self._issues

    def set_issues(self, found: LabelIssues | None, reasons: Sequence[Reason] = tuple(Reason)) -> None:
        """Show other images; give `pictures` theirs afterwards."""
        self.beginResetModel()
        self._names = () if found is None else tuple(source.name for source in found.predictions.sources)
        self._numbers = np.empty(0, np.intp) if found is None else found.predictions.file_numbers()
        every = () if found is None else found.issues
        self._issues = tuple(issue for issue in every if set(reasons) & set(issue.reasons))
        self.endResetModel()

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._issues)

    def columnCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(Column)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(Column):
            return section + 1 if role == Qt.ItemDataRole.DisplayRole else None
        name, meaning = _HEADERS[Column(section)]
        if role == Qt.ItemDataRole.DisplayRole:
            return name
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section == Column.SCORE else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return meaning if role == Qt.ItemDataRole.ToolTipRole else None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._issues):
            return None
        issue, column = self._issues[index.row()], Column(index.column())
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(issue, column)
        if role == Qt.ItemDataRole.DecorationRole and column is Column.IMAGE:
            image = self.pictures.index(index.row()).data(IMAGE_ROLE)
            return None if image is None else to_pixmap(image, THUMBNAIL)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column is Column.SCORE else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(index.row(), issue, column)
        return None

    def _text(self, issue: LabelIssue, column: Column) -> str:
        if column is Column.IMAGE:
            return f"{self._names[issue.source]} #{self._numbers[issue.position]}"
        if column is Column.ACTUAL:
            return issue.actual
        if column is Column.SUGGESTED:
            return issue.suggested or "–"
        if column is Column.SCORE:
            return "–" if issue.score is None else f"{issue.score:.3f}"
        return reasons_text(issue)

    def _tip(self, row: int, issue: LabelIssue, column: Column) -> str:
        if column is Column.REASONS and issue.distance is not None:
            return f"{reasons_text(issue)}\n{issue.distance:.1f} times as far from its neighbours as usual"
        if column is Column.SCORE and issue.score is None:
            return "No model has judged this image without having learnt from it"
        picture = self.pictures.index(row)
        return picture.data(FAILURE_ROLE) or picture.data(ORIGIN_ROLE) or self._text(issue, column)

    def _on_pictures(self, first: QModelIndex, last: QModelIndex) -> None:
        self.dataChanged.emit(self.index(first.row(), Column.IMAGE), self.index(last.row(), Column.IMAGE))
