"""What a check has found: sentences, the images behind them, and the state of each class."""

import csv
import io
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.data.check import CheckReport, Finding, ImageRef, Severity
from aid_desktop.data.class_table import ClassTable
from aid_desktop.data.formats import reopen
from aid_desktop.data.health import ClassHealth
from aid_desktop.data.pixels import Pixels
from aid_desktop.gui.background import Background, JobContext
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, icon, set_role
from aid_desktop.gui.widgets.image_strip import ImageStrip
from aid_desktop.paths import write_atomically

PAIRS_SHOWN = 24

_SIZE = (112 * GRID, 72 * GRID)
_COLUMNS = (
    "class", "training", "validation", "test", "sizes", "duplicates", "blank", "saturated", "unreadable", "brightness",
)  # fmt: skip
_ICONS = {Severity.LEAK: "error", Severity.DOUBT: "warning"}


def read_pairs(
    table: ClassTable, pairs: Sequence[tuple[ImageRef, ImageRef]], context: JobContext
) -> tuple[tuple[Pixels, ...], tuple[Pixels, ...]]:
    """Return the first and the second images of some pairs."""
    found: list[tuple[Pixels, ...]] = []
    for refs in ([one for one, _ in pairs], [other for _, other in pairs]):
        readers = {row: reopen(table.rows[row].source) for row in {ref.row for ref in refs}}
        images = []
        for ref in refs:
            context.leave_if_cancelled(0, 0)
            images += readers[ref.row].read([ref.index])
        found.append(tuple(images))
    return found[0], found[1]


class CheckDialog(QDialog):
    """Shows a report. `rows_chosen` carries the places of the rows that a finding is about."""

    rows_chosen = pyqtSignal(tuple)

    def __init__(
        self, report: CheckReport, table: ClassTable, background: Background, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("checkDialog")
        self.setWindowTitle("Check of the images")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(*_SIZE)
        self._report = report
        self._table = table
        self._background = background
        self._summary = QLabel(_summary(report), self)
        self.findings = QListWidget(self)
        self._place = QLabel(self)
        self.first = ImageStrip("checkFirst", "Images of the finding", self)
        self.second = ImageStrip("checkSecond", "The images that they are equal to", self)
        self.health = _health_table(report.health, self)
        self.select_button = QPushButton("Select rows", self)
        self.save_button = QPushButton(icon("save"), "Save report…", self)
        self._close = QPushButton("Close", self)
        self._lay_out()
        for finding in report.findings:
            self.findings.addItem(QListWidgetItem(icon(_ICONS[finding.severity]), finding.message))
        self.findings.setVisible(bool(report.findings))
        self.findings.currentRowChanged.connect(self._on_finding_chosen)
        self.select_button.clicked.connect(self._on_select)
        self.save_button.clicked.connect(self._on_save)
        self._close.clicked.connect(self.accept)
        self.findings.setCurrentRow(0)
        self._on_finding_chosen(self.findings.currentRow())

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
        set_role(self._place, "muted")
        self._place.setWordWrap(True)
        self.findings.setObjectName("checkFindings")
        self.findings.setAccessibleName("Findings")
        self.findings.setToolTip("Choose a finding to see its images")
        self.findings.setWordWrap(True)
        for button, name, tip in (
            (self.select_button, "checkSelectButton", "Select the rows of this finding in the class table"),
            (self.save_button, "checkSaveButton", "Save findings and classes as a table (.csv)"),
            (self._close, "checkCloseButton", "Close; the findings stay as a note on the Data tab"),
        ):
            button.setObjectName(name)
            button.setAccessibleName(button.text().rstrip("…"))
            button.setToolTip(tip)
        images = QVBoxLayout()
        for part in (self._place, self.first, self.second):
            images.addWidget(part)
        images.addStretch(1)
        upper = QHBoxLayout()
        upper.setSpacing(2 * GRID)
        upper.addWidget(self.findings, 2)
        upper.addLayout(images, 3)
        buttons = QHBoxLayout()
        buttons.addWidget(self.select_button)
        buttons.addWidget(self.save_button)
        buttons.addStretch(1)
        buttons.addWidget(self._close)
        heading = QLabel("Classes", self)
        set_role(heading, "heading")
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(self._summary)
        column.addLayout(upper, 3)
        column.addWidget(heading)
        column.addWidget(self.health, 2)
        column.addLayout(buttons)

    def _finding(self) -> Finding | None:
        row = self.findings.currentRow()
        return self._report.findings[row] if row >= 0 else None

    @pyqtSlot(int)
    def _on_finding_chosen(self, _: int) -> None:
        finding = self._finding()
        pairs = () if finding is None else finding.pairs[:PAIRS_SHOWN]
        self.select_button.setEnabled(bool(pairs))
        self._place.setText(_place_text(self._table, finding))
        self.first.set_images(())
        self.second.set_images(())
        if pairs:
            self._background.start(
                "Reading images of a finding",
                partial(read_pairs, self._table, pairs),
                partial(self._show_images, finding),
            )

    def _show_images(self, finding: Finding | None, images: tuple[tuple[Pixels, ...], tuple[Pixels, ...]]) -> None:
        if finding is self._finding():
            self.first.set_images(images[0])
            self.second.set_images(images[1])

    @pyqtSlot()
    def _on_select(self) -> None:
        finding = self._finding()
        if finding is not None:
            self.rows_chosen.emit(finding.rows)

    @pyqtSlot()
    def _on_save(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Save the report", "check.csv", "Tables (*.csv)")
        if name:
            try:
                self.save(Path(name))
            except OSError as error:
                self._place.setText(f"The report cannot be saved to {name}: {error.strerror or error}.")


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
    writer.writerows(_cells(state) for state in report.health)
    return text.getvalue()


def _summary(report: CheckReport) -> str:
    number = len(report.findings)
    found = "Nothing" if not number else "1 thing" if number == 1 else f"{number} things"
    return f"{found} found in {report.n_images:,} images"


def _place_text(table: ClassTable, finding: Finding | None) -> str:
    if finding is None or not finding.pairs:
        return ""
    sides = [dict.fromkeys(table.rows[refs[side].row].source.name for refs in finding.pairs) for side in (0, 1)]
    names = [", ".join(list(side)[:3]) + (" …" if len(side) > 3 else "") for side in sides]
    shown = min(len(finding.pairs), PAIRS_SHOWN)
    return f"Above: {names[0]}. Below: {names[1]}. The first {shown} of {len(finding.pairs):,}."


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


def _cells(state: ClassHealth) -> tuple[str, ...]:
    sizes = ", ".join(f"{width} × {height}" for height, width, _ in state.shapes[:3])
    drift = ", ".join(f"{role} {amount:+.1f}" for role, amount in state.drift) or "–"
    numbers = (state.duplicates, state.blank, state.saturated, state.unreadable)
    return (
        state.name,
        *(f"{number:,}" for number in state.images),
        sizes + (" …" if len(state.shapes) > 3 else ""),
        *(f"{number:,}" for number in numbers),
        drift,
    )
