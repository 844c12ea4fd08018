import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QMessageBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from aid_desktop.gui.question import Question, ask

QUESTION = Question("q", "Overwrite?", "Overwrite a?", "/a", ("Overwrite", "yesButton"), ("Keep", "noButton"))


def test_that_only_yes_acts(parent: QWidget) -> None:
    answers: list[bool] = []
    ask(QUESTION, lambda: answers.append(True), parent)
    parent.findChild(QPushButton, "noButton").click()
    assert answers == []
    ask(QUESTION, lambda: answers.append(True), parent)
    [box] = [box for box in parent.findChildren(QMessageBox, "q") if box.isVisible()]
    box.findChild(QPushButton, "yesButton").click()
    assert answers == [True]


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Escape])
def test_that_enter_and_escape_mean_no(parent: QWidget, qtbot: QtBot, key: Qt.Key) -> None:
    answers: list[bool] = []
    ask(QUESTION, lambda: answers.append(True), parent)
    box = parent.findChild(QMessageBox, "q")
    qtbot.keyClick(box, key)
    assert not box.isVisible()
    assert answers == []


def test_that_a_question_is_asked_once_at_a_time(parent: QWidget) -> None:
    for _ in range(2):
        ask(QUESTION, lambda: None, parent)
    assert len(parent.findChildren(QMessageBox, "q")) == 1
