"""What counts as a run, and what its files say."""

import math
import shutil
from pathlib import Path

import openpyxl
import pytest
from openpyxl import Workbook

from aid_desktop.data.class_table import Role
from aid_desktop.errors import RunError
from aid_desktop.gui.history.opened_run import OpenedRun
from aid_desktop.gui.history.run_files import read_run, runs_at, summarize
from aid_desktop.runs.config import DataRow, ModelChoice, RunConfig
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.history import append_record
from aid_desktop.runs.records import EpochRecord
from aid_desktop.runs.run_comparison import compare_runs
from aid_desktop.runs.run_toml import config_to_toml
from aid_desktop.runs.series import SeriesChoice, create_series, plan_runs
from aid_desktop.runs.settings_log import Revision, append_revision
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.snapshot import TrainingSettings

CONFIG = RunConfig(ImageSettings(), ModelChoice("A"), data=(DataRow(Path("a.rtdc"), "a", Role.TRAINING),), seed=7)
HEADER = ["accuracy", "val_accuracy", "val_loss", "Saved", "Time"]


def write_meta(path: Path, name: str = "History") -> Path:
    book = Workbook()
    sheet = book.active
    sheet.title = name
    sheet.append([None, *HEADER])
    for index, accuracy in enumerate((0.5, 0.8, 0.7)):
        sheet.append([index, accuracy, accuracy, 1 - accuracy, int(index == 1), 2.0 * (index + 1)])
    parameters = book.create_sheet("Parameters")
    parameters.append([None, "rotation", "epoch_started_using_these_settings", "train_last_layers", "Chosen Model"])
    parameters.append([0, 0, 0, False, "LeNet5"])
    parameters.append([1, 9, 1, True, "LeNet5"])
    book.save(path)
    return path


def write_run(path: Path, config: RunConfig = CONFIG, rate: float = 0.001) -> Path:
    import tomli_w

    folder = RunFolder(path)
    folder.create()
    folder.run_toml.write_text(tomli_w.dumps(config_to_toml(config)), encoding="utf-8")
    metrics = (("accuracy", 0.5), ("val_accuracy", 0.6), ("val_loss", 0.4))
    append_record(folder.history_csv, EpochRecord(0, 0, rate, metrics, 2.0))
    settings = TrainingSettings(hyperparameters=HyperParameters(learning_rate=rate))
    append_revision(folder.settings_jsonl, Revision.now(0, 0, settings))
    return path


def test_that_a_table_of_aideveloper_is_a_run(tmp_path: Path) -> None:
    meta = write_meta(tmp_path / "M01_meta.xlsx")
    (tmp_path / "M01_1.model").touch()
    assert runs_at(meta) == runs_at(tmp_path / "M01_1.model") == [meta]
    run = OpenedRun(read_run(meta))
    assert (run.name, run.best.epoch, run.best_saved.epoch, run.problems) == ("M01_meta", 1, 1, ())
    assert run.model_path(run.record(1)) == tmp_path / "M01_1.model"
    assert run.series.names == ("accuracy", "val_accuracy", "val_loss", "seconds")
    assert run.notes == {1: "Rotation: 0 ° → 9 °\ntrain_last_layers: False → True"}
    assert run.other_changes(run.revisions[1]) == ("train_last_layers: False → True",)
    settings = run.facts("M01").settings
    assert (settings["Network"], settings["Rotation"]) == ("LeNet5", "0 ° → 9 °")
    assert settings["train_last_layers"] == "False → True"


def test_that_other_tables_are_no_runs(tmp_path: Path) -> None:
    assert runs_at(write_meta(tmp_path / "M01_meta.xlsx", "Others")) == []
    (tmp_path / "a.csv").write_text("epoch,b\n1,2\n", encoding="utf-8")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "c.model").touch()
    for name in ("a.csv", "b.csv", "c.model", "gone.csv", "gone_meta.xlsx"):
        assert runs_at(tmp_path / name) == []
    for name in ("a.csv", "c.model", "gone.csv", "M01_meta.xlsx"):
        with pytest.raises(RunError):
            read_run(tmp_path / name)


