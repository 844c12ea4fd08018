"""Edit which channels are taken: gray, rgb, or some of those that the images have."""

from typing import Any

from PyQt5.QtWidgets import QWidget

from aid_desktop.gui.widgets.names_editor import NamesEditor
from aid_desktop.gui.widgets.tick_dialog import TickTexts
from aid_desktop.settings.field import FieldInfo

_HINT = "What the network sees, in this order:"
_TIP = "Tick the channels that are to be taken; drag them into another order"


class ChannelsEditor(NamesEditor):
    """The words of the declaration, or channels by name. `hint` is written above them in the dialog."""

    def __init__(self, info: FieldInfo, name: str, parent: QWidget | None = None, hint: str = _HINT) -> None:
        super().__init__(info, name, TickTexts("channel", "Channels", hint, _TIP, has_order=True), parent)

    def _text(self, value: Any) -> str:
        return " + ".join(value)
