"""How long a network takes for one image and for batches, in each engine that this machine has for it."""

import os
import platform
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from math import floor, log10
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from aid_desktop.errors import SettingsError, StoppedError
from aid_desktop.libraries import version_of
from aid_desktop.long_work import ShouldStop, left_when_stopped
from aid_desktop.models.devices import processor_name
from aid_desktop.models.files import LoadedModel, versions
from aid_desktop.models.onnx_cache import OnnxCache, users_cache
from aid_desktop.models.onnx_engine import Inputs
from aid_desktop.models.predict import (
    KerasEngine,
    has_gpu,
    keras_devices,
    noise_inputs,
    shapes_of,
)
from aid_desktop.paths import write_atomically
from aid_desktop.runs.comparison_table import TextTable

if TYPE_CHECKING:
    import keras

MAX_CALLS, MAX_BATCH = 100_000, 4096
_ROUNDS = 10
_CALLS_BEFORE = (3, 1)
"""Calls that are not counted: before the first round of an engine, and before the later ones."""
_SAMPLE = 16

_Run = Callable[[Inputs], object]


@dataclass(frozen=True, slots=True)
class _Engine:
    """What computes; not for one image if it shares out images to threads."""

    run: _Run
    is_for_one: bool = True


_NO_ONNX = (
    "ONNX Runtime does not compute this network as Keras does, or not at all: classification computes with Keras. "
    "The log tells why."
)


@dataclass(frozen=True, slots=True)
class TimingChoice:
    """What is measured: `calls` of each engine with one image, and as many with `batch` images.

    Raises SettingsError for less than 1, and for more than anybody waits for.
    """

    calls: int = 200
    batch: int = 256

    def __post_init__(self) -> None:
        for name, value, most in (("calls", self.calls, MAX_CALLS), ("batch", self.batch, MAX_BATCH)):
            if not 1 <= value <= most:
                raise SettingsError(name, f"got {value}, expected a whole number from 1 to {most}")


@dataclass(frozen=True, slots=True, eq=False)
class Timing:
    """The seconds of each call of an engine with so many images, warm-up left out."""

    engine: str
    device: str
    n_images: int
    seconds: NDArray[np.float64]

    def percentile(self, percent: float) -> float:
        """Return a percentile of the time of one call in seconds; 50 is the median."""
        return float(np.percentile(self.seconds, percent))

    @property
    def images_per_second(self) -> float:
        """All images by all the time, so that slow calls count."""
        return self.n_images * len(self.seconds) / float(self.seconds.sum())


@dataclass(frozen=True, slots=True, eq=False)
class TimingReport:
    """What was measured, on what machine, and what could not be measured."""

    model: str
    machine: str
    timings: tuple[Timing, ...]
    notes: tuple[str, ...] = ()

    def table(self) -> TextTable:
        """Return a row for each engine and number of images."""
        headers = ("engine", "device", "images", "calls", "median (ms)", "95 % (ms)", "99 % (ms)", "images per second")
        rows = tuple(
            (
                one.engine, one.device, str(one.n_images), str(len(one.seconds)),
                *(_number(1000 * one.percentile(percent)) for percent in (50, 95, 99)), _number(one.images_per_second),
            )
            for one in self.timings
        )  # fmt: skip
        return TextTable(headers, rows, 2)

    def to_json(self) -> dict[str, object]:
        """Return the report as plain values."""
        rows = [
            {
                "engine": one.engine,
                "device": one.device,
                "images": one.n_images,
                "calls": len(one.seconds),
                **{f"{name}_ms": 1000 * one.percentile(p) for name, p in (("median", 50), ("p95", 95), ("p99", 99))},
                "images_per_second": one.images_per_second,
            }
            for one in self.timings
        ]
        return {"model": self.model, "machine": self.machine, "timings": rows, "notes": list(self.notes)}


