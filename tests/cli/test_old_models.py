"""The commands on models of AIDeveloper and Keras."""

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.keras
FILES = Path(__file__).parents[1] / "models" / "legacy_files"
# Two models that AIDeveloper 0.0.3 has saved, with its table and validation images.
REAL = Path(__file__).parents[3] / "shared" / "data" / "legacy_aideveloper"
SAID = ("--classes", "a,b,c", "--normalization", "divide_by_255")


@pytest.mark.skipif(not REAL.is_dir(), reason="needs files of AIDeveloper that are not part of the repository")
@pytest.mark.parametrize(("epoch", "accuracy"), [(0, 0.705), (146, 0.925)])
def test_that_models_of_aideveloper_have_the_accuracy_that_it_recorded(call: Any, epoch: int, accuracy: float) -> None:
    model = REAL / f"M01_AutoCat_{epoch}.model"
    result = call("assess", model, "--labelled", REAL / "M01_AutoCat_Valid_Data.rtdc", "--json")
    assert (result.code, result.err) == (0, "")
    assert (result.document["n"], result.document["accuracy"]) == (400, accuracy)
    card = call("info", model, "--json").document
    assert (card["epoch"], card["architecture"], card["class_names"]) == (epoch, "LeNet5_do", ["class 0", "class 1"])
    assert card["metrics"]["val_accuracy"] == accuracy


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Return a file of four images."""
    path = tmp_path / "images.npy"
    np.save(path, (np.load(FILES / "expected.npz")["images"][..., 0] * 255).astype(np.uint8))
    return path


def test_that_a_model_without_card_is_used_with_what_is_said(call: Any, images: Path, tmp_path: Path) -> None:
    model = FILES / "skip.model"
    card = call("info", model, *SAID, "--save", tmp_path / "new.keras", "--json")
    assert (card.code, card.err) == (0, "")
    assert card.document["image"]["width"] == 8
    with zipfile.ZipFile(tmp_path / "new.keras") as archive:
        assert json.loads(archive.read("aid_card.json")) == card.document
    old = call("classify", model, images, *SAID, "--json")
    new = call("classify", tmp_path / "new.keras", images, "--json")
    assert (old.code, new.code) == (0, 0)
    assert old.document == new.document
    assert old.document["n"] == 4


def test_that_what_is_missing_or_too_much_is_one_line(call: Any, images: Path, tmp_path: Path) -> None:
    model = tmp_path / "x.h5"
    shutil.copy(FILES / "skip.model", model)
    for command in (("info", model), ("classify", model, images), ("assess", model, "--data", f"a={images}")):
        result = call(*command)
        assert (result.code, result.out) == (1, "")
        (line,) = result.err.splitlines()
        assert "--classes" in line
        assert "--normalization" in line
    assert "expected WIDTHxHEIGHT" in call("info", model, "--size", "12").err
    saved = tmp_path / "x.keras"
    assert call("info", model, *SAID, "--save", saved).code == 0
    assert "already" in call("info", model, *SAID, "--save", saved).err
    assert "ends with .keras" in call("info", model, *SAID, "--save", tmp_path / "x.h6").err
    assert "x.keras has a model card" in call("info", saved, *SAID).err
    assert call("info", model, "--normalization", "other").code == 2


def test_that_a_run_goes_on_from_an_old_model_or_begins_anew_with_its_architecture(
    call: Any, run_toml: Path, tmp_path: Path
) -> None:
    text = run_toml.read_text("utf-8").replace('path = "', f'path = "{run_toml.parent.as_posix()}/')
    text = text.replace("width = 12", "width = 8").replace("height = 12", "height = 8")
    for name, mode in (("separable.model", "continue"), ("nested.model", "restart"), ("two.arch", "restart")):
        start = FILES / name
        if name == "two.arch":
            start = tmp_path / name
            start.write_text((FILES / "skip.arch").read_text("utf-8").replace('"units": 3', '"units": 2'), "utf-8")
        toml = tmp_path / "run.toml"
        model = f'start_from = "{start.as_posix()}"\nmode = "{mode}"'
        toml.write_text(text.replace('architecture = "MLP_8_8_8"', model), "utf-8")
        result = call("train", toml, "--out", tmp_path / f"run_{name}", "--epochs", "1", "--json")
        assert result.code == 0, result.err
        card = call("info", tmp_path / f"run_{name}" / "last.keras", "--json").document
        assert card["class_names"] == ["dark", "bright"]
    toml.write_text(toml.read_text("utf-8").replace('mode = "restart"', 'mode = "continue"'), "utf-8")
    result = call("train", toml, "--out", tmp_path / "again", "--epochs", "1")
    assert result.code == 1
    assert "architecture without weights" in result.err
