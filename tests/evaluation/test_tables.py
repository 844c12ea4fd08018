"""Tables of all images as .csv and .xlsx."""

import csv
import tracemalloc
from pathlib import Path

import cv2
import numpy as np
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aid_desktop.data.formats import open_source
from aid_desktop.data.source import DataSource, SourceKind
from aid_desktop.errors import DataError, ExportError
from aid_desktop.evaluation import tables
from aid_desktop.evaluation.decision import Decision
from aid_desktop.evaluation.predictions import Predictions, Threshold
from aid_desktop.evaluation.summary import summarize
from aid_desktop.evaluation.tables import (
    CHUNK,
    table_header,
    write_predictions,
    write_predictions_csv,
    write_predictions_xlsx,
)
from aid_desktop.evaluation.xlsx_stream import XlsxFile

SOURCES = (
    DataSource(Path("/data/cat"), SourceKind.FOLDER, 9, ((4, 4, 1),), "one"),
    DataSource(Path("/data/dog.rtdc"), SourceKind.RTDC, 9, ((4, 4, 1),), "two"),
)
NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)


def make(names: tuple[str, ...] = ("cat", "dog"), labelled: bool = True, n: int = 2) -> Predictions:
    values = np.random.default_rng(n).dirichlet(np.ones(len(names)), n).astype(np.float32)
    numbers = np.arange(n)
    labels = numbers % len(names) if labelled else None
    return Predictions(names, SOURCES, (1.0, 1.0), numbers % 2, numbers // 2, values, labels)


def origins_of(predictions: Predictions) -> list[str]:
    return [f"image {number}" for number in range(predictions.n)]


def read_csv(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def read_xlsx(path: Path) -> dict[str, list[list[object]]]:
    workbook = openpyxl.load_workbook(path)
    return {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in workbook}


def expected_rows(predictions: Predictions, threshold: Threshold | None = None) -> list[list[object]]:
    rows: list[list[object]] = []
    for number in range(predictions.n):
        best = int(predictions.predicted(threshold)[number])
        values = [round(float(value), 6) for value in predictions.probabilities[number]]
        path = predictions.sources[predictions.source[number]].path
        row: list[object] = [str(path), int(predictions.index[number]), f"image {number}"]
        row += [predictions.class_names[best], values[best], *values]
        if predictions.labels is not None:
            row.append(predictions.class_names[predictions.labels[number]])
        rows.append(row)
    return rows


def test_that_a_csv_has_the_promised_columns(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    values = np.array([[0.25, 0.75]], np.float32)
    zero = np.zeros(1, np.intp)
    predictions = Predictions(("cat", "dog"), SOURCES[:1], (1.0,), zero, zero + 7, values, zero)
    write_predictions_csv(path, predictions, ["cat/7.png"])
    assert path.read_text("utf-8").splitlines() == [
        "file,index,image,predicted,probability,p_cat,p_dog,actual",
        f"{SOURCES[0].path},7,cat/7.png,dog,0.750000,0.250000,0.750000,cat",
    ]


def test_that_unlabelled_images_have_no_actual_class(tmp_path: Path) -> None:
    predictions = make(labelled=False)
    write_predictions_csv(tmp_path / "out.csv", predictions, origins_of(predictions))
    rows = read_csv(tmp_path / "out.csv")
    assert "actual" not in rows[0]
    assert len(rows) == 3


def test_that_the_threshold_changes_the_predicted_class_and_its_probability(tmp_path: Path) -> None:
    predictions, threshold = make(n=20), Threshold(1, 0.1)
    write_predictions_csv(tmp_path / "out.csv", predictions, origins_of(predictions), threshold)
    write_predictions_xlsx(tmp_path / "out.xlsx", predictions, origins_of(predictions), threshold)
    expected = expected_rows(predictions, threshold)
    assert [row[3] for row in expected] != [row[3] for row in expected_rows(predictions)]
    assert [row[3] for row in read_csv(tmp_path / "out.csv")[1:]] == [row[3] for row in expected]
    assert read_xlsx(tmp_path / "out.xlsx")["Images"][1:] == expected


def test_that_rejected_images_have_no_class_and_their_highest_probability(tmp_path: Path) -> None:
    predictions = make(n=20)
    decision = Decision(Threshold(1, 0.1), reject=0.8)
    write_predictions_csv(tmp_path / "out.csv", predictions, origins_of(predictions), decision)
    rejected = predictions.probabilities.max(axis=1) < 0.8
    rows = read_csv(tmp_path / "out.csv")[1:]
    assert [row[3] == "" for row in rows] == rejected.tolist()
    assert 0 < rejected.sum() < 20
    for row in rows:
        if row[3] == "":
            assert float(row[4]) == max(map(float, row[5:7]))


def test_that_an_xlsx_has_the_summary_as_a_sheet(tmp_path: Path) -> None:
    source = write_images(tmp_path / "in", 4)
    predictions = of_images(source, 4)
    write_predictions(tmp_path / "out.xlsx", predictions, summary=summarize(predictions))
    sheets = read_xlsx(tmp_path / "out.xlsx")
    assert list(sheets) == ["Images", "Summary"]
    assert sheets["Summary"][1][:5] == [str(source.path), 4, "cat", 4, 1]


def test_that_rows_are_made_bit_by_bit_and_writing_can_be_left(tmp_path: Path) -> None:
    class LeftError(Exception):
        pass

    n = 2 * CHUNK + 1
    predictions = of_images(write_images(tmp_path / "in", 1), n)
    told: list[tuple[int, int]] = []
    write_predictions(tmp_path / "out.csv", predictions, progress=lambda *pair: told.append(pair))
    assert told == [(CHUNK, n), (2 * CHUNK, n), (n, n)]
    assert len(read_csv(tmp_path / "out.csv")) == n + 1
    (tmp_path / "out.csv").write_text("old")

    def leave(done: int, total: int) -> None:
        raise LeftError

    with pytest.raises(LeftError):
        write_predictions(tmp_path / "out.csv", predictions, progress=leave)
    assert (tmp_path / "out.csv").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out.csv"]


def test_that_a_long_table_needs_no_more_memory_than_a_short_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "CHUNK", 64)
    source = write_images(tmp_path / "in", 1)

    def peak(n: int) -> int:
        predictions = of_images(source, n)
        tracemalloc.start()
        write_predictions(tmp_path / "out.csv", predictions)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(1)  # what is imported for the first time
    assert peak(64 * 64) < 1.5 * peak(4 * 64)


def write_images(folder: Path, n: int) -> DataSource:
    folder.mkdir()
    for number in range(n):
        cv2.imwrite(str(folder / f"{number}.png"), np.zeros((4, 4), np.uint8))
    return open_source(folder).source


def of_images(source: DataSource, n: int) -> Predictions:
    """Return n predictions that all images of the source share."""
    values, zero = np.ones((n, 1), np.float32), np.zeros(n, np.intp)
    return Predictions(("cat",), (source,), (1.0,), zero, np.arange(n) % source.n_images, values)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(NAMES, min_size=1, max_size=4, unique=True), st.integers(0, 6), st.booleans())
def test_that_a_csv_reads_back_as_written(tmp_path: Path, names: list[str], n: int, labelled: bool) -> None:
    predictions = make(tuple(names), labelled, n)
    path = tmp_path / "out.csv"
    write_predictions_csv(path, predictions, origins_of(predictions))
    header, *rows = read_csv(path)
    assert header == table_header(predictions)
    numeric = {1, *range(4, 5 + len(names))}
    back = [[float(v) if i in numeric else v for i, v in enumerate(row)] for row in rows]
    assert back == expected_rows(predictions)


def test_that_many_images_are_written_completely(tmp_path: Path) -> None:
    predictions = make(n=10_000)
    write_predictions_csv(tmp_path / "out.csv", predictions, origins_of(predictions))
    rows = read_csv(tmp_path / "out.csv")[1:]
    assert [row[2] for row in rows] == origins_of(predictions)


def test_that_an_xlsx_reads_back_and_texts_stay_texts(tmp_path: Path) -> None:
    names = ("=1+1", "#N/A", "Ω<&>", "tab\tbell\x07")
    predictions = make(names, n=8)
    path = tmp_path / "out.xlsx"
    write_predictions_xlsx(path, predictions, origins_of(predictions))
    header, *rows = read_xlsx(path)["Images"]
    assert header == ["file", "index", "image", "predicted", "probability", "p_=1+1", "p_#N/A", "p_Ω<&>",
                      "p_tab\tbell\\x07", "actual"]  # fmt: skip
    shown = [[value.replace("\x07", "\\x07") if isinstance(value, str) else value for value in row]
             for row in expected_rows(predictions)]  # fmt: skip
    assert rows == shown
    cells = openpyxl.load_workbook(path)["Images"]["J"]
    assert {cell.data_type for cell in cells} == {"s"}


@pytest.mark.parametrize(("n", "sizes"), [(0, [0]), (3, [3]), (4, [3, 1]), (6, [3, 3]), (7, [3, 3, 1])])
def test_that_rows_go_on_in_further_sheets(tmp_path: Path, n: int, sizes: list[int]) -> None:
    with XlsxFile(tmp_path / "out.xlsx") as workbook:
        workbook.add_sheets("Images", ["number"], ([number] for number in range(n)), rows_per_sheet=3)
    sheets = read_xlsx(tmp_path / "out.xlsx")
    assert list(sheets) == ["Images", "Images 2", "Images 3"][: len(sizes)]
    assert [len(rows) - 1 for rows in sheets.values()] == sizes
    assert all(rows[0] == ["number"] for rows in sheets.values())
    assert [row[0] for rows in sheets.values() for row in rows[1:]] == list(range(n))


def test_that_origins_come_from_the_sources_unless_given(tmp_path: Path) -> None:
    for number in range(2):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.zeros((4, 4), np.uint8))
    source = open_source(tmp_path).source
    zero = np.zeros(2, np.intp)
    values = np.full((2, 1), 1, np.float32)
    predictions = Predictions(("cat",), (source,), (1.0,), zero, np.array([1, 0]), values)
    write_predictions_csv(tmp_path / "out.csv", predictions)
    images = [row[2] for row in read_csv(tmp_path / "out.csv")[1:]]
    assert images == [str(tmp_path / "1.png"), str(tmp_path / "0.png")]


