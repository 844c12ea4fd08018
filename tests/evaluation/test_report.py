"""The report: page, workbook, table and picture."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from PIL import Image

from aid_desktop.data.digest import digest_of
from aid_desktop.data.formats import open_source
from aid_desktop.data.rtdc import RtdcReader
from aid_desktop.data.source import DataSource
from aid_desktop.errors import DataError, ExportError
from aid_desktop.evaluation.confusion import ConfusionMatrix
from aid_desktop.evaluation.metrics import score
from aid_desktop.evaluation.predictions import Predictions, Threshold
from aid_desktop.evaluation.report import write_report
from aid_desktop.evaluation.report_picture import draw_confusion_matrix

N = 30


@pytest.fixture
def source(tmp_path: Path) -> DataSource:
    import h5py

    path = tmp_path / "a<b>&.rtdc"
    with h5py.File(path, "w") as file:
        file["events/image"] = np.zeros((N, 4, 4), np.uint8)
    source = open_source(path).source
    assert isinstance(open_source(path), RtdcReader)
    return source


def make(source: DataSource, names: tuple[str, ...]) -> Predictions:
    generator = np.random.default_rng(3)
    labels = np.arange(N) % len(names)
    values = generator.dirichlet(np.ones(len(names)), N) * 0.6 + 0.4 * np.eye(len(names))[labels]
    return Predictions(names, (source,), (1.5,), np.zeros(N, np.intp), np.arange(N), values.astype(np.float32), labels)


def report(source: DataSource, folder: Path, names: tuple[str, ...] = ("cat", "dog"), **options: object) -> list[Path]:
    predictions = make(source, names)
    threshold = options.pop("threshold", None)
    matrix = ConfusionMatrix.from_predictions(predictions, threshold)
    return write_report(score(predictions, threshold), matrix, predictions, folder, "My model", **options)


class Balance(HTMLParser):
    """Collects tags that are not closed, and all text."""

    VOID = frozenset({"meta", "br", "img"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def read_page(path: Path) -> Balance:
    page = Balance()
    page.feed(path.read_text("utf-8"))
    assert page.open == []
    return page


def test_that_four_files_are_written_and_nothing_else(source: DataSource, tmp_path: Path) -> None:
    paths = report(source, tmp_path / "new" / "report")
    assert [path.name for path in paths] == [
        "report.html", "report.xlsx", "predictions.csv", "confusion_matrix.png",
    ]  # fmt: skip
    assert sorted(paths) == sorted((tmp_path / "new" / "report").iterdir())


def test_that_the_page_is_complete_escaped_and_needs_no_other_file(source: DataSource, tmp_path: Path) -> None:
    model = tmp_path / "model.keras"
    model.write_bytes(b"weights")
    names = ("<script>alert(1)</script>", "Ω & 犬")
    path = report(source, tmp_path / "out", names, model=model)[0]
    text = path.read_text("utf-8")
    assert "<script" not in text
    assert "prefers-color-scheme: dark" in text
    assert not re.search(r"(src|href)\s*=\s*[\"']?(?!data:)|url\(|@import", text)
    page = read_page(path)
    for wanted in (*names, str(source.path), source.digest, str(model), digest_of(model), "My model"):
        assert wanted in page.texts


def test_that_the_page_shows_every_count_with_its_share(source: DataSource, tmp_path: Path) -> None:
    page = read_page(report(source, tmp_path / "out")[0])
    matrix = ConfusionMatrix.from_predictions(make(source, ("cat", "dog")))
    for count, share in zip(matrix.counts.reshape(-1), matrix.by_row().reshape(-1), strict=True):
        assert str(count) in page.texts
        assert f"{share:.1%}" in page.texts


def test_that_the_threshold_is_told(source: DataSource, tmp_path: Path) -> None:
    paths = report(source, tmp_path / "out", threshold=Threshold(1, 0.25))
    assert "greater than 0.25" in paths[0].read_text("utf-8")
    summary = openpyxl.load_workbook(paths[1])["Summary"]
    assert ("threshold", 0.25) in list(summary.iter_rows(values_only=True))


def test_that_a_class_without_images_leaves_gaps_not_errors(source: DataSource, tmp_path: Path) -> None:
    predictions = make(source, ("cat", "dog"))
    predictions = predictions.select(predictions.labels == 0)
    matrix = ConfusionMatrix.from_predictions(predictions)
    paths = write_report(score(predictions), matrix, predictions, tmp_path / "out", "One class")
    assert "–" in read_page(paths[0]).texts


def test_that_a_faultless_model_has_no_confusions(source: DataSource, tmp_path: Path) -> None:
    labels = np.arange(N) % 2
    predictions = replace(make(source, ("cat", "dog")), probabilities=np.eye(2, dtype=np.float32)[labels])
    matrix = ConfusionMatrix.from_predictions(predictions)
    page = write_report(score(predictions), matrix, predictions, tmp_path / "out", "Perfect")[0]
    assert "No image was given to a wrong class." in read_page(page).texts


def test_that_many_classes_are_shown_as_a_picture(source: DataSource, tmp_path: Path) -> None:
    names = tuple(f"class {number}" for number in range(70))
    text = report(source, tmp_path / "out", names)[0].read_text("utf-8")
    assert 'src="data:image/png;base64,' in text
    assert len(text) < 1_000_000


def test_that_the_workbook_reads_back(source: DataSource, tmp_path: Path) -> None:
    workbook = openpyxl.load_workbook(report(source, tmp_path / "out", ("cat", "=dog"))[1])
    assert workbook.sheetnames == ["Summary", "Confusion matrix", "Per class", "Images"]
    predictions = make(source, ("cat", "=dog"))
    matrix, scores = ConfusionMatrix.from_predictions(predictions), score(predictions)
    table = [list(row) for row in workbook["Confusion matrix"].iter_rows(values_only=True)]
    assert table[0] == ["actual \\ predicted", "cat", "=dog"]
    assert [row[1:] for row in table[1:]] == matrix.counts.tolist()
    per_class = list(workbook["Per class"].iter_rows(values_only=True))
    assert per_class[2][0] == "=dog"
    assert per_class[1][1] == pytest.approx(scores.per_class[0].precision)
    summary = dict(workbook["Summary"].iter_rows(values_only=True))
    assert summary["images"] == N
    assert summary["accuracy"] == pytest.approx(scores.accuracy)
    assert workbook["Images"].max_row == N + 1


def test_that_a_folder_that_cannot_be_written_gives_a_plain_message(source: DataSource, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ExportError, match="cannot be written"):
        report(source, tmp_path / "file")


def test_that_a_model_or_source_that_is_gone_is_told(source: DataSource, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.keras"):
        report(source, tmp_path / "out", model=tmp_path / "gone.keras")
    source.path.unlink()
    with pytest.raises(DataError, match="does not exist"):
        report(source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def has_colour(picture: Image.Image, near: tuple[int, int, int]) -> bool:
    pixels = np.asarray(picture, np.int64).reshape(-1, 3)
    return bool((np.abs(pixels - near).max(axis=1) < 12).any())


def matrix_of(counts: list[list[int]], names: tuple[str, ...]) -> ConfusionMatrix:
    flat = np.repeat(np.arange(len(names) ** 2), np.reshape(counts, -1))
    return ConfusionMatrix(names, flat // len(names), flat % len(names))


def test_that_correct_is_blue_and_wrong_is_orange() -> None:
    good = draw_confusion_matrix(matrix_of([[5, 0], [0, 5]], ("cat", "dog")))
    bad = draw_confusion_matrix(matrix_of([[0, 5], [5, 0]], ("cat", "dog")))
    blue, orange = (24, 95, 170), (240, 130, 30)
    assert (has_colour(good, blue), has_colour(good, orange)) == (True, False)
    assert (has_colour(bad, blue), has_colour(bad, orange)) == (False, True)


def test_that_a_single_wrong_image_among_thousands_is_tinted() -> None:
    picture = draw_confusion_matrix(matrix_of([[9999, 1], [0, 5]], ("cat", "dog")))
    assert has_colour(picture, (254, 245, 236))


@pytest.mark.parametrize(
    "names",
    [
        ("日本", "犬"),
        ("two\nlines", "\u200b"),
        ("a" * 500, "W" * 500),
        ("\udce9", "x"),
        ("שלום", "é ü ß"),
    ],
)
def test_that_any_class_name_can_be_drawn(names: tuple[str, str]) -> None:
    picture = draw_confusion_matrix(matrix_of([[3, 1], [0, 5]], names), note="note " * 900)
    assert max(picture.size) < 800


def test_that_names_the_font_lacks_differ_from_each_other_and_are_explained() -> None:
    plain = draw_confusion_matrix(matrix_of([[3, 1], [0, 5]], ("class 0", "class 1")))
    fallback = draw_confusion_matrix(matrix_of([[3, 1], [0, 5]], ("日本", "犬")))
    assert fallback.height > plain.height
    common = plain.height - 20
    left = np.asarray(plain)[:common, : plain.width]
    np.testing.assert_array_equal(left, np.asarray(fallback)[:common, : plain.width])


@pytest.mark.parametrize("n_classes", [1, 2, 10, 41, 1000])
def test_that_the_picture_stays_of_a_useful_size(n_classes: int) -> None:
    counts = np.eye(n_classes, dtype=int)
    names = tuple(f"name of class {number}" for number in range(n_classes))
    picture = draw_confusion_matrix(matrix_of(counts.tolist(), names))
    assert min(picture.size) > 100
    assert max(picture.size) < 3300
