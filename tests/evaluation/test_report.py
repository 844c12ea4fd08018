"""The report: page, workbook, table and picture."""

import csv
import json
import re
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from PIL import Image

from aid_desktop import __version__
from aid_desktop.data.class_table import Role
from aid_desktop.data.digest import digest_of
from aid_desktop.data.formats import open_source
from aid_desktop.data.normalize import Normalization
from aid_desktop.data.rtdc import RtdcReader
from aid_desktop.data.source import DataSource
from aid_desktop.errors import DataError, ExportError
from aid_desktop.evaluation.confusion import ConfusionMatrix
from aid_desktop.evaluation.metrics import score
from aid_desktop.evaluation.predictions import Predictions, Threshold
from aid_desktop.evaluation.report import write_report
from aid_desktop.evaluation.report_facts import certain_mistakes, find_run
from aid_desktop.evaluation.report_picture import draw_confusion_matrix
from aid_desktop.evaluation.report_svg import Series, class_style, line_plot, ticks
from aid_desktop.models.metadata import CARD_NAME, ModelCard
from aid_desktop.runs.config import DataRow, ModelChoice, RunConfig
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.history import append_record
from aid_desktop.runs.records import EpochRecord
from aid_desktop.runs.run_toml import write_run_toml
from aid_desktop.runs.settings_log import Revision, append_revision
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.snapshot import TrainingSettings

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


