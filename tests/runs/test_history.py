import dataclasses
import math
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aid_desktop.errors import RunError
from aid_desktop.runs import history as history_module
from aid_desktop.runs.history import History, append_record, read_history, rolling_median, truncate_history
from aid_desktop.runs.records import EpochRecord

MakeRecord = Callable[..., EpochRecord]
FLOATS = st.floats(width=32)


def same(one: EpochRecord, other: EpochRecord) -> bool:
    """Compare two records; NaN equals NaN, and numbers are equal to 9 digits."""
    plain = [dataclasses.replace(record, metrics=(), seconds=0.0, learning_rate=0.0) for record in (one, other)]
    numbers = [[r.seconds, r.learning_rate, *(value for _, value in r.metrics)] for r in (one, other)]
    names = [[name for name, _ in r.metrics] for r in (one, other)]
    return plain[0] == plain[1] and names[0] == names[1] and np.allclose(*numbers, rtol=1e-8, atol=0, equal_nan=True)


# --- the file -----------------------------------------------------------------------------------------------


def test_that_records_are_read_as_they_were_appended(tmp_path: Path, make_record: MakeRecord) -> None:
    path = tmp_path / "history.csv"
    records = [make_record(0, model="epoch_00000.keras"), make_record(1, math.nan, math.inf), make_record(2)]
    for number, record in enumerate(records, 1):
        append_record(path, record)
        assert len(read_history(path)) == number
    assert all(map(same, read_history(path).records, records))
    lines = path.read_bytes().split(b"\n")
    assert lines[0] == b"epoch,revision,learning_rate,loss,accuracy,val_loss,val_accuracy,seconds,model"
    assert lines[1].endswith(b",1.5,epoch_00000.keras")
    assert lines[2].endswith(b"inf,nan,1.5,")
    assert lines[4:] == [b""]


def test_that_metrics_may_come_and_go(tmp_path: Path, make_record: MakeRecord) -> None:
    path = tmp_path / "history.csv"
    first, last = make_record(0), make_record(2, model="epoch_00002.keras")
    between = dataclasses.replace(make_record(1), metrics=(*make_record(1).metrics, ("val_f1", 0.5)))
    for record in (first, between, last):
        append_record(path, record)
    history = read_history(path)
    assert all(map(same, history.records, (first, between, last)))
    assert history.columns[-2:] == ("val_f1", "seconds")
    assert np.array_equal(history.column("val_f1"), [np.nan, 0.5, np.nan], equal_nan=True)
    truncate_history(path, 1)
    assert "val_f1" not in read_history(path).columns


@given(values=st.lists(FLOATS, min_size=4, max_size=4), seconds=FLOATS, rate=st.floats(1e-9, 10))
def test_that_float32_metrics_come_back_exactly(
    tmp_path_factory: pytest.TempPathFactory, values: list[float], seconds: float, rate: float
) -> None:
    path = tmp_path_factory.getbasetemp() / "history.csv"
    path.unlink(missing_ok=True)
    names = ("loss", "accuracy", "val_loss", "val_accuracy")
    record = EpochRecord(3, 2, rate, tuple(zip(names, values, strict=True)), seconds, None)
    append_record(path, record)
    (back,) = read_history(path).records
    assert same(back, record)
    got = np.array([value for _, value in back.metrics], np.float32)
    assert np.array_equal(got, np.array(values, np.float32), equal_nan=True)


