"""The list of suspicious images as files."""

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import openpyxl
import pytest

from aid_desktop.data.formats import open_source
from aid_desktop.data.selection import select_images
from aid_desktop.errors import ExportError
from aid_desktop.evaluation.duplicates import Duplicates
from aid_desktop.evaluation.label_issues import Evidence, LabelIssues, rank_issues
from aid_desktop.evaluation.label_tables import HEADER, issue_rows, issues_to_json, write_label_issues
from aid_desktop.evaluation.map_table import write_map_csv

Make = Callable[..., Any]


@pytest.fixture
def found(tmp_path: Path, predictions_of: Make, write_classes: Make) -> LabelIssues:
    labels = np.repeat([0, 1], 20)
    images = np.random.default_rng(0).integers(0, 255, (40, 8, 8), np.uint8)
    probabilities = np.where(labels[:, None] == [0, 1], 0.75, 0.25)
    probabilities[7] = 0.125, 0.875
    predictions = predictions_of(labels, probabilities, write_classes(tmp_path, images, labels))
    group = np.arange(40)
    group[31] = 30
    duplicates = Duplicates(group, np.empty((0, 2), np.intp))
    return rank_issues(predictions, predictions.probabilities, np.ones(40, np.bool_), Evidence.MODEL, duplicates)


def test_that_csv_and_xlsx_hold_the_ranking(found: LabelIssues, tmp_path: Path) -> None:
    write_label_issues(tmp_path / "out" / "list.csv", found)
    with (tmp_path / "out" / "list.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows[0] == list(HEADER)
    file_0 = str(tmp_path / "class0.rtdc")
    assert rows[1] == [
        "1", file_0, "7", f"{file_0}#7", "class 0", "class 1", "0.875000", "looks like another class", "", "",
    ]  # fmt: skip
    assert rows[2][2:] == [
        "10", f"{tmp_path / 'class1.rtdc'}#10", "class 1", "", "0.250000", "there more than once", "",
        f"{tmp_path / 'class1.rtdc'}#11",
    ]  # fmt: skip
    write_label_issues(tmp_path / "list.xlsx", found)
    sheet = openpyxl.load_workbook(tmp_path / "list.xlsx")["Wrong labels"]
    values = [list(row) for row in sheet.iter_rows(values_only=True)]
    assert values[0] == list(HEADER)
    assert values[1][:7] == [1, file_0, 7, f"{file_0}#7", "class 0", "class 1", 0.875]
    assert len(values) == len(rows) == 4


def test_that_json_tells_what_the_list_rests_on(found: LabelIssues) -> None:
    document = json.loads(json.dumps(issues_to_json(found)))
    assert document["n_images"] == document["n_judged"] == 40
    assert document["evidence"] == "model"
    assert document["counts"] == {"contradiction": 0, "model": 1, "outlier": 0, "duplicate": 2}
    assert document["issues"][0]["suggested"] == "class 1"


def test_that_another_suffix_is_refused(found: LabelIssues, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"ends with .csv or .xlsx"):
        write_label_issues(tmp_path / "list.txt", found)


def test_that_images_of_a_part_of_a_file_have_their_number_in_the_whole_file(
    tmp_path: Path, predictions_of: Make, write_classes: Make
) -> None:
    images = np.random.default_rng(0).integers(0, 255, (40, 8, 8), np.uint8)
    labels = np.repeat([0, 1], 20)
    whole = write_classes(tmp_path, images, labels)
    sources = tuple(select_images(source, np.arange(10, 20)) for source in whole)
    labels = np.repeat([0, 1], 10)
    probabilities = np.where(labels[:, None] == [0, 1], 0.75, 0.25)
    probabilities[7] = 0.125, 0.875
    predictions = predictions_of(labels, probabilities, sources)
    ranked = rank_issues(predictions, predictions.probabilities, np.ones(20, np.bool_), Evidence.MODEL)
    assert [row[2:4] for row in issue_rows(ranked)] == [[17, f"{tmp_path / 'class0.rtdc'}#17"]]
    write_map_csv(tmp_path / "map.csv", predictions, np.zeros((20, 2)))
    with (tmp_path / "map.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["index"] for row in rows] == [str(number) for number in range(10, 20)] * 2
    assert all(row["image"] == f"{row['file']}#{row['index']}" for row in rows)


def test_that_the_table_of_a_map_can_be_left_while_files_are_listed_and_while_lines_are_written(
    tmp_path: Path, predictions_of: Make
) -> None:
    for number in range(4):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((8, 8), number, np.uint8))
    predictions = replace(
        predictions_of(np.array([0, 1, 0, 1]), np.eye(2)[[0, 1, 1, 1]]),
        sources=(open_source(tmp_path).source,), zooms=(1.0,), source=np.zeros(4, np.intp), index=np.arange(4),
    )  # fmt: skip
    told: list[tuple[int, int]] = []
    write_map_csv(tmp_path / "map.csv", predictions, np.zeros((4, 2)), None, lambda *counts: told.append(counts))
    assert told == [(0, 0), (0, 4), (0, 4)]
    lines = (tmp_path / "map.csv").read_text(encoding="utf-8").splitlines()
    assert lines[3] == f"{tmp_path},2,{tmp_path / '2.png'},class 0,class 1,1.000000,0,0"
    (tmp_path / "map.csv").unlink()
    for n_before in range(3):
        left: list[tuple[int, int]] = []

        def leave(done: int, total: int, left=left, n_before=n_before) -> None:
            left.append((done, total))
            if len(left) > n_before:
                raise RuntimeError("left")

        with pytest.raises(RuntimeError, match="left"):
            write_map_csv(tmp_path / "map.csv", predictions, np.zeros((4, 2)), None, leave)
        assert not (tmp_path / "map.csv").exists()
