"""Choose the scalar features that a network takes besides the image."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from PyQt5.QtWidgets import QWidget

from aid_desktop.gui.widgets.asking_editor import AskingEditor
from aid_desktop.gui.widgets.tick_dialog import TickDialog, TickTexts
from aid_desktop.settings.field import FieldInfo

_NONE = "none"
_TEXTS = TickTexts(
    "feature",
    "Features",
    "What the network is told besides the image, in this order:",
    "Tick the features that are to be taken; drag them into another order",
    has_order=True,
)


class FeaturesEditor(AskingEditor):
    """No features, those that are chosen, and an item that asks for others.

    `set_available` tells which features all sources have; without any there is nothing to choose.
    """

    def __init__(self, info: FieldInfo, name: str, parent: QWidget | None = None) -> None:
        super().__init__(dataclasses.replace(info, choices=(_NONE,)), name, parent)
        self._available: tuple[str, ...] = ()

    @property
    def available(self) -> tuple[str, ...]:
        """The features that can be chosen."""
        return self._available

    def set_available(self, names: Sequence[str]) -> None:
        """Offer these features; what is chosen stays."""
        if tuple(names) != self._available:
            self._available = tuple(names)
            self._show()

    def value(self) -> tuple[str, ...]:
        """Return the names of the chosen features."""
        return () if self._value == _NONE else self._value

    def set_value(self, value: Any) -> None:
        """Choose features by their names."""
        super().set_value(_NONE if value in (_NONE, ()) else tuple(value))

    def ask(self) -> TickDialog:
        """Open the dialog in which features are ticked, and return it."""
        ticked = self.value()
        names = (*ticked, *(name for name in self._available if name not in ticked))
        dialog = TickDialog(names, ticked, _TEXTS, self.window())
        dialog.chosen.connect(self.set_value)
        dialog.open()
        return dialog

    def _text(self, value: Any) -> str:
        return ", ".join(value)

    def _can_ask(self) -> bool:
        return bool(self._available)

    def _ask(self) -> None:
        self.ask()
