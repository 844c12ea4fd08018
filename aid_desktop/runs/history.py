"""history.csv: one row per finished epoch, on disk before anything else is told about it."""

import csv
import io
import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aid_desktop.errors import RunError
from aid_desktop.paths import write_atomically
from aid_desktop.runs.records import LEADING_COLUMNS, TRAILING_COLUMNS, EpochRecord, columns_of


@dataclass(frozen=True, slots=True)
class History:
    """The records of a run in order of epochs."""

    records: tuple[EpochRecord, ...] = ()

    def __len__(self) -> int:
        return len(self.records)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all numeric columns but `epoch`; empty before the first epoch."""
        if not self.records:
            return ()
        return tuple(name for name in columns_of(self.records) if name not in ("epoch", "model"))

    def epochs(self) -> NDArray[np.float64]:
        """Return the epoch numbers, float64 (N,)."""
        return np.array([record.epoch for record in self.records], np.float64)

    def column(self, name: str) -> NDArray[np.float64]:
        """Return a column, float64 (N,), NaN where it was not measured. Raises KeyError for a name that is none."""
        if self.records and name not in columns_of(self.records):
            raise KeyError(name)
        return np.array([record.value(name) for record in self.records], np.float64)

    def best(self) -> EpochRecord | None:
        """Return the record of highest validation accuracy; of equal ones that of lowest validation loss.

        None for a run without validated epochs.
        """
        rated = [record for record in self.records if {"val_accuracy", "val_loss"} <= set(record.columns)]
        if not rated:
            return None
        return max(rated, key=lambda record: (_rank(record.metric("val_accuracy")), _rank(-record.metric("val_loss"))))

    def best_saved(self) -> EpochRecord | None:
        """Return the best record among those after which a model was saved."""
        return History(tuple(record for record in self.records if record.model)).best()


def append_record(path: Path, record: EpochRecord) -> None:
    """Append a row, with the header before the first one, and flush it to the disk. Raises OSError.

    The file is written anew where the epoch has metrics that those before had not.
    """
    columns = _header(path)
    first: list[Sequence[str]] = []
    if not columns:
        columns = record.columns
        first = [columns]
    elif not set(record.columns) <= set(columns):
        earlier = read_history(path).records
        columns = columns_of((*earlier, record))
        with write_atomically(path) as temporary:
            _write(temporary, "w", [columns, *(_cells(one, columns) for one in earlier)])
    _write(path, "a", [*first, _cells(record, columns)])


def _header(path: Path) -> tuple[str, ...]:
    if not path.exists():
        return ()
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(next(csv.reader(file), ()))


def _cells(record: EpochRecord, columns: Sequence[str]) -> list[str]:
    known = set(record.columns)
    return [_to_text(record.value(name)) if name in known else "" for name in columns]


def _write(path: Path, mode: str, rows: Iterable[Sequence[str]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    with path.open(mode, encoding="utf-8", newline="") as file:
        file.write(text.getvalue())
        file.flush()
        os.fsync(file.fileno())


def read_history(path: Path) -> History:
    """Read history.csv; a last row that a crash cut short is left out.

    A missing file is a run before its first epoch. Raises RunError naming the line that cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return History()
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"{path} cannot be read: {error}") from error
    complete = text[: text.rfind("\n") + 1]
    rows = list(csv.reader(io.StringIO(complete)))
    if not rows:
        return History()
    columns = rows[0]
    if tuple(columns[:3]) != LEADING_COLUMNS or tuple(columns[-2:]) != TRAILING_COLUMNS:
        raise RunError(f"{path} is not a history of AID Desktop: its columns are {', '.join(columns)}")
    return History(tuple(_record(path, number, columns, row) for number, row in enumerate(rows[1:], start=2)))


def truncate_history(path: Path, n_epochs: int) -> None:
    """Keep the rows of epochs below `n_epochs`: those that the model to resume from has seen."""
    kept = [record for record in read_history(path).records if record.epoch < n_epochs]
    with write_atomically(path) as temporary:
        for record in kept:
            append_record(temporary, record)


def rolling_median(values: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """Return the median of the `window` values around each place, fewer at the ends; float64 (N,)."""
    if window <= 1 or not len(values):
        return values
    before, after = (window - 1) // 2, window // 2
    padded = np.concatenate([np.full(before, np.nan), values, np.full(after, np.nan)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, window)
    # NumPy warns of windows without any number.
    rated = ~np.isnan(windows).all(axis=1)
    medians = np.full(len(values), np.nan)
    medians[rated] = np.nanmedian(windows[rated], axis=1)
    return medians


def _rank(value: float) -> float:
    """Return the value as it is compared: NaN, of a network that has diverged, is worse than any number."""
    return -math.inf if math.isnan(value) else value


def _to_text(value: float | str | None) -> str:
    if value is None:
        return ""
    # 9 digits give a float32 back exactly.
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def _record(path: Path, number: int, columns: list[str], row: list[str]) -> EpochRecord:
    try:
        values = dict(zip(columns, row, strict=True))
        metrics = columns[len(LEADING_COLUMNS) : -len(TRAILING_COLUMNS)]
        return EpochRecord(
            epoch=int(values["epoch"]),
            revision=int(values["revision"]),
            learning_rate=float(values["learning_rate"]),
            metrics=tuple((name, float(values[name])) for name in metrics if values[name]),
            seconds=float(values["seconds"]),
            model=values["model"] or None,
        )
    except ValueError as error:
        raise RunError(f"{path}, line {number} cannot be read: {error}") from error
