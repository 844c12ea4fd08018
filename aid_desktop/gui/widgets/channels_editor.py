"""Edit which channels are taken: gray, rgb, or some of those that the images have."""

from collections.abc import Sequence
from typing import Any

from PyQt5.QtWidgets import QWidget

from aid_desktop.gui.widgets.asking_editor import AskingEditor
from aid_desktop.gui.widgets.tick_dialog import TickDialog, TickTexts
from aid_desktop.settings.field import FieldInfo

_HINT = "What the network sees, in this order:"
_TIP = "Tick the channels that are to be taken; drag them into another order"


class ChannelsEditor(AskingEditor):
    """The words of the declaration, the channels chosen last, and an item that asks for others.

    `set_available` tells which channels the images have; without any there is nothing to choose. `hint` is written
    above them in the dialog.
    """

    def __init__(self, info: FieldInfo, name: str, parent: QWidget | None = None, hint: str = _HINT) -> None:
        super().__init__(info, name, parent)
        self._hint = hint
        self._available: tuple[str, ...] = ()

    @property
    def available(self) -> tuple[str, ...]:
        """The channels that can be chosen by name."""
        return self._available

    def set_available(self, names: Sequence[str]) -> None:
        """Offer these channels; what is chosen stays."""
        if tuple(names) != self._available:
            self._available = tuple(names)
            self._show()

    def ask(self) -> TickDialog:
        """Open the dialog in which channels are ticked, and return it."""
        ticked = self._value if isinstance(self._value, tuple) else ()
        names = (*ticked, *(name for name in self._available if name not in ticked))
        texts = TickTexts("channel", "Channels", self._hint, _TIP, has_order=True)
        dialog = TickDialog(names, ticked, texts, self.window())
        dialog.chosen.connect(self.set_value)
        dialog.open()
        return dialog

    def _text(self, value: Any) -> str:
        return " + ".join(value)

    def _can_ask(self) -> bool:
        return bool(self._available)

    def _ask(self) -> None:
        self.ask()
