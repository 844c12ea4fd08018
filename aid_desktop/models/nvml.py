"""NVIDIA's management library (NVML), which comes with the driver: what its GPUs are, and how busy at this moment.

Asked through ctypes, so that no package is needed and no process started. Functions and structures are those of
NVIDIA's "NVML API Reference Guide".
"""

import ctypes
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

logger = logging.getLogger(__name__)

_NAMES = ("nvml.dll",) if sys.platform == "win32" else ("libnvidia-ml.so.1",)
_SUCCESS = 0
_TEXT_BYTES = 96


class _Utilization(ctypes.Structure):
    _fields_ = (("gpu", ctypes.c_uint), ("memory", ctypes.c_uint))


class _Memory(ctypes.Structure):
    _fields_ = (("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong))


@dataclass(frozen=True, slots=True)
class DriverGpu:
    """A GPU as NVIDIA's driver tells of it; `memory` in bytes, 0 if that is unknown."""

    description: str
    driver: str
    memory: int


@dataclass(frozen=True, slots=True)
class GpuUsage:
    """How busy a GPU was within the last second, in percent, and its memory in bytes, of all programs together."""

    percent: int
    used: int
    memory: int


class Nvml:
    """The library, opened. What a GPU does not answer, as some virtual ones, is 0."""

    def __init__(self, library: Any) -> None:
        self._library = library
        count = ctypes.c_uint()
        self._call("nvmlDeviceGetCount_v2", ctypes.byref(count))
        self._handles = [handle for number in range(count.value) if (handle := self._handle(number)) is not None]

    def gpus(self) -> tuple[DriverGpu, ...]:
        """Return what the GPUs are."""
        driver = self._text("nvmlSystemGetDriverVersion")
        return tuple(
            DriverGpu(self._text("nvmlDeviceGetName", handle), driver, int(self._memory(handle).total))
            for handle in self._handles
        )

    def usage(self) -> tuple[GpuUsage, ...]:
        """Return how busy the GPUs are; takes some microseconds to milliseconds."""
        found = []
        for handle in self._handles:
            rates, memory = _Utilization(), self._memory(handle)
            self._call("nvmlDeviceGetUtilizationRates", handle, ctypes.byref(rates))
            found.append(GpuUsage(int(rates.gpu), int(memory.used), int(memory.total)))
        return tuple(found)

    def _handle(self, number: int) -> ctypes.c_void_p | None:
        handle = ctypes.c_void_p()
        found = self._call("nvmlDeviceGetHandleByIndex_v2", ctypes.c_uint(number), ctypes.byref(handle))
        return handle if found else None

    def _memory(self, handle: ctypes.c_void_p) -> _Memory:
        memory = _Memory()
        self._call("nvmlDeviceGetMemoryInfo", handle, ctypes.byref(memory))
        return memory

    def _text(self, name: str, *arguments: Any) -> str:
        text = ctypes.create_string_buffer(_TEXT_BYTES)
        self._call(name, *arguments, text, ctypes.c_uint(_TEXT_BYTES))
        return text.value.decode("utf-8", "replace")

    def _call(self, name: str, *arguments: Any) -> bool:
        return bool(getattr(self._library, name)(*arguments) == _SUCCESS)


def smallest_memory(nvml: Nvml | None) -> int:
    """Return the bytes of the GPU that has the least of them, 0 if none is known.

    TensorFlow may number the GPUs in another order, or see some of them only.
    """
    return min((gpu.memory for gpu in nvml.gpus()), default=0) if nvml is not None else 0


def open_nvml(load: Callable[[str], Any] = ctypes.CDLL) -> Nvml | None:
    """Return the library, or None where NVIDIA's driver is not installed or does not run.

    May take a tenth of a second or more, so call it in the background. It is left open until the program ends.
    """
    for name in _NAMES:
        try:
            library = load(name)
            if library.nvmlInit_v2() == _SUCCESS:
                return Nvml(library)
        # AttributeError: a driver that is too old to have one of the functions.
        except (OSError, AttributeError) as error:
            logger.debug("NVIDIA's driver is not used to watch GPUs: %s", error)
    return None
