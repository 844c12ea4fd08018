"""Read AIDeveloper's `*_session.xlsx` and `*_meta.xlsx`, and the meta.xlsx of our own runs, as sessions."""

import hashlib
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PureWindowsPath
from typing import Any
from xml.etree import ElementTree

from aid_desktop.data.class_table import MAX_CLASS_INDEX, MAX_ZOOM, MIN_ZOOM
from aid_desktop.data.formats import open_source
from aid_desktop.data.listing import TABLE_SUFFIXES
from aid_desktop.data.relink import ContentMethod, Digests, Method, Sought
from aid_desktop.data.source import SourceKind
from aid_desktop.data.tables import XLSX_DAMAGE, sheet_rows
from aid_desktop.errors import DataError, RunError
from aid_desktop.runs.aideveloper_cells import read_number, read_switch, read_whole
from aid_desktop.runs.aideveloper_columns import ROLES, key
from aid_desktop.runs.aideveloper_settings import Cells, settings_from_parameters
from aid_desktop.runs.session import StoredRow, StoredSession

SUFFIX = ".xlsx"

INDEX = "(index)"
"""The key of pandas' index, a first column without a name."""

_SHEET = "UsedData"
_NEEDED = ("rtdc_path", "class", "trainorvalid")
_BLOCK = 65536
_N_BLOCKS = 20


