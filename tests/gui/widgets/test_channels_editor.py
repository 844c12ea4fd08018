import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QListWidget, QPushButton
from pytestqt.qtbot import QtBot

from aid_desktop.gui.widgets.channels_editor import ChannelsEditor
from aid_desktop.gui.widgets.tick_dialog import TickDialog
from aid_desktop.settings.field import field_infos
from aid_desktop.settings.image import ImageSettings

NAMES = ("image", "image_bg", "image_ch1")


@pytest.fixture
def editor(qtbot: QtBot) -> ChannelsEditor:
    editor = ChannelsEditor(field_infos(ImageSettings)["channels"], "image.channels")
    qtbot.addWidget(editor)
    return editor


def texts(editor: ChannelsEditor) -> list[str]:
    return [editor.itemText(row) for row in range(editor.count())]


def tick(dialog: TickDialog, *names: str) -> None:
    shown = dialog.findChild(QListWidget, "channelList")
    for row in range(shown.count()):
        item = shown.item(row)
        item.setCheckState(Qt.CheckState.Checked if item.text() in names else Qt.CheckState.Unchecked)


def test_that_without_channels_to_choose_there_are_gray_and_rgb(editor: ChannelsEditor) -> None:
    assert texts(editor) == ["gray", "rgb"]
    editor.set_available(NAMES)
    assert texts(editor) == ["gray", "rgb", "choose…"]


def test_that_channels_are_chosen_in_a_dialog(editor: ChannelsEditor, qtbot: QtBot) -> None:
    editor.set_available(NAMES)
    dialog = editor.ask()
    tick(dialog, "image_ch1", "image")
    with qtbot.waitSignal(editor.value_changed):
        dialog.findChild(QPushButton, "channelsOkButton").click()
    assert editor.value() == ("image", "image_ch1")
    assert editor.currentText() == "image + image_ch1"


def test_that_nothing_changes_when_the_dialog_is_left(editor: ChannelsEditor) -> None:
    editor.set_available(NAMES)
    editor.setCurrentIndex(2)
    editor.activated[int].emit(2)
    dialog = editor.window().findChild(TickDialog, "channelDialog")
    dialog.reject()
    assert editor.value() == "gray"
    assert editor.currentText() == "gray"


def test_that_the_dialog_begins_with_what_is_chosen_and_wants_at_least_one(qtbot: QtBot) -> None:
    editor = ChannelsEditor(field_infos(ImageSettings)["channels"], "image.channels")
    qtbot.addWidget(editor)
    editor.set_available(NAMES)
    editor.set_value(("image_ch1", "image"))
    dialog = editor.ask()
    assert dialog.ticked() == ("image_ch1", "image")
    assert dialog.findChild(QPushButton, "channelsOkButton").isEnabled()
    tick(dialog)
    assert not dialog.findChild(QPushButton, "channelsOkButton").isEnabled()


def test_that_a_choice_stays_when_other_images_come(editor: ChannelsEditor) -> None:
    editor.set_value(("image_bg",))
    editor.set_available(("red", "green", "blue"))
    assert editor.value() == ("image_bg",)
    assert texts(editor) == ["gray", "rgb", "image_bg", "choose…"]


def test_that_a_word_is_chosen_with_the_keyboard(editor: ChannelsEditor, qtbot: QtBot) -> None:
    editor.show()
    with qtbot.waitSignal(editor.value_changed):
        qtbot.keyClick(editor, Qt.Key.Key_Down)
    assert editor.value() == "rgb"
