"""Ask which arrays of a file are the images."""

from dataclasses import replace

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QAbstractItemView, QDialog, QDialogButtonBox, QLabel, QListWidget, QVBoxLayout, QWidget

from aid_desktop.gui.data.loading import PartQuestion
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID

_WIDTH = 56 * GRID


class PartDialog(QDialog):
    """Lists the arrays of a file with shape and type. `chosen` carries one DropItem for each that was selected."""

    chosen = pyqtSignal(tuple)

    def __init__(self, question: PartQuestion, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("partDialog")
        self.setWindowTitle("Which images?")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(_WIDTH, 36 * GRID)
        self._question = question
        self._list = QListWidget(self)
        self._list.setObjectName("partList")
        self._list.setAccessibleName("Arrays of images")
        self._list.setToolTip("Select one or more; each becomes a row of the class table")
        self._list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        for part in question.parts:
            self._list.addItem(str(part))
        buttons = QDialogButtonBox(QDialogButtonBox.Open | QDialogButtonBox.Cancel, self)
        self.open_button = required(buttons.button(QDialogButtonBox.Open))
        self.open_button.setObjectName("partOpenButton")
        text = QLabel(f"{question.item.path.name} has {len(question.parts)} arrays of images.", self)
        text.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(text)
        column.addWidget(self._list, 1)
        column.addWidget(buttons)
        buttons.accepted.connect(self._on_accepted)
        buttons.rejected.connect(self.reject)
        self._list.itemSelectionChanged.connect(self._on_selection_changed)
        self._list.itemDoubleClicked.connect(self._on_accepted)
        self._list.setCurrentRow(0)

    @pyqtSlot()
    def _on_selection_changed(self) -> None:
        self.open_button.setEnabled(bool(self._list.selectedItems()))

    @pyqtSlot()
    def _on_accepted(self) -> None:
        rows = sorted(self._list.row(item) for item in self._list.selectedItems())
        parts = [self._question.parts[row] for row in rows]
        self.chosen.emit(tuple(replace(self._question.item, part=part.name) for part in parts))
        self.accept()
