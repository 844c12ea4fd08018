"""The form of the image settings, which stands on two tabs and shows the same values on both."""

from collections.abc import Collection, Sequence

from PyQt5.QtCore import pyqtSlot
from PyQt5.QtWidgets import QWidget

from aid_desktop.data.class_table import ClassTable
from aid_desktop.data.fitness import common_channels
from aid_desktop.errors import SettingsError
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.widgets.channels_editor import ChannelsEditor
from aid_desktop.gui.widgets.section_form import SectionForm
from aid_desktop.settings.image import ImageSettings

LOCKED_BY_MODEL = "As the model to start from has it: its weights mean this and nothing else."


class ImageSettingsForm(SectionForm[ImageSettings]):
    """Edits the notifier's image settings and follows them, and offers what the images of the table have."""

    def __init__(
        self,
        notifier: Notifier,
        names: Sequence[str] | None = None,
        parent: QWidget | None = None,
        name_prefix: str = "",
    ) -> None:
        super().__init__(ImageSettings, names, parent, name_prefix)
        self._notifier = notifier
        self.set_values(notifier.image_settings)
        self._on_table_changed(notifier.table)
        self.changed.connect(self._on_changed)
        notifier.image_settings_changed.connect(self.set_values)
        notifier.table_changed.connect(self._on_table_changed)

    def set_locked(self, reason: str | None) -> None:
        """Lock all fields for a reason, or unlock them."""
        for editor in self.editors:
            editor.set_locked(reason)

    def lock_settled(self, names: Collection[str]) -> None:
        """Lock fields that a model to start from decides, if this form has them."""
        for editor in self.editors:
            if editor.name in names:
                editor.set_locked(LOCKED_BY_MODEL)

    @pyqtSlot(ClassTable)
    def _on_table_changed(self, table: ClassTable) -> None:
        channels = self.editor("channels").editor
        assert isinstance(channels, ChannelsEditor)
        channels.set_available(common_channels([row.source for row in table.rows]))
        # The white level of 8 bits is known: a beginner need not see it.
        is_deep = any(row.source.pixel_types != ("uint8",) for row in table.rows)
        self.editor("white_level").setVisible(is_deep)

    @pyqtSlot()
    def _on_changed(self) -> None:
        try:
            settings = self.values()
        except SettingsError:
            # The form has marked the field; the settings in force stay.
            return
        self._notifier.set_image_settings(settings)
