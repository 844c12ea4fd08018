"""Any runs side by side: the settings that differ between them, what they reached, and how long they took."""

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aid_desktop.paths import write_atomically
from aid_desktop.runs.comparison_table import TextTable, value_text
from aid_desktop.runs.history import History
from aid_desktop.runs.records import LEADING_COLUMNS, TRAILING_COLUMNS, EpochRecord, columns_of

Cell = str | float | None
"""A text, a number, or nothing."""

_FIRST = ("val_accuracy", "val_loss", "accuracy", "loss")
_PREFIX = "val_"


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a comparison tells of a run.

    Attributes:
        settings: the words of each setting by its name; see `run_words`.
        best: the epoch of highest validation accuracy among those whose model is kept; among all, if none is.
        last: the epoch that finished last.
        seconds: all epochs together; NaN if not measured.
    """

    name: str
    path: Path
    settings: Mapping[str, str]
    best: EpochRecord | None
    last: EpochRecord | None
    n_epochs: int
    seconds: float


@dataclass(frozen=True, slots=True)
class RunTable:
    """A row for each of `paths`; the first `n_leading` columns are texts, the others numbers."""

    headers: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    n_leading: int
    paths: tuple[Path, ...]

    def texts(self) -> TextTable:
        """Return the table as people read it."""
        rows = tuple(tuple(map(_text, self.headers, row)) for row in self.rows)
        return TextTable(self.headers, rows, self.n_leading)


def run_facts(
    name: str, path: Path, records: Sequence[EpochRecord], best: EpochRecord | None, settings: Mapping[str, str]
) -> RunFacts:
    """Return what a comparison tells of a run; `best` as RunFacts has it, None to seek it among the records."""
    if best is None:
        history = History(tuple(records))
        best = history.best_saved() or history.best()
    seconds = math.fsum(record.seconds for record in records if math.isfinite(record.seconds))
    is_measured = any(math.isfinite(record.seconds) for record in records)
    last = records[-1] if records else None
    return RunFacts(name, path, settings, best, last, len(records), seconds if is_measured else math.nan)


def words_over_time(words: Iterable[str]) -> str:
    """Return what a setting has been in turn, such as `0 ° → 12 °`; the same as before is not told again."""
    told: list[str] = []
    for word in words:
        if not told or told[-1] != word:
            told.append(word)
    return " → ".join(told)


def compare_runs(runs: Sequence[RunFacts]) -> RunTable:
    """Return a row for each run: the settings in which they differ, its best and its last values, epochs, seconds.

    A run that does not have a setting, or of which it is not known, is not asked whether it differs in it.
    """
    names = dict.fromkeys(name for run in runs for name in run.settings)
    differing = [name for name in names if len({run.settings[name] for run in runs if name in run.settings}) > 1]
    best = _metrics((run.best for run in runs), is_validation=True)
    last = _metrics(run.last for run in runs)
    headers = (
        "run", *differing, *best, "best_epoch", *(f"last {name}" for name in last), "epochs", "seconds",
    )  # fmt: skip
    rows = tuple(
        (
            run.name, *(run.settings.get(name, "") for name in differing), *_values(run.best, best),
            float(run.best.epoch) if run.best is not None else None, *_values(run.last, last),
            float(run.n_epochs), None if math.isnan(run.seconds) else run.seconds,
        )
        for run in runs
    )  # fmt: skip
    return RunTable(headers, rows, 1 + len(differing), tuple(run.path for run in runs))


def write_run_table(table: RunTable, path: Path) -> None:
    """Write a table as CSV, numbers with 9 digits. Raises OSError."""
    with write_atomically(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.headers)
        writer.writerows([f"{cell:.9g}" if isinstance(cell, float) else cell for cell in row] for row in table.rows)


def _metrics(records: Iterable[EpochRecord | None], *, is_validation: bool = False) -> list[str]:
    """Return the metrics of some epochs, validation accuracy first; of validation data alone if there are such."""
    names = list(
        columns_of(record for record in records if record is not None)[len(LEADING_COLUMNS) : -len(TRAILING_COLUMNS)]
    )
    if is_validation:
        names = [name for name in names if name.startswith(_PREFIX)] or names
    return sorted(names, key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))


def _values(record: EpochRecord | None, names: Sequence[str]) -> list[Cell]:
    metrics = {} if record is None else dict(record.metrics)
    return [metrics.get(name) for name in names]


def _text(header: str, cell: Cell) -> str:
    return cell if isinstance(cell, str) else value_text(header, cell)