def test_that_a_history_by_itself_is_a_run(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run")
    copy = tmp_path / "copies" / "mine.csv"
    copy.parent.mkdir()
    shutil.copyfile(folder / "history.csv", copy)
    assert runs_at(copy) == [copy]
    assert runs_at(folder / "history.csv") == [folder]
    run = OpenedRun(read_run(copy))
    assert (len(run.records), run.revisions, run.facts("x").settings) == (1, [], {})


def test_that_a_series_is_all_its_runs(tmp_path: Path) -> None:
    zoo = tmp_path / "zoo.py"
    zoo.touch()
    planned = plan_runs(CONFIG, SeriesChoice(("A", "B"), 1))
    series = create_series(tmp_path / "series", planned, zoo)
    write_run(series.folder(planned[1]).path)
    assert runs_at(tmp_path / "series") == [series.folder(planned[1]).path]
    (tmp_path / "series" / "series.json").write_text("{", encoding="utf-8")
    assert runs_at(tmp_path / "series") == []


def test_that_the_comparison_tells_what_differs(tmp_path: Path) -> None:
    other = RunConfig(ImageSettings(width=48), ModelChoice("B"), data=CONFIG.data, seed=7)
    paths = [write_run(tmp_path / "a"), write_run(tmp_path / "b", other, 0.01)]
    table = compare_runs([OpenedRun(read_run(path)).facts(path.name) for path in paths])
    differing = dict(zip(table.headers[1 : table.n_leading], table.rows[1][1 : table.n_leading], strict=True))
    assert differing == {"Network": "B", "Width": "48 px", "Learning rate": "0.01"}
    assert table.rows[0][table.n_leading :] == (0.6, 0.4, 0.0, 0.6, 0.4, 0.5, 1.0, 2.0)


def test_that_a_run_without_run_toml_is_read_all_the_same(tmp_path: Path) -> None:
    (write_run(tmp_path / "a") / "run.toml").write_text("nonsense", encoding="utf-8")
    files = read_run(tmp_path / "a")
    assert files.problems == ()
    assert "Seed" not in files.facts.settings
    assert files.facts.settings["Learning rate"] == "0.001"


def test_that_growing_keeps_the_facts_up_to_date(tmp_path: Path) -> None:
    run = OpenedRun(read_run(write_run(tmp_path / "a")))
    metrics = (("accuracy", 0.5), ("val_accuracy", 0.9), ("val_loss", 0.1))
    run.append(EpochRecord(1, 0, 0.001, metrics, 3.0, "m.keras"))
    run.append(EpochRecord(2, 0, 0.001, metrics, math.nan))
    facts = run.facts("name")
    assert (facts.name, facts.n_epochs, facts.seconds, facts.best.epoch, facts.last.epoch) == ("name", 3, 5.0, 1, 2)
    assert run.record_before(run.record(1)) is run.record(0)
    assert run.record_before(run.record(0)) is None
    revision = Revision.now(1, 2, TrainingSettings(hyperparameters=HyperParameters(learning_rate=0.1)))
    assert run.change_settings(revision, "Learning rate: 0.001 → 0.1")
    assert not run.change_settings(revision, "")
    assert run.facts("name").settings["Learning rate"] == "0.001 → 0.1"
    assert run.notes == {2: "Learning rate: 0.001 → 0.1"}


def test_that_all_kinds_of_runs_are_summarized(tmp_path: Path) -> None:
    meta, folder = write_meta(tmp_path / "M01_meta.xlsx"), write_run(tmp_path / "a")
    broken = tmp_path / "b_meta.xlsx"
    broken.touch()
    lines = summarize([meta, folder, folder / "history.csv", broken, tmp_path / "gone.csv"])
    assert [line.best for line in lines.values()] == [0.8, 0.6, 0.6, None, None]
    assert [line.problem for line in lines.values()][3:] == ["b_meta.xlsx cannot be read", "file not found"]


def test_that_settings_of_aideveloper_that_are_off_in_one_run_are_compared(tmp_path: Path) -> None:
    runs = []
    for name, is_on in (("a_meta.xlsx", False), ("b_meta.xlsx", True)):
        path = write_meta(tmp_path / name)
        book = openpyxl.load_workbook(path)
        for row in (2, 3):
            book["Parameters"].cell(row, 4).value = is_on
        book.save(path)
        runs.append(read_run(path).facts)
    table = compare_runs(runs)
    column = table.headers.index("train_last_layers")
    assert [row[column] for row in table.rows] == ["False", "True"]
