"""The Python console: there only for those who want it, with what the window holds."""

from dataclasses import replace

from PyQt5.QtWidgets import QAction
from pytestqt.qtbot import QtBot

from aid_desktop.gui.console import ConsoleTab
from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.preferences import Preferences


def titles(window: MainWindow) -> list[str]:
    return [window.tabs.tabText(number) for number in range(window.tabs.count())]


def answer(window: MainWindow, command: str) -> str:
    """Return what a command prints."""
    console = window.findChild(ConsoleTab).console
    before = console.output.toPlainText()
    console.input.setText(command)
    console.input.execCmd()
    return console.output.toPlainText()[len(before) :]


def test_that_it_comes_and_goes_with_the_menu(window: MainWindow, preferences: Preferences, qtbot: QtBot) -> None:
    before = titles(window)
    assert "Console" not in before
    action = window.findChild(QAction, "python_consoleAction")
    action.trigger()
    assert titles(window) == [*before, "Console"]
    assert action.isChecked()
    assert preferences.console
    action.trigger()
    assert titles(window) == before
    assert not action.isChecked()


def test_that_it_reaches_what_the_window_holds_now(window: MainWindow, preferences: Preferences) -> None:
    preferences.console = True
    assert "ClassTable" in answer(window, "type(aid.table).__name__")
    window.notifier.set_image_settings(replace(window.notifier.image_settings, width=44))
    assert "44" in answer(window, "aid.image_settings.width")
    assert "HyperParameters" in answer(window, "type(aid.training.hyperparameters).__name__")
    assert "0" in answer(window, "len(aid.history)")
    assert "[None, None]" in answer(window, "[aid.run_folder, aid.assessment]")


def test_that_an_error_is_told_in_the_console(window: MainWindow, preferences: Preferences) -> None:
    preferences.console = True
    assert "ZeroDivisionError" in answer(window, "1 / 0")
    assert "2" in answer(window, "1 + 1")
