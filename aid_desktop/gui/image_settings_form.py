"""The form of the image settings, which stands on two tabs and shows the same values on both."""

from collections.abc import Collection, Sequence

from PyQt5.QtCore import pyqtSlot
from PyQt5.QtWidgets import QWidget

from aid_desktop.data.class_table import ClassTable
from aid_desktop.data.fitness import common_channels, common_features
from aid_desktop.data.source import DataSource
from aid_desktop.errors import SettingsError
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.widgets.channels_editor import ChannelsEditor
from aid_desktop.gui.widgets.features_editor import FeaturesEditor
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
        self._locked: str | None = None
        self._settled: tuple[str, ...] = ()
        self.set_values(notifier.image_settings)
        self._on_table_changed(notifier.table)
        self.changed.connect(self._on_changed)
        notifier.image_settings_changed.connect(self._on_image_settings_changed)
        notifier.table_changed.connect(self._on_table_changed)

    def set_locked(self, reason: str | None) -> None:
        """Lock all fields for a reason, or unlock them."""
        self._locked, self._settled = reason, ()
        for editor in self.editors:
            editor.set_locked(reason)
        self._offer_features()

    def lock_settled(self, names: Collection[str]) -> None:
        """Lock fields that a model to start from decides, if this form has them."""
        self._settled = tuple(names)
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
        self.set_fit("white_level", is_deep)
        self._offer_features()

    def _offer_features(self) -> None:
        """Offer what is known of all images; where that is nothing, lock the field and say why."""
        field = next((field for field in self.editors if field.name == "features"), None)
        if field is None:
            return
        assert isinstance(field.editor, FeaturesEditor)
        sources = [row.source for row in self._notifier.table.rows]
        names = common_features(sources)
        field.editor.set_available(names)
        # What was chosen for other images can be taken back.
        is_needless = not names and not field.editor.value()
        settled = LOCKED_BY_MODEL if field.name in self._settled else None
        field.set_locked(self._locked or settled or (_why_no_features(sources) if is_needless else None))

    @pyqtSlot(ImageSettings)
    def _on_image_settings_changed(self, settings: ImageSettings) -> None:
        self.set_values(settings)
        self._offer_features()

    @pyqtSlot()
    def _on_changed(self) -> None:
        try:
            settings = self.values()
        except SettingsError:
            # The form has marked the field; the settings in force stay.
            return
        self._notifier.set_image_settings(settings)


def _why_no_features(sources: Sequence[DataSource]) -> str:
    if not sources:
        return "Add .rtdc files on the Data tab: features come with them."
    bare = next((source for source in sources if not source.features), None)
    if bare is None:
        return "No feature is known of all images: their .rtdc files differ."
    return f"{bare.name} has images alone: features come with .rtdc files."
