"""Long tables as .xlsx files, row by row; openpyxl would take ten times as long for a million of them.

The parts of such a file are those of ECMA-376 (Office Open XML), without any styles.
"""

import math
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self
from xml.sax.saxutils import escape, quoteattr

from aid_desktop.errors import ExportError
from aid_desktop.evaluation.writing import encodable

Value = str | int | float | None

ROWS_PER_SHEET = 1_048_575  # besides the header; Excel's own limit is 2**20
COLUMNS_PER_SHEET = 16_384

_CONTROL_SIGNS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # not allowed in XML
_LONGEST_TEXT = 32_767  # of a cell of Excel
_MOST_BYTES = 3 * 2**29
"""Of a sheet: a part of 2 GiB needs a form of .zip files that not every program reads."""

_ROWS_AT_ONCE = 1000
_LEVEL = 3
"""Of the compression: higher ones take long and gain little."""

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"


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
        self._names: list[str] = []

    def __enter__(self) -> Self:
        self._zip = zipfile.ZipFile(self._path, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._zip:
            if error is None:
                self._finish()

    def add_sheets(
        self, title: str, header: Sequence[str], rows: Iterable[Sequence[Value]], rows_per_sheet: int = ROWS_PER_SHEET
    ) -> None:
        """Add a table: sheets `title`, `title 2`, ... of at most `rows_per_sheet`, each with the header.

        Texts stay texts, also those that look like formulas; NaN is an empty cell. Raises ExportError for too many
        columns.
        """
        check_columns(header)
        letters = [_letters(column) for column in range(len(header))]
        waiting = iter(rows)
        row = next(waiting, None)
        number = 0
        while number == 0 or row is not None:
            number += 1
            self._names.append(title if number == 1 else f"{title} {number}")
            row = self._add_sheet(letters, header, row, waiting, rows_per_sheet)

    def _add_sheet(
        self,
        letters: Sequence[str],
        header: Sequence[str],
        row: Sequence[Value] | None,
        waiting: Iterator[Sequence[Value]],
        most_rows: int,
    ) -> Sequence[Value] | None:
        """Write a sheet; return the first row that has no room in it."""
        with self._zip.open(f"xl/worksheets/sheet{len(self._names)}.xml", "w") as file:
            lines = [f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>', _row(1, letters, header)]
            n_rows = n_bytes = 0
            while row is not None and n_rows < most_rows and n_bytes < _MOST_BYTES:
                n_rows += 1
                lines.append(_row(n_rows + 1, letters, row))
                if len(lines) >= _ROWS_AT_ONCE:
                    n_bytes += file.write("".join(lines).encode("utf-8"))
                    lines.clear()
                row = next(waiting, None)
            lines.append("</sheetData></worksheet>")
            file.write("".join(lines).encode("utf-8"))
        return row

    def _finish(self) -> None:
        numbers = range(1, len(self._names) + 1)
        sheets = "".join(
            f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="rId{number}"/>'
            for number, name in zip(numbers, self._names, strict=True)
        )
        relations = "".join(
            f'<Relationship Id="rId{number}" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet{number}.xml"/>'
            for number in numbers
        )
        kinds = "".join(
            f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{_KIND}.worksheet+xml"/>'
            for number in numbers
        )
        parts = {
            "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>{sheets}</sheets></workbook>',
            "xl/_rels/workbook.xml.rels": _relationships(relations),
            "_rels/.rels": _relationships(
                f'<Relationship Id="rId1" Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/>'
            ),
            "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>{kinds}</Types>',
        }
        for name, content in parts.items():
            self._zip.writestr(name, _HEAD + content)


def _relationships(content: str) -> str:
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{content}</Relationships>'


def _row(number: int, letters: Sequence[str], values: Sequence[Value]) -> str:
    cells = [
        f'<c r="{letter}{number}"><v>{value}</v></c>' if type(value) is int else _cell(letter, number, value)
        for letter, value in zip(letters, values, strict=False)
    ]
    return f'<row r="{number}">{"".join(cells)}</row>'


def _cell(letter: str, number: int, value: Value) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, str):
        text = escape(printable(value)[:_LONGEST_TEXT], {"\r": "&#13;"})
        return f'<c r="{letter}{number}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
    if not math.isfinite(value):
        return ""
    return f'<c r="{letter}{number}"><v>{value!r}</v></c>'


def _letters(column: int) -> str:
    """Return A, B, … Z, AA, … for a column from 0."""
    letters = ""
    column += 1
    while column:
        column, last = divmod(column - 1, 26)
        letters = chr(ord("A") + last) + letters
    return letters
