"""Gates and their statistics as files."""

import csv
from collections.abc import Sequence
from pathlib import Path

from aid_desktop.data.gate_files import write_gates
from aid_desktop.data.gate_text import describe
from aid_desktop.data.gates import Gate, Summary
from aid_desktop.errors import ExportError
from aid_desktop.gui.plotting.plotted import GatedEvents
from aid_desktop.paths import write_atomically

FORMATS = {
    ".json": "Gates",
    ".poly": "Polygons for other RT-DC programs",
    ".csv": "Statistics",
}
"""What can be written, by the suffix of the file."""

_COLUMNS = ("gate", "kind", "events", "share", "feature", "n", "median", "mean", "sd")


def save_gates(path: Path, gates: Sequence[Gate], events: GatedEvents | None, feature: str) -> None:
    """Write gates as .json or .poly, or as .csv their statistics of a feature.

    Raises OSError, ExportError; also while the events of a gate, or the statistics, are not known.
    """
    if path.suffix.lower() != ".csv":
        write_gates(path, gates)
        return
    rows = _statistics(gates, events, feature)
    with write_atomically(path) as temporary, temporary.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows(rows)


def _statistics(gates: Sequence[Gate], events: GatedEvents | None, feature: str) -> list[tuple[object, ...]]:
    if events is None or events.feature != feature:
        raise ExportError("The events are not counted yet: wait until the table shows their numbers, then save again.")
    n_all, whole = events.source.n_images, events.everything
    rows: list[tuple[object, ...]] = [("all events", "", n_all, 1.0, feature, whole.n, *_numbers(whole))]
    for gate in gates:
        result = events.results.get(gate)
        if result is not None:
            share = f"{result.n / n_all:.6g}"
            of_gate: tuple[object, ...] = (result.n, share, feature, result.summary.n, *_numbers(result.summary))
        elif set(gate.features) <= set(events.source.features):
            raise ExportError(f"The events of {gate.name} are not counted yet: wait for its number, then save again.")
        else:
            # The source lacks a feature of the gate.
            of_gate = ("", "", feature, "", "", "", "")
        rows.append((gate.name, describe(gate), *of_gate))
    return rows


def _numbers(summary: Summary) -> tuple[float, float, float]:
    return summary.median, summary.mean, summary.sd
