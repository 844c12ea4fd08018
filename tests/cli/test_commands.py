"""The commands that need a trained network."""

import csv
import json
import os
import shutil
import signal
import sys
import tomllib
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from aid_desktop.cli import assess
from aid_desktop.cli import train as train_module
from aid_desktop.evaluation.calibration import Calibration
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.models.metadata import read_card
from aid_desktop.runs.folder import RunFolder
from aid_desktop.training.events import RunFinished
from aid_desktop.training.run import TrainingRun

pytestmark = pytest.mark.keras


def one_line(result: Any) -> str:
    """Return the only line of stderr of a command that failed with a known error."""
    assert result.code == 1
    assert result.out == ""
    (line,) = result.err.splitlines()
    assert "Traceback" not in line
    return line


# --- train --------------------------------------------------------------------------------------------------


def test_that_train_prints_one_document_with_the_keys_of_the_manual(trained: Any, run_folder: Path) -> None:
    document = trained.document
    assert set(document) == {"best_epoch", "best_model", "history", "seconds"}
    assert [row["epoch"] for row in document["history"]] == [0, 1]
    assert list(document["history"][0]) == [
        "epoch", "revision", "learning_rate", "loss", "accuracy", "val_loss", "val_accuracy", "seconds", "model",
    ]  # fmt: skip
    assert document["seconds"] == pytest.approx(sum(row["seconds"] for row in document["history"]))
    assert Path(document["best_model"]) == run_folder / "models" / f"epoch_{document['best_epoch']:05}.keras"
    assert Path(document["best_model"]).is_file()
    assert (run_folder / "run.log").read_text(encoding="utf-8").count("\n") >= 2


def test_that_train_tells_its_progress_in_words_and_options_override_the_file(
    call: Any, run_toml: Path, tmp_path: Path
) -> None:
    result = call("train", run_toml, "--out", tmp_path / "o", "--epochs", "1", "--seed", "9", "--device", "auto")
    assert result.code == 0, result.err
    lines = result.out.splitlines()
    assert any(line.startswith("epoch 0: loss ") for line in lines)
    assert lines[-1].startswith("All 1 epochs are done. Best epoch: 0")
    written = tomllib.loads((tmp_path / "o" / "run.toml").read_text(encoding="utf-8"))
    assert (written["seed"], written["training"]["epochs"], written["device"]["strategy"]) == (9, 1, "auto")

    resumed = call("train", tmp_path / "o", "--resume", "--epochs", "2", "--json")
    assert resumed.code == 0, resumed.err
    assert [row["epoch"] for row in resumed.document["history"]] == [0, 1]


def test_that_a_run_that_cannot_start_is_told_in_one_line(
    call: Any, run_toml: Path, run_folder: Path, tmp_path: Path
) -> None:
    assert "holds a run already" in one_line(call("train", run_toml))
    assert "holds a run already" in one_line(call("train", run_toml, "--json"))
    assert "training.epochs: got 0" in one_line(call("train", run_toml, "--epochs", "0"))
    assert "seed: got -1" in one_line(call("train", run_toml, "--seed", "-1"))
    assert "this machine has" in one_line(call("train", run_toml, "--out", tmp_path / "a", "--device", "gpu:77"))
    assert "none.py" in one_line(call("train", run_toml, "--model-zoo", tmp_path / "none.py"))
    assert "there is no run file" in one_line(call("train", run_toml, "--resume", "--out", tmp_path / "b"))
    (tmp_path / "bad.toml").write_text("[trainnig]\n", encoding="utf-8")
    assert "did you mean training?" in one_line(call("train", tmp_path / "bad.toml"))


def test_that_a_resumed_run_keeps_its_seed_and_its_network(call: Any, run_folder: Path, run_toml: Path) -> None:
    for option in (("--seed", "3"), ("--model-zoo", run_folder / "model_zoo.py"), ("--download-weights",)):
        assert str(option[0]) in one_line(call("train", run_folder, "--resume", *option))


