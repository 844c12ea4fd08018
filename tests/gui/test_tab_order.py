"""Tab goes through a window as it is read."""

import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QPushButton, QSpinBox, QTabWidget, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from aid_desktop.gui.tab_order import move_focus
from aid_desktop.gui.widgets.dialog import Dialog


@pytest.fixture
def dialog(qtbot: QtBot) -> Dialog:
    """Return a dialog whose parts were made in another order than they stand in."""
    made = Dialog()
    qtbot.addWidget(made)
    last, second, first = QPushButton("last", made), QLineEdit(made), QSpinBox(made)
    hidden, locked = QPushButton("hidden", made), QPushButton("locked", made)
    pages, inner = QTabWidget(made), QWidget(made)
    grid = QGridLayout(inner)
    grid.addWidget(second, 1, 0)
    grid.addWidget(first, 0, 1)
    inner.setFocusProxy(first)
    pages.addTab(inner, "page")
    pages.addTab(QLineEdit(made), "other page")
    row = QHBoxLayout()
    for widget in (hidden, locked, last):
        row.addWidget(widget)
    column = QVBoxLayout(made)
    column.addWidget(pages)
    column.addLayout(row)
    locked.setEnabled(False)
    for name, widget in (("first", first), ("second", second), ("last", last), ("pages", pages.tabBar())):
        widget.setObjectName(name)
    made.show()
    hidden.hide()
    return made


def walked(dialog: Dialog, key: Qt.Key, qtbot: QtBot) -> list[str]:
    names = []
    for _ in range(5):
        qtbot.keyClick(dialog.focusWidget() or dialog, key)
        names.append(dialog.focusWidget().objectName())
    return names


def test_that_tab_follows_the_layout_in_both_directions_and_comes_round(dialog: Dialog, qtbot: QtBot) -> None:
    dialog.findChild(QWidget, "pages").setFocus()
    assert walked(dialog, Qt.Key.Key_Tab, qtbot) == ["first", "second", "last", "pages", "first"]
    assert walked(dialog, Qt.Key.Key_Backtab, qtbot) == ["pages", "last", "second", "first", "pages"]


def test_that_it_says_when_nothing_can_take_the_focus(qtbot: QtBot) -> None:
    empty = Dialog()
    qtbot.addWidget(empty)
    empty.show()
    assert not move_focus(empty, forward=True)


def test_that_a_dialog_is_larger_with_larger_text(qtbot: QtBot) -> None:
    usual, large = Dialog(), Dialog()
    for one, points in ((usual, 8.0), (large, 18.0)):
        font = one.font()
        font.setPointSizeF(points)
        one.setFont(font)
        qtbot.addWidget(one)
        one.set_size(20, 10)
    assert (usual.width(), usual.height()) == (160, 80)
    assert large.width() > 1.5 * usual.width()
    large.set_size(10_000, 10_000)
    assert large.width() == 80_000