def test_that_a_source_that_is_gone_is_told_and_nothing_written(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        write_predictions_csv(tmp_path / "out.csv", make())
    assert not list(tmp_path.iterdir())


def test_that_a_wrong_number_of_origins_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="1 names of images for 2 predictions"):
        write_predictions_csv(tmp_path / "out.csv", make(), ["one"])


@pytest.mark.parametrize("write", [write_predictions_csv, write_predictions_xlsx])
def test_that_a_place_that_cannot_be_written_gives_a_plain_message(tmp_path: Path, write: object) -> None:
    (tmp_path / "file").write_text("not a folder")
    predictions = make()
    with pytest.raises(ExportError, match="cannot be written"):
        write(tmp_path / "file" / "out.csv", predictions, origins_of(predictions))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("write", [write_predictions_csv, write_predictions_xlsx])
def test_that_an_old_file_stays_if_the_disk_is_full(
    tmp_path: Path, write: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    predictions = make()
    with pytest.raises(ExportError, match="No space left"):
        write(path, predictions, origins_of(predictions))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_that_file_names_without_valid_text_are_written(tmp_path: Path) -> None:
    predictions = make()
    origins = ["caf\udce9.png", "plain.png"]
    write_predictions_csv(tmp_path / "out.csv", predictions, origins)
    write_predictions_xlsx(tmp_path / "out.xlsx", predictions, origins)
    assert read_csv(tmp_path / "out.csv")[1][2] == "caf\\udce9.png"
    assert read_xlsx(tmp_path / "out.xlsx")["Images"][1][2] == "caf\\udce9.png"
