"""Processor, memory, GPUs and their drivers, as they are at this moment."""

import csv
import os
import platform
import shutil
import subprocess
from dataclasses import dataclass

import psutil

from aid_desktop.environment import has_onednn_switched_off
from aid_desktop.models.devices import cuda_versions, list_devices, processor_name

_LOAD_S = 0.5
_PATIENCE_S = 10.0
_QUERY = ("--query-gpu=name,driver_version,memory.total", "--format=csv,noheader,nounits")
_COLUMNS = 3


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU that TensorFlow can use: gpu:0, gpu:1, … and what it is."""

    name: str
    description: str


@dataclass(frozen=True, slots=True)
class DriverGpu:
    """A GPU as NVIDIA's driver tells of it; `memory` in MiB, 0 if that is unknown."""

    description: str
    driver: str
    memory: int


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
    memory = psutil.virtual_memory()
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
        drivers=read_drivers(),
        cuda=tuple(cuda_versions().items()),
    )


def read_drivers() -> tuple[DriverGpu, ...]:
    """Return the GPUs that nvidia-smi lists; none where NVIDIA's driver is not installed, or does not answer."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    try:
        answer = subprocess.run(
            [program, *_QUERY],
            capture_output=True,
            text=True,
            check=True,
            timeout=_PATIENCE_S,
            encoding="utf-8",
            # Else a console window would flash over the program's, on Windows.
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    rows = [[cell.strip() for cell in row] for row in csv.reader(answer.stdout.splitlines())]
    return tuple(
        DriverGpu(row[0], row[1], int(row[2]) if row[2].isdigit() else 0) for row in rows if len(row) == _COLUMNS
    )


def _is_on_battery() -> bool:
    # Systems without batteries, and some virtual ones, have no such function or nothing to say.
    battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    return battery is not None and battery.power_plugged is False
