"""One event of a source with all that is shown of it, read in a background thread."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.contours import outlines
from aid_desktop.data.display import display_range, to_display
from aid_desktop.data.event_columns import pixel_size, read_traces, sample_interval, trace_names
from aid_desktop.data.formats import reopen
from aid_desktop.data.rtdc import MASK, RtdcReader
from aid_desktop.data.scales import Numbers
from aid_desktop.data.selection import whole_reader
from aid_desktop.data.source import DataSource, ImageReader
from aid_desktop.gui.background import JobContext

_POSITIONS = ("pos_x", "pos_y")

MAIN_IMAGE = ""
"""The channel that stands for the images as they are, in colour if they are."""


@dataclass(frozen=True, slots=True)
class EventRequest:
    """Which event (from 0), which channel of its image, and which traces; None: those that are best seen at once."""

    source: DataSource
    index: int
    channel: str = MAIN_IMAGE
    traces: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class EventRead:
    """An event: its image as uint8 (H, W) or (H, W, 3), the outlines of its mask, its centre if that is known.

    Outlines and centre are in pixels, the middle of the first one is 0.5, 0.5.

    `traces` has the numbers (S,) of each trace asked for, of those in `trace_names`; `interval` is the time (µs)
    between two of them, if the file says it.
    """

    request: EventRequest
    image: NDArray[np.uint8]
    outlines: tuple[Numbers, ...]
    centre: tuple[float, float] | None
    trace_names: tuple[str, ...]
    traces: dict[str, Numbers]
    interval: float | None


def read_event(request: EventRequest, context: JobContext) -> EventRead:
    """Read an event. Raises DataError if the file cannot be read."""
    source, chosen = request.source, [request.index]
    reader = reopen(source)
    image = reader.read(chosen, None if request.channel == MAIN_IMAGE else (request.channel,))[0]
    context.leave_if_cancelled(0, 1)
    mask = reader.read(chosen, (MASK,))[0][:, :, 0] if MASK in source.channels else None
    names = trace_names(source)
    wanted = first_traces(names) if request.traces is None else request.traces
    return EventRead(
        request=request,
        image=to_display(image, display_range([image])),
        outlines=() if mask is None else outlines(mask),
        centre=_centre(reader, request.index),
        trace_names=names,
        traces={name: read_traces(source, name, chosen)[0].astype(np.float64) for name in wanted if name in names},
        interval=sample_interval(source) if names else None,
    )


def _centre(reader: ImageReader, index: int) -> tuple[float, float] | None:
    """Return where the file says that the object is; None where `positions` gives the middle of the image instead."""
    source = reader.source
    size = pixel_size(source) if {*_POSITIONS} <= {*source.features} else None
    whole, numbers = whole_reader(reader, [index])
    if size is None or not isinstance(whole, RtdcReader):
        return None
    x, y = place = whole.positions(numbers)[0]
    if not np.allclose(whole.features(_POSITIONS, numbers)[0] / size, place):
        return None
    # Files count from the middle of the first pixel.
    return float(x) + 0.5, float(y) + 0.5


def first_traces(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the traces to begin with: the smoothed ones of each channel where there are some, else all."""
    return tuple(name for name in names if name.endswith("_median")) or names
