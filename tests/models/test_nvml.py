"""What is read from NVIDIA's library: here one in its place, with the arguments that the real one takes."""

import ctypes
from typing import Any

import pytest

from aid_desktop.models.nvml import DriverGpu, GpuUsage, open_nvml, smallest_memory

GB = 2**30
SUCCESS, NOT_SUPPORTED = 0, 3


class Library:
    """Two GPUs, of which the second one does not say how busy it is."""

    def __init__(self, init: int = SUCCESS) -> None:
        self._init = init

    def nvmlInit_v2(self) -> int:
        return self._init

    def nvmlDeviceGetCount_v2(self, count: Any) -> int:
        count._obj.value = 2
        return SUCCESS

    def nvmlDeviceGetHandleByIndex_v2(self, number: ctypes.c_uint, handle: Any) -> int:
        handle._obj.value = 100 + number.value
        return SUCCESS

    def nvmlSystemGetDriverVersion(self, text: Any, length: ctypes.c_uint) -> int:
        text.value = b"550.54.15"
        return SUCCESS

    def nvmlDeviceGetName(self, handle: ctypes.c_void_p, text: Any, length: ctypes.c_uint) -> int:
        text.value = b"NVIDIA H100" if handle.value == 100 else b"Tesla T4"
        return SUCCESS

    def nvmlDeviceGetMemoryInfo(self, handle: ctypes.c_void_p, memory: Any) -> int:
        memory._obj.total, memory._obj.free, memory._obj.used = 80 * GB, 77 * GB, 3 * GB
        return SUCCESS

    def nvmlDeviceGetUtilizationRates(self, handle: ctypes.c_void_p, rates: Any) -> int:
        if handle.value != 100:
            return NOT_SUPPORTED
        rates._obj.gpu = 45
        return SUCCESS


def test_that_every_gpu_of_the_driver_is_read() -> None:
    nvml = open_nvml(lambda name: Library())
    assert nvml is not None
    assert nvml.gpus() == (
        DriverGpu("NVIDIA H100", "550.54.15", 80 * GB),
        DriverGpu("Tesla T4", "550.54.15", 80 * GB),
    )
    assert nvml.usage() == (GpuUsage(45, 3 * GB, 80 * GB), GpuUsage(0, 3 * GB, 80 * GB))


def test_that_a_computer_without_the_driver_has_none() -> None:
    def missing(name: str) -> None:
        raise OSError(f"{name}: cannot open shared object file")

    assert open_nvml(missing) is None


@pytest.mark.parametrize("library", [Library(init=9), object()], ids=["not_running", "too_old"])
def test_that_a_driver_that_cannot_be_asked_is_none(library: object) -> None:
    assert open_nvml(lambda name: library) is None


def test_that_the_smallest_memory_counts_and_none_is_0() -> None:
    assert smallest_memory(open_nvml(lambda name: Library())) == 80 * GB
    assert smallest_memory(None) == 0
