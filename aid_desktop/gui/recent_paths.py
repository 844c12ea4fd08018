"""Files and folders that were used last, remembered between starts."""

from pathlib import Path

from PyQt5.QtCore import QSettings

LONGEST = 10

RECENT_SESSIONS = "recent_sessions"
RECENT_DATA = "recent_data"


class RecentPaths:
    """A list of paths below one key of the user's settings, latest first, at most LONGEST."""

    def __init__(self, key: str, settings: QSettings | None = None) -> None:
        self._key = key
        self._settings = settings or QSettings()

    def paths(self) -> tuple[Path, ...]:
        """Return the paths, latest first; they may be gone."""
        value = self._settings.value(self._key, [])
        # An .ini file does not tell a list of one text from a text.
        texts = [value] if isinstance(value, str) else value or []
        return tuple(Path(str(text)) for text in texts if text)

    def add(self, path: Path) -> None:
        """Put a path first."""
        self._store([path, *(other for other in self.paths() if other != path)])

    def remove(self, path: Path) -> None:
        """Forget a path; its files stay."""
        self._store([other for other in self.paths() if other != path])

    def _store(self, paths: list[Path]) -> None:
        self._settings.setValue(self._key, [str(path) for path in paths][:LONGEST])
