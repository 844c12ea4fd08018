"""Grad-CAM in the large view: made in the background, drawn over what the network sees, and left when not wanted."""

import threading
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QApplication, QCheckBox, QComboBox, QLabel, QPushButton, QSlider

from aid_desktop.errors import ModelError
from aid_desktop.evaluation.gradcam import HeatMap, overlaid
from aid_desktop.gui.assess import heat_maps
from aid_desktop.gui.assess.gradcam_panel import GradCamPanel
from aid_desktop.gui.assess.heat_maps import HeatMaps
from aid_desktop.gui.assess.image_dialog import ImageDialog
from aid_desktop.gui.background import JobContext


class FakeGradCam:
    """Says that the upper half speaks for class 0 and the lower one for class 1; tells what it was asked."""

    asked: ClassVar[list[tuple[int, str]]] = []
    gate = threading.Event()

    def __init__(self, loaded) -> None:
        FakeGradCam.gate.wait(5)
        self.layers = ("conv_2", "conv_1")

    def heat_map(self, image, class_index, layer, features) -> HeatMap:
        assert image.shape == (6, 6, 1)
        assert features.shape == (0,)
        if layer == "conv_1" and class_index == 0:
            raise ModelError("the score does not depend on the layer conv_1: choose another layer")
        FakeGradCam.asked.append((class_index, layer))
        values = np.zeros((6, 6), np.float32)
        values[:3] = 1 - class_index
        values[3:] = class_index
        return HeatMap(values, layer, class_index, 1.25, True)


@pytest.fixture
def fake(monkeypatch) -> type[FakeGradCam]:
    FakeGradCam.asked, FakeGradCam.gate = [], threading.Event()
    FakeGradCam.gate.set()
    monkeypatch.setattr(heat_maps, "GradCam", FakeGradCam)
    monkeypatch.setattr(heat_maps, "load_model", lambda path: path)
    return FakeGradCam


@pytest.fixture
def dialog(qtbot, assessed_tab, fake, background, idle) -> ImageDialog:
    """Return the large view of a cat that was taken for an automobile."""
    made = ImageDialog(background)
    qtbot.addWidget(made)
    made.show_image(assessed_tab.gallery.images, 0)
    idle()
    return made


def shown(dialog: ImageDialog) -> np.ndarray:
    """Return the picture of what the network sees, as uint8 (6, 6, 3)."""
    image = dialog.findChild(QLabel, "imageDialog.fitted").pixmap().toImage()
    step = image.width() // 6
    pixels = [[image.pixelColor(x * step + 2, y * step + 2) for x in range(6)] for y in range(6)]
    return np.array([[pixel.getRgb()[:3] for pixel in row] for row in pixels], np.uint8)


def tick(dialog: ImageDialog, idle) -> None:
    dialog.findChild(QCheckBox, "gradCam").click()
    idle()


def test_that_nothing_is_loaded_before_it_is_wanted(dialog, fake):
    assert not fake.asked
    assert not dialog.findChild(QComboBox, "gradCam.layer").isEnabled()
    assert not dialog.findChild(QComboBox, "gradCam.layer").count()


def test_that_the_map_of_the_predicted_class_is_drawn_over_the_image(dialog, idle):
    plain = shown(dialog)
    tick(dialog, idle)
    heat = dialog.heat.heat
    assert (heat.class_index, heat.layer) == (1, "conv_2")
    assert dialog.findChild(QLabel, "gradCam.status").text() == "automobile: score before the softmax 1.250"
    expected = overlaid(plain[:, :, 0], heat.values, "viridis", 0.5)
    np.testing.assert_array_equal(shown(dialog), expected)
    dialog.findChild(QPushButton, "gradCam.copy").click()
    copied = QApplication.clipboard().image()
    assert (copied.width(), copied.height()) == (640, 640)
    assert copied.pixelColor(10, 10).getRgb()[:3] == tuple(expected[0, 0])
    tick(dialog, idle)
    np.testing.assert_array_equal(shown(dialog), plain)


