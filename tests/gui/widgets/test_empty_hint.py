"""What belongs into a list stands there while it is empty."""

from PyQt5.QtWidgets import QLabel, QListWidget
from pytestqt.qtbot import QtBot

from aid_desktop.gui.widgets.empty_hint import EmptyHint


def test_that_the_hint_stands_in_an_empty_list_alone(qtbot: QtBot) -> None:
    view = QListWidget()
    qtbot.addWidget(view)
    EmptyHint("Runs stand here.", view)
    view.show()
    [hint] = view.findChildren(QLabel)
    assert hint.isVisible()
    view.addItem("a run")
    assert not hint.isVisible()
    view.clear()
    assert hint.isVisible()
