"""How the runs of a series compare: each run, and mean and standard deviation of each architecture."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

import numpy as np

from aid_desktop.paths import write_atomically
from aid_desktop.runs.best import saved_history
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.records import EpochRecord
from aid_desktop.runs.series import PlannedRun, Series, is_finished

# What a comparison is about; other metrics follow in the order of the history.
_FIRST_METRICS = ("val_accuracy", "val_loss")
_COUNTS = ("best_epoch", "epochs", "seconds")
_LEADING = ("kind", "name", "architecture", "seed", "fold", "state", "runs")


class RunState(StrEnum):
    """How far a run of a series is."""

    FINISHED = "finished"
    UNFINISHED = "unfinished"
    NOT_BEGUN = "not begun"


@dataclass(frozen=True, slots=True)
class RunResult:
    """One run of a series.

    Attributes:
        architecture: its name, or that of the model file to start from.
        fold: as (fold counted from 1, number of folds); None without cross-validation.
        n_epochs: how many are finished, which took `seconds`.
        best: the epoch of highest validation accuracy among those whose model is kept; among all, if none is.
    """

    name: str
    folder: RunFolder
    architecture: str
    seed: int
    fold: tuple[int, int] | None
    state: RunState
    n_epochs: int
    seconds: float
    best: EpochRecord | None

    @property
    def values(self) -> Mapping[str, float]:
        """The metrics of the best epoch, its number, the number of epochs and their seconds; empty without one."""
        if self.best is None:
            return MappingProxyType({})
        metrics = dict(self.best.metrics)
        first = {name: metrics[name] for name in _FIRST_METRICS if name in metrics}
        counts = (float(self.best.epoch), float(self.n_epochs), self.seconds)
        return MappingProxyType({**first, **metrics, **dict(zip(_COUNTS, counts, strict=True))})


@dataclass(frozen=True, slots=True)
class Measure:
    """Mean and sample standard deviation (n - 1) over runs; no deviation of one run alone."""

    mean: float
    sd: float | None

    @classmethod
    def of(cls, values: list[float]) -> "Measure":
        """Return mean and deviation of one value or more."""
        return cls(float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else None)


@dataclass(frozen=True, slots=True)
class Summary:
    """What the finished runs of one architecture have in common, by the names of RunResult.values."""

    architecture: str
    n_runs: int
    measures: Mapping[str, Measure]


@dataclass(frozen=True, slots=True)
class Comparison:
    """All runs of a series, and its architectures in the order in which they are trained."""

    runs: tuple[RunResult, ...]
    summaries: tuple[Summary, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all values, validation accuracy and loss first, counts last."""
        names = dict.fromkeys(name for run in self.runs for name in run.values if name not in _COUNTS)
        return (*names, *_COUNTS) if names else ()


def compare(series: Series) -> Comparison:
    """Read what the runs of a series have reached. Raises RunError if a history cannot be read."""
    runs = tuple(_result(series, run) for run in series.runs)
    by_architecture: dict[str, list[RunResult]] = {}
    for run in runs:
        by_architecture.setdefault(run.architecture, []).append(run)
    return Comparison(runs, tuple(_summary(name, some) for name, some in by_architecture.items()))


def write_comparison(comparison: Comparison, path: Path) -> None:
    """Write comparison.csv: a row for each architecture, then one for each run. Raises OSError."""
    columns = comparison.columns
    rows: list[list[object]] = [[*_LEADING, *(text for name in columns for text in (name, f"{name}_sd"))]]
    for summary in comparison.summaries:
        cells = [summary.measures.get(name) for name in columns]
        values = [value for cell in cells for value in ((None, None) if cell is None else (cell.mean, cell.sd))]
        leading = ["architecture", summary.architecture, summary.architecture, None, None, None, summary.n_runs]
        rows.append([*leading, *map(_text, values)])
    for run in comparison.runs:
        values = [value for name in columns for value in (run.values.get(name), None)]
        fold = None if run.fold is None else run.fold[0]
        rows.append(["run", run.name, run.architecture, run.seed, fold, str(run.state), None, *map(_text, values)])
    with write_atomically(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def _result(series: Series, run: PlannedRun) -> RunResult:
    folder, split = series.folder(run), run.config.split
    history = saved_history(folder)
    state = RunState.UNFINISHED if history.records else RunState.NOT_BEGUN
    return RunResult(
        name=run.name,
        folder=folder,
        architecture=run.config.model.name,
        seed=run.config.seed,
        fold=(split.fold + 1, split.folds) if split is not None and split.folds else None,
        state=RunState.FINISHED if is_finished(folder) else state,
        n_epochs=len(history),
        seconds=sum(record.seconds for record in history.records),
        best=history.best_saved() or history.best(),
    )


def _summary(architecture: str, runs: Iterable[RunResult]) -> Summary:
    finished = [run.values for run in runs if run.state is RunState.FINISHED]
    names = dict.fromkeys(name for values in finished for name in values)
    # Of a metric that was chosen in the middle of a run, some runs have no value.
    measures = {name: Measure.of([values[name] for values in finished if name in values]) for name in names}
    return Summary(architecture, len(finished), MappingProxyType(measures))


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:.9g}"
