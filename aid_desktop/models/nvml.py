"""NVIDIA's management library (NVML), which comes with the driver: what its GPUs are, and how busy at this moment."""

import logging
from dataclasses import dataclass
from typing import Any

logger = logging.getLogger(__name__)


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

    def __init__(self, pynvml: Any) -> None:
        self._pynvml = pynvml
        numbers = range(self._ask("nvmlDeviceGetCount") or 0)
        handles = (self._ask("nvmlDeviceGetHandleByIndex", number) for number in numbers)
        self._handles = [handle for handle in handles if handle is not None]

    def gpus(self) -> tuple[DriverGpu, ...]:
        """Return what the GPUs are."""
        driver = self._ask("nvmlSystemGetDriverVersion") or ""
        return tuple(
            DriverGpu(self._ask("nvmlDeviceGetName", handle) or "", driver, int(getattr(memory, "total", 0)))
            for handle in self._handles
            for memory in [self._ask("nvmlDeviceGetMemoryInfo", handle)]
        )

    def usage(self) -> tuple[GpuUsage, ...]:
        """Return how busy the GPUs are; takes some microseconds to milliseconds."""
        found = []
        for handle in self._handles:
            rates = self._ask("nvmlDeviceGetUtilizationRates", handle)
            memory = self._ask("nvmlDeviceGetMemoryInfo", handle)
            numbers = (getattr(rates, "gpu", 0), getattr(memory, "used", 0), getattr(memory, "total", 0))
            found.append(GpuUsage(*map(int, numbers)))
        return tuple(found)

    def _ask(self, function: str, *arguments: Any) -> Any:
        try:
            return getattr(self._pynvml, function)(*arguments)
        except self._pynvml.NVMLError as error:
            logger.debug("NVIDIA's driver does not answer %s: %s", function, error)
            return None


def smallest_memory(nvml: Nvml | None) -> int:
    """Return the bytes of the GPU that has the least of them, 0 if none is known.

    TensorFlow may number the GPUs in another order, or see some of them only.
    """
    return min((gpu.memory for gpu in nvml.gpus()), default=0) if nvml is not None else 0


def open_nvml() -> Nvml | None:
    """Return the library, or None where NVIDIA's driver is not installed or does not run.

    May take a tenth of a second or more, so call it in the background. It is left open until the program ends.
    """
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        logger.debug("NVIDIA's driver is not used to watch GPUs: %s", error)
        return None
    return Nvml(pynvml)
