"""Reads runs in the background, several at a time."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from aid_desktop.gui.background import Background, Failure, Job
from aid_desktop.gui.history.run_files import RunFiles, read_run


class RunReading:
    """Calls `on_read` with what a run's files say, or `on_failure` with its path; both with whether it was opened.

    Of the runs that are opened, to be looked at closely, only the last one counts; others are merely loaded.
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
        self._jobs: dict[Path, Job[RunFiles]] = {}
        self._opening: Path | None = None

    @property
    def opening(self) -> Path | None:
        """The run that is being opened."""
        return self._opening

    def is_reading(self, path: Path) -> bool:
        """Return whether a run is being read."""
        return path in self._jobs

    def open(self, path: Path, *, keeps_last: bool) -> None:
        """Read a run to look at it closely; the one that is being opened is given up unless it is to be kept."""
        if self._opening != path:
            self.stop_opening(keeps_last=keeps_last)
        self._opening = path
        self.load(path)

    def stop_opening(self, *, keeps_last: bool) -> None:
        """Look at no run closely that is still being read; it is given up, or merely loaded if it is to be kept."""
        if self._opening is not None and not keeps_last:
            self.give_up(self._opening)
        self._opening = None

    def load(self, path: Path) -> None:
        """Read a run, from the start if it is being read already."""
        self.give_up(path)
        self._jobs[path] = self._background.start(
            f"Reading {path.name}", lambda _context: read_run(path), self._take, partial(self._tell, path)
        )

    def give_up(self, path: Path) -> None:
        """Read a run no further, if it is being read."""
        if path in self._jobs:
            self._jobs.pop(path).cancel()

    def _take(self, files: RunFiles) -> None:
        self._on_read(files, self._ended(files.folder))

    def _tell(self, path: Path, failure: Failure) -> None:
        self._on_failure(path, failure, self._ended(path))

    def _ended(self, path: Path) -> bool:
        """Note that a run is being read no more; return whether it was opened."""
        self._jobs.pop(path, None)
        is_opened = path == self._opening
        if is_opened:
            self._opening = None
        return is_opened
