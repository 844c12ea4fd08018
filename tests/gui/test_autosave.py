"""What is saved without being asked, and what is offered after a crash."""

import os
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from aid_desktop.gui.autosave import DELAY_MS, INTERVAL_MS, Autosave
from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.missing_dialog import MissingDialog
from aid_desktop.gui.widgets.message_strip import Note
from aid_desktop.runs.autosave import AutosaveFolder, Owner
from aid_desktop.runs.session import read_session, write_session
from aid_desktop.settings.image import ImageSettings

Drop = Callable[[QWidget, Sequence[Path]], None]
ME, GONE = Owner(10, 1000), Owner(20, 2000)
SAVED = datetime(2026, 3, 4, 12, 41)


@pytest.fixture
def folder(tmp_path: Path) -> AutosaveFolder:
    made = folder_of(tmp_path, ME)
    made.prepare()
    return made


def folder_of(tmp_path: Path, owner: Owner) -> AutosaveFolder:
    return AutosaveFolder(tmp_path / "autosave", owner, lambda asked: asked == ME)


@pytest.fixture
def filled(window: MainWindow, tmp_path: Path, drop: Drop, qtbot: QtBot) -> MainWindow:
    """The window with two rows."""
    for level, name in enumerate(("cat", "dog")):
        (tmp_path / "arrays").mkdir(exist_ok=True)
        np.save(tmp_path / "arrays" / f"{name}.npy", np.full((4, 16, 16), level, np.uint8))
    with qtbot.waitSignal(window.notifier.table_changed):
        drop(window, [tmp_path / "arrays"])
    return window


@pytest.fixture
def autosave(filled: MainWindow, folder: AutosaveFolder) -> Iterator[Autosave]:
    messages = filled.data.sources.messages
    made = Autosave(folder, filled.sessions, filled.background, messages, lambda: SAVED.replace(hour=18), filled)
    yield made
    made.stop()


@pytest.fixture
def leftover(filled: MainWindow, tmp_path: Path, folder: AutosaveFolder) -> Path:
    """What a program that is gone has left: the two rows, for images of 21 x 21."""
    filled.notifier.set_image_settings(ImageSettings(width=21, height=21))
    path = folder_of(tmp_path, GONE).path
    write_session(filled.sessions.session(), path)
    os.utime(path, (SAVED.timestamp(), SAVED.timestamp()))
    filled.notifier.set_image_settings(ImageSettings())
    filled.editor.change(filled.notifier.table.removed((0, 1)), "remove")
    return path


def offers(window: MainWindow) -> list[Note]:
    return [note for note in window.data.sources.messages.notes if note.action == "Restore"]


def button(window: MainWindow, part: str) -> QPushButton:
    """Return a button of the offer."""
    rows = window.data.sources.messages.findChildren(QWidget)
    return next(row for row in rows if row.objectName().endswith(part) and "was not saved" in row.accessibleName())


def offered(autosave: Autosave, window: MainWindow, qtbot: QtBot) -> Note:
    autosave.start()
    qtbot.waitUntil(lambda: bool(offers(window)))
    return offers(window)[0]


def test_that_a_change_is_saved_soon_and_nothing_without_one(
    autosave: Autosave, folder: AutosaveFolder, filled: MainWindow, qtbot: QtBot
) -> None:
    autosave._soon.setInterval(0)
    autosave._regular.setInterval(20)
    autosave.start()
    qtbot.wait(100)
    assert not folder.path.exists()
    filled.notifier.set_image_settings(ImageSettings(width=21, height=21))
    qtbot.waitUntil(folder.path.exists)
    stored = read_session(folder.path)
    assert len(stored.rows) == 2
    assert stored.settings.image.width == 21
    written = folder.path.stat().st_mtime_ns
    qtbot.wait(100)
    assert folder.path.stat().st_mtime_ns == written


def test_that_what_never_rests_is_saved_too(autosave: Autosave, filled: MainWindow, qtbot: QtBot) -> None:
    assert (DELAY_MS, INTERVAL_MS) == (5_000, 60_000)
    autosave.start()
    filled.notifier.set_image_settings(ImageSettings(width=21))
    left = autosave._soon.remainingTime()
    qtbot.wait(30)
    filled.notifier.set_image_settings(ImageSettings(width=22))
    assert 0 < autosave._soon.remainingTime() < left


