"""Tables as AIDeveloper writes them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from aid_desktop.data.source import DataSource, SourceKind
from aid_desktop.evaluation.aideveloper_xlsx import INFO, aideveloper_paths, write_aideveloper_tables
from aid_desktop.evaluation.decision import Decision
from aid_desktop.evaluation.predictions import Predictions, Threshold

MODEL = Path("/models/best.keras")
VALUES = np.array([[0.6, 0.4], [0.3, 0.7], [0.9, 0.1], [0.45, 0.55], [0.2, 0.8]], np.float32)


@pytest.fixture
def predictions(tmp_path: Path) -> Predictions:
    blood = DataSource(tmp_path / "blood.rtdc", SourceKind.RTDC, 4, ((4, 4, 1),), "one")
    folder = replace(blood, path=tmp_path / "other", kind=SourceKind.FOLDER, n_images=1)
    # The first file's images are not in order.
    return Predictions(
        ("=lym", "mon"), (blood, folder), (1.0, 1.0), np.array([0, 0, 0, 0, 1]), np.array([0, 1, 3, 2, 0]), VALUES
    )


def read(path: Path) -> dict[str, list[list[object]]]:
    workbook = openpyxl.load_workbook(path)
    return {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in workbook}


def test_that_the_sheets_are_those_of_aideveloper(predictions: Predictions, tmp_path: Path) -> None:
    paths = write_aideveloper_tables(predictions, MODEL, None, Decision(Threshold(0, 0.25)))
    assert paths == (tmp_path / "blood_Prediction.xlsx", tmp_path / "other_Prediction.xlsx")
    sheets = read(paths[0])
    assert list(sheets)[:5] == [
        "Info", "Scores_normal", "Prediction_normal", "Scores_thresholded", "Prediction_thresholded",
    ]  # fmt: skip
    assert sheets["Info"] == [list(INFO), [str(MODEL), str(tmp_path / "blood.rtdc"), 0, 0.25]]
    assert sheets["Scores_normal"] == [["0", "1"], [0.6, 0.4], [0.3, 0.7], [0.45, 0.55], [0.9, 0.1]]
    assert sheets["Prediction_normal"] == [["0"], [0], [1], [1], [0]]
    assert sheets["Scores_thresholded"] == [["0", "1"], [1, 0.4], [1, 0.7], [1, 0.55], [1, 0.1]]
    assert sheets["Prediction_thresholded"] == [["0"], [0], [0], [0], [0]]
    assert sheets["Classes"] == [["number", "name"], [0, "=lym"], [1, "mon"]]
    assert read(paths[1])["Scores_thresholded"] == [["0", "1"], [0, 0.8]]


def test_that_without_a_threshold_none_is_named_and_rejected_images_stay_empty(predictions: Predictions) -> None:
    sheets = read(write_aideveloper_tables(predictions, MODEL, None, Decision(reject=0.6))[0])
    assert sheets["Info"][1][2:] == [None, None]
    assert sheets["Scores_thresholded"] == sheets["Scores_normal"]
    assert sheets["Prediction_normal"][1:] == sheets["Prediction_thresholded"][1:] == [[0], [1], [None], [0]]


def test_that_no_earlier_table_is_replaced(predictions: Predictions, tmp_path: Path) -> None:
    first = write_aideveloper_tables(predictions, MODEL, tmp_path / "out")
    content = first[0].read_bytes()
    second = write_aideveloper_tables(predictions, MODEL, tmp_path / "out")
    assert [path.name for path in second] == ["blood_Prediction_1.xlsx", "other_Prediction_1.xlsx"]
    assert first[0].read_bytes() == content
    names = [path.name for path in aideveloper_paths([Path("blood.rtdc"), Path("deep/blood.npy")], tmp_path)]
    assert names == ["blood_Prediction.xlsx", "blood_Prediction_1.xlsx"]


def test_that_long_tables_go_on_in_further_sheets_and_progress_is_told(predictions: Predictions) -> None:
    told: list[tuple[int, int]] = []
    paths = write_aideveloper_tables(predictions, MODEL, progress=lambda *pair: told.append(pair), rows_per_sheet=3)
    sheets = read(paths[0])
    assert [len(sheets[name]) for name in ("Scores_normal", "Scores_normal 2", "Prediction_normal 2")] == [4, 2, 2]
    assert told == sorted(told)
    assert told[-1] == (5, 5)


def test_that_the_name_of_a_folder_is_kept_as_a_whole(tmp_path: Path) -> None:
    folders = [tmp_path / "drug 0.1mM", tmp_path / "drug 0.5mM"]
    for folder in folders:
        folder.mkdir()
    names = [path.name for path in aideveloper_paths([*folders, tmp_path / "a.b.rtdc"])]
    assert names == ["drug 0.1mM_Prediction.xlsx", "drug 0.5mM_Prediction.xlsx", "a.b_Prediction.xlsx"]
