"""Which runs are on show."""

from pathlib import Path

import pytest

from aid_desktop.gui.history.opened_run import OpenedRun
from aid_desktop.gui.history.run_files import read_run
from aid_desktop.gui.history.shown_runs import ShownRuns
from aid_desktop.runs.history import append_record
from aid_desktop.runs.records import EpochRecord


def opened(folder: Path) -> OpenedRun:
    folder.mkdir(parents=True, exist_ok=True)
    append_record(folder / "history.csv", EpochRecord(0, 0, 0.1, (("accuracy", 0.5),), 1.0))
    return OpenedRun(read_run(folder))


@pytest.fixture
def shown() -> ShownRuns:
    return ShownRuns()


def test_that_a_run_that_was_only_looked_at_makes_room(shown: ShownRuns, tmp_path: Path) -> None:
    for name in "ab":
        shown.put(opened(tmp_path / name), as_current=True)
    assert shown.paths == (tmp_path / "b",)
    assert shown.current is shown[tmp_path / "b"]


def test_that_ticked_runs_stay_and_keep_their_places(shown: ShownRuns, tmp_path: Path) -> None:
    a, b, c = (tmp_path / name for name in "abc")
    for path in (a, b, c):
        shown.tick(path)
    # The places are those of the ticks, whichever is read first.
    for path in (c, a, b):
        shown.put(opened(path), as_current=path == a)
    assert shown.paths == (a, b, c)
    assert [run.place for run in shown.plotted()] == [0, 1, 2]
    shown.untick(b)
    assert [run.place for run in shown.plotted()] == [0, 2]
    shown.tick(b)
    shown.put(opened(b), as_current=False)
    assert [(run.key, run.place) for run in shown.plotted()] == [(str(a), 0), (str(b), 1), (str(c), 2)]


def test_that_another_run_follows_the_current_one(shown: ShownRuns, tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    for path in (a, b):
        shown.tick(path)
        shown.put(opened(path), as_current=True)
    shown.untick(b)
    assert shown.current is shown[a]
    shown.untick(a)
    assert shown.paths == (a,)


def test_that_equal_names_are_told_apart(shown: ShownRuns, tmp_path: Path) -> None:
    paths = [tmp_path / "x" / "run", tmp_path / "y" / "run", tmp_path / "z" / "x" / "run", tmp_path / "other"]
    for path in paths:
        shown.tick(path)
        shown.put(opened(path), as_current=False)
    assert list(shown.names().values()) == ["x/run", "y/run", "x/run (2)", "other"]
