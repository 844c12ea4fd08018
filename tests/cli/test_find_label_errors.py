"""`aid-desktop find-label-errors` with a run and a series trained on images of which two have a wrong class."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aid_desktop.data.rtdc_writing import write_rtdc

pytestmark = pytest.mark.keras

TOML = """
[image]
width = 12
height = 12
[model]
architecture = "MLP_24_16_24"
[training]
epochs = 12
batch_size = 8
learning_rate = 0.01
[device]
strategy = "cpu"
"""
WRONG = {("training_dark.rtdc", 3), ("training_bright.rtdc", 17)}


@pytest.fixture(scope="module")
def series(call: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a cross-validation with 3 folds, beside its run.toml."""
    folder = tmp_path_factory.mktemp("labels")
    rng = np.random.default_rng(1)
    text = TOML
    for role, n in (("training", 30), ("validation", 9)):
        for name, level in (("dark", 10), ("bright", 170)):
            images = level + rng.integers(0, 60, (n, 12, 12))
            file = f"{role}_{name}.rtdc"
            for number in (number for wrong, number in WRONG if wrong == file):
                images[number] = 180 - level + rng.integers(0, 60, (12, 12))
            write_rtdc(folder / file, images.astype(np.uint8))
            text += f'[[data]]\npath = "{file}"\nclass = "{name}"\nrole = "{role}"\n'
    (folder / "run.toml").write_text(text, encoding="utf-8")
    trained = call("train", folder / "run.toml", "--folds", 3, "--out", folder / "series")
    assert trained.code == 0, trained.err
    return folder / "series"


def found_in(document: Any) -> set[tuple[str, int]]:
    return {(Path(issue["file"]).name, issue["index"]) for issue in document["issues"] if issue["suggested"]}


def test_that_a_series_finds_the_wrong_labels(call: Any, series: Path, tmp_path: Path) -> None:
    result = call("find-label-errors", series, "--json", "--out", tmp_path / "list.csv")
    assert (result.code, result.err) == (0, "")
    document = result.document
    assert set(document) == {"n_images", "n_judged", "evidence", "counts", "issues"}
    assert (document["n_images"], document["n_judged"], document["evidence"]) == (60, 60, "series")
    assert found_in(document) == WRONG
    first = document["issues"][0]
    assert {first["actual"], first["suggested"]} == {"dark", "bright"}
    with (tmp_path / "list.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["image"] for row in rows] == [issue["image"] for issue in document["issues"]]


def test_that_a_run_finds_them_among_its_training_images_and_tells_it_in_words(call: Any, series: Path) -> None:
    [run, *_] = sorted(path for path in series.iterdir() if path.is_dir())
    toml = series.parent / "run.toml"
    result = call("find-label-errors", run, "--run", toml, "--json", "--group-by", r"#(\d+)$")
    assert (result.document["n_images"], result.document["evidence"]) == (60, "cross_validation")
    assert found_in(result.document) >= WRONG
    words = call("find-label-errors", run, "--run", toml).out
    assert words.startswith("60 images, ")
    assert "The model has learnt from these images: each is judged" in words
    assert "training_dark.rtdc#3  looks like another class" in words
    on_validation = call("find-label-errors", run, "--run", toml, "--role", "validation", "--json").document
    assert (on_validation["n_images"], on_validation["evidence"]) == (18, "model")
    assert found_in(on_validation) == set()


def test_that_what_does_not_fit_is_told(call: Any, series: Path, tmp_path: Path) -> None:
    assert "a series judges" in call("find-label-errors", series, "--role", "test").err
    assert "nothing to assess on" in call("find-label-errors", series / "1_MLP_24_16_24_fold1of3").err
    suffix = call("find-label-errors", series, "--out", tmp_path / "list.txt")
    assert (suffix.code, "ends with .csv or .xlsx" in suffix.err) == (1, True)
    assert call("find-label-errors").code == 2
