"""Edit which layers learn: all, the dense ones, the last ones, or those that are ticked, as a whole or in part."""

from collections.abc import Sequence
from typing import Any

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtWidgets import QWidget

from aid_desktop.gui.widgets.asking_editor import CHOOSE, AskingEditor
from aid_desktop.gui.widgets.layers_dialog import LayerItem, LayersDialog
from aid_desktop.settings.field import FieldInfo

_LAST = (1, 2, 3, 5)


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

    def ask(self, layers: Sequence[LayerItem]) -> LayersDialog:
        """Open the dialog in which these layers are ticked, and return it."""
        dialog = LayersDialog(layers, dict(self._value) if isinstance(self._value, tuple) else {}, self.window())

        def take(_: object) -> None:
            shares = dialog.shares()
            self.set_value("all" if all(share == 1 for _, share in shares) else shares)

        dialog.chosen.connect(take)
        dialog.open()
        return dialog

    def _text(self, value: Any) -> str:
        if isinstance(value, tuple):
            n_in_part = sum(0 < share < 1 for _, share in value)
            part = f", {n_in_part} in part" if n_in_part else ""
            return f"{sum(share > 0 for _, share in value)} of {len(value)} layers{part}"
        number = value.partition(":")[2]
        return "the last layer" if number == "1" else f"the last {number} layers"

    def _tip(self, value: Any) -> str:
        if not isinstance(value, tuple):
            return ""
        return ", ".join(name if share == 1 else f"{name} ({share:.0%})" for name, share in value if share)

    def _ask(self) -> None:
        self.names_wanted.emit()
