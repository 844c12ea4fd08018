"""Several runs by one command."""

import csv
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aid_desktop.cli import train_series
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.runs.folder import RunFolder, is_run_folder
from aid_desktop.runs.held_out import read_held_out
from aid_desktop.runs.series import read_series
from aid_desktop.training.events import RunFailed, RunFinished, TrainingEvent
from aid_desktop.training.run import TrainingRun

N_IMAGES = 12
TOML = """
[image]
width = 12
height = 12
[model]
architecture = "MLP_8_8_8"
[training]
epochs = 1
[device]
strategy = "cpu"
"""


@pytest.fixture(scope="module")
def toml(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run.toml with two classes of training images and none to validate on."""
    folder = tmp_path_factory.mktemp("series")
    rng = np.random.default_rng(1)
    text = TOML
    for name, level in (("dark", 10), ("bright", 200)):
        write_rtdc(folder / f"{name}.rtdc", (level + rng.integers(0, 50, (N_IMAGES, 12, 12))).astype(np.uint8))
        text += f'[[data]]\npath = "{name}.rtdc"\nclass = "{name}"\nrole = "training"\n'
    path = folder / "run.toml"
    path.write_text(text, encoding="utf-8")
    return path


Play = Callable[[Callable[[TrainingRun], TrainingEvent | None]], list[TrainingRun]]


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Play:
    """Return a function that lets `end` tell how each run ends in place of training; it returns the runs begun."""

    def do(end: Callable[[TrainingRun], TrainingEvent | None]) -> list[TrainingRun]:
        begun: list[TrainingRun] = []

        def train(run: TrainingRun, publish: Callable[[TrainingEvent], None]) -> None:
            begun.append(run)
            event = end(run)
            if event is not None:
                publish(event)

        monkeypatch.setattr(train_series, "train", train)
        return begun

    return do


def done(run: TrainingRun) -> RunFinished:
    return RunFinished(run.folder.path, "Done.", 0, None, None)


@pytest.mark.keras
def test_that_a_cross_validation_of_two_architectures_ends_in_their_comparison(
    call: Any, toml: Path, tmp_path: Path
) -> None:
    names = ("--architecture", "MLP_8_8_8", "--architecture", "MLP_24_16_24")
    result = call("train", toml, *names, "--folds", 2, "--out", tmp_path / "s", "--json")
    assert result.code == 0, result.err
    document = result.document
    assert set(document) == {"series", "comparison", "runs", "summary"}
    assert [(run["architecture"], run["fold"], run["state"]) for run in document["runs"]] == [
        ("MLP_8_8_8", 1, "finished"), ("MLP_24_16_24", 1, "finished"),
        ("MLP_8_8_8", 2, "finished"), ("MLP_24_16_24", 2, "finished"),
    ]  # fmt: skip
    for run in document["runs"]:
        assert is_run_folder(tmp_path / "s" / run["name"])
        assert Path(run["best_model"]).is_file()
        assert run["error"] is None
    first = document["summary"][0]
    values = [run["val_accuracy"] for run in document["runs"][::2]]
    assert (first["architecture"], first["runs"]) == ("MLP_8_8_8", 2)
    assert first["val_accuracy"] == pytest.approx({"mean": np.mean(values), "sd": np.std(values, ddof=1)})
    with Path(document["comparison"]).open(encoding="utf-8", newline="") as file:
        assert [row["kind"] for row in csv.DictReader(file)] == ["architecture"] * 2 + ["run"] * 4
    held = [read_held_out(RunFolder(tmp_path / "s" / run["name"]).held_out).images for run in document["runs"]]
    assert held[0] == held[1]
    for key in held[0]:
        assert sorted(map(int, held[0][key] + held[2][key])) == list(range(N_IMAGES))


@pytest.mark.keras
def test_that_a_run_that_fails_is_told_and_the_others_go_on(call: Any, toml: Path, tmp_path: Path) -> None:
    zoo = tmp_path / "zoo.py"
    zoo.write_text(
        "from aid_desktop.models.registry import architecture\n"
        "import keras\n"
        "@architecture('Broken')\n"
        "def broken(input_shape, n_classes):\n"
        "    raise ValueError('no such layer')\n"
        "@architecture('Good')\n"
        "def good(input_shape, n_classes):\n"
        "    image = keras.Input(input_shape)\n"
        "    x = keras.layers.Flatten()(image)\n"
        "    return keras.Model(image, keras.layers.Dense(n_classes, activation='softmax')(x))\n",
        encoding="utf-8",
    )
    names = ("--architecture", "Broken", "--architecture", "Good", "--folds", 2)
    result = call("train", toml, *names, "--out", tmp_path / "s", "--model-zoo", zoo)
    assert result.code == 1
    errors = result.err.splitlines()
    assert [line.split(":")[0] for line in errors] == ["1_Broken_fold1of2", "3_Broken_fold2of2"]
    assert "no such layer" in errors[0]
    assert "Run 4 of 4: 4_Good_fold2of2" in result.out
    assert result.out.splitlines()[-1].endswith(str(tmp_path / "s" / "comparison.csv"))
    states = {run.name: run for run in read_series(tmp_path / "s").unfinished()}
    assert set(states) == {"1_Broken_fold1of2", "3_Broken_fold2of2"}


@pytest.mark.keras
def test_that_resuming_a_series_trains_what_is_left(call: Any, toml: Path, tmp_path: Path) -> None:
    trained = call("train", toml, "--repeat", 2, "--folds", 2, "--epochs", 1, "--out", tmp_path / "s", "--json")
    assert trained.code == 0, trained.err
    series = read_series(tmp_path / "s")
    folder = series.folder(series.runs[1])
    text = folder.last_state.read_text(encoding="utf-8")
    folder.last_state.write_text(text.replace("true", "false"), encoding="utf-8")
    resumed = call("train", tmp_path / "s", "--resume")
    assert resumed.code == 0, resumed.err
    assert "Run 1 of 1: 2_MLP_8_8_8_seed1_fold2of2" in resumed.out
    assert "All 1 epochs are done." in resumed.out
    assert series.unfinished() == ()
    again = call("train", toml, "--resume", "--out", tmp_path / "s", "--json")
    assert {run["state"] for run in again.document["runs"]} == {"finished"}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no such signal")
def test_that_ctrl_c_ends_all_runs_in_good_order(call: Any, toml: Path, tmp_path: Path, play: Play) -> None:
    def end(run: TrainingRun) -> RunFinished:
        if run.folder.path.name.startswith("2"):
            os.kill(os.getpid(), signal.SIGINT)
        return done(run)

    begun = play(end)
    result = call("train", toml, "--repeat", 4, "--folds", 2, "--out", tmp_path / "s", "--json")
    assert result.code == 130
    assert [run.folder.path.name[0] for run in begun] == ["1", "2"]
    assert len(result.document["runs"]) == 8
    assert Path(result.document["comparison"]).is_file()


def test_that_a_run_without_a_good_end_counts_as_failed(call: Any, toml: Path, tmp_path: Path, play: Play) -> None:
    ends = iter(
        [
            RunFailed("the disk is full"),
            RunFinished(tmp_path, "The loss is no number.", 1, None, None, has_diverged=True),
            None,
        ]
    )
    play(lambda run: next(ends))
    result = call("train", toml, "--repeat", 3, "--out", tmp_path / "s", "--json")
    assert result.code == 1
    errors = [run["error"] for run in result.document["runs"]]
    assert errors[:2] == ["the disk is full", "The loss is no number."]
    assert "without a word" in errors[2]
    assert len(result.err.splitlines()) == 3


def test_that_a_series_has_its_folder_beside_the_file_and_takes_what_is_overridden(
    call: Any, toml: Path, tmp_path: Path, play: Play
) -> None:
    begun = play(done)
    assert (
        call("train", toml, "--architecture", "LeNet5", "--seed", 5, "--epochs", 3, "--out", tmp_path / "s").code == 1
    )
    assert not begun
    assert call("train", toml, "--repeat", 2, "--seed", 5, "--epochs", 3).code == 0
    assert [run.folder.path.parent for run in begun] == [toml.parent / "series"] * 2
    assert [run.config.seed for run in begun] == [5, 6]
    assert {run.config.training.hyperparameters.epochs for run in begun} == {3}
    assert {run.model_zoo for run in begun} == {toml.parent / "series" / "model_zoo.py"}
    assert "holds a series already" in call("train", toml, "--repeat", 2).err


def test_that_perceptrons_of_any_layers_can_be_asked_for(call: Any, toml: Path, tmp_path: Path, play: Play) -> None:
    begun = play(done)
    assert (
        call("train", toml, "--architecture", "MLP_5_4", "--architecture", "MLP_7", "--out", tmp_path / "s").code == 0
    )
    assert [run.config.model.architecture for run in begun] == ["MLP_5_4", "MLP_7"]


@pytest.mark.keras
def test_that_a_perceptron_of_any_layers_is_trained_from_a_run_toml(call: Any, toml: Path, tmp_path: Path) -> None:
    own = toml.with_name("own.toml")
    text = toml.read_text(encoding="utf-8").replace("MLP_8_8_8", "MLP_5_4").replace('"training"', '"validation"', 1)
    rows = text[text.index("[[data]]") :].replace('"validation"', '"training"')
    own.write_text(f"{text}{rows}".replace('"training"', '"validation"', 1), encoding="utf-8")
    assert call("train", own, "--out", tmp_path / "run").code == 0
    assert "architecture: MLP_5_4\n" in call("info", tmp_path / "run").out


def test_that_arguments_that_fit_no_series_are_told(call: Any, toml: Path, tmp_path: Path, play: Play) -> None:
    play(done)
    assert "Did you mean MLP_8_8_8" in call("train", toml, "--architecture", "MLP_8_8_x", "--out", tmp_path / "s").err
    assert "numbers from 1 to 4096" in call("train", toml, "--architecture", "MLP_8_0", "--out", tmp_path / "s").err
    assert "repetitions: got 0" in call("train", toml, "--repeat", 0, "--out", tmp_path / "s").err
    assert "folds: got 1" in call("train", toml, "--folds", 1, "--out", tmp_path / "s").err
    assert not (tmp_path / "s").exists()
    call("train", toml, "--repeat", 2, "--out", tmp_path / "t")
    assert "cannot change in a resumed series" in call("train", tmp_path / "t", "--resume", "--epochs", 9).err
    assert "cannot change in a resumed series" in call("train", tmp_path / "t", "--resume", "--download-weights").err


@pytest.mark.parametrize("arguments", [("--repeat", 2), ("--resume",)])
def test_that_several_computers_are_refused(call: Any, toml: Path, tmp_path: Path, arguments: tuple[Any, ...]) -> None:
    (tmp_path / "series.json").touch()
    result = call("train", toml, *arguments, "--device", "multi_worker", "--out", tmp_path)
    assert result.code == 1
    assert "several computers train one run at a time" in result.err
