from PyQt5.QtWidgets import QDialog, QWidget
from pytestqt.qtbot import QtBot

from aid_desktop.gui.widgets.one_dialog import OneDialog


def test_that_a_dialog_is_made_anew_only_after_it_was_closed(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    one, made = OneDialog(window), []

    def make() -> QDialog:
        made.append(QDialog(window))
        return made[-1]

    one.show(make)
    one.show(make)
    assert len(made) == 1
    assert made[0].isVisible()
    with qtbot.waitSignal(made[0].destroyed):
        made[0].close()
    one.show(make)
    assert len(made) == 2
