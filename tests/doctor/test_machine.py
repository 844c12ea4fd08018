"""What is read of the computer."""

import os
from types import SimpleNamespace

import psutil
import pytest

from aid_desktop.doctor.machine import read_machine


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
