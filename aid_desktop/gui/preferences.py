"""What the program remembers between starts: QSettings with a schema version."""

import json
from pathlib import Path

from PyQt5.QtCore import QByteArray, QSettings

from aid_desktop.gui.theme import ThemeName
from aid_desktop.paths import runs_dir

SCHEMA_VERSION = 1


class Preferences:
    """Typed access to the user's settings file. QSettings may give text for anything, so each value is converted."""

    def __init__(self, settings: QSettings | None = None) -> None:
        self._settings = settings or QSettings()
        if self._settings.value("schema_version") is None:
            self._settings.setValue("schema_version", SCHEMA_VERSION)

    @property
    def theme(self) -> ThemeName:
        """Light, dark, or as the system has it."""
        text = str(self._settings.value("theme", ThemeName.SYSTEM))
        return ThemeName(text) if text in list(ThemeName) else ThemeName.SYSTEM

    @theme.setter
    def theme(self, name: ThemeName) -> None:
        self._settings.setValue("theme", str(name))

    @property
    def zoom(self) -> int:
        """Size of all text in percent of the system's."""
        try:
            return int(str(self._settings.value("zoom", "100")))
        except ValueError:
            return 100

    @zoom.setter
    def zoom(self, percent: int) -> None:
        self._settings.setValue("zoom", str(percent))

    @property
    def data_folder(self) -> str:
        """Where file dialogs for images open."""
        return str(self._settings.value("data_folder", str(Path.home())))

    @data_folder.setter
    def data_folder(self, folder: str) -> None:
        self._settings.setValue("data_folder", folder)

    @property
    def runs_folder(self) -> str:
        """Where new run folders are made."""
        return str(self._settings.value("runs_folder", str(runs_dir())))

    @runs_folder.setter
    def runs_folder(self, folder: str) -> None:
        self._settings.setValue("runs_folder", folder)

    @property
    def auto_apply(self) -> bool:
        """Whether changed settings are posted to a running training without pressing Apply."""
        return str(self._settings.value("auto_apply", "true")) == "true"

    @auto_apply.setter
    def auto_apply(self, value: bool) -> None:
        self._settings.setValue("auto_apply", "true" if value else "false")

    @property
    def all_settings(self) -> bool:
        """Whether the Training tab shows all settings, not only those that a first run needs."""
        return str(self._settings.value("all_settings", "false")) == "true"

    @all_settings.setter
    def all_settings(self, value: bool) -> None:
        self._settings.setValue("all_settings", "true" if value else "false")

    @property
    def classify_choices(self) -> dict[str, str]:
        """What was chosen the last time that new files were classified."""
        return self._words("classify_choices")

    @classify_choices.setter
    def classify_choices(self, choices: dict[str, str]) -> None:
        self._settings.setValue("classify_choices", json.dumps(choices))

    @property
    def export_choices(self) -> dict[str, str]:
        """What was chosen the last time that models were exported."""
        return self._words("export_choices")

    @export_choices.setter
    def export_choices(self, choices: dict[str, str]) -> None:
        self._settings.setValue("export_choices", json.dumps(choices))

    def _words(self, key: str) -> dict[str, str]:
        try:
            found = json.loads(str(self._settings.value(key, "{}")))
        except ValueError:
            return {}
        return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}

    @property
    def window_geometry(self) -> QByteArray | None:
        """Place and size of the window as Qt has saved them."""
        value = self._settings.value("window_geometry")
        return value if isinstance(value, QByteArray) else None

    @window_geometry.setter
    def window_geometry(self, geometry: QByteArray) -> None:
        self._settings.setValue("window_geometry", geometry)
