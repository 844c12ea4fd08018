"""Runs are read one after the other."""

import gc
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from aid_desktop.gui.background import Background, Failure
from aid_desktop.gui.history.quiet_reading import no_collection
from aid_desktop.gui.history.run_files import RunFiles
from aid_desktop.gui.history.run_reading import RunReading
from aid_desktop.runs.history import append_record
from aid_desktop.runs.records import EpochRecord


class Heard:
    def __init__(self, background: Background) -> None:
        self.told: list[tuple[str, bool]] = []
        self.reading = RunReading(background, self.on_read, self.on_failure)

    def on_read(self, files: RunFiles, is_opened: bool) -> None:
        self.told.append((files.folder.name, is_opened))

    def on_failure(self, path: Path, _failure: Failure, is_opened: bool) -> None:
        self.told.append((f"not {path.name}", is_opened))


@pytest.fixture
def heard(background: Background) -> Heard:
    return Heard(background)


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    for name in "abc":
        (tmp_path / name).mkdir()
        append_record(tmp_path / name / "history.csv", EpochRecord(0, 0, 0.1, (("accuracy", 0.5),), 1.0))
    return [tmp_path / name for name in "abc"]


def test_that_the_opened_run_is_read_next(
    qtbot: QtBot, background: Background, heard: Heard, paths: list[Path]
) -> None:
    reading = heard.reading
    reading.load(paths[0])
    reading.load(paths[1])
    reading.open(paths[2], keeps_last=False)
    assert background.n_jobs == 1
    assert all(map(reading.is_reading, paths))
    qtbot.waitUntil(lambda: len(heard.told) == 3)
    assert heard.told == [("a", False), ("c", True), ("b", False)]
    assert not any(map(reading.is_reading, paths))


def test_that_only_the_last_opened_run_counts(qtbot: QtBot, heard: Heard, paths: list[Path]) -> None:
    heard.reading.open(paths[0], keeps_last=False)
    heard.reading.open(paths[1], keeps_last=False)
    heard.reading.open(paths[2], keeps_last=True)
    qtbot.waitUntil(lambda: len(heard.told) == 2)
    # The second one was to be kept beside the third.
    assert sorted(heard.told) == [("b", False), ("c", True)]


def test_that_a_failure_does_not_keep_the_next_run_waiting(
    qtbot: QtBot, heard: Heard, paths: list[Path], tmp_path: Path
) -> None:
    heard.reading.open(tmp_path / "gone", keeps_last=False)
    heard.reading.load(paths[0])
    qtbot.waitUntil(lambda: len(heard.told) == 2)
    assert heard.told == [("not gone", True), ("a", False)]


def test_that_garbage_is_looked_for_again_after_the_last_reader() -> None:
    with no_collection():
        with no_collection():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
