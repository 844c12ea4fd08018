"""Notes in a window."""

import pytest
from PyQt5.QtWidgets import QAbstractButton, QApplication, QLabel
from pytestqt.qtbot import QtBot

from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note, sentence

UNREADABLE = Note(Level.WARNING, "3 of 120 images cannot be read.", "a.png: truncated")
FAILED = Note(Level.ERROR, "Training failed.")


def _strip(qtbot: QtBot, *notes: Note) -> MessageStrip:
    strip = MessageStrip("dataMessages")
    qtbot.addWidget(strip)
    for note in notes:
        strip.add(note)
    return strip


def _button(strip: MessageStrip, name: str) -> QAbstractButton:
    button = strip.findChild(QAbstractButton, f"dataMessages.{name}")
    assert isinstance(button, QAbstractButton)
    return button


def test_that_it_is_hidden_while_there_is_nothing_to_tell(qtbot: QtBot) -> None:
    strip = _strip(qtbot)
    assert strip.isHidden()
    strip.add(FAILED)
    assert not strip.isHidden()
    strip.clear()
    assert strip.isHidden()
    assert strip.notes == ()


def test_that_the_same_note_is_shown_once_and_in_order(qtbot: QtBot) -> None:
    strip = _strip(qtbot, FAILED, UNREADABLE, FAILED)
    assert strip.notes == (FAILED, UNREADABLE)


def test_that_details_open_on_demand_and_only_where_there_are_some(qtbot: QtBot) -> None:
    strip = _strip(qtbot, UNREADABLE, FAILED)
    details = next(label for label in strip.findChildren(QLabel) if label.text() == UNREADABLE.details)
    assert details.isHidden()
    _button(strip, "0.details").click()
    assert not details.isHidden()
    _button(strip, "0.details").click()
    assert details.isHidden()
    assert _button(strip, "1.details").isHidden()


def test_that_a_note_can_be_copied_with_its_details(qtbot: QtBot) -> None:
    _button(_strip(qtbot, UNREADABLE), "0.copy").click()
    assert QApplication.clipboard().text() == "3 of 120 images cannot be read.\n\na.png: truncated"


def test_that_the_action_of_a_note_is_told_and_the_note_stays(qtbot: QtBot) -> None:
    offer = Note(Level.INFO, "The images differ in size.", action="Bring to one size…")
    strip = _strip(qtbot, FAILED, offer)
    assert _button(strip, "0.action").isHidden()
    assert _button(strip, "1.action").text() == "Bring to one size…"
    with qtbot.waitSignal(strip.action_chosen) as signal:
        _button(strip, "1.action").click()
    assert signal.args == [offer]
    assert strip.notes == (FAILED, offer)


def test_that_a_closed_note_goes_and_is_told(qtbot: QtBot) -> None:
    strip = _strip(qtbot, UNREADABLE, FAILED)
    with qtbot.waitSignal(strip.closed) as signal:
        _button(strip, "0.close").click()
    assert signal.args == [UNREADABLE]
    assert strip.notes == (FAILED,)
    _button(strip, "1.close").click()
    assert strip.isHidden()


def test_that_all_buttons_have_names(qtbot: QtBot) -> None:
    buttons = _strip(qtbot, UNREADABLE, FAILED).findChildren(QAbstractButton)
    assert len({button.objectName() for button in buttons}) == len(buttons)
    assert all(button.accessibleName() for button in buttons)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("there is no model at m.keras", "There is no model at m.keras"),
        ("cat.rtdc has changed", "cat.rtdc has changed"),
        ("training.dropout: got 3", "training.dropout: got 3"),
        ("", ""),
    ],
)
def test_that_an_error_reads_as_a_sentence(text: str, shown: str) -> None:
    assert sentence(text) == shown
