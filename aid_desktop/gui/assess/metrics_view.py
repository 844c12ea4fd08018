"""The scores of an assessment: headline numbers with their intervals, and a table of the classes."""

from html import escape

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QGridLayout, QHeaderView, QLabel, QTableView, QVBoxLayout, QWidget

from aid_desktop.evaluation.assessment import Assessment
from aid_desktop.evaluation.bootstrap import Interval
from aid_desktop.evaluation.curves import SortingPoint
from aid_desktop.evaluation.metrics import HEADLINES, Scores
from aid_desktop.gui.assess.curves_threshold import sorting_text
from aid_desktop.gui.models.prediction_model import MetricsModel, interval_text, interval_tip
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, set_role
from aid_desktop.gui.widgets.row_table import show_rows
from aid_desktop.numbers import grouped

_PER_ROW = 4
_SMALLER = tuple(key for key in HEADLINES if key != "accuracy")


class MetricsView(QWidget):
    """Shows accuracy and number of images large, below them the other scores, and a table of the classes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = MetricsModel(self)
        self._headline = QLabel(self)
        self._headline.setObjectName("assessHeadline")
        self._headline.setToolTip(f"{HEADLINES['accuracy'][1]} In brackets: limits with a confidence of 95 %.")
        set_role(self._headline, "title")
        self._what = self._muted("assessTitle")
        self._sorting = self._muted("assessSorting")
        self._sorting.setToolTip("What sorting by the threshold gives, as AIDeveloper defines it")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(self._headline)
        column.addWidget(self._what)
        column.addWidget(self._sorting)
        column.addLayout(self._make_figures())
        self._make_table()
        column.addWidget(self.table, 1)

    def show_assessment(self, made: Assessment) -> None:
        """Show the scores of an assessment."""
        scores, threshold = made.scores, made.matrix.threshold
        limits = interval_text(scores.accuracy_interval)
        images = "image" if scores.n == 1 else "images"
        self._headline.setText(f"accuracy {scores.accuracy:.4f} {limits} · {grouped(scores.n)} {images}")
        under = ""
        if threshold is not None:
            name = made.matrix.class_names[threshold.class_index]
            under = f", {name} above {threshold.probability:g}"
        self._what.setText(made.title + under)
        self._what.setToolTip(str(made.path))
        self._sorting.setVisible(threshold is not None)
        if threshold is not None:
            one = scores.per_class[threshold.class_index]
            point = SortingPoint(
                one.n_predicted, one.initial_concentration, one.final_concentration, one.enrichment, one.sorting_yield
            )
            self._sorting.setText(sorting_text(one.name, threshold.probability, point))
        self._show_figures(scores)
        self.model.set_scores(scores)

    def _show_figures(self, scores: Scores) -> None:
        for key, label in self._figures.items():
            value, interval = scores.headlines[key], scores.intervals.get(key)
            title, meaning = HEADLINES[key]
            label.setText(_figure(title, value, interval))
            label.setToolTip(meaning if interval is None else f"{meaning} {interval_tip(interval)}")

    def _make_figures(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, GRID // 2)
        grid.setHorizontalSpacing(GRID)
        grid.setVerticalSpacing(GRID // 2)
        self._figures: dict[str, QLabel] = {}
        for place, key in enumerate(_SMALLER):
            label = QLabel(self)
            label.setObjectName(f"assessFigure.{key}")
            label.setTextFormat(Qt.TextFormat.RichText)
            self._figures[key] = label
            label.setMinimumWidth(1)
            grid.addWidget(label, place // _PER_ROW, place % _PER_ROW)
        for column in range(_PER_ROW):
            grid.setColumnStretch(column, 1)
        return grid

    def _muted(self, name: str) -> QLabel:
        label = QLabel(self)
        label.setObjectName(name)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        set_role(label, "muted")
        return label

    def _make_table(self) -> None:
        self.table = QTableView(self)
        self.table.setObjectName("metricsTable")
        self.table.setAccessibleName("Scores of each class")
        self.table.setModel(self.model)
        show_rows(self.table)
        self.table.setAlternatingRowColors(True)
        # As far from the edge as the header's texts.
        self.table.setStyleSheet("QTableView::item { padding: 0 5px; }")
        self.table.setEditTriggers(QTableView.EditTrigger.NoEditTriggers)
        header = required(self.table.horizontalHeader())
        header.setMinimumSectionSize(6 * GRID)
        # Only the rows in view are measured: of a thousand classes all would take longer than the scores.
        header.setResizeContentsPrecision(0)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setMaximumSectionSize(22 * GRID)


def _figure(title: str, value: float | None, interval: Interval | None) -> str:
    number = "–" if value is None else f"{value:.3f}"
    return f"<small>{escape(title)}</small><br><b>{number}</b> <small>{interval_text(interval)}</small>"