def test_that_a_run_that_diverged_is_an_error(
    call: Any, run_toml: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = RunFinished(tmp_path, "The loss is no number any more.", 0, None, None, has_diverged=True)
    monkeypatch.setattr(train_module, "train", lambda run, publish: publish(end))
    assert "no number" in one_line(call("train", run_toml, "--out", tmp_path / "d", "--json"))


def test_that_what_is_printed_is_of_the_folder_that_the_run_ended_in(
    call: Any, run_toml: Path, run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = RunFinished(run_folder, "Done.", 1, None, None)
    monkeypatch.setattr(train_module, "train", lambda run, publish: publish(end))
    result = call("train", run_toml, "--out", tmp_path / "full disk", "--json")
    assert Path(result.document["best_model"]).is_relative_to(run_folder)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no such signal")
def test_that_ctrl_c_stops_in_good_order_and_ends_with_130(
    call: Any, run_toml: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped: list[bool] = []

    def train(run: TrainingRun, publish: Any) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        stopped.append(run.control.stop_requested)
        publish(RunFinished(run.folder.path, "Stopped.", 0, None, None))

    monkeypatch.setattr(train_module, "train", train)
    result = call("train", run_toml, "--out", tmp_path / "c", "--json")
    assert stopped == [True]
    assert result.code == 130
    assert result.document == {"best_epoch": None, "best_model": None, "history": [], "seconds": 0}


# --- assess -------------------------------------------------------------------------------------------------


def test_that_find_lr_prints_a_range_test_with_the_keys_of_the_manual(call: Any, run_toml: Path) -> None:
    document = call("find-lr", run_toml, "--steps", 12, "--json").document
    assert set(document) == {"suggestion", "low", "high", "rates", "losses", "smoothed", "slopes"}
    n = len(document["losses"])
    assert 0 < n <= 12
    assert [len(document[name]) for name in ("rates", "smoothed", "slopes")] == [n, n, n]


def test_that_find_lr_tells_each_batch_and_what_follows_in_words(call: Any, run_toml: Path) -> None:
    result = call("find-lr", run_toml, "--steps", 12)
    assert result.code == 0
    assert "loss" in result.out
    assert result.out.strip().splitlines()[-1].startswith("The loss ")


def test_that_assess_prints_the_scores_with_the_keys_of_the_manual(call: Any, run_folder: Path, run_toml: Path) -> None:
    result = call("assess", run_folder, "--run", run_toml, "--json")
    assert (result.code, result.err) == (0, "")
    document = result.document
    assert set(document) == {
        "n", "accuracy", "classes", "confusion_matrix", "per_class", "balanced_accuracy", "mcc", "macro", "weighted",
        "roc_auc", "pr_auc", "log_loss", "ece", "intervals", "temperature",
    }  # fmt: skip
    low, high = document["intervals"]["accuracy"]
    assert low <= document["accuracy"] <= high
    assert document["temperature"] == 1
    assert (document["n"], document["classes"]) == (12, ["dark", "bright"])
    matrix = document["confusion_matrix"]
    assert [sum(row) for row in matrix] == [6, 6]
    assert document["accuracy"] == pytest.approx((matrix[0][0] + matrix[1][1]) / 12)
    assert set(document["per_class"]) == {"dark", "bright"}
    assert set(document["per_class"]["dark"]) == {
        "precision", "recall", "f1", "support", "roc_auc", "pr_auc", "initial_concentration", "final_concentration",
        "enrichment", "yield", "intervals",
    }  # fmt: skip


def test_that_assess_calibrates_on_validation_images_and_scores_the_test_images(
    call: Any, run_folder: Path, run_toml: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "model.keras"
    shutil.copyfile(run_folder / "last.keras", model)
    fitted_to = []

    def fit(predictions: Predictions) -> Calibration:
        # After two epochs the network knows too little for a temperature of its own.
        fitted_to.append(predictions.probabilities)
        return Calibration(1.7, predictions.n, (0.6, 0.5), (0.2, 0.1))

    monkeypatch.setattr(assess, "fit_temperature", fit)
    plain = call("assess", model, "--run", run_toml, "--json").document
    document = call("assess", model, "--run", run_toml, "--calibrate", "--json").document
    assert document["temperature"] == 1.7
    assert document["confusion_matrix"] == plain["confusion_matrix"]
    assert document["log_loss"] != plain["log_loss"]
    # The next program that reads the file has the same probabilities.
    assert call("assess", model, "--run", run_toml, "--json").document == document
    words = call("assess", model, "--run", run_toml, "--calibrate").out
    assert read_card(model).temperature == 1.7
    np.testing.assert_array_equal(*fitted_to)
    assert words.startswith("temperature ")
    assert "validation images, now in the model" in words
    dark = f"dark={run_toml.parent / 'test_dark.rtdc'}"
    assert "needs --run" in one_line(call("assess", model, "--data", dark, "--calibrate"))
    before = model.read_bytes()
    assert "--threshold: got" in one_line(
        call("assess", model, "--run", run_toml, "--calibrate", "--threshold", "nonsense")
    )
    assert model.read_bytes() == before


def test_that_assess_takes_labelled_paths_a_threshold_and_a_folder_for_the_report(
    call: Any, run_folder: Path, run_toml: Path, tmp_path: Path
) -> None:
    # The classes are matched by name, not by their order on the command line.
    paths = [f"--data={name}={run_toml.parent / f'test_{name}.rtdc'}" for name in ("bright", "dark")]
    model = run_folder / "last.keras"
    result = call("assess", model, *paths, "--threshold", "dark=0", "--out", tmp_path / "report", "--json")
    assert (result.code, result.err) == (0, "")
    assert result.document["confusion_matrix"] == [[6, 0], [6, 0]]
    suffixes = {path.suffix for path in (tmp_path / "report").iterdir()}
    assert {".html", ".xlsx", ".csv", ".png"} <= suffixes
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert "The network MLP_8_8_8 was trained for 2 epochs" in page
    assert "Settings that were changed" not in page
    words = call("assess", model, *paths)
    assert words.out.startswith("12 images, accuracy ")


def test_that_assess_takes_the_images_that_a_run_held_out(call: Any, run_toml: Path, tmp_path: Path) -> None:
    split = run_toml.with_name("split.toml")
    split.write_text(run_toml.read_text(encoding="utf-8") + "[split]\nvalidation_fraction = 0.25\n", encoding="utf-8")
    folder = tmp_path / "split"
    assert call("train", split, "--out", folder, "--epochs", "1").code == 0
    numbers = {"training": 2 * 18, "validation": 2 * (6 + 8), "test": 2 * 6}
    for role, n in numbers.items():
        result = call("assess", folder, "--run", folder, "--role", role, "--json")
        assert (result.code, result.err, result.document["n"]) == (0, "", n)
    lines = (folder / "held_out.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "digest,part,image"
    assert len(lines) == 1 + 2 * 6
    (folder / "held_out.csv").unlink()
    assert "held_out.csv" in one_line(call("assess", folder, "--run", folder, "--role", "validation"))


def test_that_assess_tells_what_is_missing(call: Any, run_folder: Path, run_toml: Path, tmp_path: Path) -> None:
    test = run_toml.parent / "test_dark.rtdc"
    assert "nothing to assess on" in one_line(call("assess", run_folder))
    assert "expected CLASS=PATH with one of dark, bright" in one_line(call("assess", run_folder, "--data", test))
    assert "the model knows the classes dark, bright" in one_line(call("assess", run_folder, "--data", f"cat={test}"))
    assert "gone.rtdc" in one_line(call("assess", run_folder, "--data", f"dark={tmp_path / 'gone.rtdc'}", "--json"))
    assert "--threshold" in one_line(call("assess", run_folder, "--data", f"dark={test}", "--threshold", "cat=1"))
    assert "neither a model nor the folder of a run" in one_line(call("assess", tmp_path, "--run", run_toml))
    assert "is not a model" in one_line(call("assess", test, "--run", run_toml))
    (tmp_path / "run.toml").write_text(
        '[model]\narchitecture = "x"\n[[data]]\npath = "x"\nclass = "x"\nrole = "training"\n', encoding="utf-8"
    )
    assert "no rows of the role test" in one_line(call("assess", run_folder, "--run", tmp_path))
    assert "has saved no model yet" in one_line(call("assess", tmp_path, "--run", run_toml))
    both = call("assess", run_folder, "--run", run_toml, "--data", f"dark={test}")
    assert both.code == 2
    assert "not allowed with argument --run" in both.err


# --- classify -----------------------------------------------------------------------------------------------


def test_that_classify_counts_the_classes_and_writes_a_table(
    call: Any, run_folder: Path, run_toml: Path, tmp_path: Path
) -> None:
    paths = [run_toml.parent / f"test_{name}.rtdc" for name in ("dark", "bright")]
    for name in ("table.csv", "table.xlsx"):
        result = call("classify", run_folder, *paths, "--out", tmp_path / name, "--json")
        assert (result.code, result.err) == (0, "")
        assert {"n", "counts", "files"} < set(result.document)
        assert result.document["n"] == sum(result.document["counts"].values()) == 12
        assert list(result.document["counts"]) == ["dark", "bright"]
        assert result.document["files"] == [str(tmp_path / name)]
    with (tmp_path / "table.csv").open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.reader(file))) == 13
    assert result.document["summary"] is None
    assert (tmp_path / "table_summary.csv").exists()
    everything = call("classify", run_folder, *paths, "--threshold", "dark=0", "--json").document
    assert (everything["n"], everything["counts"], everything["files"]) == (12, {"dark": 12, "bright": 0}, [])
    assert [
        (one["file"], one["n"], one["counts"]["dark"], one["fractions"]["dark"]) for one in everything["per_file"]
    ] == [(str(path), 6, 6, 1.0) for path in paths]
    printed = call("classify", run_folder, paths[0], "--threshold", "dark=0").out.splitlines()
    assert printed[:2] == ["6 images: dark 6, bright 0", f"{paths[0]}: 6 images"]
    assert printed[2].split() == ["dark", "6", "100.0", "%", "(61.0", "to", "100.0)"]


def test_that_classify_takes_one_of_several_arrays(call: Any, run_folder: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", one=np.zeros((3, 12, 12), np.uint8), two=np.full((2, 12, 12), 250, np.uint8))
    assert "say which one is meant, one, two" in one_line(call("classify", run_folder, tmp_path / "a.npz"))
    result = call("classify", run_folder, tmp_path / "a.npz", "--part", "one", "--out", tmp_path / "a.csv", "--json")
    assert result.document["n"] == 3
    assert "a.npz::one#2" in (tmp_path / "a.csv").read_text(encoding="utf-8")


def test_that_classify_writes_into_copies_of_rtdc_files(
    call: Any, run_folder: Path, run_toml: Path, tmp_path: Path
) -> None:
    source = run_toml.parent / "test_dark.rtdc"
    before = source.read_bytes()
    result = call("classify", run_folder, source, "--into-rtdc", "--out", tmp_path / "new" / "folder", "--json")
    assert (result.code, result.err) == (0, "")
    copy = tmp_path / "new" / "folder" / "test_dark_classified.rtdc"
    assert result.document["files"] == [str(copy)]
    assert source.read_bytes() == before
    with h5py.File(copy) as file:
        assert len(file["events/userdef0"]) == 6


def test_that_classify_rejects_and_writes_everything_at_once(
    call: Any, run_folder: Path, run_toml: Path, tmp_path: Path
) -> None:
    source = tmp_path / "in" / "blood.rtdc"
    source.parent.mkdir()
    source.write_bytes((run_toml.parent / "test_dark.rtdc").read_bytes())
    options = ("--into-rtdc", "--basin", "--aideveloper-xlsx", "--sort-into", tmp_path / "sorted", "--link", "hard")
    result = call("classify", run_folder, source, *options, "--out", tmp_path / "t.csv", "--reject", "1", "--json")
    assert (result.code, result.err) == (0, "")
    document = result.document
    assert document["rejected"] + sum(document["counts"].values()) == document["n"] == 6
    assert document["rejected"] == document["per_file"][0]["rejected"] > 0
    assert document["files"] == [
        str(tmp_path / "t.csv"),
        str(source.with_name("blood_Prediction.xlsx")),
        str(source.with_name("blood_classified.rtdc")),
        str(tmp_path / "sorted" / "manifest.csv"),
    ]
    assert document["summary"] == str(tmp_path / "t_summary.csv")
    assert len(list((tmp_path / "sorted" / "not_sure").iterdir())) == document["rejected"]
    with h5py.File(source.with_name("blood_classified.rtdc")) as file:
        assert "image" not in file["events"]
    printed = call("classify", run_folder, source, "--reject", "1").out.splitlines()
    assert printed[0].endswith(f"rejected {document['rejected']}")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--basin",), "give --into-rtdc"),
        (("--link", "hard"), "--sort-into"),
        (("--tiles", "auto", "--reject", "0.5", "--out", "x"), "--reject out"),
    ],
)
def test_that_options_that_do_not_go_together_are_told(
    call: Any, run_folder: Path, run_toml: Path, options: tuple[str, ...], told: str
) -> None:
    assert told in one_line(call("classify", run_folder, run_toml.parent / "test_dark.rtdc", *options))


def test_that_what_is_no_rtdc_file_is_told_before_anything_is_classified(
    call: Any, run_folder: Path, tiny_folders: Path
) -> None:
    folder = tiny_folders / "test" / "circle"
    assert "copies of .rtdc files only" in one_line(call("classify", run_folder, folder, "--into-rtdc"))
    assert call("classify", run_folder, folder, "--reject", "2").code == 2


def test_that_classify_tells_what_it_cannot_read_or_write(
    call: Any, run_folder: Path, run_toml: Path, tmp_path: Path
) -> None:
    source = run_toml.parent / "test_dark.rtdc"
    (tmp_path / "file").write_text("text", encoding="utf-8")
    inside = tmp_path / "file" / "table.csv"
    assert "expected a name that ends with .csv or .xlsx" in one_line(
        call("classify", run_folder, source, "--out", "a.txt")
    )
    assert "cannot be written" in one_line(call("classify", run_folder, source, "--out", inside))
    one_line(call("classify", run_folder, source, "--into-rtdc", "--out", tmp_path / "file"))
    one_line(call("classify", run_folder, tmp_path / "file", "--json"))
    assert "--threshold" in one_line(call("classify", run_folder, source, "--threshold", "dark"))


# --- info, zoo, devices -------------------------------------------------------------------------------------


def test_that_info_is_the_card_of_the_best_model(call: Any, run_folder: Path, trained: Any) -> None:
    card = call("info", run_folder, "--json").document
    assert set(card) == {
        "version", "class_names", "image", "normalization", "architecture", "epoch", "revision", "metrics", "data",
        "versions", "zoom", "pixel_type", "is_asked_for",
    }  # fmt: skip
    assert card["class_names"] == ["dark", "bright"]
    assert card["epoch"] == trained.document["best_epoch"]
    assert card == call("info", trained.document["best_model"], "--json").document
    assert "architecture: MLP_8_8_8\n" in call("info", run_folder).out


def test_that_zoo_lists_the_architectures_with_the_keys_of_the_manual(call: Any, tmp_path: Path) -> None:
    zoo = tmp_path / "zoo.py"
    zoo.write_text(
        "import keras\nfrom aid_desktop.models.registry import architecture\n"
        '@architecture("A", family="mlp", min_size=4)\n'
        'def a(s, c):\n    """First."""\n    x = keras.Input(s)\n'
        "    return keras.Model(x, keras.layers.Dense(c)(keras.layers.Flatten()(x)))\n"
        '@architecture("B")\ndef b(s, c):\n    """Second."""\n    return 1 / 0\n'
        '@architecture("N_*")\ndef n(s, c, numbers):\n    """Many."""\n    return 1 / 0\n',
        encoding="utf-8",
    )
    first, second = call("zoo", "--model-zoo", zoo, "--json").document
    keys = {"name", "family", "min_size", "parameters", "multiply_adds", "description"}
    assert set(first) == keys
    assert (first["name"], first["family"], first["min_size"], first["description"]) == ("A", "mlp", 4, "First.")
    assert (first["parameters"], first["multiply_adds"]) == (32 * 32 * 2 + 2, 32 * 32 * 2)
    assert set(second) == keys | {"error"}
    words = call("zoo", "--model-zoo", zoo)
    assert words.code == 0
    assert [line.split("  ")[0] for line in words.out.splitlines()] == ["A", "B", "N_*"]
    assert "2\N{NO-BREAK SPACE}050 parameters" in words.out
    assert "2\N{NO-BREAK SPACE}048 multiply-adds" in words.out
    assert "line 11: B for images (32, 32, 1) and 2 classes: ZeroDivisionError" in words.out
    assert "In place of *: one to 8 numbers from 1 to 4096" in words.out
    sized = call("zoo", "--model-zoo", zoo, "--json", "--size", 8, "--channels", 3, "--classes", 5).document
    assert sized[0]["parameters"] == 8 * 8 * 3 * 5 + 5
    small = call("zoo", "--model-zoo", zoo, "--json", "--size", 3).document
    assert "A needs images of at least 4 × 4 px, got 3 × 3" in small[0]["error"]
    assert "none.py" in one_line(call("zoo", "--model-zoo", tmp_path / "none.py"))


def test_that_devices_are_listed(call: Any) -> None:
    document = call("devices", "--json").document
    assert set(document) == {"cpu", "gpus", "strategies", "choices"}
    assert document["strategies"][:2] == ["auto", "cpu"]
    assert call("devices").out.startswith("cpu: ")
    assert "multi_worker (not here): Only with aid-desktop train" in call("devices").out


@pytest.mark.parametrize(
    ("cluster", "message"),
    [
        ("", "needs the environment variable TF_CONFIG"),
        ('{"cluster": {"worker": ["a:1", "b:2"]}, "task": {"type": "worker", "index": 0}}', "auto cannot be measured"),
    ],
)
def test_that_workers_need_a_description_and_a_precision(
    call: Any, run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cluster: str, message: str
) -> None:
    text = (run_folder / "run.toml").read_text(encoding="utf-8")
    path = tmp_path / "run.toml"
    path.write_text(text.replace('precision = "float32"', 'precision = "auto"'), encoding="utf-8")
    monkeypatch.setenv("TF_CONFIG", cluster)
    assert message in one_line(call("train", path, "--device", "multi_worker"))


def test_that_no_model_is_taken_from_a_damaged_run(call: Any, run_folder: Path, tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.run_toml.write_bytes((run_folder / "run.toml").read_bytes())
    folder.history_csv.write_bytes((run_folder / "history.csv").read_bytes())
    assert "are not there any more" in one_line(call("info", tmp_path))
    assert json.loads((run_folder / "last_state.json").read_text(encoding="utf-8"))["finished"] is True
