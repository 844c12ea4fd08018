"""A choice among words, and some of the names that the images offer, in an order."""

from collections.abc import Sequence

from PyQt5.QtWidgets import QWidget

from aid_desktop.gui.widgets.asking_editor import AskingEditor
from aid_desktop.gui.widgets.tick_dialog import TickDialog, TickTexts
from aid_desktop.settings.field import FieldInfo


class NamesEditor(AskingEditor):
    """The words of the declaration, the names chosen last, and an item that asks for others in a dialog of `texts`.

    `set_available` tells which names there are; without any there is nothing to choose.
    """

    def __init__(self, info: FieldInfo, name: str, texts: TickTexts, parent: QWidget | None = None) -> None:
        super().__init__(info, name, parent)
        self._texts = texts
        self._available: tuple[str, ...] = ()

    @property
    def available(self) -> tuple[str, ...]:
        """The names that can be chosen."""
        return self._available

    def set_available(self, names: Sequence[str]) -> None:
        """Offer these names; what is chosen stays."""
        if tuple(names) != self._available:
            self._available = tuple(names)
            self._show()

    def ask(self) -> TickDialog:
        """Open the dialog in which names are ticked, and return it."""
        ticked = self._value if isinstance(self._value, tuple) else ()
        names = (*ticked, *(name for name in self._available if name not in ticked))
        dialog = TickDialog(names, ticked, self._texts, self.window())
        dialog.chosen.connect(self.set_value)
        dialog.open()
        return dialog

    def _can_ask(self) -> bool:
        return bool(self._available)

    def _ask(self) -> None:
        self.ask()
