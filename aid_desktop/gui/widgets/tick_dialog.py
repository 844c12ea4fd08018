"""Tick some of several names."""

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import (
    QDialogButtonBox,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, set_primary
from aid_desktop.gui.widgets.dialog import Dialog
from aid_desktop.gui.widgets.naming import name_widget


@dataclass(frozen=True, slots=True)
class TickTexts:
    """What a TickDialog is about: `name` begins the names of its widgets, `hint` is written above the list."""

    name: str
    title: str
    hint: str
    tip: str
    has_order: bool = False


class TickDialog(Dialog):
    """`chosen` carries the ticked names from top to bottom; where their order matters, they can be dragged."""

    chosen = pyqtSignal(object)

    def __init__(
        self, names: Sequence[str], ticked: Sequence[str], texts: TickTexts, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName(f"{texts.name}Dialog")
        self.setWindowTitle(texts.title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._list = QListWidget(self)
        self._list.setObjectName(f"{texts.name}List")
        self._list.setAccessibleName(texts.title)
        self._list.setToolTip(texts.tip)
        if texts.has_order:
            self._list.setDragDropMode(QListWidget.DragDropMode.InternalMove)
        for name in names:
            item = QListWidgetItem(name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if name in ticked else Qt.CheckState.Unchecked)
            self._list.addItem(item)
        self._buttons = QDialogButtonBox(QDialogButtonBox.Ok | QDialogButtonBox.Cancel, self)
        self._ok = required(self._buttons.button(QDialogButtonBox.Ok))
        self._ok.setText("Use these")
        set_primary(self._ok)
        name_widget(self._ok, f"{texts.name}sOkButton", "Use these", "Take these over")
        cancel = required(self._buttons.button(QDialogButtonBox.Cancel))
        name_widget(cancel, f"{texts.name}sCancelButton", "Cancel", "Change nothing")
        self._buttons.accepted.connect(self._on_accepted)
        self._buttons.rejected.connect(self.reject)
        self._list.itemChanged.connect(self._on_item_changed)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(QLabel(texts.hint, self))
        column.addWidget(self._list, 1)
        column.addWidget(self._buttons)
        self._on_item_changed()

    @property
    def list(self) -> QListWidget:
        """The list of the names."""
        return self._list

    def ticked(self) -> tuple[str, ...]:
        """Return the names that are ticked, from top to bottom."""
        items = (required(self._list.item(row)) for row in range(self._list.count()))
        return tuple(item.text() for item in items if item.checkState() == Qt.CheckState.Checked)

    @pyqtSlot()
    def _on_item_changed(self) -> None:
        self._ok.setEnabled(bool(self.ticked()))

    @pyqtSlot()
    def _on_accepted(self) -> None:
        self.chosen.emit(self.ticked())
        self.accept()
