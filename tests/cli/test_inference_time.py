"""`aid-desktop inference-time` on the model of a run."""

import json
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.keras


def test_that_times_of_each_engine_are_printed_and_written(call: Any, run_folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "times.csv"
    result = call("inference-time", run_folder, "--calls", "2", "--batch", "4", "--out", table, "--json")
    assert result.code == 0, result.err
    document = json.loads(result.out)
    assert set(document) == {"model", "machine", "timings", "notes"}
    assert {row["images"] for row in document["timings"]} == {1, 4}
    assert {"ONNX Runtime, 1 thread", "compiled Keras function"} <= {row["engine"] for row in document["timings"]}
    assert all(0 < row["median_ms"] <= row["p95_ms"] <= row["p99_ms"] for row in document["timings"])
    assert len(table.read_text(encoding="utf-8").splitlines()) == len(document["timings"]) + 1


def test_that_another_table_than_csv_is_refused_before_anything_is_measured(call: Any, run_folder: Path) -> None:
    result = call("inference-time", run_folder, "--out", "times.txt")
    assert (result.code, result.out) == (1, "")
    assert "expected a name that ends with .csv" in result.err


def test_that_too_many_calls_are_refused(call: Any, run_folder: Path) -> None:
    result = call("inference-time", run_folder, "--calls", "1000000")
    assert result.code == 1
    assert result.err.startswith("calls: got 1000000")
