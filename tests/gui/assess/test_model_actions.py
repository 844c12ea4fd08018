"""The buttons at the foot of the Assessment tab."""

import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QDialog, QPushButton

from aid_desktop.evaluation.predictions import Threshold


@pytest.mark.parametrize(
    ("button", "name"), [("classifyButton", "classifyDialog"), ("classifyLargeButton", "tileMapDialog")]
)
def test_that_asking_again_brings_the_same_dialog(qtbot, assessed_tab, idle, button, name):
    for _ in range(2):
        qtbot.mouseClick(assessed_tab.findChild(QPushButton, button), Qt.LeftButton)
    assert len(assessed_tab.findChildren(QDialog, name)) == 1
    assessed_tab.run_row.set_threshold(Threshold(1, 0.4))
    qtbot.mouseClick(assessed_tab.findChild(QPushButton, button), Qt.LeftButton)
    assert len(assessed_tab.findChildren(QDialog, name)) == 2
    idle()
