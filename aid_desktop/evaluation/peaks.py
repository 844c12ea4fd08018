"""Where a fluorescence trace has the peak of an event, and how that follows from the event's place in the channel.

All cells pass the laser at one place and are pictured at another: the time of the peak grows linearly with the
position in the image, by the inverse of the flow's velocity. AIDeveloper calls this its peak model.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.event_columns import pixel_size, read_columns, read_traces, sample_interval
from aid_desktop.data.selection import whole_numbers
from aid_desktop.data.source import DataSource
from aid_desktop.data.tables import XLSX_DAMAGE, sheet_rows
from aid_desktop.errors import DataError
from aid_desktop.evaluation.writing import exported
from aid_desktop.evaluation.xlsx_stream import Value, XlsxFile
from aid_desktop.long_work import Progress

POSITION = "pos_x"
RANGE_SHARE = 0.2
"""The part of a trace in which a peak is looked for, unless the user has dragged the range."""

_CHUNK = 4096
_MODEL = "Linear dependency and max in range"
_MODEL_HEADER = ("Model", "Range [us]", "Intercept [us]", "Slope [us/um]", "Velocity[m/s]")
_PEAKS_HEADER = ("event", "trace", "FL_max", "Fl_pos_[us]", "pos_x_[um]", "Fl_pos_[]", "pos_x_[]", "source")


@dataclass(frozen=True, slots=True)
class Peak:
    """The maximum of a trace: of which event of the file (from 0), its height, its time (µs) and sample.

    `position` is that of the event along the channel, in µm, `pixel` in pixels, NaN where the file has no pixel size.
    `source` is the path of the file, "" where it is not known.
    """

    event: int
    trace: str
    height: float
    time: float
    position: float
    sample: int
    pixel: float
    source: str = ""


@dataclass(frozen=True, slots=True)
class PeakModel:
    """time = slope · position + intercept, in µs and µm; a peak is the maximum within `range_us` (µs)."""

    slope: float
    intercept: float
    range_us: float

    @property
    def velocity(self) -> float:
        """The velocity of the flow in m/s; infinite for a slope of 0."""
        return 1 / self.slope if self.slope else float("inf")


@dataclass(frozen=True, slots=True, eq=False)
class TraceAt:
    """A trace (S,) of an event, the time between its samples (µs), number and place of the event, see Peak."""

    event: int
    trace: str
    values: NDArray[np.float64]
    interval: float
    position: float
    pixel: float
    source: str

    def peak(self, low: float, high: float) -> Peak:
        """Return the maximum from one time to another (µs). Raises DataError without a sample there, or a place."""
        if not math.isfinite(self.position):
            raise DataError(f"event {self.event + 1} has no {POSITION}, so its peak fits no line: choose another event")
        times = np.arange(len(self.values)) * self.interval
        inside = np.flatnonzero((times >= low) & (times <= high) & np.isfinite(self.values))
        if not len(inside):
            raise DataError(f"the trace {self.trace} has no sample from {low:.4g} to {high:.4g} µs: drag the range")
        sample = int(inside[np.argmax(self.values[inside])])
        height, time = float(self.values[sample]), float(times[sample])
        return Peak(self.event, self.trace, height, time, self.position, sample, self.pixel, self.source)


def trace_at(source: DataSource, trace: str, event: int) -> TraceAt:
    """Read a trace of an event. Raises DataError if the file does not say when, or where the event was."""
    interval, size = _scales(source)
    values = read_traces(source, trace, [event])[0].astype(np.float64)
    position = float(read_columns(source, [POSITION])[POSITION][event])
    number = int(whole_numbers(source, [event])[0])
    return TraceAt(number, trace, values, interval, position, _pixel(position, size), str(source.path))


def highest_peaks(source: DataSource, trace: str, percent: float, progress: Progress | None = None) -> list[Peak]:
    """Return the maxima of the events that have the highest ones, `percent` of all events, at least one, highest first.

    Events without a finite position are left out. Raises DataError as `trace_at`, and if no event is left.
    """
    interval, size = _scales(source)
    positions = read_columns(source, [POSITION])[POSITION]
    heights, samples = np.empty(source.n_images), np.empty(source.n_images, np.intp)
    for start in range(0, source.n_images, _CHUNK):
        if progress is not None:
            progress(start, source.n_images)
        events = np.arange(start, min(start + _CHUNK, source.n_images))
        values = read_traces(source, trace, events).astype(np.float64)
        values[~np.isfinite(values)] = -np.inf
        samples[events] = values.argmax(axis=1)
        heights[events] = values.max(axis=1)
    usable = np.flatnonzero(np.isfinite(positions) & np.isfinite(heights))
    if not len(usable):
        raise DataError(
            f"no event of {source.name} has both a {POSITION} and numbers in the trace {trace}: choose another trace"
        )
    numbers = whole_numbers(source)
    n_wanted = max(1, round(source.n_images * percent / 100))
    chosen = usable[np.argsort(-heights[usable], kind="stable")][:n_wanted]
    found = []
    for event in chosen.tolist():
        position, sample = float(positions[event]), int(samples[event])
        height, time, pixel = float(heights[event]), sample * interval, _pixel(position, size)
        found.append(Peak(int(numbers[event]), trace, height, time, position, sample, pixel, str(source.path)))
    return found


def fit_peaks(peaks: Sequence[Peak], range_us: float) -> PeakModel:
    """Return the line of least squares through times over positions; peaks without either number are left out.

    Raises DataError for fewer than two positions.
    """
    pairs = np.array([(peak.position, peak.time) for peak in peaks], np.float64).reshape(-1, 2)
    positions, times = pairs[np.isfinite(pairs).all(axis=1)].T
    if len(np.unique(positions)) < 2:
        raise DataError("A line needs peaks of events at two different positions at least: add more peaks.")
    slope, intercept = np.polyfit(positions, times, 1)
    return PeakModel(float(slope), float(intercept), range_us)


def write_peaks(path: Path, peaks: Sequence[Peak], model: PeakModel | None) -> None:
    """Write the sheets Model and Peaks, in AIDeveloper's words, to an .xlsx file. Raises ExportError."""
    rows: list[list[Value]] = [
        [
            peak.event + 1,
            peak.trace,
            peak.height,
            peak.time,
            _cell(peak.position),
            peak.sample,
            _cell(peak.pixel),
            peak.source,
        ]
        for peak in peaks
    ]
    models: list[list[Value]] = []
    if model is not None:
        models.append([_MODEL, model.range_us, model.intercept, model.slope, _cell(model.velocity)])
    with exported(path) as temporary, XlsxFile(temporary) as workbook:
        workbook.add_sheets("Model", _MODEL_HEADER, models)
        workbook.add_sheets("Peaks", _PEAKS_HEADER, rows)


