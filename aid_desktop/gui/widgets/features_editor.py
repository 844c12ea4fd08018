"""Choose the scalar features that a network takes besides the image."""

import dataclasses
from typing import Any

from PyQt5.QtWidgets import QWidget

from aid_desktop.gui.widgets.names_editor import NamesEditor
from aid_desktop.gui.widgets.tick_dialog import TickTexts
from aid_desktop.settings.field import FieldInfo

_NONE = "none"
_TEXTS = TickTexts(
    "feature",
    "Features",
    "What the network is told besides the image, in this order:",
    "Tick the features that are to be taken; drag them into another order",
    has_order=True,
)


class FeaturesEditor(NamesEditor):
    """No features, or those that are chosen."""

    def __init__(self, info: FieldInfo, name: str, parent: QWidget | None = None) -> None:
        super().__init__(dataclasses.replace(info, choices=(_NONE,)), name, _TEXTS, parent)

    def value(self) -> tuple[str, ...]:
        """Return the names of the chosen features."""
        return () if self._value == _NONE else self._value

    def set_value(self, value: Any) -> None:
        """Choose features by their names."""
        super().set_value(_NONE if value in (_NONE, ()) else tuple(value))

    def _text(self, value: Any) -> str:
        return ", ".join(value)
