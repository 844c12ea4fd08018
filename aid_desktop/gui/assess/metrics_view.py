"""The scores of an assessment: headline numbers and a table of the classes."""

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QHeaderView, QLabel, QTableView, QVBoxLayout, QWidget

from aid_desktop.gui.assess.assessment import Assessment
from aid_desktop.gui.models.prediction_model import Column, MetricsModel
from aid_desktop.gui.numbers import grouped
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, set_role


class MetricsView(QWidget):
    """Shows accuracy and number of images large, and below them the scores of each class."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = MetricsModel(self)
        self._headline = QLabel(self)
        self._headline.setObjectName("assessHeadline")
        set_role(self._headline, "title")
        self._what = QLabel(self)
        self._what.setObjectName("assessTitle")
        self._what.setTextFormat(Qt.TextFormat.PlainText)
        self._what.setWordWrap(True)
        set_role(self._what, "muted")
        self.table = QTableView(self)
        self.table.setObjectName("metricsTable")
        self.table.setAccessibleName("Scores of each class")
        self.table.setModel(self.model)
        self.table.setTabKeyNavigation(False)
        self.table.setWordWrap(False)
        self.table.setAlternatingRowColors(True)
        self.table.setShowGrid(False)
        # As far from the edge as the header's texts.
        self.table.setStyleSheet("QTableView::item { padding: 0 5px; }")
        self.table.setEditTriggers(QTableView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        required(self.table.verticalHeader()).hide()
        header = required(self.table.horizontalHeader())
        header.setHighlightSections(False)
        header.setMinimumSectionSize(6 * GRID)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(Column.NAME, QHeaderView.ResizeMode.Stretch)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(self._headline)
        column.addWidget(self._what)
        column.addWidget(self.table, 1)

    def show_assessment(self, made: Assessment) -> None:
        """Show the scores of an assessment."""
        scores, threshold = made.scores, made.matrix.threshold
        self._headline.setText(f"accuracy {scores.accuracy:.4f} · {grouped(scores.n)} images")
        under = ""
        if threshold is not None:
            name = made.matrix.class_names[threshold.class_index]
            under = f", {name} above {threshold.probability:g}"
        self._what.setText(made.title + under)
        self._what.setToolTip(str(made.path))
        self.model.set_scores(scores)
        self.table.clearSpans()
        self.table.setSpan(self.model.rowCount() - 1, 0, 1, self.model.columnCount())
