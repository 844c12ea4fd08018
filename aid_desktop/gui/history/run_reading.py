"""Reads runs in the background, one after the other."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from aid_desktop.gui.background import Background, Failure, Job
from aid_desktop.gui.history.quiet_reading import no_collection
from aid_desktop.gui.history.run_files import RunFiles, read_run


class RunReading:
    """Calls `on_read` with what a run's files say, or `on_failure` with its path; both with whether it was opened.

    Of the runs that are opened, to be looked at closely, only the last one counts and is read next; others are merely
    loaded. Reading takes Python's lock most of the time: several runs at once would be no faster, and slow the window.
    """

    def __init__(
        self,
        background: Background,
        on_read: Callable[[RunFiles, bool], None],
        on_failure: Callable[[Path, Failure, bool], None],
    ) -> None:
        self._background = background
        self._on_read = on_read
        self._on_failure = on_failure
        self._job: tuple[Path, Job[RunFiles]] | None = None
        self._waiting: list[Path] = []
        self._opening: Path | None = None

    @property
    def opening(self) -> Path | None:
        """The run that is being opened."""
        return self._opening

    def is_reading(self, path: Path) -> bool:
        """Return whether a run is being read, or is to be."""
        return path in self._waiting or (self._job is not None and self._job[0] == path)

    def open(self, path: Path, *, keeps_last: bool) -> None:
        """Read a run to look at it closely; the one that is being opened is given up unless it is to be kept."""
        if self._opening != path:
            self.stop_opening(keeps_last=keeps_last)
        self._opening = path
        self.load(path)
        if path in self._waiting:
            self._waiting.remove(path)
            self._waiting.insert(0, path)

    def stop_opening(self, *, keeps_last: bool) -> None:
        """Look at no run closely that is still being read; it is given up, or merely loaded if it is to be kept."""
        if self._opening is not None and not keeps_last:
            self.give_up(self._opening)
        self._opening = None

    def load(self, path: Path) -> None:
        """Read a run, from the start if it is being read already."""
        self.give_up(path)
        self._waiting.append(path)
        self._go_on()

    def give_up(self, path: Path) -> None:
        """Read a run no further, if it is being read."""
        if path in self._waiting:
            self._waiting.remove(path)
        if self._job is not None and self._job[0] == path:
            self._job[1].cancel()
            self._job = None
            self._go_on()

    def _go_on(self) -> None:
        if self._job is not None or not self._waiting:
            return
        path = self._waiting.pop(0)
        job = self._background.start(
            f"Reading {path.name}", lambda _context: _read(path), self._take, partial(self._tell, path)
        )
        self._job = path, job

    def _take(self, files: RunFiles) -> None:
        self._on_read(files, self._ended(files.folder))

    def _tell(self, path: Path, failure: Failure) -> None:
        self._on_failure(path, failure, self._ended(path))

    def _ended(self, path: Path) -> bool:
        """Note that a run is being read no more; return whether it was opened."""
        self._job = None
        self._go_on()
        is_opened = path == self._opening
        if is_opened:
            self._opening = None
        return is_opened


def _read(path: Path) -> RunFiles:
    with no_collection():
        return read_run(path)
