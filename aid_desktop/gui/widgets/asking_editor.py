"""A choice among words, and among values that are found by asking."""

from typing import Any

from PyQt5.QtCore import pyqtSlot
from PyQt5.QtWidgets import QWidget

from aid_desktop.gui.widgets.value_editors import ChoiceEditor
from aid_desktop.settings.field import FieldInfo

CHOOSE = "choose…"
"""Text and data of the item that asks."""


class AskingEditor(ChoiceEditor):
    """Holds a value that need not be one of the words; derived editors offer it in `_show`, and ask in `_ask`."""

    def __init__(self, info: FieldInfo, name: str, parent: QWidget | None = None) -> None:
        super().__init__(info, name, parent)
        self._help = info.help
        self._value: Any = info.choices[0]
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
        raise NotImplementedError

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
