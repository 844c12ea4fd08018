import csv
import math
from pathlib import Path

import pytest

from aid_desktop.data.class_table import Role
from aid_desktop.runs.comparison import Measure, RunState, compare, write_comparison
from aid_desktop.runs.comparison_table import run_table, summary_table
from aid_desktop.runs.config import DataRow, ModelChoice, RunConfig
from aid_desktop.runs.folder import LastState, write_state
from aid_desktop.runs.history import append_record
from aid_desktop.runs.records import EpochRecord
from aid_desktop.runs.series import PlannedRun, Series, SeriesChoice, plan_runs
from aid_desktop.settings.image import ImageSettings

CONFIG = RunConfig(ImageSettings(), ModelChoice("A"), data=(DataRow(Path("a.rtdc"), "a", Role.TRAINING),), seed=7)


def train(series: Series, run: PlannedRun, *accuracies: float, finished: bool = True) -> None:
    folder = series.folder(run)
    folder.create()
    for epoch, accuracy in enumerate(accuracies):
        metrics = (("accuracy", 0.5), ("val_loss", 1 - accuracy), ("val_accuracy", accuracy))
        append_record(folder.history_csv, EpochRecord(epoch, 0, 0.1, metrics, 2.0, f"e{epoch}.keras"))
        folder.model(f"e{epoch}.keras").touch()
    write_state(folder, LastState(len(accuracies) - 1, 0, finished))


@pytest.fixture
def series(tmp_path: Path) -> Series:
    """Return a series of A and B with three seeds: A is done twice and once half-way, B once."""
    made = Series(tmp_path, plan_runs(CONFIG, SeriesChoice(("A", "B"), 3)))
    runs = made.runs
    train(made, runs[0], 0.5, 0.7, 0.6)
    train(made, runs[2], 0.9)
    train(made, runs[4], 0.1, finished=False)
    train(made, runs[1], 0.8, 0.8)
    return made


def test_that_each_run_tells_its_best_epoch(series: Series) -> None:
    runs = compare(series).runs
    assert [run.state for run in runs] == [
        RunState.FINISHED, RunState.FINISHED, RunState.FINISHED, RunState.NOT_BEGUN, RunState.UNFINISHED,
        RunState.NOT_BEGUN,
    ]  # fmt: skip
    assert dict(runs[0].values) == pytest.approx(
        {"val_accuracy": 0.7, "val_loss": 0.3, "accuracy": 0.5, "best_epoch": 1, "epochs": 3, "seconds": 6}
    )
    assert (runs[3].values, runs[3].best, runs[3].n_epochs) == ({}, None, 0)
    assert [(run.architecture, run.seed, run.fold) for run in runs[:3]] == [
        ("A", 7, None),
        ("B", 7, None),
        ("A", 8, None),
    ]


def test_that_an_architecture_has_mean_and_sample_deviation_of_its_finished_runs(series: Series) -> None:
    a, b = compare(series).summaries
    assert (a.architecture, a.n_runs) == ("A", 2)
    assert a.measures["val_accuracy"].mean == pytest.approx(0.8)
    assert a.measures["val_accuracy"].sd == pytest.approx(math.sqrt(0.02))
    assert a.measures["epochs"] == Measure(2.0, pytest.approx(math.sqrt(2)))
    assert (b.n_runs, b.measures["val_accuracy"]) == (1, Measure(pytest.approx(0.8), None))


def test_that_the_values_are_those_of_a_model_that_is_kept_if_any_is(series: Series) -> None:
    folder = series.folder(series.runs[0])
    folder.model("e1.keras").unlink()
    assert compare(series).runs[0].values["val_accuracy"] == 0.6
    for path in folder.models.iterdir():
        path.unlink()
    run = compare(series).runs[0]
    assert run.values["val_accuracy"] == 0.7
    assert run.best is not None
    assert run.best.model is None


def test_that_folds_are_counted_from_one(tmp_path: Path) -> None:
    comparison = compare(Series(tmp_path, plan_runs(CONFIG, SeriesChoice(folds=2))))
    assert [run.fold for run in comparison.runs] == [(1, 2), (2, 2)]
    assert [row[4] for row in run_table(comparison).rows] == ["1 of 2", "2 of 2"]


def test_that_the_file_has_a_row_for_each_architecture_and_each_run(series: Series, tmp_path: Path) -> None:
    path = tmp_path / "comparison.csv"
    write_comparison(compare(series), path)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["kind"] for row in rows] == ["architecture"] * 2 + ["run"] * 6
    assert list(rows[0])[:9] == [
        "kind", "name", "architecture", "seed", "fold", "state", "runs", "val_accuracy", "val_accuracy_sd",
    ]  # fmt: skip
    assert (rows[0]["name"], rows[0]["runs"], float(rows[0]["val_accuracy"])) == ("A", "2", pytest.approx(0.8))
    assert float(rows[0]["val_accuracy_sd"]) == pytest.approx(0.141421356)
    assert rows[1]["val_accuracy_sd"] == ""
    assert (rows[2]["name"], rows[2]["seed"], rows[2]["state"], rows[2]["epochs"]) == (
        "1_A_seed7",
        "7",
        "finished",
        "3",
    )
    assert (rows[5]["state"], rows[5]["val_accuracy"]) == ("not begun", "")


def test_that_a_series_before_its_first_epoch_can_be_written(tmp_path: Path) -> None:
    comparison = compare(Series(tmp_path, plan_runs(CONFIG, SeriesChoice(("A", "B")))))
    assert comparison.columns == ()
    write_comparison(comparison, tmp_path / "c.csv")
    assert summary_table(comparison).rows == (("A", "0"), ("B", "0"))


def test_that_the_tables_are_read_by_people_and_by_spreadsheets(series: Series) -> None:
    comparison = compare(series)
    table = summary_table(comparison)
    assert table.headers[:3] == ("architecture", "runs", "val_accuracy")
    assert table.rows[0][:3] == ("A", "2", "0.8000 ± 0.1414")
    assert table.rows[1][:3] == ("B", "1", "0.8000")
    assert table.tab_separated().splitlines()[1].split("\t")[:3] == ["A", "2", "0.8000 ± 0.1414"]
    lines = run_table(comparison).lines()
    assert len({line.index("finished") for line in lines if "finished" in line.split()}) == 1
    assert lines[1].split() == ["1_A_seed7", "A", "finished", "7", "0.7000", "0.3000", "0.5000", "1", "3", "6.0"]


def test_that_a_metric_that_some_runs_lack_is_averaged_over_the_others(series: Series) -> None:
    extra = (("val_loss", 0.1), ("val_accuracy", 0.95), ("val_auc", 0.9))
    folder = series.folder(series.runs[0])
    append_record(folder.history_csv, EpochRecord(3, 1, 0.1, extra, 2.0, "e3.keras"))
    folder.model("e3.keras").touch()
    comparison = compare(series)
    assert comparison.summaries[0].measures["val_auc"] == Measure(0.9, None)