@dataclass(frozen=True, slots=True)
class Md5Method:
    """AIDeveloper's way: the MD5 sum of the file's name, then the MD5 sum, in hexadecimal, of its first 1.25 MiB."""

    def identify(self, path: Path, digests: Digests) -> str:
        """Return 32 hexadecimal digits. Raises DataError if the file cannot be read."""
        try:
            with path.open("rb") as file:
                start = hashlib.md5(file.read(_N_BLOCKS * _BLOCK), usedforsecurity=False).hexdigest()
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error
        return hashlib.md5((path.name + start).encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class DigestMethod:
    """The digest of a source of unknown kind, as meta.xlsx of our own runs has it."""

    part: str = ""

    def identify(self, path: Path, digests: Digests) -> str:
        """Return what `DataSource.digest` would be. Raises DataError."""
        kind = SourceKind.TABLE if path.suffix.lower() in TABLE_SUFFIXES else SourceKind.ARRAY
        return ContentMethod(SourceKind.FOLDER if path.is_dir() else kind, self.part).identify(path, digests)


@dataclass(frozen=True, slots=True)
class CountMethod:
    """The number of images: all that the oldest tables tell."""

    def identify(self, path: Path, digests: Digests) -> str:
        """Return the number as text. Raises DataError if the file cannot be opened."""
        return str(open_source(path).source.n_images)


def is_aideveloper_session(path: Path) -> bool:
    """Return whether an .xlsx file has the sheet UsedData. Quick enough to ask while a file is dragged."""
    return has_sheet(path, _SHEET)


def has_sheet(path: Path, sheet: str) -> bool:
    """Return whether a file is an .xlsx file with such a sheet. Quick enough to ask while a file is dragged."""
    if path.suffix.lower() != SUFFIX:
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            root = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    except XLSX_DAMAGE:
        return False
    return any(item.tag.endswith("}sheet") and item.get("name") == sheet for item in root.iter())


def read_aideveloper_session(path: Path) -> StoredSession:
    """Read the rows, and the settings of the last row of Parameters if there is one.

    Raises RunError if the file cannot be read or is something else. What could not be taken over is in `left_out`.
    """
    with _opened(path) as book:
        if _SHEET not in book.sheetnames:
            raise RunError(f"{path} is not a session of AIDeveloper: it has no sheet {_SHEET}.")
        used, overview, parameters = (_cells(book, name) for name in (_SHEET, "DataOverview", "Parameters"))
    columns = {name for cells in used for name in cells}
    missing = [name for name in _NEEDED if name not in columns]
    if used and missing:
        raise RunError(f"{path} is not a session of AIDeveloper: its sheet {_SHEET} has no column {missing[0]}.")
    names = class_names_of(overview)
    rows: list[StoredRow] = []
    left_out: list[str] = []
    for number, cells in enumerate(used, start=2):
        try:
            rows.append(_row(cells, names))
        except (KeyError, ValueError) as error:
            left_out.append(f"Row {number} of {_SHEET}: {_reason(error)}.")
        if "xtra_in" in cells and str(cells["xtra_in"]).lower() == "true":
            left_out.append(f"Row {number} of {_SHEET}: AID Desktop has no networks with an extra input.")
    settings = None
    if parameters:
        settings, more = settings_from_parameters(parameters[-1], names)
        left_out += more
    return StoredSession(tuple(rows), settings, tuple(left_out))


def read_sheet(path: Path, name: str) -> list[Cells]:
    """Return the rows of one sheet by key of the column; nothing if there is no such sheet. Raises RunError."""
    return read_sheets(path, (name,)).get(name, [])


def read_sheets(path: Path, names: Sequence[str], indexed: Sequence[str] = ()) -> dict[str, list[Cells]]:
    """Return the rows of those of the sheets that there are, by key of the column. Raises RunError.

    Rows of `indexed` sheets have the cell of the first column under INDEX too, where that column has no name.
    """
    with _opened(path) as book:
        return {name: _cells(book, name, name in indexed) for name in names if name in book.sheetnames}


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except XLSX_DAMAGE as error:
        raise RunError(f"{path} cannot be read as a table: {error}.") from error
    try:
        yield book
    except XLSX_DAMAGE as error:
        raise RunError(f"{path} is damaged: {error}.") from error
    finally:
        book.close()


def _cells(book: Any, name: str, has_index: bool = False) -> list[Cells]:
    """Return the rows of a sheet by key of the column, without empty cells and rows; nothing if there is no sheet."""
    if name not in book.sheetnames:
        return []
    rows = sheet_rows(book[name])
    header = [None if cell is None else key(cell) for cell in next(rows, ())]
    if has_index and header and header[0] is None:
        header[0] = INDEX
    named = (
        {column: cell for column, cell in zip(header, row, strict=False) if column and cell is not None} for row in rows
    )
    return [cells for cells in named if cells.keys() - {INDEX}]


def epochs_of(rows: Sequence[Cells]) -> list[int]:
    """Return the epoch of each row of History: INDEX where that holds rising whole numbers, else the row's number."""
    try:
        epochs = [read_whole(cells.get(INDEX)) for cells in rows]
    except ValueError:
        epochs = []
    is_rising = bool(epochs) and epochs[0] >= 0 and all(before < after for before, after in pairwise(epochs))
    return epochs if is_rising else list(range(len(rows)))


def class_names_of(overview: list[Cells]) -> Mapping[int, str]:
    """Return the names that the user gave; AIDeveloper names a class by its index unless told otherwise."""
    names: dict[int, str] = {}
    for cells in overview:
        number, name = str(cells.get("class", "")), str(cells.get("name", "")).strip()
        if number.isdecimal() and name not in ("", number):
            names.setdefault(int(number), name)
    return names


def _row(cells: Cells, names: Mapping[int, str]) -> StoredRow:
    """Return one row. Raises KeyError for a cell that is empty, ValueError for one that cannot be read."""
    text = str(cells["rtdc_path"])
    roles = {theirs.lower(): role for role, theirs in ROLES.items()}
    role = roles.get(str(cells["trainorvalid"]).lower())
    if role is None:
        raise ValueError(f"TrainOrValid is {cells['trainorvalid']!r}, expected {' or '.join(ROLES.values())}")
    index, zoom = read_whole(cells["class"]), read_number(cells.get("zoom_factor", 1))
    if not 0 <= index <= MAX_CLASS_INDEX:
        raise ValueError(f"the class is {index}, expected 0 to {MAX_CLASS_INDEX}")
    if not MIN_ZOOM <= zoom <= MAX_ZOOM:
        raise ValueError(f"the zoom is {zoom:g}, expected {MIN_ZOOM:g} to {MAX_ZOOM:g}")
    shuffle = read_switch(cells.get("shuffle", True))
    sought, part = _sought(text, cells)
    return StoredRow(
        sought=sought,
        class_index=index,
        class_name=names.get(index, f"class {index}"),
        role=role,
        images_per_epoch=_images_per_epoch(cells, shuffle),
        shuffle=shuffle,
        zoom=zoom,
        part=part,
    )


def _images_per_epoch(cells: Cells, shuffle: bool) -> int | None:
    if "nr_events_epoch" not in cells or not shuffle:
        return None
    number = read_whole(cells["nr_events_epoch"])
    if number < 1:
        raise ValueError(f"nr_events_epoch is {number}, so the file was not used")
    return None if number == cells.get("nr_events") else number


def _sought(text: str, cells: Cells) -> tuple[Sought, str]:
    """Return how the file is found again, and its part; Windows' name for it is understood everywhere."""
    name = PureWindowsPath(text).name
    digest = str(cells.get("hash", ""))
    prefix = f"{name}: "
    source = str(cells.get("rtdc_ds", ""))
    part = source.removeprefix(prefix) if source.startswith(prefix) else ""
    method: Method = CountMethod()
    if digest:
        method = DigestMethod(part) if ":" in digest else Md5Method()
    else:
        digest = str(read_whole(cells.get("nr_events", cells.get("nr_images"))))
    path = Path(text)
    return Sought(name, text, (path,) if path.is_absolute() else (), method, digest), part


def _reason(error: Exception) -> str:
    return f"the cell {error.args[0]} is empty" if isinstance(error, KeyError) else str(error)
