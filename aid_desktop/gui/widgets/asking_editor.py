"""A choice among words, and among values that are found by asking."""

from typing import Any

from PyQt5.QtCore import Qt, pyqtSlot
from PyQt5.QtWidgets import QWidget

from aid_desktop.gui.widgets.value_editors import ChoiceEditor
from aid_desktop.settings.field import FieldInfo

CHOOSE = "choose…"
"""Text and data of the item that asks."""


class AskingEditor(ChoiceEditor):
    """Holds a value that need not be one of the words, such as a tuple, and has an item that asks for one.

    Derived editors say how such a value is written (`_text`, `_tip`), and ask in `_ask`; where there is nothing to ask
    for, `_can_ask` leaves the item out.
    """

    def __init__(self, info: FieldInfo, name: str, parent: QWidget | None = None) -> None:
        super().__init__(info, name, parent)
        self._help = info.help
        self._value: Any = info.choices[0]
        self._n_fixed = self.count()
        self.activated[int].connect(self._on_activated)

    def value(self) -> Any:
        """Return a word, or what was found by asking as a tuple."""
        return self._value

    def set_value(self, value: Any) -> None:
        """Choose a word, or a tuple."""
        if value != self._value:
            self._value = value
            self._show()
            self.value_changed.emit()

    def _show(self) -> None:
        self.blockSignals(True)
        while self.count() > self._n_fixed:
            self.removeItem(self._n_fixed)
        at = self.findData(self._value)
        tip = ""
        if at < 0:
            at, tip = self._n_fixed, self._tip(self._value)
            self.addItem(self._text(self._value), self._value)
            self.setItemData(at, tip, Qt.ItemDataRole.ToolTipRole)
        if self._can_ask():
            self.addItem(CHOOSE, CHOOSE)
        self.setCurrentIndex(at)
        self.setToolTip(tip or self._help)
        self.blockSignals(False)

    def _text(self, value: Any) -> str:
        return str(value)

    def _tip(self, value: Any) -> str:
        return self._text(value)

    def _can_ask(self) -> bool:
        return True

    def _ask(self) -> None:
        raise NotImplementedError

    @pyqtSlot(int)
    def _on_activated(self, index: int) -> None:
        if self.itemData(index) == CHOOSE:
            self._show()
            self._ask()
        else:
            self.set_value(self.itemData(index))

    @pyqtSlot(int)
    def _on_index_changed(self, _: int) -> None:
        data = self.currentData()
        if data is not None and data not in (CHOOSE, self._value):
            self._value = data
            self.value_changed.emit()
