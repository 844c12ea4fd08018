"""What came of an export: a row for each model and format."""

from collections.abc import Sequence

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from aid_desktop.export.batch import ExportOutcome
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import icon
from aid_desktop.gui.widgets.empty_hint import EmptyHint
from aid_desktop.gui.widgets.message_strip import sentence
from aid_desktop.gui.widgets.naming import name_widget
from aid_desktop.gui.widgets.row_table import show_rows

_COLUMNS = ("Model", "Format", "Proof")
_LONGEST = 40
"""Signs of a model's name."""


class ExportResults(QTableWidget):
    """Says of each file how it was proven, or why it was not written."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, len(_COLUMNS), parent)
        name_widget(self, "exportResults", "Results", "How each file was proven, or why it was not written")
        self.setHorizontalHeaderLabels(_COLUMNS)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        EmptyHint("Each file stands here after Export…, with the proof that it answers as the network does.", self)
        show_rows(self)
        self.setWordWrap(True)
        header = required(self.horizontalHeader())
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(len(_COLUMNS) - 1, QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        required(self.verticalHeader()).setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)

    def show_outcomes(self, outcomes: Sequence[ExportOutcome]) -> None:
        """Show these rows alone."""
        self.setRowCount(len(outcomes))
        for row, outcome in enumerate(outcomes):
            picture, text = proof_of(outcome)
            name = outcome.task.path.stem
            for column, words in enumerate((name[:_LONGEST], outcome.task.target.title, text)):
                item = QTableWidgetItem(words)
                item.setToolTip(f"{outcome.task.model}\n{outcome.task.path}\n{text}")
                item.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
                self.setItem(row, column, item)
            required(self.item(row, len(_COLUMNS) - 1)).setIcon(icon(picture))


def proof_of(outcome: ExportOutcome) -> tuple[str, str]:
    """Return the name of an icon and the words for what came of a task."""
    report = outcome.report
    if report is None:
        return "error", sentence(outcome.problem)
    picture = "check" if report.verified_with and not report.problems else "warning"
    words = (sentence(text).rstrip(".") for text in (report.summary, *report.remarks))
    return picture, ". ".join(words)
