"""`kill -9` just before a finished file takes its place: what was complete before is still there, and all goes on."""

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from aid_desktop.data.formats import open_source
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.history import read_history

pytestmark = [
    pytest.mark.keras,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL"),
]

Kill = Callable[..., None]
Run = Callable[..., str]
Finish = Callable[..., subprocess.CompletedProcess[str]]

# An audit hook hears of each renaming before it happens.
DYING = """
import os, signal, sys
name, left = sys.argv[1], int(sys.argv[2])
def hear(event, arguments):
    global left
    if event == "os.rename" and os.path.basename(os.fspath(arguments[1])) == name:
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(hear)
from aid_desktop.cli.main import run
sys.exit(run(sys.argv[3:]))
"""


@pytest.fixture(scope="module")
def run(finish_program: Finish) -> Run:
    """Return a function that runs a command to its end and returns what it prints."""

    def call(*arguments: object) -> str:
        done = finish_program(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return call


@pytest.fixture
def kill(finish_program: Finish) -> Kill:
    """Return a function that runs a command which dies before the nth file of a name is put in its place."""

    def call(name: str, number: int, *arguments: object) -> None:
        done = finish_program(name, number, *arguments, options=("-c", DYING))
        assert done.returncode == -9, done.stdout + done.stderr

    return call


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, run: Run) -> Path:
    """Return the folder of a finished run, beside its run.toml and data."""
    folder = tmp_path_factory.mktemp("killed")
    rng = np.random.default_rng(2)
    text = '[image]\nwidth = 16\nheight = 16\n[model]\narchitecture = "MLP_8_8_8"\n'
    text += '[split]\nvalidation_fraction = 0.25\n[training]\nepochs = 3\nbatch_size = 16\n[device]\nstrategy = "cpu"\n'
    for name, level in (("dark", 10), ("bright", 120)):
        write_rtdc(folder / f"{name}.rtdc", (level + rng.integers(0, 100, (48, 16, 16))).astype(np.uint8))
        text += f'[[data]]\npath = "{name}.rtdc"\nclass = "{name}"\nrole = "training"\n'
    (folder / "run.toml").write_text(text, encoding="utf-8")
    run("train", folder / "run.toml", "--out", folder / "run")
    return folder / "run"


def rows(folder: RunFolder) -> list[dict[str, str]]:
    with folder.history_csv.open(encoding="utf-8", newline="") as file:
        return [{key: value for key, value in row.items() if key != "seconds"} for row in csv.DictReader(file)]


@pytest.mark.parametrize(
    ("name", "number"),
    [("run.toml", 1), ("epoch_00000.keras", 1), ("last.keras", 1), ("last_state.json", 2), ("meta.xlsx", 1)],
)
def test_in_a_save_of_training(trained: Path, run: Run, kill: Kill, tmp_path: Path, name: str, number: int) -> None:
    start = trained.parent / "run.toml"
    folder = RunFolder(tmp_path / "run")
    kill(name, number, "train", start, "--out", folder.path)
    if folder.last_model.exists():
        assert len(read_history(folder.history_csv)) >= 1
        run("train", folder.path, "--resume")
    else:
        # No epoch was finished, so there is nothing to go on from; the folder can be used again.
        run("train", start, "--out", folder.path)
    assert rows(folder) == rows(RunFolder(trained))


def test_in_convert(trained: Path, run: Run, kill: Kill, tmp_path: Path) -> None:
    out, sources = tmp_path / "out.rtdc", [trained.parent / "dark.rtdc", trained.parent / "bright.rtdc"]
    before = [path.read_bytes() for path in sources]
    kill("out.rtdc", 1, "convert", *sources, "--out", out)
    assert not out.exists()
    run("convert", sources[0], "--out", out)
    first = out.read_bytes()
    kill("out.rtdc", 1, "convert", *sources, "--out", out, "--overwrite")
    assert out.read_bytes() == first
    run("convert", *sources, "--out", out, "--overwrite")
    assert open_source(out).source.n_images == 96
    assert [path.read_bytes() for path in sources] == before


def test_in_classify(trained: Path, run: Run, kill: Kill, tmp_path: Path) -> None:
    source = tmp_path / "mixed.rtdc"
    source.write_bytes((trained.parent / "dark.rtdc").read_bytes())
    before, made = source.read_bytes(), tmp_path / "mixed_classified.rtdc"
    kill(made.name, 1, "classify", trained, source, "--into-rtdc")
    assert source.read_bytes() == before
    assert not made.exists()
    run("classify", trained, source, "--into-rtdc")
    assert source.read_bytes() == before
    assert open_source(made).source.n_images == 48


@pytest.mark.parametrize("name", ["net.onnx", "labels.txt", "export_report.json", "net_kit"])
def test_in_an_export_that_replaces_another_one(trained: Path, run: Run, kill: Kill, tmp_path: Path, name: str) -> None:
    out = tmp_path / "net.onnx"
    arguments = ("export", trained, "--format", "onnx", "--kit", "--out", out)
    run(*arguments)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    kill(name, 1, *arguments, "--include-preprocessing")
    assert set(before) <= {path.name for path in tmp_path.iterdir()}
    assert (tmp_path / "labels.txt").read_bytes() == before["labels.txt"]
    report = json.loads((tmp_path / "export_report.json").read_text(encoding="utf-8"))
    assert report["path"].endswith("net.onnx")
    run(*arguments, "--include-preprocessing")
    assert out.read_bytes() != before["net.onnx"]
    assert (tmp_path / "net_kit" / "expected.json").is_file()
