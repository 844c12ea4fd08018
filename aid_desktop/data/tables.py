"""Read tables (.csv, .tsv, .xlsx) that list image files with their classes."""

import csv
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from aid_desktop.data.class_table import Role
from aid_desktop.data.folders import Files
from aid_desktop.data.roles import SPLIT_NAMES
from aid_desktop.errors import DataError

XLSX_DAMAGE = (
    OSError, EOFError, LookupError, ValueError, TypeError, AttributeError, SyntaxError, RuntimeError, ArithmeticError,
    MemoryError, zipfile.BadZipFile, zlib.error, struct.error,
)  # fmt: skip
"""What openpyxl and zipfile raise for damaged .xlsx files."""

_PATH_NAMES = ("path", "file", "filename", "image")
_CLASS_NAMES = ("class", "label")
_ROLE_NAMES = ("role", "split")
_DELIMITERS = ",;\t|"
_MOST_NAMED = 5
_MOST_ROWS = 2**20


@dataclass(frozen=True, slots=True)
class Listed:
    """The files of one class in one role; `part` names them within the table, for example "cat (validation)"."""

    class_name: str
    role: Role | None
    names: tuple[str, ...]

    @property
    def part(self) -> str:
        """Class, and role if the table tells it."""
        return self.class_name if self.role is None else f"{self.class_name} ({self.role})"


def read_table(path: Path) -> tuple[Listed, ...]:
    """Return what a table lists, by class and role in order of appearance.

    The first row has the names of the columns in any case: one of path, file, filename or image (relative to the
    table, or absolute), one of class or label, and perhaps role or split (training, validation, test, or empty).
    Columns are separated by comma, semicolon, tab or bar. Raises DataError if a column is missing, a row is
    incomplete, a role is unknown, or the file cannot be read.
    """
    header, *rows = _rows(path) or [()]
    names = [name.strip().casefold() for name in header]
    files, classes = _column(path, names, _PATH_NAMES), _column(path, names, _CLASS_NAMES)
    roles = next((names.index(name) for name in _ROLE_NAMES if name in names), None)
    groups: dict[tuple[str, Role | None], list[str]] = {}
    for number, row in enumerate(rows, start=2):
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        cells += [""] * (len(names) - len(cells))
        if not cells[files] or not cells[classes]:
            raise DataError(f"{path} has no {names[classes] if cells[files] else names[files]} in row {number}.")
        if "\0" in cells[files]:
            raise DataError(f"{path} has a name of a file with a zero byte in row {number}: the table is damaged.")
        role = None if roles is None or not cells[roles] else _role(path, cells[roles], number)
        groups.setdefault((cells[classes], role), []).append(cells[files].replace("\\", "/"))
    if not groups:
        raise DataError(f"{path} lists no images: there are no rows below the names of the columns.")
    return tuple(Listed(name, role, tuple(files)) for (name, role), files in groups.items())


def table_files(path: Path, part: str) -> Files:
    """Return the files of one part of a table; raise DataError if there is no such part."""
    listed = read_table(path)
    for item in listed:
        if item.part == part:
            return Files(path.parent, item.names)
    if not part and len(listed) == 1:
        return Files(path.parent, listed[0].names)
    known = ", ".join(item.part for item in listed[:_MOST_NAMED]) + (", …" if len(listed) > _MOST_NAMED else "")
    if not part:
        raise DataError(f"{path} lists images of {len(listed)} kinds: say which one is meant, {known}.")
    raise DataError(f"{path} lists no images of {part!r}, only of {known}. It may have changed: add it again.")


def sheet_rows(sheet: Any) -> Iterator[Sequence[Any]]:
    """Yield the values of the rows of openpyxl's sheet, up to the last row that a program for tables can have.

    A damaged number of a row would have openpyxl fill in thousands of millions of empty ones.
    """
    yield from sheet.iter_rows(values_only=True, max_row=_MOST_ROWS)


def _column(path: Path, names: Sequence[str], wanted: Iterable[str]) -> int:
    wanted = tuple(wanted)
    for name in wanted:
        if name in names:
            return names.index(name)
    found = ", ".join(filter(None, names)) or "none"
    raise DataError(f"{path} has no column {' or '.join(wanted)}; its columns are: {found}.")


def _role(path: Path, text: str, number: int) -> Role:
    role = SPLIT_NAMES.get(text.casefold())
    if role is None:
        known = ", ".join(Role)
        raise DataError(f"{path} has the role {text!r} in row {number}, expected {known}.")
    return role


def _rows(path: Path) -> list[Sequence[str]]:
    return _xlsx_rows(path) if path.suffix.lower() == ".xlsx" else _csv_rows(path)


def _csv_rows(path: Path) -> list[Sequence[str]]:
    try:
        # Excel begins UTF-8 with a mark.
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not text in UTF-8: save it as CSV UTF-8.") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error
    header = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=header.count)
    try:
        return list(csv.reader(StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise DataError(f"{path} cannot be read as a table: {error}.") from error


def _xlsx_rows(path: Path) -> list[Sequence[str]]:
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        with closing(book):
            rows = sheet_rows(book.worksheets[0])
            return [tuple("" if cell is None else str(cell) for cell in row) for row in rows]
    except XLSX_DAMAGE as error:
        raise DataError(f"{path} cannot be read as a table: {error}.") from error
