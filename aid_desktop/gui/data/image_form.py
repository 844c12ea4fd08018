"""The image settings beside the preview: the same values as on the Training tab."""

from PyQt5.QtCore import pyqtSlot
from PyQt5.QtWidgets import QLabel, QVBoxLayout, QWidget

from aid_desktop.gui.image_settings_form import ImageSettingsForm
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.theme import GRID, set_role

_PREFIX = "data:"
_LOCKED = "These cannot change while a network is being trained on them."
_NAMES = ("width", "height", "channels", "fit", "padding", "resize", "white_level")


class ImageForm(QWidget):
    """The settings that the preview shows, under a title."""

    def __init__(self, notifier: Notifier, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_locked = False
        self._settled: tuple[str, ...] = ()
        self.form = ImageSettingsForm(notifier, _NAMES, self, _PREFIX)
        title = QLabel("Image for the network", self)
        set_role(title, "title")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, GRID, 0)
        column.setSpacing(GRID)
        column.addWidget(title)
        column.addWidget(self.form)
        column.addStretch(1)

    @pyqtSlot(bool)
    def set_locked(self, is_locked: bool) -> None:
        """Lock the fields while a run goes on."""
        self._is_locked = is_locked
        self._lock()

    @pyqtSlot(tuple)
    def set_settled(self, names: tuple[str, ...]) -> None:
        """Lock the fields that a model to start from decides."""
        self._settled = names
        self._lock()

    def _lock(self) -> None:
        self.form.set_locked(_LOCKED if self._is_locked else None)
        if not self._is_locked:
            self.form.lock_settled(self._settled)
