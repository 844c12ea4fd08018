"""Any runs side by side."""

import csv
import math
from pathlib import Path

import pytest

from aid_desktop.runs.records import EpochRecord
from aid_desktop.runs.run_comparison import RunFacts, compare_runs, run_facts, words_over_time, write_run_table


def record(epoch: int, accuracy: float, seconds: float = 2.0, model: str | None = "m.keras") -> EpochRecord:
    return EpochRecord(
        epoch, 0, 0.1, (("loss", 0.5), ("val_loss", 1 - accuracy), ("val_accuracy", accuracy)), seconds, model
    )


def facts(name: str, *accuracies: float, **settings: str) -> RunFacts:
    records = [record(epoch, accuracy) for epoch, accuracy in enumerate(accuracies)]
    return run_facts(name, Path(name), records, None, settings)


def test_that_only_settings_that_differ_are_told() -> None:
    table = compare_runs([facts("a", 0.5, 0.7, 0.6, rate="0.1", size="32"), facts("b", 0.9, rate="0.2", size="32")])
    assert table.headers == (
        "run", "rate", "val_accuracy", "val_loss", "best_epoch", "last val_accuracy", "last val_loss", "last loss",
        "epochs", "seconds",
    )  # fmt: skip
    assert table.rows[0] == ("a", "0.1", 0.7, pytest.approx(0.3), 1.0, 0.6, pytest.approx(0.4), 0.5, 3.0, 6.0)
    assert table.n_leading == 2
    assert table.paths == (Path("a"), Path("b"))


def test_that_a_setting_that_one_run_alone_has_is_not_told() -> None:
    assert compare_runs([facts("a", 0.5, shear="1"), facts("b", 0.5)]).n_leading == 1


def test_that_a_run_whose_settings_are_not_known_differs_in_none() -> None:
    table = compare_runs([facts("a", 0.5, shear="1", zoom="0"), facts("b", 0.5), facts("c", 0.5, shear="2", zoom="0")])
    assert table.headers[:3] == ("run", "shear", "val_accuracy")
    assert [row[1] for row in table.rows] == ["1", "", "2"]


def test_that_the_best_epoch_is_one_whose_model_is_kept() -> None:
    records = [record(0, 0.6), record(1, 0.9, model=None)]
    assert run_facts("a", Path("a"), records, None, {}).best.epoch == 0
    assert run_facts("a", Path("a"), [record(1, 0.9, model=None)], None, {}).best.epoch == 1


def test_that_times_that_nobody_measured_are_left_empty() -> None:
    assert math.isnan(run_facts("a", Path("a"), [record(0, 0.6, math.nan)], None, {}).seconds)
    assert run_facts("a", Path("a"), [record(0, 0.6, math.nan), record(1, 0.6)], None, {}).seconds == 2.0


def test_that_runs_without_epochs_stand_beside_others(tmp_path: Path) -> None:
    table = compare_runs([facts("a", 0.5), facts("b")])
    assert table.rows[1] == ("b", *[None] * 6, 0.0, None)
    write_run_table(table, tmp_path / "x.csv")
    with (tmp_path / "x.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert (rows[0]["val_accuracy"], rows[1]["val_accuracy"], rows[1]["epochs"]) == ("0.5", "", "0")
    assert table.texts().rows[0][:2] == ("a", "0.5000")
    assert table.texts().tab_separated().startswith("run\tval_accuracy\t")


def test_that_a_changed_setting_is_told_in_turn() -> None:
    assert words_over_time(["0", "0", "12", "0"]) == "0 → 12 → 0"
    assert words_over_time([]) == ""
