import h5py
import numpy as np
import pytest
from PyQt5.QtWidgets import QTreeWidget, QWidget
from pytestqt.qtbot import QtBot

from aid_desktop.gui.data.part_dialog import PartDialog
from aid_desktop.gui.main_window import MainWindow


@pytest.fixture
def stacks(tmp_path):
    path = tmp_path / "stacks.h5"
    with h5py.File(path, "w") as file:
        file["first"] = np.zeros((3, 8, 9), np.uint16)
        file["second"] = np.ones((5, 8, 9), np.uint16)
    return path


def test_that_a_file_of_several_stacks_asks_which_are_meant(window: MainWindow, qtbot: QtBot, stacks) -> None:
    window.open_paths((stacks,))
    qtbot.waitUntil(lambda: window.findChild(PartDialog, "partDialog") is not None)
    dialog = window.findChild(PartDialog, "partDialog")
    shown = dialog.findChild(QTreeWidget, "partList")
    rows = [shown.topLevelItem(row) for row in range(shown.topLevelItemCount())]
    assert [[row.text(column) for column in range(3)] for row in rows] == [
        ["first", "3 × 8 × 9", "uint16"],
        ["second", "5 × 8 × 9", "uint16"],
    ]
    assert [row.isSelected() for row in rows] == [True, False]
    assert window.notifier.table.rows == ()
    shown.selectAll()
    dialog.open_button.click()
    qtbot.waitUntil(lambda: len(window.notifier.table.rows) == 2)
    sources = [row.source for row in window.notifier.table.rows]
    assert [(source.part, source.n_images) for source in sources] == [("first", 3), ("second", 5)]


def test_that_nothing_is_opened_when_the_question_is_left(window: MainWindow, qtbot: QtBot, stacks) -> None:
    window.open_paths((stacks,))
    qtbot.waitUntil(lambda: window.findChild(PartDialog, "partDialog") is not None)
    dialog = window.findChild(PartDialog, "partDialog")
    dialog.findChild(QTreeWidget, "partList").clearSelection()
    assert not dialog.open_button.isEnabled()
    dialog.reject()
    assert window.notifier.table.rows == ()


def test_that_a_question_keeps_nothing_else_out(
    window: MainWindow, qtbot: QtBot, stacks, tiny_folders, tmp_path
) -> None:
    broken = tmp_path / "broken.npy"
    broken.write_bytes(b"no array")
    window.open_paths((stacks, tiny_folders / "train" / "circle", broken))
    qtbot.waitUntil(lambda: window.findChild(PartDialog, "partDialog") is not None)
    assert window.notifier.table.class_names == ("circle",)
    assert any("broken.npy" in note.text for note in window.data.sources.messages.notes)
    window.findChild(PartDialog, "partDialog").open_button.click()
    qtbot.waitUntil(lambda: len(window.notifier.table.rows) == 2)
    assert window.notifier.table.rows[1].source.part == "first"


def test_that_the_question_can_be_read_out(window: MainWindow, qtbot: QtBot, stacks) -> None:
    window.open_paths((stacks,))
    qtbot.waitUntil(lambda: window.findChild(PartDialog, "partDialog") is not None)
    dialog = window.findChild(PartDialog, "partDialog")
    assert dialog.accessibleName()
    for name in ("partList", "partOpen", "partCancel"):
        widget = dialog.findChild(QWidget, name)
        assert widget.accessibleName()
        assert widget.toolTip()
    dialog.reject()
