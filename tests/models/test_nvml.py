"""What is read from NVIDIA's library: here a stand-in for the module that calls it."""

import sys
from types import SimpleNamespace

import pytest

from aid_desktop.models.nvml import DriverGpu, GpuUsage, open_nvml, smallest_memory

GB = 2**30


class NVMLError(Exception):
    """As pynvml raises for whatever the driver does not do."""


class Pynvml:
    """Three GPUs; the second one does not say how busy it is, the third one does not answer at all."""

    NVMLError = NVMLError

    def __init__(self, is_running: bool = True) -> None:
        self._is_running = is_running

    def nvmlInit(self) -> None:
        if not self._is_running:
            raise NVMLError("Driver Not Loaded")

    def nvmlDeviceGetCount(self) -> int:
        return 3

    def nvmlDeviceGetHandleByIndex(self, number: int) -> int:
        if number > 1:
            raise NVMLError("GPU is lost")
        return 100 + number

    def nvmlSystemGetDriverVersion(self) -> str:
        return "550.54.15"

    def nvmlDeviceGetName(self, handle: int) -> str:
        return "NVIDIA H100" if handle == 100 else "Tesla T4"

    def nvmlDeviceGetMemoryInfo(self, handle: int) -> SimpleNamespace:
        return SimpleNamespace(total=80 * GB, free=77 * GB, used=3 * GB)

    def nvmlDeviceGetUtilizationRates(self, handle: int) -> SimpleNamespace:
        if handle != 100:
            raise NVMLError("Not Supported")
        return SimpleNamespace(gpu=45, memory=2)


@pytest.fixture
def pynvml(monkeypatch: pytest.MonkeyPatch) -> Pynvml:
    module = Pynvml()
    monkeypatch.setitem(sys.modules, "pynvml", module)  # type: ignore[arg-type]
    return module


@pytest.mark.usefixtures("pynvml")
def test_that_every_gpu_of_the_driver_is_read() -> None:
    nvml = open_nvml()
    assert nvml is not None
    assert nvml.gpus() == (
        DriverGpu("NVIDIA H100", "550.54.15", 80 * GB),
        DriverGpu("Tesla T4", "550.54.15", 80 * GB),
    )
    assert nvml.usage() == (GpuUsage(45, 3 * GB, 80 * GB), GpuUsage(0, 3 * GB, 80 * GB))


def test_that_what_a_gpu_does_not_answer_is_0(pynvml: Pynvml, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise NVMLError("Not Supported")

    for name in ("nvmlSystemGetDriverVersion", "nvmlDeviceGetName", "nvmlDeviceGetMemoryInfo"):
        monkeypatch.setattr(pynvml, name, refuse)
    nvml = open_nvml()
    assert nvml is not None
    assert nvml.gpus() == (DriverGpu("", "", 0),) * 2
    assert nvml.usage() == (GpuUsage(45, 0, 0), GpuUsage(0, 0, 0))
    monkeypatch.setattr(pynvml, "nvmlDeviceGetCount", refuse)
    nvml = open_nvml()
    assert nvml is not None
    assert nvml.gpus() == ()


def test_that_a_driver_that_does_not_run_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", Pynvml(is_running=False))  # type: ignore[arg-type]
    assert open_nvml() is None


def test_that_the_real_module_offers_what_is_asked_for() -> None:
    import pynvml

    names = [name for name in vars(Pynvml) if name.startswith("nvml")]
    assert all(callable(getattr(pynvml, name)) for name in names)
    assert issubclass(pynvml.NVMLError_LibraryNotFound, pynvml.NVMLError)


@pytest.mark.usefixtures("pynvml")
def test_that_the_smallest_memory_counts_and_none_is_0() -> None:
    assert smallest_memory(open_nvml()) == 80 * GB
    assert smallest_memory(None) == 0
