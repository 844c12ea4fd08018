"""Gates as rows of the class table: sources of the gated events, found in a background thread."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aid_desktop.data.class_table import ClassRow, Role
from aid_desktop.data.gates import Gate, Mask
from aid_desktop.data.selection import places_of, select_images, whole_numbers
from aid_desktop.data.source import DataSource
from aid_desktop.errors import DataError
from aid_desktop.gui.background import JobContext
from aid_desktop.gui.plotting.plotted import GatedEvents
from aid_desktop.numbers import grouped


@dataclass(frozen=True, slots=True, eq=False)
class RowsRequest:
    """Gates of a source by name, each with its events (N,), and the role of the rows.

    `present` are the rows that the table has already.
    """

    source: DataSource
    gates: tuple[tuple[str, Mask], ...]
    role: Role
    present: tuple[ClassRow, ...] = ()


@dataclass(frozen=True, slots=True)
class GateRows:
    """Rows to add: a source, class and role for each gate with events. `notes` say what the user should know."""

    items: tuple[tuple[DataSource, str, Role], ...]
    notes: tuple[str, ...]


def request_of(events: GatedEvents, gates: Sequence[Gate], role: Role) -> RowsRequest:
    """Return the request for rows of these gates. Raises DataError for one whose events are not known."""
    unknown = [gate.name for gate in gates if gate not in events.results]
    if unknown:
        raise DataError(
            f"{events.source.name} lacks a feature of {', '.join(unknown)}, or its events are still being counted: "
            "choose other gates, or wait."
        )
    return RowsRequest(events.source, tuple((gate.name, events.results[gate].mask) for gate in gates), role)


def make_rows(request: RowsRequest, context: JobContext) -> GateRows:
    """Make a source of the events of each gate; a gate without events has none."""
    items = []
    for number, (name, mask) in enumerate(request.gates):
        context.report_or_leave(number, len(request.gates))
        if mask.any():
            gated = select_images(request.source, np.flatnonzero(mask))
            # Found here once and kept: the table asks for them in the main thread.
            whole_numbers(gated)
            items.append((gated, name, request.role))
    return GateRows(tuple(items), tuple(_notes(request)))


def _notes(request: RowsRequest) -> Sequence[str]:
    notes = []
    empty = [name for name, mask in request.gates if not mask.any()]
    if empty:
        notes.append(f"no event is in {', '.join(empty)}: no row was made of it")
    n_shared = _n_shared([mask for _, mask in request.gates])
    if n_shared:
        events = "1 event is" if n_shared == 1 else f"{grouped(n_shared)} events are"
        notes.append(f"{events} in more than one of the gates, and now in rows of different classes")
    return [*notes, *_notes_of_present(request)]


def _notes_of_present(request: RowsRequest) -> Sequence[str]:
    """Say which events are in the table already: what is there twice is trained on twice."""
    wanted = np.zeros(request.source.n_images, bool)
    for _, mask in request.gates:
        wanted |= mask
    if not wanted.any():
        return []
    rows = [row for row in request.present if row.source.digest == request.source.digest]
    notes = []
    for row in rows:
        if row.source.selection is None:
            notes.append(
                f"the row of all events of the file (class {row.class_name}) is still in the table: remove it, or its "
                "events are used twice"
            )
            break
    numbers = whole_numbers(request.source)[wanted]
    some = [row.source for row in rows if row.source.selection is not None]
    is_there = np.zeros(len(numbers), bool)
    for source in some:
        is_there |= places_of(source, numbers) >= 0
    if is_there.any():
        n_there = int(np.count_nonzero(is_there))
        events = "1 event is" if n_there == 1 else f"{grouped(n_there)} events are"
        notes.append(f"{events} in rows that the table had before, too, and used twice now: remove one of the rows")
    return notes


def _n_shared(masks: Sequence[Mask]) -> int:
    return int(np.count_nonzero(np.sum(masks, axis=0, dtype=np.uint16) > 1)) if masks else 0
