"""Edit which layers learn: all, the dense ones, the last ones, or those that are ticked."""

from collections.abc import Sequence
from typing import Any

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtWidgets import QWidget

from aid_desktop.gui.widgets.asking_editor import CHOOSE, AskingEditor
from aid_desktop.gui.widgets.tick_dialog import TickDialog, TickTexts
from aid_desktop.settings.field import FieldInfo

_LAST = (1, 2, 3, 5)
_TEXTS = TickTexts("layer", "Layers", "Layers that learn, from the first to the last:", "Tick the layers that learn")


class LayersEditor(AskingEditor):
    """The words of the declaration, the last few layers, single layers, and an item that asks for those.

    `names_wanted` asks for a call of `ask` with the layers of the network.
    """

    names_wanted = pyqtSignal()

    def __init__(self, info: FieldInfo, name: str, parent: QWidget | None = None) -> None:
        super().__init__(info, name, parent)
        for number in _LAST:
            self.addItem(self._text(f"last:{number}"), f"last:{number}")
        self._n_fixed = self.count()
        self.addItem(CHOOSE, CHOOSE)

    def ask(self, names: Sequence[str]) -> TickDialog:
        """Open the dialog in which the layers of these names are ticked, and return it."""
        ticks = dict(self._value) if isinstance(self._value, tuple) else {}
        dialog = TickDialog(names, [name for name in names if ticks.get(name, True)], _TEXTS, self.window())

        def take(ticked: tuple[str, ...]) -> None:
            self.set_value("all" if len(ticked) == len(names) else tuple((name, name in ticked) for name in names))

        dialog.chosen.connect(take)
        dialog.open()
        return dialog

    def _text(self, value: Any) -> str:
        if isinstance(value, tuple):
            return f"{sum(learns for _, learns in value)} of {len(value)} layers"
        number = value.partition(":")[2]
        return "the last layer" if number == "1" else f"the last {number} layers"

    def _tip(self, value: Any) -> str:
        return ", ".join(name for name, learns in value if learns) if isinstance(value, tuple) else ""

    def _ask(self) -> None:
        self.names_wanted.emit()
