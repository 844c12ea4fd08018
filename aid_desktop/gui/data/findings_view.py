"""Findings of a check as a list, and the images behind the chosen one in pairs."""

from collections.abc import Sequence
from functools import partial

from PyQt5.QtCore import pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QHBoxLayout, QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from aid_desktop.data.check import Finding, ImageRef, Severity
from aid_desktop.data.class_table import ClassTable
from aid_desktop.data.formats import reopen
from aid_desktop.data.pixels import Pixels
from aid_desktop.gui.background import Background, JobContext
from aid_desktop.gui.theme import GRID, icon, set_role
from aid_desktop.gui.widgets.image_strip import ImageStrip
from aid_desktop.gui.widgets.naming import name_widget
from aid_desktop.numbers import grouped

PAIRS_SHOWN = 24

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


class FindingsView(QWidget):
    """Shows findings in `table`. `chosen` carries whether rows stand behind the finding that is chosen now.

    The parts are named `<name>Findings`, `<name>First` and `<name>Second`.
    """

    chosen = pyqtSignal(bool)

    def __init__(
        self,
        name: str,
        findings: Sequence[Finding],
        table: ClassTable,
        background: Background,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._findings = tuple(findings)
        self._table = table
        self._background = background
        self.list = QListWidget(self)
        self._place = QLabel(self)
        self.first = ImageStrip(f"{name}First", "Images of the finding", self)
        self.second = ImageStrip(f"{name}Second", "The images that they are equal to", self)
        name_widget(self.list, f"{name}Findings", "Findings", "Choose a finding to see its images")
        self._lay_out()
        for finding in self._findings:
            self.list.addItem(QListWidgetItem(icon(_ICONS[finding.severity]), finding.message))
        self.list.setVisible(bool(self._findings))
        self.list.currentRowChanged.connect(self._on_chosen)
        self.list.setCurrentRow(0)

    @property
    def finding(self) -> Finding | None:
        """The finding that is chosen."""
        row = self.list.currentRow()
        return self._findings[row] if row >= 0 else None

    def say(self, text: str) -> None:
        """Say something above the images, until another finding is chosen."""
        self._place.setText(text)

    def _lay_out(self) -> None:
        set_role(self._place, "muted")
        self._place.setWordWrap(True)
        self.list.setWordWrap(True)
        images = QVBoxLayout()
        for part in (self._place, self.first, self.second):
            images.addWidget(part)
        images.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * GRID)
        row.addWidget(self.list, 2)
        row.addLayout(images, 3)

    @pyqtSlot(int)
    def _on_chosen(self, _: int) -> None:
        finding = self.finding
        pairs = () if finding is None else finding.pairs[:PAIRS_SHOWN]
        self.say(_place_text(self._table, finding))
        self.first.set_images(())
        self.second.set_images(())
        self.chosen.emit(bool(pairs))
        if pairs:
            job = self._background.start(
                "Reading images of a finding",
                partial(read_pairs, self._table, pairs),
                partial(self._show_images, finding),
            )
            self.destroyed.connect(job.cancel)

    def _show_images(self, finding: Finding | None, images: tuple[tuple[Pixels, ...], tuple[Pixels, ...]]) -> None:
        if finding is self.finding:
            self.first.set_images(images[0])
            self.second.set_images(images[1])


def _place_text(table: ClassTable, finding: Finding | None) -> str:
    if finding is None or not finding.pairs:
        return ""
    sides = [dict.fromkeys(table.rows[refs[side].row].source.name for refs in finding.pairs) for side in (0, 1)]
    names = [", ".join(list(side)[:3]) + (" …" if len(side) > 3 else "") for side in sides]
    shown = min(len(finding.pairs), PAIRS_SHOWN)
    return f"Above: {names[0]}. Below: {names[1]}. The first {shown} of {grouped(len(finding.pairs))}."
