"""Which runs are on show: the current one, and those that are ticked beside it."""

from collections.abc import Sequence
from pathlib import Path

from aid_desktop.gui.history.opened_run import OpenedRun
from aid_desktop.gui.plots.plotted_run import PlottedRun
from aid_desktop.runs.run_comparison import RunFacts


class ShownRuns:
    """Runs by their path, each with a place that decides its colour and is its own as long as it is on show.

    The current run is always on show. One that was only looked at goes when another becomes the current one; ticked
    ones stay.
    """

    def __init__(self) -> None:
        self._runs: dict[Path, OpenedRun] = {}
        self._places: dict[Path, int] = {}
        self._ticked: set[Path] = set()
        self._current: Path | None = None

    @property
    def current(self) -> OpenedRun | None:
        """The run whose epochs are shown; None before the first one is read."""
        return self._runs.get(self._current) if self._current is not None else None

    @property
    def paths(self) -> tuple[Path, ...]:
        """The paths of all runs on show."""
        return tuple(self._runs)

    def __getitem__(self, path: Path) -> OpenedRun:
        return self._runs[path]

    def get(self, path: Path | None) -> OpenedRun | None:
        """Return the run at a path; None when it is not on show."""
        return self._runs.get(path) if path is not None else None

    def is_ticked(self, path: Path | None) -> bool:
        """Return whether a run stays when another becomes the current one."""
        return path in self._ticked

    def put(self, run: OpenedRun, *, as_current: bool) -> None:
        """Show a run, or what has been read of it again."""
        path = run.folder
        self._take_place(path)
        self._runs[path] = run
        self._runs = dict(sorted(self._runs.items(), key=lambda item: self._places[item[0]]))
        if as_current or self._current is None:
            self.choose(path)

    def choose(self, path: Path) -> None:
        """Make a run that is on show the current one."""
        before, self._current = self._current, path
        if before is not None and before != path and before not in self._ticked:
            self._drop(before)

    def tick(self, path: Path) -> None:
        """Keep a run on show, or have it there once it is read."""
        self._ticked.add(path)
        self._take_place(path)

    def untick(self, path: Path) -> None:
        """Take a run away; the current one is followed by another that is on show, and stays if there is none."""
        self._ticked.discard(path)
        if path != self._current:
            self._drop(path)
            return
        others = [other for other in self._runs if other != path]
        if others:
            self.choose(others[0])

    def remove(self, path: Path) -> None:
        """Take a run away, be it the only one."""
        self.untick(path)
        if path == self._current:
            self._current = None
            self._drop(path)

    def names(self) -> dict[Path, str]:
        """Return a name for each run, with the folder around it where two have the same."""
        plain = {path: run.name for path, run in self._runs.items()}
        names: dict[Path, str] = {}
        for path, name in plain.items():
            is_unique = list(plain.values()).count(name) == 1
            name = name if is_unique else f"{path.parent.name}/{name}"
            number, wanted = 1, name
            while name in names.values():
                number += 1
                name = f"{wanted} ({number})"
            names[path] = name
        return names

    def facts(self) -> list[RunFacts]:
        """Return the runs for the comparison."""
        return [self._runs[path].facts(name) for path, name in self.names().items()]

    def plotted(self) -> Sequence[PlottedRun]:
        """Return the runs for a plot."""
        names = self.names()
        return [run.plotted(names[path], self._places[path]) for path, run in self._runs.items()]

    def _take_place(self, path: Path) -> None:
        taken = set(self._places.values())
        self._places.setdefault(path, next(place for place in range(len(taken) + 1) if place not in taken))

    def _drop(self, path: Path) -> None:
        self._runs.pop(path, None)
        self._places.pop(path, None)
