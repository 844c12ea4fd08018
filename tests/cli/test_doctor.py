"""`aid-desktop doctor`."""

from pathlib import Path
from typing import Any

import pytest

from aid_desktop.doctor import report as report_module
from aid_desktop.doctor.benchmark import Benchmark

pytestmark = pytest.mark.keras


def test_that_json_has_the_keys_of_the_manual(call: Any, tmp_path: Path) -> None:
    document = call("doctor", "--quick", "--runs-folder", tmp_path, "--json").document
    assert set(document) == {"machine", "software", "disk", "benchmark", "advice"}
    assert document["disk"]["folder"] == str(tmp_path)
    assert document["disk"]["speed"] > 0
    assert document["benchmark"]["problem"] == "--quick was given"
    assert document["software"]["versions"]["TensorFlow"]
    assert all(document["advice"])


def test_that_the_report_is_read_from_the_advice_on(call: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_module, "run_benchmark", lambda _: Benchmark(4321.0, 98765.0, "cpu", "ONNX Runtime"))
    result = call("doctor", "--runs-folder", tmp_path)
    assert result.code == 0, result.err
    lines = result.out.splitlines()
    assert lines[0] == "Advice"
    titles = [line for line in lines if line and not line.startswith(" ")]
    assert titles == ["Advice", "Hardware", "Graphics", "Versions", "Optional packages", "Disk", "Speed"]
    assert "4\N{NO-BREAK SPACE}321 images/s on cpu" in result.out
    assert "98\N{NO-BREAK SPACE}765 images/s in ONNX Runtime" in result.out
