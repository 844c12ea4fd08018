"""Times of engines: what is called how often, what is reported, and how it is written."""

import csv
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aid_desktop.errors import SettingsError
from aid_desktop.models import timing
from aid_desktop.models.files import LoadedModel
from aid_desktop.models.metadata import ModelCard
from aid_desktop.models.onnx_cache import OnnxCache
from aid_desktop.models.timing import Timing, TimingChoice, TimingReport, measure_times, write_timings

Build = Callable[..., Any]


def report_of(*milliseconds: float) -> TimingReport:
    one = Timing("ONNX Runtime, 1 thread", "cpu", 8, np.array(milliseconds) / 1000)
    return TimingReport("cat.keras", "a processor, 2 cores", (one,), ("a note",))


def test_that_percentiles_and_speed_are_those_of_the_calls() -> None:
    report = report_of(*[1.0] * 99, 101.0)
    [one] = report.timings
    assert (one.percentile(50), one.percentile(95)) == (0.001, 0.001)
    assert one.images_per_second == pytest.approx(8 * 100 / 0.2)
    assert report.table().rows == (("ONNX Runtime, 1 thread", "cpu", "8", "100", "1.00", "1.00", "2.00", "4000"),)
    [row] = report.to_json()["timings"]
    assert (row["median_ms"], row["calls"], row["images"]) == (pytest.approx(1), 100, 8)


def test_that_the_table_says_model_and_machine(tmp_path: Path) -> None:
    write_timings(report_of(0.0321, 0.0321), tmp_path / "times.csv")
    with (tmp_path / "times.csv").open(encoding="utf-8", newline="") as file:
        [row] = csv.DictReader(file)
    assert (row["model"], row["machine"], row["median (ms)"]) == ("cat.keras", "a processor, 2 cores", "0.0321")


@pytest.mark.parametrize(("calls", "batch"), [(0, 1), (1, 0), (10**6, 1), (1, 10**5)])
def test_that_senseless_numbers_are_refused(calls: int, batch: int) -> None:
    with pytest.raises(SettingsError, match="expected a whole number from 1"):
        TimingChoice(calls, batch)


def test_that_the_machine_is_named() -> None:
    assert "core" in timing.machine_text()
    assert "GB" in timing.machine_text()


@pytest.mark.keras
def test_that_every_engine_is_called_as_often_as_asked(
    tiny_net: Build, card: ModelCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    seen: list[tuple[int, int]] = []
    loaded = LoadedModel(tiny_net(), card, tmp_path / "cat.keras")
    report = measure_times(
        loaded, TimingChoice(7, 3), lambda *told: seen.append(told), None, OnnxCache(tmp_path / "cache")
    )
    rows = [(one.engine, one.device, one.n_images, len(one.seconds)) for one in report.timings]
    engines = (
        "ONNX Runtime, 1 thread", "ONNX Runtime, 2 threads", "compiled Keras function", "model.predict of Keras",
    )  # fmt: skip
    # One image cannot be shared out.
    assert rows == [(engine, "cpu", size, 7) for size in (1, 3) for engine in engines if size > 1 or "2" not in engine]
    assert all((one.seconds > 0).all() for one in report.timings)
    assert seen[-1] == (49, 49)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert report.notes == ()


@pytest.mark.keras
def test_that_a_stop_leaves_what_was_measured_and_a_note_tells_what_is_missing(
    unwritable_net: Build, card: ModelCard, tmp_path: Path
) -> None:
    answers = itertools.chain([False] * 5, itertools.repeat(True))
    loaded, cache = LoadedModel(unwritable_net(), card, tmp_path / "odd.keras"), OnnxCache(tmp_path)
    # To find out that it cannot be converted takes a while, in which a stop is asked for too.
    measure_times(loaded, TimingChoice(1, 1), None, None, cache)
    report = measure_times(loaded, TimingChoice(50, 4), None, lambda: next(answers), cache)
    assert 0 < sum(len(one.seconds) for one in report.timings) <= 5
    assert {one.engine for one in report.timings} <= {"compiled Keras function", "model.predict of Keras"}
    assert "ONNX Runtime does not compute this network" in report.notes[0]