def test_that_a_run_before_its_first_epoch_has_an_empty_history(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    assert read_history(path) == History()
    path.touch()
    assert read_history(path) == History()
    assert len(History()) == 0
    assert History().columns == ()
    assert History().best() is None


@pytest.mark.parametrize("n_lost", [1, 5, 25])
def test_that_a_row_cut_short_by_a_crash_is_left_out(tmp_path: Path, make_record: MakeRecord, n_lost: int) -> None:
    path = tmp_path / "history.csv"
    for epoch in range(3):
        append_record(path, make_record(epoch))
    path.write_bytes(path.read_bytes()[:-n_lost])
    assert [record.epoch for record in read_history(path).records] == [0, 1]


def test_that_a_header_cut_short_is_an_empty_history(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text("epoch,revis", encoding="utf-8")
    assert read_history(path) == History()


def test_that_a_foreign_table_is_refused_with_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text("x,y\n1,2\n", encoding="utf-8")
    with pytest.raises(RunError, match=r"is not a history of AID Desktop: its columns are x, y"):
        read_history(path)


@pytest.mark.parametrize("row", ["1,0", "x,0,0.001,0.6,0.5,0.7,0.5,1.5,", "1,0,0.001,no,0.5,0.7,0.5,1.5,", ""])
def test_that_a_broken_row_is_refused_with_its_line(tmp_path: Path, make_record: MakeRecord, row: str) -> None:
    path = tmp_path / "history.csv"
    append_record(path, make_record(0))
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{row}\n")
    with pytest.raises(RunError, match=r"history\.csv, line 3 cannot be read"):
        read_history(path)


def test_that_what_is_no_text_or_no_file_is_a_run_error(tmp_path: Path) -> None:
    (tmp_path / "history.csv").write_bytes(b"\xff\xff\n")
    for path in (tmp_path / "history.csv", tmp_path):
        with pytest.raises(RunError, match="cannot be read"):
            read_history(path)


def test_that_truncating_keeps_the_epochs_below_and_heals_a_torn_end(tmp_path: Path, make_record: MakeRecord) -> None:
    path = tmp_path / "history.csv"
    for epoch in range(4):
        append_record(path, make_record(epoch))
    kept = path.read_text(encoding="utf-8").splitlines()[:3]
    with path.open("a", encoding="utf-8") as file:
        file.write("4,0,0.0")
    truncate_history(path, 2)
    assert path.read_text(encoding="utf-8").splitlines() == kept
    append_record(path, make_record(2))
    assert [record.epoch for record in read_history(path).records] == [0, 1, 2]
    truncate_history(path, 0)
    append_record(path, make_record(0))
    assert len(read_history(path)) == 1


def test_that_each_row_is_flushed_to_the_disk(
    tmp_path: Path, make_record: MakeRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[int] = []
    monkeypatch.setattr(history_module.os, "fsync", flushed.append)
    append_record(tmp_path / "history.csv", make_record())
    assert len(flushed) == 1


# --- the numbers in it --------------------------------------------------------------------------------------


def test_that_columns_are_numbers_by_name(make_record: MakeRecord) -> None:
    history = History((make_record(0, 0.5), make_record(1, 0.75)))
    assert history.columns == ("revision", "learning_rate", "loss", "accuracy", "val_loss", "val_accuracy", "seconds")
    assert history.epochs().tolist() == [0, 1]
    assert history.column("val_accuracy").tolist() == [0.5, 0.75]
    assert history.column("seconds").tolist() == [1.5, 1.5]
    with pytest.raises(KeyError):
        history.column("auc")


def test_that_the_best_record_has_the_highest_accuracy_then_the_lowest_loss(make_record: MakeRecord) -> None:
    records = (make_record(0, 0.9, 0.5), make_record(1, 0.9, 0.4, "m"), make_record(2, 0.8, 0.1, "n"))
    assert History(records).best() is records[1]
    assert History(records[::2]).best_saved() is records[2]
    assert History(records[:1]).best_saved() is None


def test_that_records_with_nan_are_not_the_best(make_record: MakeRecord) -> None:
    good, bad = make_record(1, 0.5, 0.7), make_record(0, math.nan, math.nan)
    assert History((bad, good)).best() is good
    assert History((good, bad)).best() is good


def test_that_epochs_without_validation_have_no_best(make_record: MakeRecord) -> None:
    record = dataclasses.replace(make_record(), metrics=(("loss", 1.0),))
    assert History((record,)).best() is None


# --- smoothing ----------------------------------------------------------------------------------------------


@given(values=st.lists(st.floats(-1e6, 1e6) | st.just(math.nan), max_size=20), window=st.integers(1, 25))
def test_that_the_rolling_median_is_that_of_a_slow_loop(values: list[float], window: int) -> None:
    before, after = (window - 1) // 2, window // 2
    expected = []
    for place in range(len(values)):
        near = [v for v in values[max(0, place - before) : place + after + 1] if not math.isnan(v)]
        expected.append(np.median(near) if near else math.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = rolling_median(np.array(values), window)
    assert np.array_equal(result, np.array(values if window == 1 else expected), equal_nan=True)
