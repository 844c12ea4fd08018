"""Ask which arrays of a file are the images."""

from dataclasses import replace

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.gui.data.loading import PartQuestion
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, set_primary, set_role
from aid_desktop.gui.widgets.dialog import Dialog
from aid_desktop.gui.widgets.naming import name_widget

_TITLE = "Which images?"


class PartDialog(Dialog):
    """Lists the arrays of a file with shape and type. `chosen` carries one DropItem for each that was selected."""

    chosen = pyqtSignal(tuple)

    def __init__(self, question: PartQuestion, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("partDialog")
        self.setAccessibleName(_TITLE)
        self.setWindowTitle(_TITLE)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.set_size(72, 40)
        self._question = question
        self._make_list()
        buttons = QDialogButtonBox(self)
        self.open_button = QPushButton("Open", self)
        name_widget(self.open_button, "partOpen", "Open", "Add a row for each selected array")
        set_primary(self.open_button)
        buttons.addButton(self.open_button, QDialogButtonBox.ButtonRole.AcceptRole)
        cancel = QPushButton("Cancel", self)
        name_widget(cancel, "partCancel", "Cancel", "Add nothing of this file")
        buttons.addButton(cancel, QDialogButtonBox.ButtonRole.RejectRole)
        text = QLabel(f"{question.item.path.name} has {len(question.parts)} arrays of images.", self)
        text.setTextFormat(Qt.TextFormat.PlainText)
        text.setWordWrap(True)
        hint = QLabel("Each selected array becomes a row of the class table.", self)
        set_role(hint, "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(text)
        column.addWidget(hint)
        column.addWidget(self._list, 1)
        column.addWidget(buttons)
        buttons.accepted.connect(self._on_accepted)
        buttons.rejected.connect(self.reject)
        self._list.setCurrentItem(self._list.topLevelItem(0))

    def _make_list(self) -> None:
        self._list = QTreeWidget(self)
        name_widget(self._list, "partList", "Arrays of images", "The arrays with their shapes; select one or more")
        self._list.setHeaderLabels(["Array", "Shape", "Type"])
        self._list.setRootIsDecorated(False)
        self._list.setUniformRowHeights(True)
        # The end of a long path tells more than its beginning.
        self._list.setTextElideMode(Qt.TextElideMode.ElideLeft)
        self._list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        for part in self._question.parts:
            shape = " × ".join(map(str, part.shape))
            self._list.addTopLevelItem(QTreeWidgetItem([part.name, shape, str(part.dtype)]))
        header = required(self._list.header())
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._list.itemSelectionChanged.connect(self._on_selection_changed)
        self._list.itemDoubleClicked.connect(self._on_accepted)

    @pyqtSlot()
    def _on_selection_changed(self) -> None:
        self.open_button.setEnabled(bool(self._list.selectedItems()))

    @pyqtSlot()
    def _on_accepted(self) -> None:
        rows = sorted(self._list.indexOfTopLevelItem(item) for item in self._list.selectedItems())
        parts = [self._question.parts[row] for row in rows]
        self.chosen.emit(tuple(replace(self._question.item, part=part.name) for part in parts))
        self.accept()
