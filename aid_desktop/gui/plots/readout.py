"""What the crosshair tells of an epoch."""

import html
from collections.abc import Sequence

from aid_desktop.gui.plots.plotted_run import Pens, PlottedRun

_MOST_ROWS = 16


def readout_text(
    epoch: int, places: Sequence[tuple[PlottedRun, int]], columns: Sequence[str], window: int, pens: Pens
) -> str:
    """Return rich text: the values of all curves at an epoch, as far as they find room, and what else is known of it.

    `places` are runs and the positions of the epoch in their series.
    """
    rows: list[str] = []
    for run, position in places:
        for name in columns:
            if name not in run.series.names:
                continue
            value = run.series.smoothed(name, window)[position]
            label = html.escape(pens.label(run, name))
            rows.append(f'<span style="color:{pens.of(run, name).color().name()}">●</span> {label} <b>{value:.4g}</b>')
    if len(rows) > _MOST_ROWS:
        rows = [*rows[: _MOST_ROWS - 1], f"and {len(rows) - _MOST_ROWS + 1} more"]
    for run, position in places:
        of_run = "" if len(places) < 2 else f"{html.escape(run.name)}: "
        if run.series.saved[position]:
            rows.append(f"{of_run}model saved")
        if epoch in run.notes:
            rows.append(f"<i>{of_run}settings changed:</i>")
            rows.extend(html.escape(line) for line in run.notes[epoch].splitlines())
    return "<br>".join([f"<b>epoch {epoch}</b>", *rows])
