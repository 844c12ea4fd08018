"""A disk that is full, a real one of a few megabytes: plain messages, no half files, and training goes on elsewhere."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.history import read_history

pytestmark = [
    pytest.mark.keras,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="a small disk is made by Linux' tmpfs"),
]

Disk = Callable[[str], Path]
Finish = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """Return a function that makes a disk of a size like `2m`; only root may."""
    mounted: list[Path] = []

    def make(size: str) -> Path:
        place = tmp_path / f"disk {len(mounted)}"
        place.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("no disk can be mounted here")
        mounted.append(place)
        return place

    yield make
    for place in mounted:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture
def run(finish_program: Finish, tmp_path: Path) -> Finish:
    """Return a function that runs a command to its end, with the program's own folders in that of the test."""
    kinds = ("DATA", "CACHE", "STATE", "CONFIG")
    return partial(finish_program, environment={f"XDG_{kind}_HOME": str(tmp_path / kind.lower()) for kind in kinds})


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return the path of a run.toml beside its data."""
    folder = tmp_path / "data"
    folder.mkdir()
    rng = np.random.default_rng(2)
    text = '[image]\nwidth = 16\nheight = 16\n[model]\narchitecture = "MLP_64_32_16"\n'
    text += "[split]\nvalidation_fraction = 0.25\n[training]\nepochs = 8\nbatch_size = 16\n"
    text += '[saving]\nevery = 1\n[device]\nstrategy = "cpu"\n'
    for name, level in (("dark", 10), ("bright", 120)):
        write_rtdc(folder / f"{name}.rtdc", (level + rng.integers(0, 100, (200, 16, 16))).astype(np.uint8))
        text += f'[[data]]\npath = "{name}.rtdc"\nclass = "{name}"\nrole = "training"\n'
    path = folder / "run.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_that_a_run_goes_on_elsewhere_with_all_its_epochs(disk: Disk, run: Finish, data: Path, tmp_path: Path) -> None:
    out = disk("1m") / "run"
    done = run("train", data, "--out", out)
    assert done.returncode == 0, done.stderr
    assert f"The disk of {out} is full. The run goes on in " in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    (folder,) = (path.parent for path in (tmp_path / "data").rglob("last.keras"))
    history = read_history(RunFolder(folder).history_csv)
    assert [record.epoch for record in history.records] == list(range(8))
    assert RunFolder(folder).last_model.is_file()


@pytest.mark.parametrize(
    ("command", "name"),
    [("convert", "out.rtdc"), ("classify", "out.csv"), ("classify-rtdc", "copies"), ("export", "net.onnx")],
)
def test_that_a_command_fails_in_plain_words_and_leaves_nothing(
    disk: Disk, run: Finish, data: Path, tmp_path: Path, command: str, name: str
) -> None:
    out = disk("16k") / name
    sources = [data.parent / "dark.rtdc", data.parent / "bright.rtdc"]
    arguments: list[object] = ["convert", *sources, "--out", out]
    if command != "convert":
        trained = run("train", data, "--out", tmp_path / "run", "--epochs", 1)
        assert trained.returncode == 0, trained.stderr
        arguments = {
            "classify": ["classify", tmp_path / "run", *sources, "--out", out],
            "classify-rtdc": ["classify", tmp_path / "run", *sources, "--into-rtdc", "--out", out],
            "export": ["export", tmp_path / "run", "--format", "onnx", "--out", out],
        }[command]
    done = run(*arguments)
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    assert "No space left on device" in done.stderr or "full" in done.stderr, done.stderr
    assert not [path for path in out.parent.rglob("*") if path.is_file()]