def read_peaks(path: Path) -> list[Peak]:
    """Read the sheet Peaks of such a file. Raises DataError if there is none, or it cannot be read."""
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            rows = list(sheet_rows(book["Peaks"]))
        finally:
            book.close()
        header = [str(name) for name in rows[0]]
        return [_peak_of(dict(zip(header, row, strict=False))) for row in rows[1:]]
    except XLSX_DAMAGE as error:
        raise DataError(
            f"{path} cannot be read as a table of peaks (sheet Peaks of an .xlsx file): {error!r}."
        ) from error


def _peak_of(row: dict[str, Any]) -> Peak:
    pixel = row.get("pos_x_[]")
    return Peak(
        event=int(row.get("event") or 0) - 1,
        trace=str(row.get("trace") or ""),
        height=float(row["FL_max"]),
        time=float(row["Fl_pos_[us]"]),
        position=_number(row["pos_x_[um]"]),
        sample=int(row.get("Fl_pos_[]") or 0),
        pixel=_number(pixel),
        source=str(row.get("source") or ""),
    )


def _number(cell: Any) -> float:
    return math.nan if cell is None else float(cell)


def _pixel(position: float, size: float | None) -> float:
    # Always the same NaN: two peaks of one event would else differ.
    return position / size if size is not None and math.isfinite(position) else math.nan


def _scales(source: DataSource) -> tuple[float, float | None]:
    """Return the time between samples (µs), and the size of a pixel (µm), None if unknown."""
    interval = sample_interval(source)
    if interval is None:
        raise DataError(f"{source.path} does not say how many samples its traces have in a second: no times are known.")
    if POSITION not in source.features:
        raise DataError(f"{source.path} has no feature {POSITION}: the places of its events are not known.")
    return interval, pixel_size(source)


def _cell(number: float) -> float | None:
    return number if np.isfinite(number) else None
