"""Processor, memory, GPUs and their drivers, as they are at this moment."""

import os
import platform
from dataclasses import dataclass

import psutil

from aid_desktop.environment import has_onednn_switched_off
from aid_desktop.models.devices import cuda_versions, list_devices, processor_name
from aid_desktop.models.nvml import DriverGpu, open_nvml

_LOAD_S = 0.5


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU that TensorFlow can use: gpu:0, gpu:1, … and what it is."""

    name: str
    description: str


@dataclass(frozen=True, slots=True)
class Machine:
    """The computer.

    Attributes:
        cores: those that the system counts; `physical_cores` of them are no hyper-threads, 0 if that is unknown.
        load: part of the processor that was in use just before anything was measured, in percent.
        memory, free_memory: in bytes; free is what programs can have without swapping.
        is_on_battery: whether it runs on a battery, which makes laptops slower.
        is_onednn_off: whether TensorFlow is told not to use oneDNN where it would.
        gpus: those that TensorFlow can use; `why_no_gpu` says why there is none.
        drivers: the GPUs that NVIDIA's driver knows of.
        cuda: versions of CUDA and cuDNN that TensorFlow was built for.
    """

    system: str
    processor: str
    cores: int
    physical_cores: int
    load: float
    memory: int
    free_memory: int
    is_on_battery: bool
    is_onednn_off: bool
    gpus: tuple[Gpu, ...]
    why_no_gpu: str
    drivers: tuple[DriverGpu, ...]
    cuda: tuple[tuple[str, str], ...]


def read_machine() -> Machine:
    """Return what this computer is. Takes half a second, and loads TensorFlow if that was not done before."""
    load = psutil.cpu_percent(_LOAD_S)
    devices = list_devices()
    gpus = tuple(Gpu(gpu["name"], gpu["description"]) for gpu in devices["gpus"])
    why_no_gpu = next((choice["reason"] for choice in devices["choices"] if choice["name"] == "gpu:0"), "")
    memory, nvml = psutil.virtual_memory(), open_nvml()
    return Machine(
        system=platform.platform(),
        processor=processor_name(),
        cores=os.cpu_count() or 1,
        physical_cores=psutil.cpu_count(logical=False) or 0,
        load=load,
        memory=memory.total,
        free_memory=memory.available,
        is_on_battery=_is_on_battery(),
        is_onednn_off=has_onednn_switched_off(),
        gpus=gpus,
        why_no_gpu=why_no_gpu,
        drivers=() if nvml is None else nvml.gpus(),
        cuda=tuple(cuda_versions().items()),
    )


def _is_on_battery() -> bool:
    # Systems without batteries, and some virtual ones, have no such function or nothing to say.
    battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    return battery is not None and battery.power_plugged is False
