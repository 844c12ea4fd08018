"""What a plot of events shows, read and counted in a background thread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.density import (
    DensityMethod,
    Histogram,
    density,
    histogram,
    on_both_axes,
    sample_of,
)
from aid_desktop.data.event_columns import read_columns
from aid_desktop.data.gates import Axis, Gate, Mask, Summary, mask_of, summarize
from aid_desktop.data.scales import Numbers
from aid_desktop.data.source import DataSource
from aid_desktop.gui.background import JobContext

SHOWN_EVENTS = 20_000
"""So many points are drawn at most; histograms, densities and gates count all events."""

Columns = Mapping[str, Numbers]
"""Values (N,) of all events by the name of the feature, as they are stored."""


@dataclass(frozen=True, slots=True)
class PlotRequest:
    """What to plot: a source, a feature along each axis, and how points are coloured."""

    source: DataSource
    x: Axis
    y: Axis
    method: DensityMethod


@dataclass(frozen=True, slots=True, eq=False)
class Plotted:
    """A plot. `shown` (M,) are the numbers of the events that are drawn, from 0, in increasing order.

    `places` (M, 2) says where they stand on the axes, `density` (M,) how dense events lie there. The histograms count
    all events that have a place on both axes; `n_left_out` have none. `columns` are the values of all events.
    """

    request: PlotRequest
    columns: Columns
    n_left_out: int
    shown: NDArray[np.intp]
    places: Numbers
    density: Numbers
    x_histogram: Histogram
    y_histogram: Histogram

    @property
    def n_events(self) -> int:
        """Number of events of the source."""
        return self.request.source.n_images


@dataclass(frozen=True, slots=True, eq=False)
class GateResult:
    """The events (N,) in a gate, and the summary of the feature that statistics were asked of."""

    mask: Mask
    summary: Summary

    @property
    def n(self) -> int:
        """Number of events in the gate."""
        return int(np.count_nonzero(self.mask))


@dataclass(frozen=True, slots=True, eq=False)
class GatedEvents:
    """The results of gates; those that need a feature that the source does not have are missing.

    `everything` is the summary over all events, `feature` that of which it is.
    """

    source: DataSource
    feature: str
    columns: Columns
    everything: Summary
    results: Mapping[Gate, GateResult]


def plot_events(request: PlotRequest, known: Columns, context: JobContext) -> Plotted:
    """Read what is not in `known` and count it. Raises DataError if the file cannot be read."""
    columns = columns_of(request.source, (request.x.feature, request.y.feature), known)
    context.leave_if_cancelled(0, 1)
    x, y = (axis.scale.place(columns[axis.feature]) for axis in (request.x, request.y))
    usable = on_both_axes(x, y)
    shown = sample_of(usable, SHOWN_EVENTS)
    placed = x[usable], y[usable]
    context.leave_if_cancelled(0, 1)
    return Plotted(
        request=request,
        columns=columns,
        n_left_out=int(len(usable) - np.count_nonzero(usable)),
        shown=shown,
        places=np.column_stack([x[shown], y[shown]]),
        density=density(request.method, *placed, x[shown], y[shown]),
        x_histogram=histogram(placed[0]),
        y_histogram=histogram(placed[1]),
    )


def evaluate_gates(
    source: DataSource,
    gates: Sequence[Gate],
    feature: str,
    known: Columns,
    done: Mapping[Gate, GateResult],
    context: JobContext,
) -> GatedEvents:
    """Find the events of each gate and the statistics of `feature`; masks in `done` are not found again.

    Raises DataError if the file cannot be read.
    """
    possible = [gate for gate in gates if set(gate.features) <= set(source.features)]
    wanted = dict.fromkeys([feature, *(name for gate in possible for name in gate.features)])
    columns = columns_of(source, tuple(wanted), known)
    values = columns[feature]
    results = {}
    for number, gate in enumerate(possible):
        context.leave_if_cancelled(number, len(possible))
        mask = done[gate].mask if gate in done else mask_of(gate, columns)
        results[gate] = GateResult(mask, summarize(values[mask]))
    return GatedEvents(source, feature, columns, summarize(values), results)


def columns_of(source: DataSource, names: Sequence[str], known: Columns) -> dict[str, Numbers]:
    """Return `known` with these features of all events of a source as well. Raises DataError as `read_columns`."""
    missing = [name for name in dict.fromkeys(names) if name not in known]
    columns = dict(known)
    if missing:
        columns.update(read_columns(source, missing))
    return columns
