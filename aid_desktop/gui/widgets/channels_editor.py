"""Edit which channels are taken: gray, rgb, or some of those that the images have."""

from collections.abc import Sequence

from PyQt5.QtWidgets import QWidget

from aid_desktop.gui.widgets.asking_editor import CHOOSE, AskingEditor
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
        self._n_words = len(info.choices)
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

    def _show(self) -> None:
        self.blockSignals(True)
        while self.count() > self._n_words:
            self.removeItem(self._n_words)
        if isinstance(self._value, tuple):
            self.addItem(" + ".join(self._value), self._value)
        if self._available:
            self.addItem(CHOOSE, CHOOSE)
        at = self.count() - 1 - bool(self._available) if isinstance(self._value, tuple) else self._place(self._value)
        self.setCurrentIndex(at)
        self.setToolTip(self.itemText(at) if isinstance(self._value, tuple) else self._help)
        self.blockSignals(False)

    def _place(self, word: str) -> int:
        return self.findData(word)

    def _ask(self) -> None:
        self.ask()
