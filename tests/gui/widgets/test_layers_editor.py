import pytest
from PyQt5.QtCore import QPoint, Qt
from PyQt5.QtWidgets import QListWidget, QPushButton, QSpinBox
from pytestqt.qtbot import QtBot

from aid_desktop.gui.widgets.field_editor import FieldEditor, make_editor
from aid_desktop.gui.widgets.layers_dialog import LayerItem
from aid_desktop.gui.widgets.layers_editor import LayersEditor
from aid_desktop.settings.hyperparameters import HyperParameters

NAMES = ("conv_1", "conv_2", "out")
LAYERS = (LayerItem("conv_1", 8), LayerItem("conv_2", 16), LayerItem("out"))


@pytest.fixture
def field(qtbot: QtBot) -> FieldEditor:
    field = make_editor(HyperParameters, "trainable")
    qtbot.addWidget(field)
    return field


def editor_of(field: FieldEditor) -> LayersEditor:
    assert isinstance(field.editor, LayersEditor)
    return field.editor


def test_that_words_and_last_layers_can_be_chosen(field: FieldEditor) -> None:
    editor = editor_of(field)
    shown = [editor.itemText(row) for row in range(editor.count())]
    assert shown == [
        "all", "dense", "the last layer", "the last 2 layers", "the last 3 layers", "the last 5 layers", "choose…",
    ]  # fmt: skip
    editor.setCurrentIndex(4)
    assert field.value() == "last:3"
    field.set_value("last:7")
    assert editor.currentText() == "the last 7 layers"


def test_that_layers_are_ticked_in_a_dialog(field: FieldEditor, qtbot: QtBot) -> None:
    editor = editor_of(field)
    with qtbot.waitSignal(editor.names_wanted):
        editor.activated[int].emit(editor.count() - 1)
    assert field.value() == "all"
    dialog = editor.ask(LAYERS)
    assert dialog.ticked() == NAMES
    dialog.findChild(QListWidget, "layerList").item(1).setCheckState(Qt.CheckState.Unchecked)
    with qtbot.waitSignal(field.value_changed):
        dialog.findChild(QPushButton, "layersOkButton").click()
    assert field.value() == (("conv_1", True), ("conv_2", False), ("out", True))
    assert editor.currentText() == "2 of 3 layers"
    assert editor.ask(LAYERS).ticked() == ("conv_1", "out")


def test_that_all_ticked_is_all(field: FieldEditor) -> None:
    field.set_value({"out": False})
    dialog = editor_of(field).ask(LAYERS)
    dialog.findChild(QListWidget, "layerList").item(2).setCheckState(Qt.CheckState.Checked)
    dialog.findChild(QPushButton, "layersOkButton").click()
    assert field.value() == "all"


def test_that_a_part_of_a_layer_can_learn(field: FieldEditor) -> None:
    editor = editor_of(field)
    field.set_value({"conv_2": 0.25})
    dialog = editor.ask(LAYERS)
    assert dialog.findChild(QSpinBox, "layerShare.out") is None
    first, second = (dialog.findChild(QSpinBox, f"layerShare.{name}") for name in NAMES[:2])
    assert (first.text(), second.text()) == ("100 % of 8 units", "25 % of 16 units")
    first.setValue(50)
    item = dialog.findChild(QListWidget, "layerList").item(1)
    item.setCheckState(Qt.CheckState.Unchecked)
    assert first.isEnabled()
    assert not second.isEnabled()
    dialog.findChild(QPushButton, "layersOkButton").click()
    assert field.value() == (("conv_1", 0.5), ("conv_2", False), ("out", True))
    assert editor.currentText() == "2 of 3 layers, 1 in part"
    assert editor.toolTip() == "conv_1 (50%), out"
    dialog = editor.ask(LAYERS)
    assert dialog.shares() == field.value()
    dialog.findChild(QListWidget, "layerList").item(1).setCheckState(Qt.CheckState.Checked)
    dialog.findChild(QSpinBox, "layerShare.conv_1").setValue(100)
    dialog.findChild(QPushButton, "layersOkButton").click()
    assert field.value() == "all"


def test_that_a_tick_reaches_the_list_beside_a_box(field: FieldEditor, qtbot: QtBot) -> None:
    dialog = editor_of(field).ask(LAYERS)
    layers = dialog.findChild(QListWidget, "layerList")
    qtbot.waitUntil(lambda: layers.viewport().childAt(layers.width() - 30, 10) is not None)
    rect = layers.visualItemRect(layers.item(0))
    at = QPoint(rect.left() + 10, rect.center().y())
    # The box does not lie over the tick.
    assert layers.viewport().childAt(at) is None
    qtbot.mouseClick(layers.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert dialog.ticked() == NAMES[1:]
