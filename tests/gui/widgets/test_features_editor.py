import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QListWidget, QPushButton
from pytestqt.qtbot import QtBot

from aid_desktop.gui.widgets.features_editor import FeaturesEditor
from aid_desktop.gui.widgets.tick_dialog import TickDialog
from aid_desktop.settings.field import field_infos
from aid_desktop.settings.image import ImageSettings

NAMES = ("area_um", "bright_avg", "deform")


@pytest.fixture
def editor(qtbot: QtBot) -> FeaturesEditor:
    editor = FeaturesEditor(field_infos(ImageSettings)["features"], "image.features")
    qtbot.addWidget(editor)
    return editor


def texts(editor: FeaturesEditor) -> list[str]:
    return [editor.itemText(row) for row in range(editor.count())]


def tick(dialog: TickDialog, *names: str) -> None:
    shown = dialog.findChild(QListWidget, "featureList")
    for row in range(shown.count()):
        item = shown.item(row)
        item.setCheckState(Qt.CheckState.Checked if item.text() in names else Qt.CheckState.Unchecked)


def test_that_features_are_chosen_in_a_dialog_and_taken_back_in_the_list(editor: FeaturesEditor, qtbot: QtBot) -> None:
    assert (editor.value(), texts(editor)) == ((), ["none"])
    editor.set_available(NAMES)
    assert texts(editor) == ["none", "choose…"]
    editor.activated[int].emit(1)
    dialog = editor.window().findChild(TickDialog, "featureDialog")
    assert dialog.ticked() == ()
    tick(dialog, "deform", "area_um")
    with qtbot.waitSignal(editor.value_changed):
        dialog.findChild(QPushButton, "featuresOkButton").click()
    assert editor.value() == ("area_um", "deform")
    assert editor.currentText() == "area_um, deform"
    with qtbot.waitSignal(editor.value_changed):
        editor.setCurrentIndex(0)
    assert editor.value() == ()


def test_that_a_choice_keeps_its_order_and_stays_when_other_images_come(editor: FeaturesEditor) -> None:
    editor.set_value(("deform", "volume"))
    editor.set_available(NAMES)
    assert editor.value() == ("deform", "volume")
    dialog = editor.ask()
    assert dialog.ticked() == ("deform", "volume")
    shown = dialog.findChild(QListWidget, "featureList")
    assert [shown.item(row).text() for row in range(shown.count())] == ["deform", "volume", "area_um", "bright_avg"]
    dialog.reject()
    assert editor.value() == ("deform", "volume")


def test_that_none_is_chosen_with_the_keyboard(editor: FeaturesEditor, qtbot: QtBot) -> None:
    editor.set_available(NAMES)
    editor.set_value(("deform",))
    editor.show()
    with qtbot.waitSignal(editor.value_changed):
        qtbot.keyClick(editor, Qt.Key.Key_Up)
    assert editor.value() == ()
