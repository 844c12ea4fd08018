"""Paragraphs behind Shift+F1."""

from collections.abc import Callable
from html import unescape

from PyQt5.QtWidgets import QAction, QWidget
from pytestqt.qtbot import QtBot

from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.whats_this import TEXTS, explain
from aid_desktop.gui.widgets.field_editor import FieldEditor

SHORTEST = 60


def nearest_text(widget: QWidget | None) -> str:
    while widget is not None and not widget.whatsThis():
        widget = widget.parentWidget()
    return widget.whatsThis() if widget is not None else ""


def test_that_everything_a_user_acts_on_has_a_paragraph(
    window: MainWindow, user_widgets: Callable[[QWidget], list[QWidget]]
) -> None:
    assert [w.objectName() for w in user_widgets(window) if len(nearest_text(w)) < SHORTEST] == []


def test_that_every_paragraph_is_used(window: MainWindow) -> None:
    used = {unescape(widget.whatsThis()) for widget in window.findChildren(QWidget)}
    assert [name for name, text in TEXTS.items() if f"<p>{text}</p>" not in used] == []


def test_that_every_setting_has_its_own_with_limits_unit_and_default(window: MainWindow) -> None:
    fields = window.findChildren(FieldEditor)
    assert len(fields) > 60
    for field in fields:
        text = field.editor.focus_widget.whatsThis()
        assert field.info.label in unescape(text)
        assert "Default: " in text
        if field.info.high is not None and field.info.unit:
            assert field.info.unit in unescape(text)


def test_that_a_paragraph_that_is_there_is_kept(qtbot: QtBot) -> None:
    outer = QWidget()
    qtbot.addWidget(outer)
    own, named = QWidget(outer), QWidget(outer)
    for widget in (own, named):
        widget.setObjectName("classTable")
    own.setWhatsThis("mine")
    explain(outer)
    assert own.whatsThis() == "mine"
    assert TEXTS["classTable"] in named.whatsThis()


def test_that_the_help_menu_asks_for_it_by_shift_f1(window: MainWindow) -> None:
    action = window.findChild(QAction, "whatsThisAction")
    assert action.shortcut().toString() == "Shift+F1"
