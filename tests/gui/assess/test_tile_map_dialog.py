"""Classifying a large image in its dialog, with a network that tells how bright a tile is."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PyQt5.QtCore import QMimeData, QPoint, Qt, QUrl
from PyQt5.QtGui import QDragEnterEvent, QDropEvent
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QAction,
    QApplication,
    QCheckBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QSlider,
)

from aid_desktop.evaluation import tile_map
from aid_desktop.evaluation.predictions import Threshold
from aid_desktop.gui.assess import tile_mapping
from aid_desktop.gui.assess.tile_map_dialog import TileMapDialog
from aid_desktop.models.files import LoadedModel


class FakePredictor:
    """Says automobile where a tile is bright."""

    def __init__(self, model, card, n_images, on_convert) -> None:
        pass

    def predict(self, images, should_stop=None):
        bright = images.reshape(len(images), -1).mean(axis=1) / 255
        return np.stack([1 - bright, bright], axis=1).astype(np.float32)


@pytest.fixture
def slide(tmp_path) -> Path:
    """Return an image of 60 × 36 px whose right half is bright; the model takes tiles of 6 × 6 px."""
    image = np.full((36, 60), 25, np.uint8)
    image[:, 30:] = 230
    path = tmp_path / "slide.png"
    Image.fromarray(image).save(path)
    return path


@pytest.fixture
def make(qtbot, background, model_file, card, monkeypatch):
    """Return a function that shows the dialog with a threshold."""
    monkeypatch.setattr(tile_mapping, "load_model", lambda path: LoadedModel(None, card, path))
    monkeypatch.setattr(tile_map, "Predictor", FakePredictor)

    def show(threshold: Threshold | None = None) -> TileMapDialog:
        made = TileMapDialog(model_file, threshold, background)
        qtbot.addWidget(made)
        made.show()
        return made

    return show


@pytest.fixture
def dialog(make, slide, idle) -> TileMapDialog:
    """Return the dialog with the image in it."""
    made = make()
    made.choose(slide)
    idle()
    return made


def classify(qtbot, dialog: TileMapDialog, idle) -> str:
    qtbot.mouseClick(dialog.findChild(QPushButton, "tileMapStart"), Qt.LeftButton)
    idle()
    return dialog.view.legend.text


def color_at(dialog: TileMapDialog, column: int, row: int):
    view = dialog.view.image
    return view.canvas.grab().toImage().pixelColor(view.pixel_of(column, row))


def test_that_nothing_can_be_classified_or_saved_before_an_image_is_there(make) -> None:
    dialog = make()
    assert not dialog.start_button.isEnabled()
    assert not dialog.save_button.isEnabled()
    assert "drop one here" in dialog.view.image.empty_text


def test_that_the_classes_of_tiles_are_shown_over_the_image(qtbot, dialog, idle) -> None:
    assert dialog.findChild(QLabel, "tileMapImageSize").text() == ("60 × 36 px. The model takes tiles of 6 × 6 px.")
    dark = color_at(dialog, 10, 10)
    assert classify(qtbot, dialog, idle) == "cat  30, automobile  30"
    assert dialog.mapped.tile_map.size == (6, 6)
    covered = color_at(dialog, 10, 10)
    assert covered.red() > dark.red() + 50
    dialog.findChild(QSlider, "tileMapOpacity").setValue(0)
    assert color_at(dialog, 10, 10) == dark
    dialog.findChild(QSlider, "tileMapOpacity").setValue(100)
    dialog.findChild(QCheckBox, "tileMapLegend.0").click()
    assert color_at(dialog, 10, 10) == dark


def test_that_the_probabilities_under_the_mouse_are_told(qtbot, dialog, idle) -> None:
    classify(qtbot, dialog, idle)
    assert "Point at the image" in dialog.findChild(QLabel, "tileMapPointed").text()
    image = dialog.view.image
    QTest.mouseMove(image.canvas.viewport(), image.pixel_of(45, 20))
    qtbot.waitUntil(
        lambda: dialog.findChild(QLabel, "tileMapPointed").text() == "x 45, y 20: automobile 0.902, cat 0.098"
    )
    qtbot.wait(20)  # pyqtgraph skips moves that come too fast
    QTest.mouseMove(image.canvas.viewport(), QPoint(1, 1))
    qtbot.waitUntil(lambda: "Point at the image" in dialog.findChild(QLabel, "tileMapPointed").text())


def test_that_size_stride_and_threshold_decide(qtbot, make, slide, idle) -> None:
    dialog = make(Threshold(1, 0.95))
    dialog.choose(slide)
    idle()
    dialog.size_box.setValue(12)
    dialog.stride_box.setValue(30)
    assert classify(qtbot, dialog, idle) == "cat  6, automobile  0"
    QTest.mouseMove(dialog.view.image.canvas.viewport(), dialog.view.image.pixel_of(20, 20))
    qtbot.waitUntil(lambda: dialog.findChild(QLabel, "tileMapPointed").text() == "x 20, y 20: no tile")
    dialog.stride_box.setValue(0)
    assert dialog.mapped is None
    assert not dialog.save_button.isEnabled()


@pytest.mark.parametrize("name", ["map", "map.tif"])
def test_that_the_label_map_is_saved(qtbot, dialog, idle, tmp_path, monkeypatch, name) -> None:
    classify(qtbot, dialog, idle)
    asked = []

    def ask(parent, title, start, filters):
        asked.append(start)
        return str(tmp_path / name), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
    qtbot.mouseClick(dialog.save_button, Qt.LeftButton)
    idle()
    assert asked == [str(tmp_path / "slide_labels.png")]
    path = tmp_path / (name if "." in name else "map.png")
    labels = np.asarray(Image.open(path))
    assert labels[:, :30].tolist() == [[1] * 30] * 36
    assert labels[:, 30:].tolist() == [[2] * 30] * 36
    assert json.loads((tmp_path / "map.json").read_text())["labels"]["2"] == "automobile"
    assert (tmp_path / "map_tiles.csv").exists()
    assert dialog.messages.notes[-1].text == f"The label map is in {path}"


def test_that_one_of_several_images_is_chosen_by_its_number(qtbot, make, tmp_path, idle) -> None:
    np.save(tmp_path / "stack.npy", np.stack([np.full((12, 12), level, np.uint8) for level in (0, 255, 0)]))
    dialog = make()
    dialog.choose(tmp_path / "stack.npy")
    idle()
    assert dialog.number_box.isVisible()
    assert dialog.number_box.text() == "1 of 3"
    dialog.number_box.setValue(2)
    idle()
    assert classify(qtbot, dialog, idle) == "cat  0, automobile  4"
    assert dialog.mapped.image.name == "stack_00001"


def test_that_an_image_comes_by_drop_button_and_path(qtbot, make, slide, idle, monkeypatch) -> None:
    dialog = make()
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(slide))])
    for kind in (QDragEnterEvent, QDropEvent):
        event = kind(QPoint(5, 5), Qt.CopyAction, mime, Qt.LeftButton, Qt.NoModifier)
        QApplication.sendEvent(dialog, event)
        assert event.isAccepted()
    idle()
    assert dialog.start_button.isEnabled()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(slide.with_name("none.png")), ""))
    qtbot.mouseClick(dialog.findChild(QPushButton, "tileMapBrowse"), Qt.LeftButton)
    idle()
    assert "does not exist" in dialog.messages.notes[0].text
    assert not dialog.start_button.isEnabled()
    dialog.path.setText(str(slide))
    qtbot.keyClick(dialog.path, Qt.Key_Return)
    idle()
    assert dialog.messages.notes == ()
    assert dialog.start_button.isEnabled()


def test_that_failures_and_cancelling_leave_the_dialog_usable(qtbot, dialog, idle, card, monkeypatch) -> None:
    dialog.size_box.setValue(40)
    classify(qtbot, dialog, idle)
    assert "less than one tile of 40 × 40 px" in dialog.messages.notes[0].text
    deep = replace(card, pixel_type="uint16")
    monkeypatch.setattr(tile_mapping, "load_model", lambda path: LoadedModel(None, deep, path))
    classify(qtbot, dialog, idle)
    assert "expected 16 bits" in dialog.messages.notes[0].text

    def load_and_cancel(path):
        dialog.work.job.cancel()
        return LoadedModel(None, card, path)

    monkeypatch.setattr(tile_mapping, "load_model", load_and_cancel)
    dialog.size_box.setValue(0)
    classify(qtbot, dialog, idle)
    assert dialog.messages.notes == ()
    assert dialog.mapped is None
    assert dialog.start_button.isEnabled()


def test_that_the_tab_opens_the_dialog_for_its_model(qtbot, tab, notifier, model_file, idle) -> None:
    qtbot.mouseClick(tab.findChild(QPushButton, "classifyLargeButton"), Qt.LeftButton)
    assert "No model is chosen" in tab.messages.notes[0].text
    notifier.choose_model(model_file)
    idle()
    qtbot.mouseClick(tab.findChild(QPushButton, "classifyLargeButton"), Qt.LeftButton)
    assert tab.findChild(TileMapDialog, "tileMapDialog").isVisible()


def test_that_all_widgets_have_names(dialog: TileMapDialog) -> None:
    kinds = (QAbstractButton, QAbstractSpinBox, QLineEdit, QSlider)
    widgets = [one for kind in kinds for one in dialog.findChildren(kind) if not one.objectName().startswith("qt_")]
    assert len({widget.objectName() for widget in widgets}) == len(widgets) > 7
    assert all(widget.accessibleName() and widget.toolTip() for widget in widgets)


def test_that_the_menu_does_it_on_the_tab(window) -> None:
    window.findChild(QAction, "classify_a_large_imageAction").trigger()
    assert window.tabs.currentWidget() is window.assessment
    assert "No model is chosen" in window.assessment.messages.notes[0].text
