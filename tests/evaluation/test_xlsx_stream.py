"""Sheets written row by row."""

from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aid_desktop.errors import ExportError
from aid_desktop.evaluation.xlsx_stream import COLUMNS_PER_SHEET, XlsxFile, printable

TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)


def read(path: Path) -> dict[str, list[tuple[object, ...]]]:
    workbook = openpyxl.load_workbook(path)
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in workbook}


def test_that_tables_stand_in_sheets_and_go_on_in_further_ones(tmp_path: Path) -> None:
    with XlsxFile(tmp_path / "out.xlsx") as file:
        file.add_sheets("Long & <odd>", ["number", "half"], ([k, k / 2] for k in range(5)), rows_per_sheet=2)
        file.add_sheets("Empty", ["nothing"], [])
        file.add_sheets("Full", ["x"], [[1], [2]], rows_per_sheet=2)
    assert read(tmp_path / "out.xlsx") == {
        "Long & <odd>": [("number", "half"), (0, 0), (1, 0.5)],
        "Long & <odd> 2": [("number", "half"), (2, 1), (3, 1.5)],
        "Long & <odd> 3": [("number", "half"), (4, 2)],
        "Empty": [("nothing",)],
        "Full": [("x",), (1,), (2,)],
    }


def test_that_missing_values_are_empty_cells(tmp_path: Path) -> None:
    with XlsxFile(tmp_path / "out.xlsx") as file:
        file.add_sheets("A", list("abcd"), [[None, 1, float("nan"), float("inf")], [1e-7, None, "", 2**53]])
    assert read(tmp_path / "out.xlsx")["A"][1:] == [(None, 1, None, None), (1e-7, None, None, 2**53)]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(TEXTS, st.integers(-(2**40), 2**40), st.floats(-1e9, 1e9)), max_size=4))
def test_that_what_is_written_reads_back(tmp_path: Path, rows: list[tuple[str, int, float]]) -> None:
    with XlsxFile(tmp_path / "out.xlsx") as file:
        file.add_sheets("A", ["text", "whole", "number"], rows)
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx")["A"]
    cells = list(sheet.iter_rows(min_row=2))
    assert [(row[0].value, row[1].value) for row in cells] == [(printable(text), whole) for text, whole, _ in rows]
    # Excel itself has 15 digits.
    assert [row[2].value for row in cells] == pytest.approx([number for _, _, number in rows], rel=1e-15)
    # No formula, whatever it begins with.
    assert all(row[0].data_type in ("s", "inlineStr") for row in cells)


def test_that_nothing_is_left_of_a_table_that_was_broken_off(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), XlsxFile(tmp_path / "out.xlsx") as file:
        file.add_sheets("A", ["x"], ([1 / (2 - k)] for k in range(5)))
    assert list(tmp_path.iterdir()) == []


def test_that_a_folder_that_has_gone_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), XlsxFile(tmp_path / "gone" / "out.xlsx"):
        pytest.fail("there is no such folder")


def test_that_too_many_columns_are_told(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="16384 columns"), XlsxFile(tmp_path / "out.xlsx") as file:
        file.add_sheets("A", ["x"] * (COLUMNS_PER_SHEET + 1), [])


def test_that_pandas_reads_the_first_sheet(tmp_path: Path) -> None:
    import pandas as pd

    with XlsxFile(tmp_path / "out.xlsx") as file:
        file.add_sheets("Images", ["image", "p"], [["a b ", 0.25], ["=1+1", 0.75]])
    frame = pd.read_excel(tmp_path / "out.xlsx")
    assert frame["image"].tolist() == ["a b ", "=1+1"]
    assert frame["p"].tolist() == [0.25, 0.75]


def test_that_no_file_is_left_open_by_an_error(tmp_path: Path) -> None:
    file = XlsxFile(tmp_path / "out.xlsx")

    def rows() -> Iterator[list[int]]:
        yield [1]
        raise KeyError("stop")

    def write() -> None:
        with file:
            file.add_sheets("A", ["x"], [[1]])
            file.add_sheets("B", ["x"], rows())

    with pytest.raises(KeyError):
        write()
    assert all(sheet.row_data_fh.closed for sheet in file._workbook.worksheets())
    assert list(tmp_path.iterdir()) == []
