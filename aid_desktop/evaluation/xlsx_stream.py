"""Long tables as .xlsx files, row by row through XlsxWriter: openpyxl takes several times as long."""

import math
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aid_desktop.errors import ExportError
from aid_desktop.evaluation.writing import encodable

Value = str | int | float | None

ROWS_PER_SHEET = 1_048_575  # besides the header; Excel's own limit is 2**20
COLUMNS_PER_SHEET = 16_384

_CONTROL_SIGNS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # not allowed in XML
_LONGEST_TEXT = 32_767  # of a cell of Excel
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}


def check_columns(header: Sequence[str]) -> None:
    """Raise ExportError for more columns than a sheet has."""
    if len(header) > COLUMNS_PER_SHEET:
        raise ExportError(
            f"a sheet of an .xlsx file has {COLUMNS_PER_SHEET} columns and {len(header)} are needed: write a .csv file"
        )


def printable(text: str) -> str:
    r"""Return a text as a cell can hold it: other signs become `\x07` and the like."""
    return _CONTROL_SIGNS.sub(lambda match: f"\\x{ord(match[0]):02x}", encodable(text))


class XlsxFile:
    """An .xlsx file that is written sheet by sheet; a context manager. Raises OSError, ExportError."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Self:
        import xlsxwriter

        # Rows wait on the disk that the file goes to; the system's own for such things may be small.
        self._waiting = tempfile.TemporaryDirectory(dir=self._path.parent, ignore_cleanup_errors=True)
        options = {**_OPTIONS, "tmpdir": self._waiting.name}
        self._workbook = xlsxwriter.Workbook(self._path, options)
        self._workbook.use_zip64()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        from xlsxwriter.exceptions import FileCreateError

        with self._waiting:
            try:
                if error is None:
                    self._workbook.close()
            except FileCreateError as failure:
                raise OSError(str(failure)) from failure
            finally:
                # Windows removes no folder with an open file in it.
                for sheet in self._workbook.worksheets():
                    sheet._opt_close()

    def add_sheets(
        self, title: str, header: Sequence[str], rows: Iterable[Sequence[Value]], rows_per_sheet: int = ROWS_PER_SHEET
    ) -> None:
        """Add a table: sheets `title`, `title 2`, ... of at most `rows_per_sheet`, each with the header.

        Texts stay texts, also those that look like formulas; NaN is an empty cell. Raises ExportError for too many
        columns.
        """
        check_columns(header)
        waiting = iter(rows)
        row = next(waiting, None)
        number = 0
        while number == 0 or row is not None:
            number += 1
            sheet = self._workbook.add_worksheet(title if number == 1 else f"{title} {number}")
            row = _fill(sheet, header, row, waiting, rows_per_sheet)


def _fill(
    sheet: Any, header: Sequence[str], row: Sequence[Value] | None, waiting: Iterator[Sequence[Value]], most_rows: int
) -> Sequence[Value] | None:
    """Write the rows of a sheet; return the first one that has no room in it."""
    _write(sheet, 0, header)
    n_rows = 0
    while row is not None and n_rows < most_rows:
        n_rows += 1
        _write(sheet, n_rows, row)
        row = next(waiting, None)
    return row


def _write(sheet: Any, number: int, values: Sequence[Value]) -> None:
    for column, value in enumerate(values):
        if value is None or value == "":
            continue
        if isinstance(value, str):
            sheet.write_string(number, column, printable(value)[:_LONGEST_TEXT])
        elif math.isfinite(value):
            sheet.write_number(number, column, value)
