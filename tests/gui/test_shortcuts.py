"""The sheet names every key that there is, and no other."""

import re

from PyQt5.QtGui import QKeySequence
from PyQt5.QtWidgets import QAbstractButton, QAction, QDialog, QShortcut
from pytestqt.qtbot import QtBot

from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.shortcuts import SHORTCUTS, ShortcutsDialog
from aid_desktop.gui.theme import ThemeManager

# Redo has a second key on some systems, Ctrl+= is Ctrl++ without Shift.
ALIASES = {"Ctrl+Y", "Ctrl+=", "Alt+Backspace", "Alt+Shift+Backspace", "Shift+Del"}
OF_WIDGETS = {
    *"123456789TVEXI", "F2", "Del", "Return", "Space", "Left", "Right", "Home", "End", "Ctrl+C", "PgUp", "PgDown",
}  # fmt: skip
"""Keys that a table or picture takes itself while it has the focus."""


def keys_of_sheet() -> set[str]:
    found: set[str] = set()
    for shortcuts in SHORTCUTS.values():
        for text, _ in shortcuts:
            keys = re.sub(r" in (the |)\w+( view|)$", "", text)
            span = re.fullmatch(r"(.*)(\d) … .*(\d)", keys)
            if span:
                found |= {f"{span[1]}{number}" for number in range(int(span[2]), int(span[3]) + 1)}
            else:
                found |= set(keys.split(", "))
    return found


def keys_of_window(window: MainWindow) -> set[str]:
    sequences = [keys for action in window.findChildren(QAction) for keys in action.shortcuts()]
    sequences += [button.shortcut() for button in window.findChildren(QAbstractButton)]
    sequences += [shortcut.key() for shortcut in window.findChildren(QShortcut)]
    texts = {QKeySequence(keys).toString() for keys in sequences}
    # Letters underlined in texts are shown where they work.
    return {text for text in texts if text and not re.fullmatch(r"Alt\+[A-Z]", text)}


def test_that_the_sheet_has_every_key_of_the_window(window: MainWindow) -> None:
    assert keys_of_window(window) - keys_of_sheet() - ALIASES == set()


def test_that_the_sheet_has_no_key_that_does_nothing(window: MainWindow) -> None:
    assert keys_of_sheet() - keys_of_window(window) - OF_WIDGETS == set()


def test_that_the_sheet_fits_a_small_screen(qtbot: QtBot, themes: ThemeManager) -> None:
    sheet = ShortcutsDialog()
    qtbot.addWidget(sheet)
    assert isinstance(sheet, QDialog)
    assert sheet.sizeHint().width() < 1300
    assert sheet.sizeHint().height() < 700