def test_that_the_file_is_removed_at_the_end_if_the_user_has_saved_or_has_nothing(
    autosave: Autosave, folder: AutosaveFolder, filled: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    autosave.start()
    filled.notifier.set_image_settings(ImageSettings(width=21))
    autosave.save()
    qtbot.waitUntil(folder.path.exists)
    filled.sessions.save_to(tmp_path / "mine.aidsession")
    qtbot.waitUntil(lambda: filled.sessions.path is not None)
    autosave.stop()
    assert list(folder.path.parent.iterdir()) == []
    filled.editor.change(filled.notifier.table.removed((0, 1)), "remove")
    autosave.start()
    autosave.stop()
    assert list(folder.path.parent.iterdir()) == []


def test_that_what_was_not_saved_stays_for_the_next_start_as_it_was_at_the_end(
    autosave: Autosave, folder: AutosaveFolder, filled: MainWindow
) -> None:
    autosave.start()
    filled.notifier.set_image_settings(ImageSettings(width=21))
    autosave.stop()
    kept = read_session(folder.path)
    assert len(kept.rows) == 2
    assert kept.settings is not None
    assert kept.settings.image.width == 21


def test_that_the_window_ends_its_own_autosave(filled: MainWindow, qtbot: QtBot) -> None:
    own = AutosaveFolder.of_user()
    filled.autosave.start()
    filled.autosave.save()
    filled.editor.change(filled.notifier.table.removed((0,)), "remove")
    filled.close()
    assert len(read_session(own.path).rows) == 1
    own.remove()


def test_that_only_the_newest_are_offered(
    autosave: Autosave, filled: MainWindow, tmp_path: Path, leftover: Path, qtbot: QtBot
) -> None:
    for number in range(5):
        older = folder_of(tmp_path, Owner(30 + number, 1000)).path
        older.write_bytes(leftover.read_bytes())
        os.utime(older, (SAVED.timestamp() - 60 * (number + 1),) * 2)
    offered(autosave, filled, qtbot)
    assert len(offers(filled)) == 3


def test_that_a_folder_that_cannot_be_written_is_logged_only(
    filled: MainWindow, tmp_path: Path, qtbot: QtBot, expected_warnings: list[object]
) -> None:
    (tmp_path / "file").touch()
    made = Autosave(AutosaveFolder(tmp_path / "file"), filled.sessions, filled.background, filled.data.sources.messages)
    made.start()
    made.save()
    assert len(expected_warnings) == 1


def test_that_a_crash_leaves_a_session_that_is_offered_and_restored(
    autosave: Autosave, filled: MainWindow, leftover: Path, folder: AutosaveFolder, qtbot: QtBot
) -> None:
    note = offered(autosave, filled, qtbot)
    assert note.text.startswith("The session of 12:41 (2 rows) was not saved. Restore it?")
    with qtbot.waitSignal(filled.sessions.opened):
        button(filled, ".action").click()
    assert len(filled.notifier.table.rows) == 2
    assert filled.notifier.image_settings.width == 21
    assert offers(filled) == []
    # It belongs to no file of the user, and it is safe until this program has saved it.
    assert filled.sessions.path is None
    assert not leftover.exists()
    assert folder.path.exists()


def test_that_the_day_is_told_if_it_is_another_one(
    filled: MainWindow, leftover: Path, folder: AutosaveFolder, qtbot: QtBot
) -> None:
    later = Autosave(
        folder, filled.sessions, filled.background, filled.data.sources.messages, lambda: SAVED.replace(day=5), filled
    )
    assert "of 2026-03-04 12:41 (2 rows) was not saved" in offered(later, filled, qtbot).text


def test_that_closing_the_offer_discards_it(
    autosave: Autosave, filled: MainWindow, leftover: Path, qtbot: QtBot
) -> None:
    offered(autosave, filled, qtbot)
    button(filled, ".close").click()
    assert not leftover.exists()
    assert not filled.notifier.table.rows


def test_that_an_offer_that_was_not_answered_stays_for_the_next_start(
    autosave: Autosave, filled: MainWindow, leftover: Path, qtbot: QtBot
) -> None:
    offered(autosave, filled, qtbot)
    autosave.stop()
    assert leftover.exists()


def test_that_giving_up_about_missing_sources_keeps_the_offer(
    autosave: Autosave, filled: MainWindow, leftover: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    (tmp_path / "arrays" / "cat.npy").unlink()
    note = offered(autosave, filled, qtbot)
    button(filled, ".action").click()
    qtbot.waitUntil(lambda: filled.findChild(MissingDialog) is not None)
    filled.findChild(MissingDialog).cancel_button.click()
    assert offers(filled) == [note]
    assert leftover.exists()


def test_that_a_session_of_a_newer_program_is_left_alone(
    autosave: Autosave, filled: MainWindow, leftover: Path, qtbot: QtBot
) -> None:
    text = leftover.read_text(encoding="utf-8")
    leftover.write_text(text.replace('"version": 1', '"version": 2'), encoding="utf-8")
    autosave.start()
    qtbot.waitUntil(lambda: filled.background.n_jobs == 0)
    assert offers(filled) == []
    assert leftover.exists()
