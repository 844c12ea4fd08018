"""Plots as files: PNG, SVG, and their numbers as CSV."""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aid_desktop.errors import ExportError
from aid_desktop.long_work import Progress
from aid_desktop.paths import write_atomically

PNG_SCALE = 2
"""Pixels of the file for each pixel on the screen."""


_LINES_AT_ONCE = 4096

CsvWriter = Callable[[Path, Progress | None], None]
"""Writes the table of a plot to a path."""


@dataclass(frozen=True, slots=True, eq=False)
class PlotTable:
    """The numbers of a plot: names and float64 columns, which may differ in length."""

    names: tuple[str, ...]
    columns: tuple[NDArray[np.float64], ...]


def write_png(canvas: Any, path: Path) -> None:
    """Write what a pyqtgraph view shows, twice as large. Raises OSError, ExportError."""
    from pyqtgraph.exporters import ImageExporter

    exporter = ImageExporter(canvas.scene())
    exporter.parameters()["width"] = PNG_SCALE * canvas.width()
    image = exporter.export(toBytes=True)
    with write_atomically(path) as temporary:
        if not image.save(str(temporary), "PNG"):
            raise ExportError(f"{path} cannot be written: check the free space of the disk, or choose another folder")


def write_svg(canvas: Any, path: Path) -> None:
    """Write what a pyqtgraph view shows as vectors. Raises OSError."""
    from pyqtgraph.exporters import SVGExporter

    content: bytes = SVGExporter(canvas.scene()).export(toBytes=True)
    with write_atomically(path) as temporary:
        temporary.write_bytes(content)


def write_csv(table: PlotTable, path: Path, progress: Progress | None = None) -> None:
    """Write one line of names, then the numbers with 9 digits; what is missing or NaN is empty. Raises OSError.

    `progress(done, total)` counts lines; an error that it raises ends the writing and leaves no file.
    """
    n_rows = max(map(len, table.columns), default=0)
    with write_atomically(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.names)
        for row in range(n_rows):
            if progress is not None and not row % _LINES_AT_ONCE:
                progress(row, n_rows)
            writer.writerow([_cell(column, row) for column in table.columns])


def _cell(column: Sequence[float] | NDArray[np.float64], row: int) -> str:
    if row >= len(column) or np.isnan(column[row]):
        return ""
    return f"{column[row]:.9g}"
