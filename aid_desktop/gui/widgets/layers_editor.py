"""Edit which layers learn: all, the dense ones, the last ones, or those that are ticked."""

from collections.abc import Sequence
from typing import Any

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QWidget

from aid_desktop.gui.widgets.tick_dialog import TickDialog, TickTexts
from aid_desktop.gui.widgets.value_editors import ChoiceEditor
from aid_desktop.settings.field import FieldInfo

_CHOOSE = "choose…"
_LAST = (1, 2, 3, 5)
_TEXTS = TickTexts("layer", "Layers", "Layers that learn, from the first to the last:", "Tick the layers that learn")


class LayersEditor(ChoiceEditor):
    """The words of the declaration, the last few layers, single layers, and an item that asks for those.

    `names_wanted` asks for a call of `ask` with the layers of the network.
    """

    names_wanted = pyqtSignal()

    def __init__(self, info: FieldInfo, name: str, parent: QWidget | None = None) -> None:
        super().__init__(info, name, parent)
        self._help = info.help
        for number in _LAST:
            self.addItem(_text(f"last:{number}"), f"last:{number}")
        self._value: Any = info.choices[0]
        self._n_fixed = self.count()
        self.addItem(_CHOOSE, _CHOOSE)
        self.activated[int].connect(self._on_activated)

    def value(self) -> Any:
        """Return a word, or (name, learns) of single layers as a tuple."""
        return self._value

    def set_value(self, value: Any) -> None:
        """Choose a word, or single layers."""
        if value != self._value:
            self._value = value
            self._show()
            self.value_changed.emit()

    def ask(self, names: Sequence[str]) -> TickDialog:
        """Open the dialog in which the layers of these names are ticked, and return it."""
        ticks = dict(self._value) if isinstance(self._value, tuple) else {}
        dialog = TickDialog(names, [name for name in names if ticks.get(name, True)], _TEXTS, self.window())

        def take(ticked: tuple[str, ...]) -> None:
            self.set_value("all" if len(ticked) == len(names) else tuple((name, name in ticked) for name in names))

        dialog.chosen.connect(take)
        dialog.open()
        return dialog

    def _show(self) -> None:
        self.blockSignals(True)
        while self.count() > self._n_fixed:
            self.removeItem(self._n_fixed)
        if self.findData(self._value) < 0:
            self.addItem(_text(self._value), self._value)
            self.setItemData(self._n_fixed, _layers(self._value), Qt.ItemDataRole.ToolTipRole)
        self.addItem(_CHOOSE, _CHOOSE)
        self.setCurrentIndex(self.findData(self._value))
        self.setToolTip(_layers(self._value) or self._help)
        self.blockSignals(False)

    @pyqtSlot(int)
    def _on_activated(self, index: int) -> None:
        if self.itemData(index) == _CHOOSE:
            self._show()
            self.names_wanted.emit()
        else:
            self.set_value(self.itemData(index))

    @pyqtSlot(int)
    def _on_index_changed(self, _: int) -> None:
        data = self.currentData()
        if data is not None and data not in (_CHOOSE, self._value):
            self._value = data
            self.value_changed.emit()


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        learning = sum(learns for _, learns in value)
        return f"{learning} of {len(value)} layers"
    word, _, number = value.partition(":")
    if not number:
        return str(word)
    return "the last layer" if number == "1" else f"the last {number} layers"


def _layers(value: Any) -> str:
    return ", ".join(name for name, learns in value if learns) if isinstance(value, tuple) else ""
