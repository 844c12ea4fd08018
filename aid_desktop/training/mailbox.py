"""SettingsMailbox: the latest settings wait here until the loop takes them."""

import threading
from dataclasses import dataclass

from aid_desktop.settings.snapshot import TrainingSettings


@dataclass(frozen=True, slots=True)
class Stamped:
    """Settings with the number of the post that brought them."""

    revision: int
    settings: TrainingSettings


class SettingsMailbox:
    """Holds at most one value: a newer post replaces one that was not taken. Safe between threads."""

    def __init__(self, first_revision: int = 0) -> None:
        self._lock = threading.Lock()
        self._revision = first_revision
        self._waiting: Stamped | None = None

    def post(self, settings: TrainingSettings) -> int:
        """Leave settings for the next epoch; return their revision."""
        with self._lock:
            self._revision += 1
            self._waiting = Stamped(self._revision, settings)
            return self._revision

    def take(self) -> Stamped | None:
        """Return what waits, and empty the box."""
        with self._lock:
            waiting, self._waiting = self._waiting, None
            return waiting

    def next_revision(self) -> int:
        """Return a revision for settings that the loop itself has changed; those that wait get the one after it."""
        with self._lock:
            self._revision += 1
            if self._waiting is None:
                return self._revision
            taken = self._waiting.revision
            self._waiting = Stamped(self._revision, self._waiting.settings)
            return taken

    def start_after(self, revision: int) -> None:
        """Make `revision` + 1 the next one, or that of settings that wait already: a resumed run goes on counting."""
        with self._lock:
            if self._revision > revision:
                return
            self._revision = revision
            if self._waiting is not None:
                self._revision += 1
                self._waiting = Stamped(self._revision, self._waiting.settings)
