"""Edit which channels are taken: gray, rgb, or some of those that the images have."""

from collections.abc import Sequence
from typing import Any

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID
from aid_desktop.gui.widgets.value_editors import ChoiceEditor
from aid_desktop.settings.field import FieldInfo

_CHOOSE = "choose…"
_HINT = "What the network sees, in this order:"


class ChannelsEditor(ChoiceEditor):
    """The words of the declaration, the channels chosen last, and an item that asks for others.

    `set_available` tells which channels the images have; without any there is nothing to choose. `hint` is written
    above them in the dialog.
    """

    def __init__(self, info: FieldInfo, name: str, parent: QWidget | None = None, hint: str = _HINT) -> None:
        super().__init__(info, name, parent)
        self._help = info.help
        self._hint = hint
        self._n_words = len(info.choices)
        self._available: tuple[str, ...] = ()
        self._value: Any = info.choices[0]
        self.activated[int].connect(self._on_activated)

    @property
    def available(self) -> tuple[str, ...]:
        """The channels that can be chosen by name."""
        return self._available

    def set_available(self, names: Sequence[str]) -> None:
        """Offer these channels; what is chosen stays."""
        if tuple(names) != self._available:
            self._available = tuple(names)
            self._show()

    def value(self) -> Any:
        """Return a word, or the names of the channels as a tuple."""
        return self._value

    def set_value(self, value: Any) -> None:
        """Choose a word, or channels by name."""
        if value != self._value:
            self._value = value
            self._show()
            self.value_changed.emit()

    def ask(self) -> "ChannelDialog":
        """Open the dialog in which channels are ticked, and return it."""
        dialog = ChannelDialog(self._available, self._value, self.window(), self._hint)
        dialog.chosen.connect(self.set_value)
        dialog.open()
        return dialog

    def _show(self) -> None:
        self.blockSignals(True)
        while self.count() > self._n_words:
            self.removeItem(self._n_words)
        if isinstance(self._value, tuple):
            self.addItem(" + ".join(self._value), self._value)
        if self._available:
            self.addItem(_CHOOSE, _CHOOSE)
        at = self.count() - 1 - bool(self._available) if isinstance(self._value, tuple) else self._place(self._value)
        self.setCurrentIndex(at)
        self.setToolTip(self.itemText(at) if isinstance(self._value, tuple) else self._help)
        self.blockSignals(False)

    def _place(self, word: str) -> int:
        return self.findData(word)

    @pyqtSlot(int)
    def _on_activated(self, index: int) -> None:
        if self.itemData(index) == _CHOOSE:
            self._show()
            self.ask()
        else:
            self.set_value(self.itemData(index))

    @pyqtSlot(int)
    def _on_index_changed(self, _: int) -> None:
        data = self.currentData()
        if data is not None and data != _CHOOSE and data != self._value:
            self._value = data
            self.value_changed.emit()


class ChannelDialog(QDialog):
    """Tick channels; `chosen` carries their names in the order of the list, which can be dragged."""

    chosen = pyqtSignal(object)

    def __init__(
        self, available: Sequence[str], current: object, parent: QWidget | None = None, hint: str = _HINT
    ) -> None:
        super().__init__(parent)
        self.setObjectName("channelDialog")
        self.setWindowTitle("Channels")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._list = QListWidget(self)
        self._list.setObjectName("channelList")
        self._list.setAccessibleName("Channels of the images")
        self._list.setToolTip("Tick the channels that are to be taken; drag them into another order")
        self._list.setDragDropMode(QListWidget.DragDropMode.InternalMove)
        ticked = current if isinstance(current, tuple) else ()
        for name in (*ticked, *(name for name in available if name not in ticked)):
            item = QListWidgetItem(name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if name in ticked else Qt.CheckState.Unchecked)
            self._list.addItem(item)
        self._buttons = QDialogButtonBox(QDialogButtonBox.Ok | QDialogButtonBox.Cancel, self)
        self._ok = required(self._buttons.button(QDialogButtonBox.Ok))
        self._ok.setText("Use these")
        self._ok.setObjectName("channelsOkButton")
        self._buttons.accepted.connect(self._on_accepted)
        self._buttons.rejected.connect(self.reject)
        self._list.itemChanged.connect(self._on_item_changed)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(QLabel(hint, self))
        column.addWidget(self._list, 1)
        column.addWidget(self._buttons)
        self._on_item_changed()

    @property
    def accept_button(self) -> QPushButton:
        """The button that uses what is ticked; locked while nothing is."""
        return self._ok

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
