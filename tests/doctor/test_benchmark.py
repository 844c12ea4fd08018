"""The benchmark, shortened, and what can go wrong with it."""

from pathlib import Path
from typing import Any

import pytest

from aid_desktop.doctor import benchmark as benchmark_module
from aid_desktop.doctor.benchmark import Benchmark, measure, run_benchmark
from aid_desktop.errors import ModelZooError, StoppedError
from aid_desktop.models.zoo import find_zoo

pytestmark = pytest.mark.keras


def test_that_training_and_classification_are_measured() -> None:
    measured = measure(find_zoo(), 0.01, 0.01)
    assert measured.problem == ""
    assert measured.training > 0
    assert measured.classification > 0
    assert measured.device in ("cpu", "gpu:0")
    assert measured.engine


def test_that_a_model_zoo_without_the_network_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zoo = tmp_path / "model_zoo.py"
    zoo.write_text("import keras\nfrom aid_desktop.models.registry import architecture\n", encoding="utf-8")
    with pytest.raises(ModelZooError, match="LeNet5_do"):
        measure(zoo, 0.01, 0.01)


def test_that_it_runs_in_another_process_and_failures_are_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[Any, ...]] = []
    found = Benchmark(1.0, 2.0, "cpu", "ONNX Runtime")

    def elsewhere(work: Any, arguments: tuple[Any, ...], should_stop: Any) -> Benchmark:
        calls.append((work, arguments))
        if should_stop():
            raise StoppedError
        return found

    monkeypatch.setattr(benchmark_module, "in_own_process", elsewhere)
    assert run_benchmark() is found
    assert calls == [(measure, (find_zoo(), 3.0, 2.0))]
    assert run_benchmark(lambda: True).problem == "stopped"
    monkeypatch.setattr(benchmark_module, "_PATIENCE_S", -1.0)
    assert run_benchmark().problem == "no result within -1 s"

    def fail(*_: object) -> None:
        raise ModelZooError("model_zoo.py has no LeNet5_do")

    monkeypatch.setattr(benchmark_module, "in_own_process", fail)
    assert run_benchmark().problem == "model_zoo.py has no LeNet5_do"
