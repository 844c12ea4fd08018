"""A network of image and features from run.toml to a table of classes."""

import csv
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from aid_desktop.data.rtdc_writing import write_rtdc

pytestmark = pytest.mark.keras

RUN_TOML = """
[image]
width = 8
height = 8
features = ["deform"]
[model]
architecture = "MLP_MultiIn_3Lay_24"
[training]
epochs = 6
batch_size = 16
learning_rate = 0.01
[device]
strategy = "cpu"
"""


@pytest.fixture(scope="module")
def cells(call: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a finished run of cells that only their deformation tells apart, and of the cells."""
    folder = tmp_path_factory.mktemp("features")
    rng = np.random.default_rng(1)
    text = RUN_TOML
    for role, n in (("training", 40), ("validation", 10), ("test", 8)):
        for label, name in enumerate(("round", "long")):
            path = folder / f"{role}_{name}.rtdc"
            write_rtdc(path, rng.integers(100, 110, (n, 8, 8), np.uint8))
            with h5py.File(path, "a") as file:
                file["events/deform"] = 0.1 * label + rng.uniform(0, 0.03, n)
            text += f'[[data]]\npath = "{path.name}"\nclass = "{name}"\nrole = "{role}"\n'
    (folder / "run.toml").write_text(text, encoding="utf-8")
    result = call("train", folder / "run.toml", "--json")
    assert result.code == 0, result.err
    return folder


def test_that_assess_and_classify_read_the_features_of_the_model(call: Any, cells: Path, tmp_path: Path) -> None:
    scores = call("assess", cells / "run", "--run", cells / "run.toml", "--json").document
    assert (scores["n"], scores["accuracy"]) == (16, 1.0)
    table = tmp_path / "classes.csv"
    found = call("classify", cells / "run", cells / "test_long.rtdc", "--out", table, "--json").document
    assert found["counts"] == {"round": 0, "long": 8}
    with table.open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.reader(file))) == 9


def test_that_info_shows_the_features_with_their_statistics(call: Any, cells: Path) -> None:
    card = call("info", cells / "run", "--json").document
    assert card["image"]["features"] == ["deform"]
    with h5py.File(cells / "training_round.rtdc") as one, h5py.File(cells / "training_long.rtdc") as other:
        values = np.concatenate([one["events/deform"][:], other["events/deform"][:]])
    assert card["features"]["deform"]["mean"] == pytest.approx(values.mean())
    assert card["features"]["deform"]["std"] == pytest.approx(values.std())
    assert "features: deform mean 0.0" in call("info", cells / "run").out


def test_that_images_alone_cannot_be_classified(call: Any, cells: Path, tiny_folders: Path) -> None:
    result = call("classify", cells / "run", tiny_folders / "test" / "circle")
    assert result.code == 1
    assert "circle has no feature 'deform': it has images alone, features come with .rtdc files" in result.err


def test_that_an_architecture_must_go_with_the_features_before_a_series_begins(
    call: Any, cells: Path, tmp_path: Path
) -> None:
    result = call("train", cells / "run.toml", "--out", tmp_path / "series", "--architecture", "TinyResNet")
    assert result.code == 1
    assert "TinyResNet takes images alone, 1 feature is chosen: remove them (image.features)" in result.err
    assert not (tmp_path / "series").exists()


def test_that_find_lr_takes_features(call: Any, cells: Path) -> None:
    assert len(call("find-lr", cells / "run.toml", "--steps", "5", "--json").document["rates"]) == 5
