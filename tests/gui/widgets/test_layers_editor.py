import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QListWidget
from pytestqt.qtbot import QtBot

from aid_desktop.gui.widgets.field_editor import FieldEditor, make_editor
from aid_desktop.gui.widgets.layers_editor import LayersEditor
from aid_desktop.settings.hyperparameters import HyperParameters

NAMES = ("conv_1", "conv_2", "out")


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
    dialog = editor.ask(NAMES)
    assert dialog.ticked() == NAMES
    dialog.findChild(QListWidget, "layerList").item(1).setCheckState(Qt.CheckState.Unchecked)
    with qtbot.waitSignal(field.value_changed):
        dialog.accept_button.click()
    assert field.value() == (("conv_1", True), ("conv_2", False), ("out", True))
    assert editor.currentText() == "2 of 3 layers"
    assert editor.ask(NAMES).ticked() == ("conv_1", "out")


def test_that_all_ticked_is_all(field: FieldEditor) -> None:
    field.set_value({"out": False})
    dialog = editor_of(field).ask(NAMES)
    dialog.findChild(QListWidget, "layerList").item(2).setCheckState(Qt.CheckState.Checked)
    dialog.accept_button.click()
    assert field.value() == "all"