def test_that_class_layer_colours_and_opacity_can_be_chosen(dialog, idle, fake):
    plain = shown(dialog)
    tick(dialog, idle)
    classes, layers = (dialog.findChild(QComboBox, f"gradCam.{name}") for name in ("class", "layer"))
    assert [layers.itemText(number) for number in range(2)] == ["conv_2", "conv_1"]
    assert [classes.itemText(number) for number in range(3)] == ["the predicted class", "cat", "automobile"]
    layers.setCurrentText("conv_1")
    layers.activated.emit(1)
    idle()
    classes.setCurrentText("automobile")
    classes.activated.emit(2)
    idle()
    assert fake.asked[-1] == (1, "conv_1")
    n_asked = len(fake.asked)
    dialog.findChild(QComboBox, "gradCam.colors").setCurrentText("inferno")
    dialog.findChild(QSlider, "gradCam.opacity").setValue(100)
    expected = overlaid(plain[:, :, 0], dialog.heat.heat.values, "inferno", 1.0)
    np.testing.assert_array_equal(shown(dialog), expected)
    # Other colours need no network.
    assert len(fake.asked) == n_asked
    classes.setCurrentText("cat")
    classes.activated.emit(1)
    idle()
    assert (
        dialog.findChild(QLabel, "gradCam.status").text()
        == "The score does not depend on the layer conv_1: choose another layer"
    )
    np.testing.assert_array_equal(shown(dialog), plain)


def test_that_the_map_follows_to_the_next_image(dialog, idle, fake):
    tick(dialog, idle)
    dialog.findChild(QPushButton, "imageDialog.next").click()
    idle()
    assert len(fake.asked) == 2
    assert dialog.heat.heat is not None


def test_that_loading_can_be_cancelled(qtbot, dialog, idle, fake):
    fake.gate.clear()
    dialog.findChild(QCheckBox, "gradCam").click()
    cancel = dialog.findChild(QPushButton, "gradCamCancel")
    assert cancel.isVisible()
    qtbot.mouseClick(cancel, Qt.LeftButton)
    fake.gate.set()
    idle()
    assert not fake.asked
    assert not dialog.findChild(QCheckBox, "gradCam").isChecked()
    # Another time it works.
    tick(dialog, idle)
    assert dialog.heat.heat is not None


def test_that_a_model_without_pictures_says_so(dialog, idle, monkeypatch):
    def refuse(loaded):
        raise ModelError("tiny.keras has no layer whose output is a picture")

    monkeypatch.setattr(heat_maps, "GradCam", refuse)
    tick(dialog, idle)
    assert dialog.findChild(QLabel, "gradCam.status").text().endswith("has no layer whose output is a picture")
    assert dialog.heat.heat is None


def test_that_all_controls_have_names(qtbot, background):
    panel = GradCamPanel(background)
    qtbot.addWidget(panel)
    for name in ("gradCam.class", "gradCam.layer", "gradCam.colors", "gradCam.opacity"):
        widget = panel.findChild((QComboBox, QSlider), name)
        assert widget.accessibleName()
        assert widget.toolTip()
        assert not widget.isEnabled()


@pytest.mark.keras
def test_that_a_real_network_is_asked(qtbot, assessed_tab, card, tmp_path, background, idle):
    import keras

    from aid_desktop.models.files import save_model

    layers = [keras.layers.Input((6, 6, 1)), keras.layers.Conv2D(2, 3, name="conv"), keras.layers.Flatten()]
    model = keras.Sequential([*layers, keras.layers.Dense(2, activation="softmax")])
    save_model(model, card, tmp_path / "real.keras")
    maps, context = HeatMaps(tmp_path / "real.keras"), background.start("", lambda context: context, print).context
    assert maps.layers(context) == ("conv",)
    detail = assessed_tab.gallery.images.detail(0, context)
    assert maps.heat_map(detail, "conv", 1, context).values.shape == (6, 6)
    idle()


def test_that_another_result_of_the_same_file_gets_its_own_network(qtbot, assessed_tab, fake, background):
    panel = GradCamPanel(background)
    qtbot.addWidget(panel)
    made = assessed_tab.assessment
    detail = assessed_tab.gallery.images.detail(0, JobContext(lambda done, total: None))
    panel.show_detail(made, detail)
    first = panel._maps
    panel.show_detail(replace(made, matrix=made.matrix), detail)
    assert panel._maps is first
    # Trained on: the path is the same.
    panel.show_detail(replace(made, predictions=made.predictions.select(np.arange(made.predictions.n))), detail)
    assert panel._maps is not first
