"""The map as a user handles it: making it, colours, legend, lasso to the gallery and back, its own window."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QCheckBox, QComboBox, QDialog, QLabel, QPushButton, QSpinBox, QTabWidget

from aid_desktop.errors import ModelError
from aid_desktop.evaluation.calibration import with_temperature
from aid_desktop.evaluation.predictions import Threshold
from aid_desktop.evaluation.projection import Method
from aid_desktop.gui.assess import embedding_map
from aid_desktop.gui.assess.assess_tab import AssessTab
from aid_desktop.gui.assess.assessment import with_threshold
from aid_desktop.gui.assess.embedding_view import EmbeddingView
from aid_desktop.models.files import LoadedModel


@pytest.fixture
def asked() -> list[int]:
    """Return the number of images of each embedding that was asked for."""
    return []


@pytest.fixture
def view(assessed_tab: AssessTab, monkeypatch: pytest.MonkeyPatch, card, asked: list[int]) -> EmbeddingView:
    monkeypatch.setattr(embedding_map, "load_model", lambda path: LoadedModel(None, card, path))

    def embed(loaded, predictions, progress, stop) -> np.ndarray:
        """Let images of each cell of the matrix lie together."""
        asked.append(predictions.n)
        progress(predictions.n, predictions.n)
        random = np.random.default_rng(0).standard_normal((predictions.n, 3))
        centres = 40.0 * np.stack([predictions.labels, predictions.predicted(), predictions.labels], axis=1)
        return (random + centres).astype(np.float32)

    monkeypatch.setattr(embedding_map, "embed_rows", embed)
    tabs = assessed_tab.findChild(QTabWidget, "assessResultTabs")
    tabs.setCurrentWidget(assessed_tab.insights.map)
    return assessed_tab.insights.map


@pytest.fixture
def mapped(qtbot, view: EmbeddingView, idle) -> EmbeddingView:
    qtbot.mouseClick(view.findChild(QPushButton, "embeddingStage.action"), Qt.LeftButton)
    idle()
    assert view.messages.notes == ()
    return view


def child(view: EmbeddingView, kind: type, name: str):
    found = view.findChild(kind, name)
    assert found is not None, name
    return found


def test_that_picked_points_are_shown_in_the_gallery(assessed_tab: AssessTab, mapped: EmbeddingView) -> None:
    assert len(mapped.plot.places) == 26
    mapped.plot.picked.emit(np.array([3, 20]))
    assert sorted(assessed_tab.gallery.images.positions.tolist()) == [3, 20]
    assert assessed_tab.gallery.heading.text().startswith("2 images chosen on the map")


def test_that_images_selected_in_the_gallery_are_ringed(
    assessed_tab: AssessTab, mapped: EmbeddingView, monkeypatch: pytest.MonkeyPatch
) -> None:
    ringed: list[list[int]] = []
    monkeypatch.setattr(mapped.plot, "set_ringed", lambda points: ringed.append(points.tolist()))
    mapped.plot.picked.emit(np.arange(10))
    grid = assessed_tab.gallery.grid
    grid.setCurrentIndex(grid.images.index(4))
    assert ringed[-1] == [assessed_tab.gallery.images.positions[4]]
    mapped.plot.picked.emit(np.array([7]))
    assert ringed[-1] == []


def test_that_colours_tell_what_is_chosen_and_the_legend_hides(mapped: EmbeddingView, assessed_tab: AssessTab) -> None:
    assert mapped.legend.text == "cat  13, automobile  13"
    colors = child(mapped, QComboBox, "embeddingColor")
    expected = {
        "predicted class": "cat  11, automobile  15",
        "correct or wrong": "correct  20, wrong  6",
        "certainty": "< 0.5  0, 0.5–0.7  26, 0.7–0.9  0, 0.9–0.99  0, ≥ 0.99  0",
        "actual class": "cat  13, automobile  13",
    }
    for name, text in expected.items():
        colors.setCurrentText(name)
        assert mapped.legend.text == text
    colors.setCurrentText("correct or wrong")
    # Those of the classes before are deleted later.
    mapped.legend.findChildren(QCheckBox, "embeddingLegend.0")[-1].click()
    assert np.count_nonzero(mapped.plot.visible) == 6
    child(mapped, QPushButton, "embeddingShowAll").click()
    matrix = assessed_tab.assessment.matrix
    wrong = np.flatnonzero(matrix.actual != matrix.predicted)
    assert sorted(assessed_tab.gallery.images.positions.tolist()) == wrong.tolist()


def test_that_another_method_uses_the_embedding_again_and_another_number_does_not(
    mapped: EmbeddingView, asked: list[int], idle
) -> None:
    before = mapped.plot.places
    child(mapped, QComboBox, "embeddingMethod").setCurrentText("t-SNE")
    idle()
    assert mapped.shown_map.method is Method.TSNE
    assert not np.array_equal(mapped.plot.places, before)
    assert asked == [26]
    child(mapped, QSpinBox, "embeddingLimit").setValue(100)
    idle()
    assert asked == [26, 26]


def test_that_a_sample_is_told(mapped: EmbeddingView, idle) -> None:
    limit = child(mapped, QSpinBox, "embeddingLimit")
    limit.setMinimum(10)
    limit.setValue(10)
    idle()
    assert len(mapped.plot.places) == 10
    assert mapped.messages.notes[0].text == "10 of 26 images, each class in its share."


def test_that_a_point_tells_its_image(qtbot, mapped: EmbeddingView, idle) -> None:
    mapped.plot.pointed.emit(5)
    caption = child(mapped, QLabel, "embeddingHover.caption")
    picture = child(mapped, QLabel, "embeddingHover.picture")
    qtbot.waitUntil(lambda: picture.pixmap() is not None and not picture.pixmap().isNull())
    idle()
    assert caption.text().startswith("cat → ") or caption.text().startswith("automobile → ")
    assert mapped.hover.isVisible()
    mapped.plot.pointed.emit(-1)
    assert not mapped.hover.isVisible()


def test_that_the_map_has_a_window_of_its_own_and_comes_back(qtbot, mapped: EmbeddingView) -> None:
    child(mapped, QPushButton, "embeddingEnlarge").click()
    dialog = child(mapped, QDialog, "embeddingDialog")
    assert mapped.plot.window() is dialog
    dialog.close()
    assert mapped.plot.window() is mapped.window()
    assert mapped.plot.isVisible()
    assert not child(mapped, QPushButton, "embeddingEnlarge").isChecked()


def test_that_the_table_of_the_map_has_a_line_for_each_image(mapped: EmbeddingView, tmp_path: Path) -> None:
    mapped.plot.save(tmp_path / "map.csv")
    with (tmp_path / "map.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 26
    assert [float(row["x"]) for row in rows] == pytest.approx(mapped.plot.places[:, 0].tolist())
    wrong = [row for row in rows if row["actual"] != row["predicted"]]
    assert len(wrong) == 6
    assert rows[0]["image"].endswith(f"{rows[0]['actual']}.rtdc#0")


def test_that_caption_and_table_tell_the_classes_under_the_threshold(
    qtbot, assessed_tab: AssessTab, mapped: EmbeddingView, idle, tmp_path: Path
) -> None:
    made = with_threshold(assessed_tab.assessment, Threshold(0, 0.99), None)
    before = mapped.plot.places
    mapped.show_assessment(made)
    assert mapped.plot.places is before
    mapped.plot.pointed.emit(0)
    caption = child(mapped, QLabel, "embeddingHover.caption")
    qtbot.waitUntil(lambda: caption.text().partition(" → ")[2].startswith("automobile"))
    idle()
    mapped.plot.save(tmp_path / "map.csv")
    with (tmp_path / "map.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["predicted"] for row in rows} == {"automobile"}


def test_that_another_temperature_keeps_the_map(assessed_tab: AssessTab, mapped: EmbeddingView) -> None:
    made = assessed_tab.assessment
    before = mapped.plot.places
    mapped.show_assessment(replace(made, predictions=with_temperature(made.predictions, 2)))
    assert mapped.shown_map is not None
    assert mapped.plot.places is before


def test_that_a_map_that_is_cancelled_can_be_chosen_again(mapped: EmbeddingView, idle) -> None:
    methods = child(mapped, QComboBox, "embeddingMethod")
    methods.setCurrentText("t-SNE")
    mapped.work.cancel()
    idle()
    assert methods.currentText() == str(mapped.shown_map.method) == "PCA"
    methods.setCurrentText("t-SNE")
    idle()
    assert mapped.shown_map.method is Method.TSNE


def test_that_a_new_map_rings_what_is_selected(
    assessed_tab: AssessTab, mapped: EmbeddingView, idle, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = assessed_tab.gallery.grid
    grid.setCurrentIndex(grid.images.index(1))
    ringed: list[list[int]] = []
    monkeypatch.setattr(mapped.plot, "set_ringed", lambda points: ringed.append(points.tolist()))
    child(mapped, QComboBox, "embeddingMethod").setCurrentText("t-SNE")
    idle()
    assert ringed[-1] == [assessed_tab.gallery.images.positions[1]]


def test_that_failures_are_told_and_another_result_begins_anew(
    qtbot, assessed_tab: AssessTab, mapped: EmbeddingView, idle, monkeypatch: pytest.MonkeyPatch
) -> None:
    with qtbot.waitSignal(assessed_tab.assessed):
        assessed_tab.assess()
    idle()
    assert mapped.shown_map is None

    def fail(path: Path) -> None:
        raise ModelError("the model is gone: choose another one")

    monkeypatch.setattr(embedding_map, "load_model", fail)
    mapped.start()
    idle()
    assert mapped.messages.notes[0].text == "The model is gone: choose another one"