def test_that_the_promised_files_are_written_and_nothing_else(source: DataSource, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "report"
    paths = report(source, folder)
    assert [path.name for path in paths[:4]] == [
        "report.html", "report.xlsx", "predictions.csv", "confusion_matrix.png",
    ]  # fmt: skip
    assert {path.name for path in paths[4:]} == {
        "summary.csv", "scores.csv", "confusion_matrix.csv", "confusions.csv", "per_class.csv", "data.csv",
        "versions.csv", "methods.csv", "roc.csv", "precision_recall.csv", "threshold.csv", "probabilities.csv",
        "reliability.csv", "coverage.csv",
    }  # fmt: skip
    assert sorted(paths) == sorted(path for path in folder.rglob("*") if path.is_file())


def test_that_the_tables_read_back(source: DataSource, tmp_path: Path) -> None:
    tables = report(source, tmp_path)[0].parent / "tables"
    with (tables / "scores.csv").open(encoding="utf-8") as file:
        rows = {row[0]: row[1:] for row in csv.reader(file)}
    scores = score(make(source, ("cat", "dog")))
    assert rows["score"] == ["value", "95 % from", "to"]
    expected = [scores.accuracy, *scores.intervals["accuracy"]]
    assert [float(value) for value in rows["Accuracy"]] == pytest.approx(expected)
    with (tables / "roc.csv").open(encoding="utf-8") as file:
        header, *points = csv.reader(file)
    assert header[0] == "false positive rate cat"
    assert float(points[0][0]) == 0


def test_that_the_page_is_complete_escaped_and_needs_no_other_file(source: DataSource, tmp_path: Path) -> None:
    model = tmp_path / "model.keras"
    model.write_bytes(b"weights")
    names = ("<script>alert(1)</script>", "Ω & 犬")
    path = report(source, tmp_path / "out", names, model=model)[0]
    text = path.read_text("utf-8")
    assert "<script" not in text
    assert "prefers-color-scheme: dark" in text
    assert not re.search(r"(src|href)\s*=\s*([^\"'\s]|[\"'](?!data:))|url\(|@import", text)
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
    assert workbook.sheetnames == [
        "Summary", "Scores", "Confusion matrix", "Confusions", "Per class", "Data", "Versions", "Methods", "Images",
    ]  # fmt: skip
    rows = list(workbook["Data"].iter_rows(values_only=True))
    assert rows[0] == ("data", "part", "kind", "class", "images", "zoom", "which", "problems", "digest")
    assert rows[1][3:8] == ("cat, =dog", N, 1.5, "all", "none")
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


def test_that_a_report_can_be_left_and_no_half_file_stays(source: DataSource, tmp_path: Path) -> None:
    told = []

    def progress(done: int, total: int) -> None:
        told.append((done, total))
        if len(told) == 3:
            raise ExportError("enough")

    with pytest.raises(ExportError, match="enough"):
        report(source, tmp_path / "out", progress=progress)
    assert told == [(1, 5), (2, 5), (2, 5)]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["report.html"]


def test_that_a_model_or_source_that_is_gone_is_told(source: DataSource, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.keras"):
        report(source, tmp_path / "out", model=tmp_path / "gone.keras")
    source.path.unlink()
    with pytest.raises(DataError, match="does not exist"):
        report(source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.fixture
def run_model(tmp_path: Path, source: DataSource) -> Path:
    """Return a model that a run of three epochs has saved, whose learning rate was changed once."""
    folder = RunFolder(tmp_path / "run & <co>")
    folder.create()
    rows = (DataRow(source.path, "cat", Role.TRAINING, images="0-4,7", shuffle=False),)
    write_run_toml(
        RunConfig(ImageSettings(), ModelChoice(architecture="LeNet5_do"), data=rows, seed=77), folder.run_toml
    )
    settings = TrainingSettings()
    append_revision(folder.settings_jsonl, Revision(0, 0, "2026-01-01T00:00:00+00:00", settings))
    changed = settings.with_hyperparameters(learning_rate=0.0005)
    append_revision(folder.settings_jsonl, Revision(1, 2, "2026-01-01T00:01:00+00:00", changed))
    for epoch in range(3):
        value = 0.5 + epoch / 10
        metrics = (("loss", 1 - value), ("accuracy", value), ("val_loss", 1 - value), ("val_accuracy", value))
        append_record(folder.history_csv, EpochRecord(epoch, int(epoch == 2), 0.001, metrics, 1.0))
    path = folder.last_model
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(CARD_NAME, json.dumps(CARD.to_json()))
    return path


CARD = ModelCard(
    ("cat", "dog"),
    ImageSettings(width=32, height=24),
    Normalization("divide_by_255"),
    "LeNet5_do",
    1,
    0,
    metrics=(("val_accuracy", 0.6),),
    data=(("/train/<cat>.rtdc", "abc123"),),
    versions=(("keras", "3.x"),),
)


def test_that_the_run_of_a_model_is_told(source: DataSource, tmp_path: Path, run_model: Path) -> None:
    paths = report(source, tmp_path / "out", model=run_model, card=CARD, role="test")
    page = read_page(paths[0])
    text = " ".join(" ".join(page.texts).split())
    assert "The network LeNet5_do was trained for 3 epochs with the optimizer Adam" in text
    assert "Images of 2 classes (cat, dog) were used as grey levels and cropped to 32 × 24 px around the object" in text
    assert "On 30 test images the model reached: accuracy 0." in text
    assert "The model saved after epoch 1 (counted from 0) was assessed. The random seed was 77." in text
    assert "training.learning_rate 0.001 → 0.0005" in text
    assert "Settings were changed once during training" in text
    assert str(run_model.parent) in page.texts
    assert "Data table of the run" in page.texts
    workbook = openpyxl.load_workbook(paths[1])
    assert workbook["History"].max_row == 4
    assert workbook["Settings"].max_row > 30
    assert [row[2:4] for row in workbook["Run data"].iter_rows(values_only=True)][1] == ("cat", "training")
    header, row = list(workbook["Run data"].iter_rows(values_only=True))
    told = dict(zip(header, row, strict=True))
    assert (told["which"], told["shuffle"]) == ("0-4,7", False)
    assert "0-4,7" in page.texts
    assert [row[6] for row in workbook["Data"].iter_rows(values_only=True)] == ["which", "all"]
    model = dict(workbook["Model"].iter_rows(values_only=True))
    assert model["digest"] == digest_of(run_model)
    assert (model["epoch (from 0)"], model["saved with keras"]) == ("1", "3.x")
    summary = dict(workbook["Summary"].iter_rows(values_only=True))
    assert summary["role of the images"] == "test"
    assert re.match(r"20\d\d-\d\d-\d\d \d\d:\d\d", summary["made on"])
    assert f"Test images. Report of AID Desktop {__version__}, made on {summary['made on']}." in text


def test_that_tables_of_an_older_report_are_removed_and_other_files_stay(
    source: DataSource, tmp_path: Path, run_model: Path
) -> None:
    first = report(source, tmp_path / "out", model=run_model, card=CARD)
    (tmp_path / "out" / "tables" / "own.csv").write_text("mine", encoding="utf-8")
    second = report(source, tmp_path / "out")
    assert {path.name for path in set(first) - set(second)} == {
        "model.csv", "run_data.csv", "settings.csv", "history.csv",
    }  # fmt: skip
    there = {path for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert there == {*second, tmp_path / "out" / "tables" / "own.csv"}


def test_that_the_model_is_told_by_its_whole_path(
    source: DataSource, tmp_path: Path, run_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(run_model.parent)
    page = report(source, tmp_path / "out", model=Path(run_model.name), card=CARD)[0]
    assert str(run_model) in read_page(page).texts


def test_that_a_damaged_run_is_told_and_the_rest_is_there(source: DataSource, tmp_path: Path, run_model: Path) -> None:
    (run_model.parent / "history.csv").write_text("nonsense\n1,2\n", encoding="utf-8")
    found = find_run(run_model)
    assert found is not None
    assert found.config is not None
    assert len(found.revisions) == 2
    text = report(source, tmp_path / "out", model=run_model, card=CARD)[0].read_text("utf-8")
    assert "Not everything of the run could be read" in text
    assert "was trained with the optimizer Adam" in text


def test_that_a_model_away_from_its_run_tells_what_its_card_knows(source: DataSource, tmp_path: Path) -> None:
    model = tmp_path / "model.keras"
    model.write_bytes(b"weights")
    card = replace(CARD, temperature=1.5)
    texts = read_page(report(source, tmp_path / "out", model=model, card=card)[0]).texts
    assert "/train/<cat>.rtdc" in texts
    assert "1.5" in texts
    assert any("calibrated by temperature scaling (T = 1.5)" in text for text in texts)
    assert any("was used as saved after epoch 1" in text for text in texts)


def test_that_drawings_are_sound_and_their_text_can_be_read(source: DataSource, tmp_path: Path) -> None:
    text = report(source, tmp_path / "out", ("<cat>", "dog & co"))[0].read_text("utf-8")
    drawings = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len(drawings) == 7
    roots = [ET.fromstring(drawing) for drawing in drawings]
    words = {"".join(node.itertext()) for root in roots for node in root.iter("text")}
    assert {"false positive rate", "recall", "Probability of <cat>", "enrichment"} <= words
    assert any(word.startswith("dog & co 0.") for word in words)


def test_that_the_most_certain_mistakes_are_shown(source: DataSource, tmp_path: Path) -> None:
    predictions = make(source, ("cat", "dog"))
    # All are taken for the other class.
    predictions = replace(predictions, probabilities=predictions.probabilities[:, ::-1])
    matrix = ConfusionMatrix.from_predictions(predictions)
    found = certain_mistakes(predictions, matrix, most=5)
    assert len(found) == 5
    assert [one.probability for one in found] == sorted((one.probability for one in found), reverse=True)
    assert found[0].probability == pytest.approx(predictions.probabilities.max())
    assert all(one.origin.startswith(str(source.path)) for one in found)
    page = write_report(score(predictions), matrix, predictions, tmp_path / "out", "Wrong")[0].read_text("utf-8")
    assert page.count("<figure>") == min(24, int((matrix.actual != matrix.predicted).sum()))


def test_that_lines_with_gaps_and_without_spread_can_be_drawn() -> None:
    gap = Series("a", np.array([0.0, 1, 2, 3]), np.array([1.0, np.nan, 1, 1]), "#000000")
    root = ET.fromstring(line_plot("flat", ("x", "y"), [gap, Series("none", gap.x, np.full(4, np.nan), "#000000")]))
    (path,) = root.iter("path")
    assert path.get("d").count("M") == 2
    assert ET.fromstring(line_plot("nothing", ("x", "y"), [])) is not None


def test_that_a_mark_after_the_last_point_stands_in_the_frame() -> None:
    line = Series("loss", np.array([0.0, 1.0, 2.0]), np.array([3.0, 2.0, 1.0]), "#0072b2")
    root = ET.fromstring(line_plot("Loss", ("epoch", "loss"), [line], marks=[3.0]))
    frame = next(node for node in root.iter("rect") if node.get("class") == "frame")
    mark = next(node for node in root.iter("line") if node.get("class") == "mark")
    assert float(mark.get("x1")) == pytest.approx(float(frame.get("x")) + float(frame.get("width")), abs=0.1)


def test_that_no_two_classes_of_a_plot_look_alike() -> None:
    assert len({class_style(index)[0] for index in range(60)}) == 60
    assert class_style(0) == ("#e69f00", "")
    assert class_style(7)[1] != class_style(0)[1]


def test_that_the_methods_name_the_interval_of_a_faultless_model(source: DataSource, tmp_path: Path) -> None:
    predictions = make(source, ("cat", "dog"))
    for labels, is_told in ((predictions.predicted(), True), (predictions.labels, False)):
        known = replace(predictions, labels=labels)
        matrix = ConfusionMatrix.from_predictions(known)
        page = write_report(score(known), matrix, known, tmp_path / "out", "Model")[0].read_text("utf-8")
        assert ("that of the accuracy is Wilson" in page) == is_told


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (0.001, 0.0034, [0.001, 0.0015, 0.002, 0.0025, 0.003]),
        (-5, 5, [-4, -2, 0, 2, 4]),
    ],
)
def test_that_ticks_are_round_numbers(low: float, high: float, expected: list[float]) -> None:
    assert ticks(low, high) == pytest.approx(expected)


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
