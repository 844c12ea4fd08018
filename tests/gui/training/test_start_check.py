"""Start in the real window: the images are checked first, once for each state of the class table."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QProgressBar, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from aid_desktop.data import fingerprint
from aid_desktop.data.class_table import Role
from aid_desktop.errors import DataError
from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.training import start_check
from aid_desktop.gui.training.leak_dialog import LeakDialog
from aid_desktop.settings.image import ImageSettings

Drop = Callable[[QWidget, Sequence[Path]], None]


@pytest.fixture
def starts(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Return the list of the runs that were started; none of them trains."""
    started: list[object] = []
    monkeypatch.setattr(window.session, "start", lambda config, folder, zoo: started.append(config))
    return started


@pytest.fixture
def checks(window: MainWindow) -> list[object]:
    """Return the list of what was found by each check of the table."""
    found: list[object] = []
    window.training.check._checks.checked.connect(found.append)
    return found


@pytest.fixture
def ready(window: MainWindow, drop: Drop, tmp_path: Path, qtbot: QtBot) -> MainWindow:
    """The window on the Training tab, with two classes in training and validation that have nothing in common."""
    for number, name in enumerate(("train/cat", "train/dog", "validation/cat", "validation/dog")):
        images = np.random.default_rng(number).integers(0, 250, (6, 16, 16), np.uint8)
        (tmp_path / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        np.save(tmp_path / "data" / f"{name}.npy", images)
    with qtbot.waitSignal(window.notifier.table_changed, timeout=30_000):
        drop(window, [tmp_path / "data"])
    window.notifier.set_image_settings(ImageSettings(width=12, height=12))
    window.training.model.choose("MLP_8_8_8")
    window.tabs.setCurrentWidget(window.training)
    return window


@pytest.fixture
def leaking(ready: MainWindow) -> MainWindow:
    """The same, but the images of the cats in validation are those in training."""
    table = ready.notifier.table
    cats = [place for place, row in enumerate(table.rows) if row.class_name == "cat"]
    one, other = table.rows[cats[0]], table.rows[cats[1]]
    Path(other.source.path).write_bytes(Path(one.source.path).read_bytes())
    return ready


def press_start(window: MainWindow) -> None:
    window.training.run.start_button.click()


def warned(window: MainWindow, qtbot: QtBot) -> LeakDialog:
    qtbot.waitUntil(lambda: window.training.check.dialog is not None)
    dialog = window.training.check.dialog
    assert dialog is not None
    return dialog


def hold(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Let checks tell half of their progress and then wait for the event that is returned."""
    go_on = threading.Event()
    whole = fingerprint.fingerprint

    def slow(reader, tell, stop):
        tell(1, 2)
        while not go_on.wait(0.01):
            if stop():
                break
        return whole(reader, tell, stop)

    monkeypatch.setattr(fingerprint, "fingerprint", slow)
    return go_on


def test_that_a_run_begins_without_a_click_when_nothing_leaks_and_is_not_checked_twice(
    ready: MainWindow, starts: list[object], checks: list[object], qtbot: QtBot
) -> None:
    press_start(ready)
    assert not ready.training.run.start_button.isEnabled()
    qtbot.waitUntil(lambda: len(starts) == 1)
    qtbot.waitUntil(lambda: ready.training.run.start_button.isEnabled())
    press_start(ready)
    assert (len(starts), len(checks)) == (2, 1)
    assert not ready.training.messages.notes


def test_that_a_changed_role_is_checked_anew_and_another_number_of_images_is_not(
    ready: MainWindow, starts: list[object], checks: list[object], qtbot: QtBot
) -> None:
    ready.data.check.start()
    qtbot.waitUntil(lambda: ready.data.check.dialog is not None)
    ready.notifier.set_table(ready.notifier.table.set_images_per_epoch([0], 3))
    press_start(ready)
    assert (len(starts), len(checks)) == (1, 1)
    ready.notifier.set_table(ready.notifier.table.set_role([3], Role.TEST))
    press_start(ready)
    qtbot.waitUntil(lambda: len(checks) == 2)


def test_that_leaks_are_listed_with_their_images_and_cancel_starts_nothing(
    leaking: MainWindow, starts: list[object], qtbot: QtBot
) -> None:
    press_start(leaking)
    dialog = warned(leaking, qtbot)
    assert dialog.findings.list.item(0).text() == "6 images are both for training and for validation."
    qtbot.waitUntil(lambda: len(dialog.findings.first.images) == 6)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: leaking.training.run.start_button.isEnabled())
    assert starts == []
    assert leaking.training.check.dialog is None


def test_that_a_user_who_trains_anyway_is_asked_once_and_reminded_each_time(
    leaking: MainWindow, starts: list[object], checks: list[object], qtbot: QtBot
) -> None:
    press_start(leaking)
    warned(leaking, qtbot).train_button.click()
    assert len(starts) == 1
    qtbot.waitUntil(lambda: leaking.training.run.start_button.isEnabled())
    press_start(leaking)
    assert (len(starts), len(checks), leaking.training.check.dialog) == (2, 1, None)
    (note,) = leaking.training.messages.notes
    assert "6 images are both for training and for validation" in note.text


def test_that_the_rows_of_a_leak_are_selected_on_the_data_tab(
    leaking: MainWindow, starts: list[object], qtbot: QtBot
) -> None:
    press_start(leaking)
    warned(leaking, qtbot).look_button.click()
    assert starts == []
    assert leaking.tabs.currentWidget() is leaking.data
    rows = [leaking.notifier.table.rows[place] for place in leaking.data.sources.view.selected_places()]
    assert [(row.class_name, row.role) for row in rows] == [("cat", Role.TRAINING), ("cat", Role.VALIDATION)]
    assert any(note.text.startswith("Check found") for note in leaking.data.sources.messages.notes)


def test_that_a_long_check_is_shown_and_can_be_skipped(
    leaking: MainWindow, starts: list[object], monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    hold(monkeypatch)
    row = leaking.training.run.check_row
    press_start(leaking)
    assert row.isHidden()
    bar = row.findChild(QProgressBar, "startCheckProgress")
    qtbot.waitUntil(lambda: row.isVisible() and (bar.value(), bar.maximum()) == (1, 24))
    leaking.findChild(QPushButton, "skipCheckButton").click()
    assert len(starts) == 1
    assert row.isHidden()
    qtbot.waitUntil(lambda: not row.is_busy)
    assert leaking.training.check.dialog is None


def test_that_a_check_can_be_cancelled(
    ready: MainWindow, starts: list[object], monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    hold(monkeypatch)
    press_start(ready)
    ready.training.run.check_row.findChild(QPushButton, "startCheckCancel").click()
    qtbot.waitUntil(lambda: ready.training.run.start_button.isEnabled())
    assert starts == []


def test_that_data_changed_during_the_check_do_not_start(
    ready: MainWindow, starts: list[object], monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    go_on = hold(monkeypatch)
    press_start(ready)
    ready.notifier.set_table(ready.notifier.table.set_role([3], Role.TEST))
    assert not ready.training.run.start_button.isEnabled()
    go_on.set()
    qtbot.waitUntil(lambda: bool(ready.training.messages.notes))
    assert "have changed during the check" in ready.training.messages.notes[0].text
    assert starts == []


def test_that_images_that_cannot_be_checked_do_not_keep_a_run_from_starting(
    ready: MainWindow, starts: list[object], monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    def fail(*_: object) -> None:
        raise DataError("cat.npy has gone.")

    monkeypatch.setattr(fingerprint, "fingerprint", fail)
    press_start(ready)
    qtbot.waitUntil(lambda: len(starts) == 1)
    assert ready.training.messages.notes[0].text == "The check failed. cat.npy has gone."


def test_that_very_many_images_do_not_wait_and_the_check_is_offered(
    ready: MainWindow, starts: list[object], checks: list[object], monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setattr(start_check, "MOST_IMAGES", 23)
    press_start(ready)
    assert len(starts) == 1
    assert "24 images were not compared" in ready.training.messages.notes[0].text
    ready.findChild(QPushButton, "trainingMessages.0.action").click()
    qtbot.waitUntil(lambda: ready.data.check.dialog is not None)
    assert len(checks) == 1
    assert not ready.training.messages.notes
