"""What follows from the facts, in sentences for the user."""

from collections.abc import Iterator

from aid_desktop.doctor.benchmark import Benchmark
from aid_desktop.doctor.disk import Disk
from aid_desktop.doctor.machine import Machine
from aid_desktop.doctor.software import Software
from aid_desktop.environment import ONEDNN
from aid_desktop.export.exporter import how_to_install
from aid_desktop.numbers import GB

MEMORY_UNIT = 2**30
"""Bytes of what people call a GB of memory."""
MEGABYTE = 10**6
_LITTLE_MEMORY, _LITTLE_FREE = 8 * MEMORY_UNIT, 2 * MEMORY_UNIT
# Makers leave out of their round numbers what the system keeps for itself.
_ROUNDED = 0.9
_FEW_CORES = 2
_BUSY_PERCENT = 40
_LITTLE_ROOM = 5 * GB
_SLOW_DISK = 50 * MEGABYTE
"""Bytes per second: a model of 20 MB then holds up an epoch for 0.4 s."""
_EXPECTED_PER_CORE = 750
"""Images of the benchmark per second: half of what presets count with for this network."""
_ALL_WELL = "Nothing here stands in the way: the computer is ready to train and classify."


def advise(machine: Machine, software: Software, disk: Disk, benchmark: Benchmark) -> tuple[str, ...]:
    """Return at least one sentence, the most important first."""
    hindrances = [
        *_about_memory(machine),
        *_about_disk(disk),
        *_about_computing(machine),
        *_about_speed(machine, benchmark),
    ]
    return (*(hindrances or [_ALL_WELL]), *_about_gpu(machine), *_about_packages(software))


def _about_memory(machine: Machine) -> Iterator[str]:
    total, free = machine.memory / MEMORY_UNIT, machine.free_memory / MEMORY_UNIT
    if machine.memory < _LITTLE_MEMORY * _ROUNDED:
        yield (
            f"Little memory ({total:.1f} GB): images that do not fit are kept on the disk by themselves; small images "
            "and batches, and networks of few parameters, are quicker."
        )
    if machine.free_memory < _LITTLE_FREE:
        yield f"Little of the memory is free ({free:.1f} of {total:.1f} GB): close other programs before a training."


def _about_disk(disk: Disk) -> Iterator[str]:
    if disk.problem:
        yield f"The runs folder {disk.folder} {disk.problem}. Choose another one on the Training tab."
        return
    if disk.free < _LITTLE_ROOM:
        yield (
            f"Only {disk.free / GB:.1f} GB are free on the disk of {disk.folder}: make room, or choose another runs "
            "folder on the Training tab."
        )
    if disk.speed < _SLOW_DISK:
        yield (
            f"The disk of {disk.folder} is slow ({disk.speed / MEGABYTE:.0f} MB/s): models are saved sooner on a disk "
            "of this computer. A virus scanner that looks at every file, or a folder that is copied to a "
            "cloud, slows it as well: leave the runs folder out of them."
        )


def _about_computing(machine: Machine) -> Iterator[str]:
    if machine.is_onednn_off:
        yield (
            f"oneDNN is off, because {ONEDNN} is set to 0: remove that from the environment, and small networks of "
            "convolutions train up to twice as fast."
        )
    if machine.cores <= _FEW_CORES and not machine.gpus:
        yield f"The CPU has {machine.cores} cores only: choose small networks, or the preset Quick."
    if machine.is_on_battery:
        yield "The computer runs on its battery, and then computes more slowly: plug it in for a training."
    if machine.load > _BUSY_PERCENT:
        yield (
            f"Other work took {machine.load:.0f} % of the CPU before the measurement: what was measured is too slow, "
            "and a training would be, too."
        )


def _about_speed(machine: Machine, benchmark: Benchmark) -> Iterator[str]:
    expected = _EXPECTED_PER_CORE * (machine.physical_cores or machine.cores)
    if benchmark.problem or benchmark.training >= expected or machine.load > _BUSY_PERCENT:
        return
    yield (
        f"LeNet-5 trained on {benchmark.training:.0f} images/s, where {expected} can be expected of this many cores: "
        "look for other programs at work, a power-saving mode, or a processor that is too hot. The times that presets "
        "tell are too short here."
    )


def _about_gpu(machine: Machine) -> Iterator[str]:
    if machine.gpus:
        return
    seen = ", ".join(dict.fromkeys(gpu.description for gpu in machine.drivers))
    yield (
        f"NVIDIA's driver knows {seen}, but it is not used. {machine.why_no_gpu}"
        if seen
        else (f"The CPU trains. {machine.why_no_gpu}")
    )


def _about_packages(software: Software) -> Iterator[str]:
    lacking = [one for one in software.optional if not one.version]
    if lacking:
        names = ", ".join(f"{one.name} ({', '.join(one.needed_for)})" for one in lacking)
        how = how_to_install(*(one.name for one in lacking))
        yield f"Not installed, and needed only for what is named behind it: {names}. To get them: {how}"