def measure_times(
    loaded: LoadedModel,
    choice: TimingChoice | None = None,
    progress: Callable[[int, int], None] | None = None,
    should_stop: ShouldStop | None = None,
    cache: OnnxCache | None = None,
) -> TimingReport:
    """Measure the engines with images of noise that are normalized already.

    The calls are shared out to rounds in which the engines take turns, so that what else the machine does meets all of
    them; the first calls of each round are not counted. `progress` gets (done, total) calls. Once `should_stop` says
    yes, no more is called, and what has no call is missing. Raises ModelError if the network cannot compute.
    """
    choice = choice or TimingChoice()
    try:
        engines, notes = _engines(loaded, cache or users_cache(), should_stop)
    except StoppedError:
        return TimingReport(loaded.path.name, machine_text(), (), ())
    plan = {size: _runs_for(size, engines) for size in (1, choice.batch)}
    total, done = sum(map(len, plan.values())) * choice.calls, 0
    taken: dict[tuple[str, str, int], list[float]] = {}
    for size, runs in plan.items():
        inputs = noise_inputs(loaded.card, size)
        for number, n_calls in enumerate(_shared_out(choice.calls)):
            for (engine, device), run in runs.items():
                if should_stop is not None and should_stop():
                    break
                seconds = taken.setdefault((engine, device, size), [])
                for one in _timed(run, inputs, n_calls, _CALLS_BEFORE[number > 0]):
                    seconds.append(one)
                    done += 1
                    if should_stop is not None and should_stop():
                        break
                if progress is not None:
                    progress(done, total)
    timings = tuple(Timing(*key, np.array(seconds)) for key, seconds in taken.items() if seconds)
    return TimingReport(loaded.path.name, machine_text(), timings, notes)


def write_timings(report: TimingReport, path: Path) -> None:
    """Write the table as .csv, with the machine in a column of its own. Raises OSError."""
    import csv

    table = report.table()
    with write_atomically(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("model", *table.headers, "machine"))
        writer.writerows((report.model, *row, report.machine) for row in table.rows)


def machine_text() -> str:
    """Return processor, cores, memory, system, and the versions of what computes."""
    import psutil

    cores = os.cpu_count() or 1
    memory = psutil.virtual_memory().total / 2**30
    named = {**dict(versions()), "onnxruntime": version_of("onnxruntime")}
    libraries = ", ".join(f"{name} {named[name]}" for name in ("tensorflow", "keras", "onnxruntime") if named[name])
    where = f"{platform.system()} {platform.release()}"
    return f"{processor_name()}, {cores} core{'s' * (cores > 1)}, {memory:.0f} GB, {where}; {libraries}"


def _engines(
    loaded: LoadedModel, cache: OnnxCache, should_stop: ShouldStop | None
) -> tuple[dict[tuple[str, str], _Engine], tuple[str, ...]]:
    """Return what computes, by name and device, and notes on what does not."""
    shapes, model = shapes_of(loaded.card), loaded.model
    engines: dict[tuple[str, str], _Engine] = {}
    notes: tuple[str, ...] = ()
    find = partial(cache.engine, model, shapes, noise_inputs(loaded.card, _SAMPLE))
    runtime = left_when_stopped(find, should_stop, can_be_cut_off=False)
    if runtime is None:
        notes = (_NO_ONNX,)
    else:
        engines[f"{runtime.name}, 1 thread", "cpu"] = _Engine(runtime.run)
        if runtime.n_threads > 1:
            engines[f"{runtime.name}, {runtime.n_threads} threads", "cpu"] = _Engine(
                runtime.run_shared, is_for_one=False
            )
    for device in keras_devices():
        keras_engine = KerasEngine(model, shapes, device)
        engines[keras_engine.name, device] = _Engine(keras_engine.run)
    # Keras keeps the function of its first call, and with it the device.
    engines["model.predict of Keras", "gpu:0" if has_gpu() else "cpu"] = _Engine(partial(_run_predict, model))
    return engines, notes


def _runs_for(n_images: int, engines: Mapping[tuple[str, str], _Engine]) -> dict[tuple[str, str], _Run]:
    return {key: engine.run for key, engine in engines.items() if engine.is_for_one or n_images > 1}


def _run_predict(model: "keras.Model", inputs: Inputs) -> object:
    return model.predict(list(inputs) if len(inputs) > 1 else inputs[0], verbose=0)


def _shared_out(n_calls: int) -> list[int]:
    """Return the number of calls in each round."""
    n_rounds = min(_ROUNDS, n_calls)
    return [n_calls // n_rounds + (number < n_calls % n_rounds) for number in range(n_rounds)]


def _timed(run: _Run, inputs: Inputs, n_calls: int, n_before: int) -> Iterator[float]:
    for _ in range(n_before):
        run(inputs)
    for _ in range(n_calls):
        start = time.perf_counter()
        run(inputs)
        yield time.perf_counter() - start


def _number(value: float) -> str:
    """Return three significant digits, and whole numbers from 100 on."""
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.{max(0, 2 - floor(log10(value)))}f}" if value > 0 else "0"
