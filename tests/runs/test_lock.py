"""A run folder belongs to one program at a time."""

import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from aid_desktop.errors import RunError
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.lock import locked

HOLD = """
import sys
from pathlib import Path
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.lock import locked
with locked(RunFolder(Path(sys.argv[1]))):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_that_a_folder_is_free_again_afterwards(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    for _ in range(2):
        with locked(folder), pytest.raises(RunError, match="another window or program writes the run"), locked(folder):
            pytest.fail("it was locked twice")


def test_that_a_program_that_is_killed_leaves_the_folder_free(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(RunError), locked(folder):
            pytest.fail("another program has it")
        other.kill()
        other.wait()
    with locked(folder):
        assert folder.lock.is_file()


@pytest.mark.parametrize("error", [OSError(30, "Read-only file system"), NotImplementedError()])
def test_that_a_folder_that_knows_no_locks_is_used_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(self: FileLock) -> None:
        raise error

    monkeypatch.setattr(FileLock, "acquire", fail)
    entered = []
    for _ in range(2):
        with locked(RunFolder(tmp_path)):
            entered.append(True)
    assert entered == [True, True]
