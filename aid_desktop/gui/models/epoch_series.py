"""The columns of a history as arrays that grow with every epoch."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from aid_desktop.runs.history import rolling_median
from aid_desktop.runs.records import EpochRecord

Medians = dict[str, NDArray[np.float64]]
"""Smoothed columns by name, float64 (N,) each."""

_FIRST_CAPACITY = 64
_ALWAYS = ("learning_rate", "seconds")
_CHUNK = 20_000


class EpochSeries:
    """The plottable columns of the records of a run, in order of epochs.

    Appending is cheap however long the run is.
    """

    def __init__(self, records: Sequence[EpochRecord] = ()) -> None:
        self._epochs = _Growing(np.array([record.epoch for record in records], np.float64))
        self._saved = _Growing(np.array([record.model is not None for record in records], np.float64))
        self._columns: dict[str, _Growing] = {}
        self._smoothed: dict[str, _Growing] = {}
        self._window = 1
        self._version = 0
        rows = [_values(record) for record in records]
        for name in dict.fromkeys(name for row in rows for name in row):
            column = np.array([row.get(name, np.nan) for row in rows], np.float64)
            # AIDeveloper does not always tell the learning rate and the time.
            if name not in _ALWAYS or not np.isnan(column).all():
                self._columns[name] = _Growing(column)

    def __len__(self) -> int:
        return len(self._epochs.values)

    def copy(self) -> "EpochSeries":
        """Return a series of the same epochs that grows by itself."""
        copy = EpochSeries()
        copy._epochs = _Growing(self.epochs.copy())
        copy._saved = _Growing(self._saved.values.copy())
        copy._columns = {name: _Growing(column.values.copy()) for name, column in self._columns.items()}
        return copy

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, training first; empty before the first epoch."""
        return tuple(self._columns)

    @property
    def epochs(self) -> NDArray[np.float64]:
        """Epoch numbers, float64 (N,)."""
        return self._epochs.values

    @property
    def saved(self) -> NDArray[np.bool_]:
        """Whether a model was saved after each epoch, bool (N,)."""
        return self._saved.values > 0

    @property
    def version(self) -> int:
        """Another number after each change."""
        return self._version

    def append(self, record: EpochRecord) -> None:
        """Add the record of the next epoch."""
        self._version += 1
        values = _values(record)
        for name in values.keys() - self._columns.keys():
            self._columns[name] = _Growing(np.full(len(self), np.nan))
        for name, column in self._columns.items():
            column.append(values.get(name, np.nan))
        self._epochs.append(record.epoch)
        self._saved.append(record.model is not None)

    def forget_models(self, epochs: Iterable[int]) -> None:
        """Take note that the models of these epochs are not kept any more."""
        for epoch in epochs:
            self._version += 1
            position = self.position(epoch)
            if position is not None:
                self._saved.values[position] = 0

    def values(self, name: str) -> NDArray[np.float64]:
        """Return a column, float64 (N,); NaN where it was not measured. Raises KeyError for an unknown one."""
        return self._columns[name].values

    def smoothed(self, name: str, window: int) -> NDArray[np.float64]:
        """Return the rolling median of a column over `window` epochs, float64 (N,)."""
        if window <= 1:
            return self.values(name)
        if window != self._window:
            self._window = window
            self._smoothed.clear()
        values = self.values(name)
        done = self._smoothed.setdefault(name, _Growing(np.empty(0)))
        if len(done.values) < len(values):
            # The places near the old end were medians of fewer values.
            start = max(0, len(done.values) - window)
            context = max(0, start - window)
            done.cut(start)
            done.extend(_fast_rolling_median(values[context:], window)[start - context :])
        return done.values

    def is_smoothed(self, name: str, window: int) -> bool:
        """Return whether `smoothed` of a column is quick: its medians over `window` epochs are known."""
        return window <= 1 or (window == self._window and name in self._smoothed)

    def take_smoothed(self, medians: Medians, window: int) -> None:
        """Take medians over `window` epochs that `medians_of` has found, perhaps of fewer epochs than there are now."""
        if window != self._window:
            self._window = window
            self._smoothed.clear()
        self._smoothed |= {name: _Growing(values) for name, values in medians.items()}
        self._version += 1

    def nearest(self, epoch: float) -> int | None:
        """Return the position of the epoch nearest to a place on the axis; None when there is none."""
        epochs = self.epochs
        if not len(epochs):
            return None
        right = int(np.clip(np.searchsorted(epochs, epoch), 1, max(1, len(epochs) - 1)))
        pair = epochs[right - 1 : right + 1]
        return right - 1 + int(np.argmin(np.abs(pair - epoch)))

    def position(self, epoch: int) -> int | None:
        """Return the position of an epoch; None when it is not there."""
        place = self.nearest(epoch)
        return place if place is not None and self.epochs[place] == epoch else None


class _Growing:
    """A float64 array with room at its end."""

    def __init__(self, values: NDArray[np.float64]) -> None:
        self._buffer = values
        self._length = len(values)

    @property
    def values(self) -> NDArray[np.float64]:
        return self._buffer[: self._length]

    def append(self, value: float) -> None:
        self._reserve(1)
        self._buffer[self._length] = value
        self._length += 1

    def extend(self, values: NDArray[np.float64]) -> None:
        self._reserve(len(values))
        self._buffer[self._length : self._length + len(values)] = values
        self._length += len(values)

    def cut(self, length: int) -> None:
        self._length = length

    def _reserve(self, count: int) -> None:
        if self._length + count > len(self._buffer):
            larger = np.empty(max(_FIRST_CAPACITY, 2 * (self._length + count)))
            larger[: self._length] = self.values
            self._buffer = larger


def _values(record: EpochRecord) -> dict[str, float]:
    return {"learning_rate": record.learning_rate, **dict(record.metrics), "seconds": record.seconds}


def medians_of(values: NDArray[np.float64], window: int, leave_if_cancelled: Callable[[], None]) -> NDArray[np.float64]:
    """Return the rolling median of a column, float64 (N,); what `leave_if_cancelled` raises ends it."""
    parts = []
    for start in range(0, len(values), _CHUNK):
        leave_if_cancelled()
        # With the neighbours that the medians near the ends of the part need.
        context = min(start, window)
        part = _fast_rolling_median(values[start - context : start + _CHUNK + window], window)
        parts.append(part[context : context + _CHUNK])
    return np.concatenate(parts) if parts else np.empty(0)


def _fast_rolling_median(values: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """Return `rolling_median(values, window)`; five times as fast where all values are finite."""
    if len(values) < 4 * window or not np.isfinite(values).all():
        return rolling_median(values, window)
    before, after = (window - 1) // 2, window // 2
    inside = np.median(np.lib.stride_tricks.sliding_window_view(values, window), axis=1)
    first = rolling_median(values[: 2 * window], window)[:before]
    last = rolling_median(values[-2 * window :], window)[2 * window - after :]
    return np.concatenate([first, inside, last])
