"""What a check has found: sentences, the images behind them, and the state of each class."""

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.data.check import CheckReport
from aid_desktop.data.class_table import ClassTable
from aid_desktop.data.health import ClassHealth
from aid_desktop.gui.background import Background
from aid_desktop.gui.data.findings_view import FindingsView
from aid_desktop.gui.data.table_checks import CheckedTable
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, set_role
from aid_desktop.gui.widgets.dialog import Dialog
from aid_desktop.gui.widgets.naming import named_button
from aid_desktop.numbers import grouped
from aid_desktop.paths import write_atomically

_SIZE = (112, 72)
_COLUMNS = (
    "class", "training", "validation", "test", "sizes", "duplicates", "blank", "saturated", "unreadable", "brightness",
)  # fmt: skip


class CheckDialog(Dialog):
    """Shows a report. `rows_chosen` carries the places of the rows that a finding is about."""

    rows_chosen = pyqtSignal(tuple)

    def __init__(self, checked: CheckedTable, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("checkDialog")
        self.setWindowTitle("Check of the images")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.set_size(*_SIZE)
        self._report = checked.report
        self._table = checked.table
        self._summary = QLabel(_summary(self._report), self)
        self.findings = FindingsView("check", self._report.findings, self._table, background, self)
        self.health = _health_table(self._report.health, self)
        self.select_button = named_button(
            self, "Select rows", "checkSelectButton", "Select the rows of this finding in the class table"
        )
        self._lay_out()
        finding = self.findings.finding
        self.select_button.setEnabled(finding is not None and bool(finding.pairs))
        self.findings.chosen.connect(self.select_button.setEnabled)
        self.select_button.clicked.connect(self._on_select)

    @property
    def summary(self) -> str:
        """The title of the report."""
        return self._summary.text()

    def save(self, path: Path) -> None:
        """Write findings and classes as a table. Raises OSError."""
        with write_atomically(path) as temporary:
            temporary.write_text(report_text(self._report, self._table), encoding="utf-8-sig")

    def _lay_out(self) -> None:
        set_role(self._summary, "title")
        save = named_button(
            self, "Save report…", "checkSaveButton", "Save findings and classes as a table (.csv)", "save"
        )
        save.clicked.connect(self._on_save)
        close = named_button(self, "Close", "checkCloseButton", "Close; the findings stay as a note on the Data tab")
        close.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.addWidget(self.select_button)
        buttons.addWidget(save)
        buttons.addStretch(1)
        buttons.addWidget(close)
        heading = QLabel("Classes", self)
        set_role(heading, "heading")
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(self._summary)
        column.addWidget(self.findings, 3)
        column.addWidget(heading)
        column.addWidget(self.health, 2)
        column.addLayout(buttons)

    @pyqtSlot()
    def _on_select(self) -> None:
        finding = self.findings.finding
        if finding is not None:
            self.rows_chosen.emit(finding.rows)

    @pyqtSlot()
    def _on_save(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Save the report", "check.csv", "Tables (*.csv)")
        if name:
            try:
                self.save(Path(name))
            except OSError as error:
                self.findings.say(f"The report cannot be saved to {name}: {error.strerror or error}.")


def report_text(report: CheckReport, table: ClassTable) -> str:
    """Return findings, one line for each pair of images, and classes as .csv."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(("finding", "first", "first image", "second", "second image"))
    for finding in report.findings:
        if not finding.pairs:
            writer.writerow((finding.message,))
        for pair in finding.pairs:
            cells = [cell for ref in pair for cell in (table.rows[ref.row].source.name, ref.index)]
            writer.writerow((finding.message, *cells))
    writer.writerow(())
    writer.writerow(_COLUMNS)
    writer.writerows(_cells(state, str) for state in report.health)
    return text.getvalue()


def _summary(report: CheckReport) -> str:
    number = len(report.findings)
    found = "Nothing" if not number else "1 thing" if number == 1 else f"{number} things"
    return f"{found} found in {grouped(report.n_images)} images"


def _health_table(health: Sequence[ClassHealth], parent: QWidget) -> QTableWidget:
    table = QTableWidget(len(health), len(_COLUMNS), parent)
    table.setObjectName("checkClasses")
    table.setAccessibleName("State of the classes")
    table.setToolTip("Brightness: by how many standard deviations images of a role differ from those for training")
    table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
    table.setHorizontalHeaderLabels([name.capitalize() for name in _COLUMNS])
    required(table.verticalHeader()).hide()
    for line, state in enumerate(health):
        for column, text in enumerate(_cells(state)):
            item = QTableWidgetItem(text)
            if column:
                item.setTextAlignment(int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter))
            table.setItem(line, column, item)
    table.resizeColumnsToContents()
    return table


def _cells(state: ClassHealth, shown: Callable[[int], str] = grouped) -> tuple[str, ...]:
    sizes = ", ".join(f"{width} × {height}" for height, width, _ in state.shapes[:3])
    drift = ", ".join(f"{role} {amount:+.1f}" for role, amount in state.drift) or "–"
    numbers = (state.duplicates, state.blank, state.saturated, state.unreadable)
    return (
        state.name,
        *map(shown, state.images),
        sizes + (" …" if len(state.shapes) > 3 else ""),
        *map(shown, numbers),
        drift,
    )
