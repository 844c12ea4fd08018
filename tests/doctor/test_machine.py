"""What is read of the computer."""

import os
import shutil
import subprocess
from types import SimpleNamespace

import psutil
import pytest

from aid_desktop.doctor.machine import DriverGpu, read_drivers, read_machine


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Stand in for nvidia-smi; `stdout` is what it says, `error` what running it raises."""
    said = SimpleNamespace(stdout="", error=None, arguments=[])

    def run(arguments: list[str], **_: object) -> SimpleNamespace:
        said.arguments = arguments
        if said.error is not None:
            raise said.error
        return said

    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(subprocess, "run", run)
    return said


def test_that_every_gpu_of_the_driver_is_read(answer: SimpleNamespace) -> None:
    answer.stdout = "NVIDIA H100 80GB HBM3, 550.54.15, 81559\nTesla T4, 550.54.15, [N/A]\n"
    assert read_drivers() == (
        DriverGpu("NVIDIA H100 80GB HBM3", "550.54.15", 81559),
        DriverGpu("Tesla T4", "550.54.15", 0),
    )
    assert answer.arguments[0] == "/usr/bin/nvidia-smi"


@pytest.mark.parametrize(
    "error",
    [OSError("no"), subprocess.CalledProcessError(9, "nvidia-smi"), subprocess.TimeoutExpired("nvidia-smi", 10)],
)
def test_that_a_driver_that_does_not_answer_is_none(answer: SimpleNamespace, error: Exception) -> None:
    answer.error = error
    assert read_drivers() == ()


def test_that_no_driver_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert read_drivers() == ()


@pytest.mark.keras
def test_that_the_machine_is_this_one() -> None:
    machine = read_machine()
    assert machine.cores == os.cpu_count()
    assert machine.memory == psutil.virtual_memory().total
    assert 0 < machine.free_memory <= machine.memory
    assert 0 <= machine.load <= 100
    assert machine.processor
    assert bool(machine.gpus) != bool(machine.why_no_gpu)


@pytest.mark.keras
@pytest.mark.parametrize(("plugged", "expected"), [(True, False), (False, True), (None, False)])
def test_that_a_battery_counts_when_nothing_charges_it(
    plugged: bool | None, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psutil, "sensors_battery", lambda: SimpleNamespace(power_plugged=plugged), raising=False)
    assert read_machine().is_on_battery is expected
