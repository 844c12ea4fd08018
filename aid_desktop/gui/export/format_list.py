"""The formats that models can be exported in, to be ticked."""

from collections.abc import Iterable

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from aid_desktop.export.exporter import ExportFormat, how_to_install
from aid_desktop.export.formats import FORMATS
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, set_role
from aid_desktop.gui.widgets.naming import name_widget

_LINES = 4


class FormatList(QWidget):
    """A tick for each format; below, what the current one is for. `changed` tells that ticks have changed."""

    changed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = QListWidget(self)
        name_widget(self.list, "exportFormats", "Formats", "What is written: Space ticks the chosen format")
        for target in FORMATS:
            self.list.addItem(_item(target))
        self._about = QLabel(self)
        name_widget(self._about, "exportFormatAbout", "About this format", "Who reads it, and how it is proven")
        self._about.setWordWrap(True)
        self._about.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._about.setTextFormat(Qt.TextFormat.PlainText)
        self._about.setMinimumHeight(_LINES * self._about.fontMetrics().lineSpacing())
        set_role(self._about, "muted")
        self.list.currentRowChanged.connect(self._show)
        self.list.itemChanged.connect(self._on_item_changed)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(self.list, 1)
        column.addWidget(self._about)
        self.list.setCurrentRow(0)

    @property
    def ticked(self) -> tuple[ExportFormat, ...]:
        """The formats that are ticked."""
        return tuple(
            target
            for row, target in enumerate(FORMATS)
            if required(self.list.item(row)).checkState() == Qt.CheckState.Checked
        )

    def tick(self, names: Iterable[str]) -> None:
        """Tick the formats of these names alone, as far as they can be written here."""
        wanted = set(names)
        for row, target in enumerate(FORMATS):
            is_ticked = target.name in wanted and not target.missing
            state = Qt.CheckState.Checked if is_ticked else Qt.CheckState.Unchecked
            required(self.list.item(row)).setCheckState(state)

    @pyqtSlot(int)
    def _show(self, row: int) -> None:
        target = FORMATS[row] if row >= 0 else None
        self._about.setText("" if target is None else about(target))

    @pyqtSlot(QListWidgetItem)
    def _on_item_changed(self, item: QListWidgetItem) -> None:
        self.changed.emit()


def about(target: ExportFormat) -> str:
    """Return what a user should know of a format: who reads it, how it is proven, what is missing."""
    own = [f"{check.runtime} {check.version}" for check in target.checks if check.version]
    sentences = [target.description]
    if target.missing:
        sentences.append(f"It cannot be written yet: {how_to_install(*target.missing)}")
        return " ".join(sentences)
    if own:
        sentences.append(f"What is written is computed by {', '.join(own)} and compared with Keras.")
    sentences += [f"{check.runtime}: {check.problem}." for check in target.checks if not check.version]
    if target.not_verified:
        sentences.append(target.not_verified)
    return " ".join(sentences)


def _item(target: ExportFormat) -> QListWidgetItem:
    suffix = f"  {target.suffix}" if target.suffix else "  folder"
    item = QListWidgetItem(target.title + (suffix if not target.missing else f": needs {' '.join(target.missing)}"))
    item.setToolTip(about(target))
    item.setCheckState(Qt.CheckState.Unchecked)
    if target.missing:
        # It can still be chosen, to read what is missing.
        item.setFlags(item.flags() & ~Qt.ItemFlags(Qt.ItemFlag.ItemIsUserCheckable))
    return item
