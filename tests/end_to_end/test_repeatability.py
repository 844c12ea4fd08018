import csv
import json
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from aid_desktop.models.metadata import read_card
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.history import read_history

pytestmark = [pytest.mark.keras, pytest.mark.slow]

Start = Callable[..., subprocess.Popen[str]]
PATIENCE = 100


def finish(process: subprocess.Popen[str]) -> None:
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, out + err


def history(folder: Path) -> list[dict[str, str]]:
    """Return the rows of history.csv without the seconds, as they are written."""
    with (folder / "history.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        del row["seconds"]
    return rows


def test_that_a_run_repeats_itself_in_a_fresh_process_and_from_its_own_folder(
    start: Start, run_toml: Path, tmp_path: Path
) -> None:
    both = [start("train", run_toml, "--out", tmp_path / name, "--json") for name in "ab"]
    for process in both:
        finish(process)
    expected = history(tmp_path / "a")
    assert len(expected) == 3
    assert history(tmp_path / "b") == expected
    again = start("train", tmp_path / "a" / "run.toml", "--out", tmp_path / "c")
    other = start("train", run_toml, "--out", tmp_path / "d", "--seed", "12")
    finish(again)
    finish(other)
    assert history(tmp_path / "c") == expected
    assert history(tmp_path / "d") != expected


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_that_a_killed_run_leaves_a_valid_folder_that_resumes_to_the_same_end(
    start: Start, run_toml: Path, tmp_path: Path
) -> None:
    killed = start("train", run_toml, "--out", tmp_path / "killed", "--epochs", "10000")
    folder = RunFolder(tmp_path / "killed")
    deadline = time.monotonic() + PATIENCE
    while len(read_history(folder.history_csv)) < 3:
        assert time.monotonic() < deadline
        assert killed.poll() is None, killed.stderr and killed.stderr.read()
        time.sleep(0.01)
    killed.kill()
    killed.communicate(timeout=PATIENCE)

    for path in (folder.last_model, *folder.models.glob("epoch_*.keras")):
        assert zipfile.ZipFile(path).testzip() is None
    epoch = json.loads(folder.last_state.read_text(encoding="utf-8"))["epoch"]
    assert read_card(folder.last_model).epoch == epoch
    epochs = str(epoch + 4)
    both = [
        start("train", folder.path, "--resume", "--epochs", epochs, "--json"),
        start("train", run_toml, "--out", tmp_path / "whole", "--epochs", epochs),
    ]
    for process in both:
        finish(process)
    assert history(folder.path) == history(tmp_path / "whole")
