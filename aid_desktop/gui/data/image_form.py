"""The image settings beside the preview: the same values as on the Training tab."""

from PyQt5.QtCore import pyqtSlot
from PyQt5.QtWidgets import QLabel, QVBoxLayout, QWidget

from aid_desktop.errors import SettingsError
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.theme import GRID, set_role
from aid_desktop.gui.widgets.section_form import SectionForm
from aid_desktop.settings.image import ImageSettings

_PREFIX = "data:"
_LOCKED = "These cannot change while a network is being trained on them."


class ImageForm(QWidget):
    """Edits the notifier's image settings and follows them."""

    def __init__(self, notifier: Notifier, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._notifier = notifier
        self.form = SectionForm(
            ImageSettings, ["width", "height", "channels", "fit", "padding", "resize"], self, _PREFIX
        )
        title = QLabel("Image for the network", self)
        set_role(title, "title")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, GRID, 0)
        column.setSpacing(GRID)
        column.addWidget(title)
        column.addWidget(self.form)
        column.addStretch(1)
        self.form.set_values(notifier.image_settings)
        self.form.changed.connect(self._on_changed)
        notifier.image_settings_changed.connect(self.form.set_values)

    @pyqtSlot(bool)
    def set_locked(self, is_locked: bool) -> None:
        """Lock the fields while a run goes on."""
        for editor in self.form.editors:
            editor.set_locked(_LOCKED if is_locked else None)

    @pyqtSlot()
    def _on_changed(self) -> None:
        try:
            settings = self.form.values()
        except SettingsError:
            # The form has marked the field; the settings in force stay.
            return
        self._notifier.set_image_settings(settings)
