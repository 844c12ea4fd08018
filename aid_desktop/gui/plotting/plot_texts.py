"""What the window of plots says about an event, and about a plot."""

from collections.abc import Sequence

from aid_desktop.data.feature_labels import feature_label
from aid_desktop.data.gates import Gate
from aid_desktop.data.selection import whole_numbers
from aid_desktop.gui.plotting.plotted import GatedEvents, Plotted
from aid_desktop.numbers import grouped

EMPTY_TEXT = (
    "Add .rtdc files with measured features (area, deformation, …) on the Data tab, or open one here. "
    "Images alone cannot be plotted."
)
READING_TEXT = "Reading…"
LEFT_TEXT = "Reading was cancelled. Choose another source, feature or scale to read again."


def event_text(plotted: Plotted, gates: Sequence[Gate], events: GatedEvents | None, index: int) -> str:
    """Return the values of an event on the axes, and in which gates it is; for a part of a file its number there."""
    source = plotted.request.source
    names = dict.fromkeys((plotted.request.x.feature, plotted.request.y.feature))
    parts = [f"{feature_label(name)}: {plotted.columns[name][index]:.4g}" for name in names]
    if source.selection is not None:
        parts.insert(0, f"event {grouped(int(whole_numbers(source, [index])[0]) + 1)} of {source.path.name}")
    if events is not None and gates:
        inside = [gate.name for gate in gates if gate in events.results and events.results[gate].mask[index]]
        parts.append(f"gates: {', '.join(inside) or 'none'}")
    return "   ".join(parts)


def status_text(plotted: Plotted) -> str:
    """Return how many events there are, how many cannot be drawn, and how many are."""
    text = f"{grouped(plotted.n_events)} events."
    if plotted.n_left_out:
        have = "1 has" if plotted.n_left_out == 1 else f"{grouped(plotted.n_left_out)} have"
        text += f" {have} no place on these axes (no number, or not above 0 on a log axis)."
    if len(plotted.shown) < plotted.n_events - plotted.n_left_out:
        text += (
            f" Drawn: {grouped(len(plotted.shown))} of them, chosen at random; histograms, density and gates count all."
        )
    return text
