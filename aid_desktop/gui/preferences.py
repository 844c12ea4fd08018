"""What the program remembers between starts: QSettings with a schema version."""

import json
from pathlib import Path

from PyQt5.QtCore import QByteArray, QCoreApplication, QObject, QSettings, pyqtSignal

from aid_desktop.gui.theme import ThemeName
from aid_desktop.paths import portable_dir, runs_dir, set_portable

SCHEMA_VERSION = 1


class Preferences(QObject):
    """Typed access to the user's settings file. QSettings may give text for anything, so each value is converted.

    `changed` tells of a change of what the dialog Settings shows, from wherever it comes.
    """

    changed = pyqtSignal()

    def __init__(self, settings: QSettings | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings or QSettings()
        if self._settings.value("schema_version") is None:
            self._settings.setValue("schema_version", SCHEMA_VERSION)

    def is_set(self, *keys: str) -> bool:
        """Return whether any of these keys has a value of its own, in place of what it is at first."""
        return any(self._settings.contains(key) for key in keys)

    def reset(self, *keys: str) -> None:
        """Make these keys what they are at first."""
        for key in keys:
            self._settings.remove(key)
        self.changed.emit()

    def _set(self, key: str, value: str, present: str) -> None:
        # What it is already is not stored: it may be so without having been chosen.
        if value != present:
            self._settings.setValue(key, value)
            self.changed.emit()

    @property
    def theme(self) -> ThemeName:
        """Light, dark, or as the system has it."""
        text = str(self._settings.value("theme", ThemeName.SYSTEM))
        return ThemeName(text) if text in list(ThemeName) else ThemeName.SYSTEM

    @theme.setter
    def theme(self, name: ThemeName) -> None:
        self._set("theme", str(name), str(self.theme))

    @property
    def zoom(self) -> int:
        """Size of all text in percent of the system's."""
        try:
            return int(str(self._settings.value("zoom", "100")))
        except ValueError:
            return 100

    @zoom.setter
    def zoom(self, percent: int) -> None:
        self._set("zoom", str(percent), str(self.zoom))

    @property
    def data_folder(self) -> str:
        """Where file dialogs for images open."""
        return str(self._settings.value("data_folder", str(Path.home())))

    @data_folder.setter
    def data_folder(self, folder: str) -> None:
        self._set("data_folder", folder, self.data_folder)

    @property
    def runs_folder(self) -> str:
        """Where new run folders are made."""
        return str(self._settings.value("runs_folder", str(runs_dir())))

    @runs_folder.setter
    def runs_folder(self, folder: str) -> None:
        self._set("runs_folder", folder, self.runs_folder)

    @property
    def auto_apply(self) -> bool:
        """Whether changed settings are posted to a running training without pressing Apply."""
        return self._is_on("auto_apply", default=True)

    @auto_apply.setter
    def auto_apply(self, value: bool) -> None:
        self._set("auto_apply", _word(value), _word(self.auto_apply))

    @property
    def all_settings(self) -> bool:
        """Whether the Training tab shows all settings, not only those that a first run needs."""
        return self._is_on("all_settings")

    @all_settings.setter
    def all_settings(self, value: bool) -> None:
        self._set("all_settings", _word(value), _word(self.all_settings))

    @property
    def console(self) -> bool:
        """Whether there is a tab with a Python console."""
        return self._is_on("console")

    @console.setter
    def console(self, value: bool) -> None:
        self._set("console", _word(value), _word(self.console))

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

    def _is_on(self, key: str, *, default: bool = False) -> bool:
        return str(self._settings.value(key, _word(default))) == _word(True)

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


def _word(value: bool) -> str:
    return "true" if value else "false"


def keep_beside_program() -> None:
    """Let QSettings lie in the program's folder if the program is portable. Call it before the first QSettings."""
    folder = portable_dir()
    if folder is not None:
        QSettings.setDefaultFormat(QSettings.Format.IniFormat)
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder / "config"))


def make_portable(is_portable: bool) -> None:
    """Keep the settings beside the program from its next start on, or no longer; those of now are copied there.

    Raises OSError if the program's folder cannot be written to.
    """
    folder = set_portable(is_portable)
    if not is_portable:
        return
    name = QCoreApplication.applicationName()
    path = folder / "config" / QCoreApplication.organizationName() / f"{name}.ini"
    target, present = QSettings(str(path), QSettings.Format.IniFormat), QSettings()
    for key in present.allKeys():
        target.setValue(key, present.value(key))
    target.sync()
    if target.status() != QSettings.Status.NoError:
        raise OSError(f"{path} cannot be written to")
