import os
from datetime import datetime
from pathlib import Path

import psutil
import pytest

from aid_desktop.errors import RunError
from aid_desktop.runs.autosave import AutosaveFolder, Owner

ME = Owner(10, 1000)
GONE = Owner(20, 2000)
OTHER = Owner(30, 3000)


@pytest.fixture
def folder(tmp_path: Path) -> AutosaveFolder:
    """The folder of process 10, beside which process 30 runs."""
    made = folder_of(tmp_path, ME)
    made.prepare()
    return made


def folder_of(tmp_path: Path, owner: Owner) -> AutosaveFolder:
    return AutosaveFolder(tmp_path / "autosave", owner, lambda asked: asked in (ME, OTHER))


def leave(tmp_path: Path, owner: Owner, time: float = 0) -> Path:
    path = folder_of(tmp_path, owner).path
    path.write_text(str(owner), encoding="utf-8")
    os.utime(path, (time, time))
    return path


def test_that_a_process_is_known_by_number_and_start() -> None:
    me = Owner.this_process()
    assert me.pid == os.getpid()
    assert me.is_alive()
    # The number of this process, given to it after another one had it.
    assert not Owner(me.pid, me.started - 100).is_alive()
    assert not Owner(max(psutil.pids()) + 10_000, me.started).is_alive()


def test_that_only_files_of_processes_that_are_gone_are_leftovers(tmp_path: Path, folder: AutosaveFolder) -> None:
    leave(tmp_path, ME)
    leave(tmp_path, OTHER)
    gone = leave(tmp_path, GONE, 5000)
    (tmp_path / "autosave" / "mine.aidsession").touch()
    (tmp_path / "autosave" / ".20-2000-abc.aidsession").touch()
    (leftover,) = folder.leftovers()
    assert leftover.path == gone
    assert leftover.saved == datetime.fromtimestamp(5000).astimezone()


def test_that_the_latest_leftover_comes_first(tmp_path: Path, folder: AutosaveFolder) -> None:
    paths = [leave(tmp_path, Owner(pid, 1), time) for pid, time in ((1, 10), (2, 30), (3, 20))]
    assert [leftover.path for leftover in folder.leftovers()] == [paths[1], paths[2], paths[0]]


def test_that_a_leftover_can_be_taken_once(tmp_path: Path, folder: AutosaveFolder) -> None:
    leave(tmp_path, GONE)
    (leftover,) = folder.leftovers()
    assert folder.take(leftover) == folder.path
    assert folder.path.read_text(encoding="utf-8") == str(GONE)
    with pytest.raises(RunError, match="perhaps another window"):
        folder_of(tmp_path, OTHER).take(leftover)
    folder.remove()
    folder.remove()
    assert folder.leftovers() == ()


def test_that_a_folder_that_cannot_be_made_is_a_run_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="Sessions cannot be saved in"):
        AutosaveFolder(tmp_path / "file" / "autosave").prepare()
    assert AutosaveFolder(tmp_path / "none").leftovers() == ()
