import h5py
import numpy as np
import pytest
from PyQt5.QtWidgets import QListWidget
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
    shown = dialog.findChild(QListWidget, "partList")
    assert [shown.item(row).text() for row in range(shown.count())] == [
        "first  3 × 8 × 9  uint16",
        "second  5 × 8 × 9  uint16",
    ]
    assert window.notifier.table.rows == ()
    shown.selectAll()
    dialog.open_button.click()
    qtbot.waitUntil(lambda: len(window.notifier.table.rows) == 2)
    assert [(row.source.part, row.source.n_images) for row in window.notifier.table.rows] == [("first", 3), ("second", 5)]


def test_that_nothing_is_opened_when_the_question_is_left(window: MainWindow, qtbot: QtBot, stacks) -> None:
    window.open_paths((stacks,))
    qtbot.waitUntil(lambda: window.findChild(PartDialog, "partDialog") is not None)
    dialog = window.findChild(PartDialog, "partDialog")
    dialog.findChild(QListWidget, "partList").clearSelection()
    assert not dialog.open_button.isEnabled()
    dialog.reject()
    assert window.notifier.table.rows == ()
