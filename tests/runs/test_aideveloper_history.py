"""Histories of AIDeveloper."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from aid_desktop.errors import RunError
from aid_desktop.runs.aideveloper_history import read_aideveloper_history
from aid_desktop.runs.run_comparison import run_facts

Sheet = Sequence[Mapping[str, Any]]

REAL_META = Path(__file__).parents[3] / "shared" / "data" / "legacy_aideveloper" / "M01_AutoCat_meta.xlsx"

# The same run as AIDeveloper 0.4, 0.0.3 and the oldest versions have written it.
NEW = (
    [{"rotation": 0, "learning_rate_const": 0.001, "epoch_started_using_these_settings": 0, "train_last_layers_n": 1,
      "expert_mode": True},
     {"rotation": 15, "learning_rate_const": 0.001, "epoch_started_using_these_settings": 2, "train_last_layers_n": 2,
      "expert_mode": True}],
    [{"loss": 0.7, "accuracy": 0.5, "val_loss": 0.6, "val_accuracy": 0.7, "Saved": 1, "Time": 3.0, "LearningRate": 0.1},
     {"loss": 0.6, "accuracy": 0.6, "val_loss": 0.5, "val_accuracy": 0.6, "Saved": 0, "Time": 5.5, "LearningRate": 0.1},
     {"loss": 0.5, "accuracy": 0.7, "val_loss": 0.4, "val_accuracy": 0.9, "Saved": 1, "Time": 9.0,
      "LearningRate": 0.05}],
)  # fmt: skip
OLD = (
    [{"Rotation": 0, "learning_rate_expert": 0.001, "Epoch_Started_Using_These_Settings": 0, "train_last_layers_n": 1,
      "expert_mode": True, "MORE-ACS_ModelMaker_Version": "0.0.1"},
     {"Rotation": "15", "learning_rate_expert": 0.001, "Epoch_Started_Using_These_Settings": 2.0,
      "train_last_layers_n": 2, "expert_mode": "True", "MORE-ACS_ModelMaker_Version": "0.0.1"}],
    [{"acc": 0.5, "loss": 0.7, "val_acc": 0.7, "val_loss": 0.6, "Saved": "1", "Time": "3.0"},
     {"acc": 0.6, "loss": 0.6, "val_acc": 0.6, "val_loss": 0.5, "Saved": 0.0, "Time": 5.5},
     {"acc": 0.7, "loss": 0.5, "val_acc": 0.9, "val_loss": 0.4, "Saved": True, "Time": 9.0}],
)  # fmt: skip


def write_book(path: Path, sheets: Mapping[str, Sheet]) -> Path:
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        columns = list(dict.fromkeys(column for row in rows for column in row))
        sheet.append([None, *columns])
        for index, row in enumerate(rows):
            sheet.append([index, *(row.get(column) for column in columns)])
    book.save(path)
    return path


@pytest.mark.parametrize("spelling", [NEW, OLD])
def test_that_both_spellings_give_the_same_history(tmp_path: Path, spelling: tuple[Sheet, Sheet]) -> None:
    path = write_book(tmp_path / "M01_meta.xlsx", {"Parameters": spelling[0], "History": spelling[1]})
    read = read_aideveloper_history(path)
    records = read.history.records
    assert read.problems == ()
    assert [record.model for record in records] == ["M01_0.model", None, "M01_2.model"]
    assert [record.seconds for record in records] == [3.0, 2.5, 3.5]
    assert [record.revision for record in records] == [0, 0, 1]
    assert [record.metric("val_accuracy") for record in records] == [0.7, 0.6, 0.9]
    assert [record.metric("accuracy") for record in records] == [0.5, 0.6, 0.7]
    assert {name for name, _ in records[0].metrics} == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert [item.settings.augmentation.rotation for item in read.revisions] == [0, 15]
    assert [item.epoch for item in read.revisions] == [0, 2]
    assert read.other_changes(1) == ("train_last_layers_n: 1 → 2",)
    assert read.other_changes(0) == read.other_changes(2) == ()


def test_that_the_learning_rate_is_there_where_it_was_written(tmp_path: Path) -> None:
    new = read_aideveloper_history(write_book(tmp_path / "a.xlsx", {"History": NEW[1]}))
    old = read_aideveloper_history(write_book(tmp_path / "b.xlsx", {"History": OLD[1]}))
    assert [record.learning_rate for record in new.history.records] == [0.1, 0.1, 0.05]
    assert all(math.isnan(record.learning_rate) for record in old.history.records)
    assert new.history.records[0].model == "a_0.model"
    assert new.settings is None


def test_that_times_that_begin_anew_are_no_negative_seconds(tmp_path: Path) -> None:
    rows = [{"accuracy": 0.5, "Time": 10.0}, {"accuracy": 0.5, "Time": 2.0}, {"accuracy": 0.5}]
    records = read_aideveloper_history(write_book(tmp_path / "a.xlsx", {"History": rows})).history.records
    assert [record.seconds for record in records[:2]] == [10.0, 2.0]
    assert math.isnan(records[2].seconds)


@pytest.mark.parametrize(
    ("index", "expected"), [((10, 12, 13), [10, 12, 13]), ((0, 2, 1), [0, 1, 2]), ((0, "x", 2), [0, 1, 2])]
)
def test_that_an_epoch_is_the_index_of_the_table_where_that_rises(
    tmp_path: Path, index: tuple[Any, ...], expected: list[int]
) -> None:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    sheet.title = "History"
    sheet.append([None, "accuracy", "Saved"])
    for number in index:
        sheet.append([number, 0.5, 1])
    sheet.append([99, None, None])
    book.save(tmp_path / "M_meta.xlsx")
    read = read_aideveloper_history(tmp_path / "M_meta.xlsx")
    assert [record.epoch for record in read.history.records] == expected
    assert [record.model for record in read.history.records] == [f"M_{epoch}.model" for epoch in expected]
    assert read.problems == ()
    assert read.history.records[0].metrics == (("accuracy", 0.5),)


def test_that_cells_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    rows = [{"accuracy": 0.5, "loss": "none"}, {"accuracy": 0.6, "loss": "nan"}]
    parameters = [{"rotation": 0}, {"rotation": 1, "epoch_started_using_these_settings": "soon"}]
    path = write_book(tmp_path / "a.xlsx", {"History": rows, "Parameters": parameters})
    read = read_aideveloper_history(path)
    assert "no numbers are left out: 1 of them" in read.problems[1]
    assert "Row 3 of Parameters" in read.problems[0]
    assert dict(read.history.records[0].metrics) == {"accuracy": 0.5}
    assert math.isnan(read.history.records[1].metric("loss"))


def test_that_other_books_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no sheet History"):
        read_aideveloper_history(write_book(tmp_path / "a.xlsx", {"UsedData": [{"class": 0}]}))
    (tmp_path / "b.xlsx").write_text("nonsense", encoding="utf-8")
    with pytest.raises(RunError, match="cannot be read"):
        read_aideveloper_history(tmp_path / "b.xlsx")


@pytest.mark.skipif(not REAL_META.is_file(), reason="the example files of AIDeveloper are not here")
def test_that_a_real_run_is_read_as_its_authors_describe_it() -> None:
    read = read_aideveloper_history(REAL_META)
    facts = run_facts("M01", REAL_META, read.history.records, None, {})
    assert (len(read.history), facts.best.epoch, facts.best.metric("val_accuracy")) == (160, 128, 0.9325)
    assert sum(record.model is not None for record in read.history.records) == 29
    assert [item.epoch for item in read.revisions] == [0, 30, 56, 159]
    changed = read.revisions[1].settings.augmentation
    assert (changed.rotation, changed.zoom, changed.brightness_add, changed.noise_std) == (15, 0.3, (-10, 10), 15)
    assert changed.contrast == (0.7, 1.3)
    assert read.revisions[2].settings.augmentation.horizontal_flip
    assert read.problems == ()
