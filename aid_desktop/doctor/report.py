"""All facts about this computer in one report: as text, as sections for a window, and as JSON."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aid_desktop.doctor.advice import MEGABYTE, MEMORY_UNIT, advise
from aid_desktop.doctor.benchmark import ARCHITECTURE, Benchmark, run_benchmark
from aid_desktop.doctor.disk import Disk, read_disk
from aid_desktop.doctor.machine import Machine, read_machine
from aid_desktop.doctor.software import Software, read_software
from aid_desktop.long_work import Progress, ShouldStop
from aid_desktop.numbers import GB, grouped

Row = tuple[str, str]
_N_STEPS = 3


@dataclass(frozen=True, slots=True)
class Report:
    """What was found, and the advice that follows from it."""

    machine: Machine
    software: Software
    disk: Disk
    benchmark: Benchmark
    advice: tuple[str, ...]

    def sections(self) -> tuple[tuple[str, tuple[Row, ...]], ...]:
        """Return the facts as (title, rows of name and value)."""
        return (
            ("Hardware", _hardware(self.machine)),
            ("Graphics", _graphics(self.machine)),
            ("Versions", self.software.versions),
            ("Optional packages", tuple((one.name, one.version or "not installed") for one in self.software.optional)),
            ("Disk", _disk(self.disk)),
            ("Speed", _speed(self.benchmark)),
        )

    def text(self) -> str:
        """Return the report as lines: the advice, then the facts."""
        lines = ["Advice", *(f"  - {sentence}" for sentence in self.advice)]
        for title, rows in self.sections():
            width = max((len(name) for name, _ in rows), default=0)
            lines += ["", title, *(f"  {name:<{width}}  {value}" for name, value in rows)]
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain values; memory and room in bytes, speeds in bytes or images per second."""
        found = dataclasses.asdict(self)
        found["disk"]["folder"] = str(self.disk.folder)
        found["machine"]["cuda"] = dict(self.machine.cuda)
        found["software"]["versions"] = dict(self.software.versions)
        return found


def examine(
    runs_folder: Path,
    should_stop: ShouldStop = lambda: False,
    progress: Progress | None = None,
    skip_benchmark: str = "",
) -> Report:
    """Look at the computer, and measure disk and processor: about ten seconds, in which nothing uses the network.

    `skip_benchmark` is a reason not to compute anything. `progress` gets (done, total) steps. After a stop the report
    lacks what was not measured yet.
    """

    def tell(done: int) -> None:
        if progress is not None:
            progress(done, _N_STEPS)

    tell(0)
    machine, software = read_machine(), read_software()
    tell(1)
    disk = read_disk(runs_folder, should_stop)
    tell(2)
    benchmark = Benchmark(problem=skip_benchmark) if skip_benchmark else run_benchmark(should_stop)
    tell(_N_STEPS)
    return Report(machine, software, disk, benchmark, advise(machine, software, disk, benchmark))


def _hardware(machine: Machine) -> tuple[Row, ...]:
    physical = f" ({machine.physical_cores} physical)" if machine.physical_cores else ""
    total, free = machine.memory / MEMORY_UNIT, machine.free_memory / MEMORY_UNIT
    return (
        ("System", machine.system),
        ("Processor", machine.processor),
        ("Cores", f"{machine.cores}{physical}"),
        ("Load before", f"{machine.load:.0f} %"),
        ("Memory", f"{total:.1f} GB, {free:.1f} GB free"),
        ("oneDNN", "off" if machine.is_onednn_off else "as TensorFlow has it"),
    )


def _graphics(machine: Machine) -> tuple[Row, ...]:
    rows = [(gpu.name, gpu.description) for gpu in machine.gpus] or [("GPU", f"none. {machine.why_no_gpu}")]
    rows += [
        ("NVIDIA driver", f"{gpu.driver}, {gpu.description}, {gpu.memory / MEMORY_UNIT:.0f} GB")
        for gpu in machine.drivers
    ] or [("NVIDIA driver", "none found")]
    return (*rows, *((f"{name} of TensorFlow", version) for name, version in machine.cuda))


def _disk(disk: Disk) -> tuple[Row, ...]:
    if disk.problem:
        return (("Runs folder", f"{disk.folder} {disk.problem}"),)
    return (
        ("Runs folder", str(disk.folder)),
        ("Free", f"{disk.free / GB:.1f} GB"),
        ("Writing", f"{disk.speed / MEGABYTE:.0f} MB/s"),
    )


def _speed(benchmark: Benchmark) -> tuple[Row, ...]:
    if benchmark.problem:
        return (("Benchmark", f"not measured: {benchmark.problem}"),)
    what = f"{ARCHITECTURE}, 32 × 32 px"
    return (
        ("Training", f"{grouped(round(benchmark.training))} images/s on {benchmark.device} ({what}, batches of 128)"),
        ("Classifying", f"{grouped(round(benchmark.classification))} images/s in {benchmark.engine}"),
    )
