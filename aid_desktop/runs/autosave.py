"""Sessions that are saved by themselves, so that a crash loses little: where they are, and whose they are."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psutil

from aid_desktop.errors import RunError
from aid_desktop.paths import user_data_dir
from aid_desktop.runs.session import SESSION_SUFFIX

# Two readings of the time at which a process began may differ by this much.
_TOLERANCE_S = 2


@dataclass(frozen=True, slots=True)
class Owner:
    """A process: its number, which is given again after its end, and when it began, in seconds since 1970."""

    pid: int
    started: int

    @classmethod
    def this_process(cls) -> "Owner":
        """Return the running program."""
        return cls(os.getpid(), int(psutil.Process().create_time()))

    def is_alive(self) -> bool:
        """Return whether the process still runs; another one that was given its number does not count."""
        try:
            return abs(psutil.Process(self.pid).create_time() - self.started) <= _TOLERANCE_S
        except psutil.Error:
            # It is gone, or belongs to somebody else and so is not this program of this user.
            return False


@dataclass(frozen=True, slots=True)
class Leftover:
    """The session of a program that ended without removing it, and when it was saved, in local time."""

    path: Path
    saved: datetime


class AutosaveFolder:
    """A folder with one file for each running program, `<pid>-<start>.aidsession`."""

    def __init__(
        self, folder: Path, owner: Owner | None = None, is_alive: Callable[[Owner], bool] = Owner.is_alive
    ) -> None:
        self._folder = folder
        self._is_alive = is_alive
        self._owner = owner or Owner.this_process()

    @classmethod
    def of_user(cls) -> "AutosaveFolder":
        """Return the folder that all windows of this user share."""
        return cls(user_data_dir() / "autosave")

    @property
    def path(self) -> Path:
        """The file of this program; it need not exist."""
        return self._folder / f"{self._owner.pid}-{self._owner.started}{SESSION_SUFFIX}"

    def prepare(self) -> None:
        """Make the folder. Raises RunError."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(f"Sessions cannot be saved in {self._folder}: {error.strerror or error}.") from error

    def leftovers(self) -> tuple[Leftover, ...]:
        """Return what programs that are gone have left, latest first."""
        found = []
        for path in self._folder.glob(f"*{SESSION_SUFFIX}"):
            owner = _owner_of(path)
            if owner is None or owner == self._owner or self._is_alive(owner):
                continue
            try:
                found.append(Leftover(path, datetime.fromtimestamp(path.stat().st_mtime).astimezone()))
            except FileNotFoundError:
                # Another program has just taken it.
                continue
        return tuple(sorted(found, key=lambda leftover: leftover.saved, reverse=True))

    def take(self, leftover: Leftover) -> Path:
        """Make a leftover the file of this program, so that no other one takes it too; return its new path.

        Raises RunError if it has gone.
        """
        try:
            leftover.path.replace(self.path)
        except OSError as error:
            raise RunError(f"The session has gone, perhaps another window has restored it: {error}.") from error
        return self.path

    def remove(self) -> None:
        """Remove the file of this program: its session is in good hands. Raises OSError."""
        self.path.unlink(missing_ok=True)


def _owner_of(path: Path) -> Owner | None:
    pid, _, started = path.stem.partition("-")
    return Owner(int(pid), int(started)) if pid.isdecimal() and started.isdecimal() else None
