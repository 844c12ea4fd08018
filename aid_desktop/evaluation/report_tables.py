"""Tables of a report: the same rows for a sheet and for a .csv file."""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from aid_desktop.evaluation.curves import Columns
from aid_desktop.evaluation.tables import Value
from aid_desktop.evaluation.writing import exported


@dataclass(frozen=True, slots=True)
class Table:
    """A header and rows of values; None is an empty cell."""

    header: list[str]
    rows: Sequence[Sequence[Value]]


def column_table(curves: Sequence[Columns]) -> Table:
    """Put the columns of curves side by side; shorter ones end in empty cells, as do values that are not defined."""
    pairs = [pair for columns in curves for pair in columns.items()]
    values = ([None if math.isnan(value) else value for value in column.tolist()] for _, column in pairs)
    return Table([name for name, _ in pairs], list(zip_longest(*values)))


def write_table_csv(path: Path, table: Table) -> None:
    """Write a table as .csv in UTF-8 with decimal points and nine digits. Raises ExportError."""
    with (
        exported(path) as temporary,
        temporary.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.header)
        for row in table.rows:
            writer.writerow([f"{value:.9g}" if isinstance(value, float) else value for value in row])
