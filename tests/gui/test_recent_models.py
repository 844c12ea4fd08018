from pathlib import Path

from PyQt5.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from aid_desktop.gui.recent_models import RecentModelsMenu


def test_that_the_menu_lists_models_latest_first_and_says_when_there_are_none(qtbot: QtBot) -> None:
    button = QPushButton()
    qtbot.addWidget(button)
    menu = RecentModelsMenu(button)
    menu.aboutToShow.emit()
    (action,) = menu.actions()
    assert (action.text(), action.isEnabled(), menu.latest) == ("No model was used yet", False, None)
    for name in ("a.keras", "b.keras"):
        menu.remember(Path(name))
    menu.aboutToShow.emit()
    assert [action.text() for action in menu.actions()] == ["b.keras", "a.keras"]
    assert menu.latest == Path("b.keras")
    with qtbot.waitSignal(menu.chosen) as chosen:
        menu.actions()[1].trigger()
    assert chosen.args == [Path("a.keras")]
