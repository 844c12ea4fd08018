"""Features and traces of the events of a source, as they are, missing values included: for plots and gates.

What a network takes is stricter, see scalar_features.py.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.formats import reopen
from aid_desktop.data.rtdc import RtdcReader, open_events
from aid_desktop.data.rtdc_metadata import PIXEL_SIZE, SAMPLE_RATE, number_of
from aid_desktop.data.scales import Numbers
from aid_desktop.data.selection import whole_reader
from aid_desktop.data.source import DataSource, Indices
from aid_desktop.errors import DataError


def read_columns(source: DataSource, names: Sequence[str]) -> dict[str, Numbers]:
    """Return features (N,) of all events of a source, in the units of the file.

    Raises DataError if the source has none of this name, or cannot be read.
    """
    reader, numbers = _events(source, range(source.n_images))
    values = reader.features(names, numbers)
    return {name: np.ascontiguousarray(column) for name, column in zip(names, values.T, strict=True)}


def trace_names(source: DataSource) -> tuple[str, ...]:
    """Return which traces the events of a source have. Raises DataError if it cannot be read."""
    return _events(source, [])[0].trace_names


def sample_interval(source: DataSource) -> float | None:
    """Return the time (µs) from one sample of a trace to the next; None where the file does not say it.

    Raises DataError if the source cannot be read.
    """
    rate = _attribute(source, SAMPLE_RATE)
    return None if rate is None else 1e6 / rate


def pixel_size(source: DataSource) -> float | None:
    """Return the side of a pixel (µm); None where the file does not say it. Raises DataError as above."""
    return _attribute(source, PIXEL_SIZE)


def read_traces(source: DataSource, name: str, indices: Indices) -> NDArray[Any]:
    """Return a trace (N, S) of some events. Raises DataError if it is not there, or cannot be read."""
    reader, numbers = _events(source, indices)
    return reader.traces(name, numbers)


def _events(source: DataSource, indices: Indices) -> tuple[RtdcReader, NDArray[np.intp]]:
    """Return the reader of the events' file, and the events' numbers in it."""
    reader, numbers = whole_reader(reopen(source), indices)
    if not isinstance(reader, RtdcReader):
        raise DataError(f"{source.path} has images alone: features come with .rtdc files, choose one of those.")
    return reader, numbers


def _attribute(source: DataSource, name: str) -> float | None:
    with open_events(source.path) as events:
        return number_of(events.file, name)
