"""The choice of held-out images on the real Data tab."""

import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QCheckBox, QComboBox, QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from aid_desktop.data.class_table import ClassTable
from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.models.class_table_model import Column
from aid_desktop.gui.widgets.field_editor import FieldEditor
from aid_desktop.settings.split import SplitSettings


@pytest.fixture
def split(window: MainWindow, donors: ClassTable) -> MainWindow:
    """Return the window with files of donors and a split of single images."""
    window.notifier.set_table(donors)
    window.findChild(QCheckBox, "splitCheck").setChecked(True)
    return window


def label(window: MainWindow, name: str) -> QLabel:
    found = window.findChild(QLabel, name)
    assert isinstance(found, QLabel)
    return found


def choose_pattern(window: MainWindow, qtbot: QtBot, text: str) -> None:
    window.findChild(QComboBox, "split.group_by").setCurrentIndex(4)
    line = window.findChild(QLineEdit, "split.group_by.pattern")
    line.clear()
    qtbot.keyClicks(line, text)


def test_that_what_is_held_out_is_told(split: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: label(split, "splitText").text() == "24 of 120 images are held out: cat 16, dog 8.")
    split.findChild(QCheckBox, "splitCheck").setChecked(False)
    assert label(split, "splitText").text() == ""
    assert split.notifier.split is None


def test_that_a_fold_that_came_with_a_run_is_told_and_gives_way_to_an_edit(split: MainWindow, qtbot: QtBot) -> None:
    split.notifier.set_split(SplitSettings(folds=4, fold=2))
    told = "30 of 120 images are held out: cat 20, dog 10. They are part 3 of a cross-validation of 4."
    qtbot.waitUntil(lambda: label(split, "splitText").text() == told)
    split.findChild(QPushButton, "splitHintButton").click()
    assert split.notifier.split == SplitSettings(group_by="file")


def test_that_the_hint_is_taken_by_a_click(split: MainWindow, qtbot: QtBot) -> None:
    assert label(split, "splitHint").text().startswith("cat comes from 4 files")
    button = split.findChild(QPushButton, "splitHintButton")
    assert button.text() == "Keep files together"
    button.click()
    assert split.notifier.split == SplitSettings(group_by="file")
    assert button.isHidden()
    qtbot.waitUntil(lambda: label(split, "splitText").text().startswith("8 groups; "))


def test_that_a_pattern_is_checked_while_it_is_typed(split: MainWindow, qtbot: QtBot) -> None:
    choose_pattern(split, qtbot, "donor_(")
    assert "nor a regular expression" in label(split, "split.group_by.message").text()
    choose_pattern(split, qtbot, r"(donor_\d)")
    assert label(split, "split.group_by.message").text() == ""
    assert split.notifier.split == SplitSettings(group_by=r"(donor_\d)")
    qtbot.waitUntil(lambda: label(split, "splitText").text().startswith("4 groups; "))


def test_that_folders_of_one_name_can_be_kept_together(split: MainWindow) -> None:
    choice = split.findChild(QComboBox, "split.group_by")
    choice.setCurrentText("folders of the same name")
    assert split.notifier.split == SplitSettings(group_by="folder_name")
    split.notifier.set_split(SplitSettings(group_by="folder"))
    assert choice.currentText() == "images of one folder"


def test_that_a_pattern_that_misses_images_is_told(split: MainWindow, qtbot: QtBot) -> None:
    choose_pattern(split, qtbot, "(patient)")
    qtbot.waitUntil(lambda: "does not match" in label(split, "splitWarning").text())


def test_that_a_split_from_elsewhere_is_shown(split: MainWindow, qtbot: QtBot) -> None:
    split.notifier.set_split(SplitSettings(0.5, r"/(donor_\d)/"))
    assert split.findChild(QComboBox, "split.group_by").currentIndex() == 4
    assert split.findChild(QLineEdit, "split.group_by.pattern").text() == r"/(donor_\d)/"
    expected = "4 groups; 60 of 120 images are held out: cat 40, dog 20."
    qtbot.waitUntil(lambda: label(split, "splitText").text() == expected)
    split.notifier.set_split(None)
    assert not split.findChild(QCheckBox, "splitCheck").isChecked()


def test_that_the_table_shows_the_shares_that_the_split_leaves(split: MainWindow, qtbot: QtBot) -> None:
    model = split.data.sources.view.table_model
    choose_pattern(split, qtbot, r"(donor_\d)")
    qtbot.waitUntil(lambda: "–" in [model.index(row, Column.PER_EPOCH).data() for row in range(8)])
    split.findChild(QCheckBox, "splitCheck").setChecked(False)
    assert {model.index(row, Column.PER_EPOCH).data() for row in range(8)} == {"all"}


def undo(window: MainWindow) -> None:
    window.data.sources.actions_for_menu()[3].trigger()


def redo(window: MainWindow) -> None:
    window.data.sources.actions_for_menu()[4].trigger()


def test_that_changes_of_rows_and_split_are_undone_in_turn(split: MainWindow, donors: ClassTable) -> None:
    split.findChild(QPushButton, "splitHintButton").click()
    split.editor.change(donors.set_shuffle([0], False), "set shuffle")
    undo(split)
    assert split.notifier.table == donors
    undo(split)
    assert split.notifier.split == SplitSettings(group_by="image")
    assert split.findChild(QComboBox, "split.group_by").currentIndex() == 0
    undo(split)
    assert not split.findChild(QCheckBox, "splitCheck").isChecked()
    for _ in range(3):
        redo(split)
    assert split.notifier.split == SplitSettings(group_by="file")
    assert not split.notifier.table.rows[0].shuffle


def test_that_a_pattern_that_is_typed_is_one_step(split: MainWindow, qtbot: QtBot) -> None:
    before = split.editor.stack.count()
    choose_pattern(split, qtbot, r"(donor_\d)")
    assert split.editor.stack.count() == before + 1
    undo(split)
    assert split.notifier.split == SplitSettings(group_by="image")
    redo(split)
    assert split.findChild(QLineEdit, "split.group_by.pattern").text() == r"(donor_\d)"


def test_that_shares_set_one_after_the_other_are_one_step_until_something_else_is_set(split: MainWindow) -> None:
    share = split.data.overview.split.findChild(FieldEditor, "split.validation_fraction.field")
    assert share is not None
    before = split.editor.stack.count()
    for value in (0.3, 0.35, 0.4):
        share.set_value(value)
        share.value_changed.emit()
    assert split.editor.stack.count() == before + 1
    split.findChild(QPushButton, "splitHintButton").click()
    assert split.editor.stack.count() == before + 2
    undo(split)
    undo(split)
    assert split.notifier.split == SplitSettings()


def test_that_the_keys_of_undo_count_beside_the_table(split: MainWindow, qtbot: QtBot) -> None:
    check = split.findChild(QCheckBox, "splitCheck")
    split.activateWindow()
    check.setFocus()
    qtbot.keyClick(check, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert split.notifier.split is None
    qtbot.keyClick(check, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert split.notifier.split is not None
