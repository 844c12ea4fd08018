"""EpochRecord: what is known about one finished epoch."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

LEADING_COLUMNS = ("epoch", "revision", "learning_rate")
TRAILING_COLUMNS = ("seconds", "model")


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """One row of history.csv.

    Attributes:
        epoch: counted from 0.
        revision: of the settings in force, as in settings.jsonl.
        learning_rate: at the end of the epoch.
        metrics: as (name, value), training first, validation as `val_…`.
        seconds: the epoch took, validation and saving included.
        model: file name below `models/` if a model was saved after this epoch.
    """

    epoch: int
    revision: int
    learning_rate: float
    metrics: tuple[tuple[str, float], ...]
    seconds: float
    model: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The column names of this record."""
        return (*LEADING_COLUMNS, *(name for name, _ in self.metrics), *TRAILING_COLUMNS)

    def metric(self, name: str) -> float:
        """Return one metric. Raises KeyError when it was not measured."""
        return dict(self.metrics)[name]

    def value(self, column: str) -> float | str | None:
        """Return the value of any column; NaN for a metric that was not measured in this epoch."""
        if column in LEADING_COLUMNS or column in TRAILING_COLUMNS:
            value: float | str | None = getattr(self, column)
            return value
        return dict(self.metrics).get(column, math.nan)


def columns_of(records: Iterable[EpochRecord]) -> tuple[str, ...]:
    """Return the columns of several records, whose metrics may differ."""
    names = dict.fromkeys(name for record in records for name, _ in record.metrics)
    return (*LEADING_COLUMNS, *names, *TRAILING_COLUMNS)
