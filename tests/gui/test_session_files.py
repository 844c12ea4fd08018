"""Sessions in the real window: saving, opening, dropping, undo, and what AIDeveloper has written."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PyQt5.QtWidgets import QAbstractButton, QAction, QFileDialog, QMenu, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from aid_desktop.data.class_table import Role
from aid_desktop.gui import session_files
from aid_desktop.gui.drag_text import drag_text
from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.missing_dialog import MissingDialog
from aid_desktop.gui.widgets.amount_editor import NumberBox
from aid_desktop.runs.session import Session, read_session, write_session
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.snapshot import TrainingSettings
from aid_desktop.settings.split import SplitSettings

Drop = Callable[[QWidget, Sequence[Path]], None]
TRAINING = TrainingSettings(AugmentationSettings(rotation=15), HyperParameters(epochs=7))
IMAGE = ImageSettings(width=12, height=14)
SPLIT = SplitSettings(0.25)
WAIT_S = 30
DEVICES = [{"name": name, "description": name, "reason": ""} for name in ("auto", "cpu")]


@pytest.fixture
def arrays(tmp_path: Path) -> Path:
    """A folder with three arrays, whose names are classes."""
    folder = tmp_path / "arrays"
    folder.mkdir()
    for level, name in enumerate(("cat", "dog", "owl")):
        np.save(folder / f"{name}.npy", np.full((4, 16, 16), 50 * level, np.uint8))
    return folder


@pytest.fixture
def filled(window: MainWindow, arrays: Path, drop: Drop, qtbot: QtBot) -> MainWindow:
    """The window with three rows and settings of its own."""
    with qtbot.waitSignal(window.notifier.table_changed):
        drop(window, [arrays])
    window.notifier.set_image_settings(IMAGE)
    window.notifier.set_split(SPLIT)
    window.training.settings.set_values(TRAINING)
    window.training.model.choose("MLP_8_8_8")
    return window


def save(window: MainWindow, path: Path, qtbot: QtBot) -> Path:
    window.sessions.save_to(path)
    qtbot.waitUntil(lambda: window.sessions.path == path and not window.isWindowModified())
    return path


def clear(window: MainWindow) -> None:
    """Bring the window to another state."""
    window.editor.change(window.notifier.table.removed((0, 1)), "remove")
    window.notifier.set_image_settings(ImageSettings())
    window.notifier.set_split(None)
    window.training.settings.set_values(TrainingSettings())
    window.training.model.choose("LeNet5")


def open_session(window: MainWindow, path: Path, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.sessions.opened):
        window.sessions.open(path)


def notes(window: MainWindow) -> list[str]:
    return [note.text for note in window.data.sources.messages.notes]


def action(window: MainWindow, name: str) -> QAction:
    return window.findChild(QAction, f"{name}Action")


def dialog_of(window: MainWindow, qtbot: QtBot) -> MissingDialog:
    qtbot.waitUntil(lambda: window.findChild(MissingDialog) is not None)
    return window.findChild(MissingDialog)


# --- saving and opening -----------------------------------------------------------------------------------


def test_that_a_session_brings_everything_back(filled: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    before = filled.sessions.session()
    path = save(filled, tmp_path / "a.aidsession", qtbot)
    assert read_session(path).settings == before.settings
    assert before.settings.image == IMAGE
    assert before.settings.split == SPLIT
    assert before.settings.training == TRAINING
    assert before.settings.model.architecture == "MLP_8_8_8"
    clear(filled)
    assert filled.sessions.session() != before
    open_session(filled, path, qtbot)
    assert filled.sessions.session() == before
    assert filled.tabs.currentWidget() is filled.data
    assert not filled.isWindowModified()


def test_that_the_memory_for_images_goes_to_the_run_and_into_the_session(
    filled: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    box = filled.findChild(NumberBox, "device.data_memory")
    assert filled.training.config().device.data_memory == 0
    box.setValue(1.5)
    assert filled.training.config().device.data_memory == 1.5
    path = save(filled, tmp_path / "a.aidsession", qtbot)
    box.setValue(0)
    open_session(filled, path, qtbot)
    assert box.value() == filled.training.config().device.data_memory == 1.5


def test_that_opening_is_one_step_on_each_tab(filled: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    path = save(filled, tmp_path / "a.aidsession", qtbot)
    clear(filled)
    # The step of the settings that were changed by hand.
    qtbot.waitUntil(lambda: filled.training.undo.settings == TrainingSettings())
    before = filled.sessions.session()
    data, settings = filled.editor.stack, filled.training.undo.stack
    n_data, n_settings = data.count(), settings.count()
    open_session(filled, path, qtbot)
    after = filled.sessions.session()
    qtbot.wait(500)  # the delay after which changed settings become a step of their own
    assert (data.count(), settings.count()) == (n_data + 1, n_settings + 1)
    assert (data.undoText(), settings.undoText()) == ("open a.aidsession", "open a.aidsession")
    data.undo()
    settings.undo()
    assert filled.sessions.session() == before
    data.redo()
    settings.redo()
    assert filled.sessions.session() == after


def test_that_no_image_is_decoded_to_open_a_session(
    window: MainWindow, drop: Drop, tiny_folders: Path, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    with qtbot.waitSignal(window.notifier.table_changed):
        drop(window, [tiny_folders])
    path = save(window, tmp_path / "a.aidsession", qtbot)
    rows = window.notifier.table.rows
    window.editor.change(window.notifier.table.removed(range(6)), "remove")
    monkeypatch.setattr("aid_desktop.gui.session_opening.open_source", lambda *a: pytest.fail("opened"))
    open_session(window, path, qtbot)
    assert window.notifier.table.rows == rows


def test_that_the_menu_saves_and_opens(
    filled: MainWindow, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a: (str(tmp_path / "cells"), ""))
    path = tmp_path / "cells.aidsession"
    action(filled, "saveSession").trigger()
    qtbot.waitUntil(path.exists)
    qtbot.waitUntil(lambda: filled.windowTitle() == "cells.aidsession[*] – AID Desktop")
    filled.notifier.set_split(None)
    assert filled.isWindowModified()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *a: pytest.fail("asked again"))
    action(filled, "saveSession").trigger()
    qtbot.waitUntil(lambda: not filled.isWindowModified())
    assert (tmp_path / "cells.aidsession.bak").exists()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *a: (str(path), ""))
    with qtbot.waitSignal(filled.sessions.opened):
        action(filled, "openSession").trigger()


def test_that_recent_sessions_are_offered(filled: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    menu = filled.findChild(QMenu, "recentSessionsMenu")
    menu.aboutToShow.emit()
    assert [entry.isEnabled() for entry in menu.actions()] == [False]
    for name in ("a", "b"):
        save(filled, tmp_path / f"{name}.aidsession", qtbot)
    menu.aboutToShow.emit()
    assert [entry.text() for entry in menu.actions()] == ["b.aidsession", "a.aidsession"]
    with qtbot.waitSignal(filled.sessions.opened):
        menu.actions()[1].trigger()
    (tmp_path / "b.aidsession").unlink()
    with qtbot.waitSignal(filled.sessions.opener.failed):
        filled.sessions.open(tmp_path / "b.aidsession")
    assert any(text.startswith("There is no session at") for text in notes(filled))
    menu.aboutToShow.emit()
    assert [entry.text() for entry in menu.actions()] == ["a.aidsession"]


def test_that_a_session_that_cannot_be_written_is_told(filled: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    filled.sessions.save_to(tmp_path / "no folder" / "a.aidsession")
    qtbot.waitUntil(lambda: any("could not be saved as" in text for text in notes(filled)))
    assert filled.sessions.path is None


def test_that_a_damaged_session_leaves_the_window_as_it_is(filled: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    before = filled.sessions.session()
    path = tmp_path / "a.aidsession"
    path.write_text("{", encoding="utf-8")
    with qtbot.waitSignal(filled.sessions.opener.failed):
        filled.sessions.open(path)
    assert filled.sessions.session() == before
    assert any("is damaged" in text for text in notes(filled))


def test_that_settings_that_are_not_valid_are_saved_as_they_were_last(filled: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: filled.training.undo.settings == TRAINING)
    editor = filled.training.hyperparameters.form.editor("dropout")
    editor.editor.setText("nonsense")
    assert filled.sessions.session().settings.training == TRAINING


def test_that_a_session_waits_for_the_end_of_a_run(
    filled: MainWindow, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(filled, tmp_path / "a.aidsession", qtbot)
    monkeypatch.setattr(type(filled.session), "is_running", True)
    filled.sessions.open(path)
    assert any("stop the run first" in text for text in notes(filled))
    assert not filled.sessions.opener.is_busy
    monkeypatch.undo()


def test_that_what_the_window_does_not_have_is_told(filled: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    path = save(filled, tmp_path / "a.aidsession", qtbot)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("MLP_8_8_8", "Mine").replace('"auto"', '"gpu:7"'), encoding="utf-8")
    filled.training.run.set_devices(DEVICES)
    open_session(filled, path, qtbot)
    note = next(note for note in filled.data.sources.messages.notes if note.details)
    assert note.text == "2 things of a.aidsession could not be taken over."
    assert note.details.splitlines() == [
        "There is no architecture 'Mine' here, so MLP_8_8_8 stays.", "There is no device gpu:7 here, so auto stays.",
    ]  # fmt: skip


def test_that_a_device_is_kept_until_it_is_known_which_there_are(
    filled: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    path = save(filled, tmp_path / "a.aidsession", qtbot)
    path.write_text(path.read_text(encoding="utf-8").replace('"auto"', '"gpu:0"'), encoding="utf-8")
    open_session(filled, path, qtbot)
    assert filled.sessions.session().settings.device.strategy == "gpu:0"
    assert not filled.isWindowModified()
    filled.training.run.set_devices([*DEVICES, {"name": "gpu:0", "description": "Fast", "reason": ""}])
    assert filled.sessions.session().settings.device.strategy == "gpu:0"
    filled.training.run.set_devices(DEVICES)
    assert filled.sessions.session().settings.device.strategy == "auto"
    told = [note.text for note in filled.training.messages.notes]
    assert told == ["There is no device gpu:0 here, so auto stays."]


def test_that_a_name_with_a_dot_gets_the_ending_of_sessions(
    filled: MainWindow, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = (str(tmp_path / "mice_0.95"), "")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *arguments: chosen)
    action(filled, "saveSessionAs").trigger()
    path = tmp_path / "mice_0.95.aidsession"
    qtbot.waitUntil(lambda: filled.sessions.path == path)
    assert len(read_session(path).rows) == 3


def test_that_a_session_of_any_name_is_opened(filled: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    path = save(filled, tmp_path / "a.aidsession", qtbot).rename(tmp_path / "mice_0.95")
    clear(filled)
    open_session(filled, path, qtbot)
    assert len(filled.notifier.table.rows) == 3


def test_that_a_slow_save_does_not_take_the_window_back_to_its_file(
    filled: MainWindow, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = save(filled, tmp_path / "other.aidsession", qtbot)
    go_on = threading.Event()

    def write_after_wait(*arguments: Any, **words: Any) -> None:
        assert go_on.wait(WAIT_S)
        write_session(*arguments, **words)

    monkeypatch.setattr(session_files, "write_session", write_after_wait)
    slow = tmp_path / "slow.aidsession"
    filled.sessions.save_to(slow)
    open_session(filled, other, qtbot)
    go_on.set()
    qtbot.waitUntil(slow.exists)
    qtbot.waitUntil(lambda: not filled.background.n_jobs)
    assert filled.sessions.path == other


def test_that_a_session_is_written_although_the_window_closes(filled: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    go_on = threading.Event()
    for number in range(100):
        filled.background.start(f"busy {number}", lambda context: go_on.wait(5), lambda result: None)
    filled.sessions.save_to(tmp_path / "a.aidsession")
    assert not (tmp_path / "a.aidsession").exists()
    go_on.set()
    filled.close()
    assert len(read_session(tmp_path / "a.aidsession").rows) == 3


def test_that_of_two_quick_saves_the_later_one_stays(
    filled: MainWindow, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, begun = threading.Event(), threading.Event()

    def write_slowly(*arguments: Any, **words: Any) -> None:
        first = not begun.is_set()
        begun.set()
        if first:
            assert go_on.wait(WAIT_S)
        write_session(*arguments, **words)

    monkeypatch.setattr(session_files, "write_session", write_slowly)
    path = tmp_path / "a.aidsession"
    filled.sessions.save_to(path)
    assert begun.wait(WAIT_S)
    filled.editor.change(filled.notifier.table.removed((0,)), "remove")
    filled.sessions.save_to(path)
    go_on.set()
    qtbot.waitUntil(lambda: not filled.isWindowModified() and not filled.background.n_jobs)
    assert len(read_session(path).rows) == 2


def test_that_a_save_that_fails_leaves_the_one_that_waits(
    filled: MainWindow, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def write_after_wait(session: Session, path: Path, **words: Any) -> None:
        assert go_on.wait(WAIT_S)
        write_session(session, path, **words)

    monkeypatch.setattr(session_files, "write_session", write_after_wait)
    filled.sessions.save_to(tmp_path / "no folder" / "a.aidsession")
    filled.sessions.save_to(tmp_path / "b.aidsession")
    go_on.set()
    qtbot.waitUntil(lambda: filled.sessions.path == tmp_path / "b.aidsession" and not filled.background.n_jobs)
    assert any("could not be saved as" in text for text in notes(filled))
    assert len(read_session(tmp_path / "b.aidsession").rows) == 3
    assert not filled.isWindowModified()


# --- dropping ---------------------------------------------------------------------------------------------


def test_that_a_dropped_session_is_opened(filled: MainWindow, tmp_path: Path, drop: Drop, qtbot: QtBot) -> None:
    path = save(filled, tmp_path / "a.aidsession", qtbot)
    filled.editor.change(filled.notifier.table.removed((0, 1, 2)), "remove")
    assert drag_text((path,)) == "open session a.aidsession"
    with qtbot.waitSignal(filled.sessions.opened):
        drop(filled.findChild(QWidget, "dropArea"), [path])
    assert len(filled.notifier.table.rows) == 3


def test_that_data_dropped_with_a_session_are_left_out(
    filled: MainWindow, tmp_path: Path, arrays: Path, qtbot: QtBot
) -> None:
    path = save(filled, tmp_path / "a.aidsession", qtbot)
    with qtbot.waitSignal(filled.sessions.opened):
        filled.open_paths([path, arrays])
    assert len(filled.notifier.table.rows) == 3
    assert "Only a.aidsession was opened: a session replaces the whole table." in notes(filled)


def test_that_only_one_session_is_opened_at_a_time(filled: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    path = save(filled, tmp_path / "a.aidsession", qtbot)
    with qtbot.waitSignal(filled.sessions.opened):
        filled.sessions.open(path)
        filled.sessions.open(path)
    assert "a.aidsession was not opened: another session is being opened." in notes(filled)


# --- missing sources --------------------------------------------------------------------------------------


def test_that_nothing_is_loaded_until_the_user_decides_about_missing_sources(
    filled: MainWindow, arrays: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    path = save(filled, tmp_path / "a.aidsession", qtbot)
    arrays.rename(tmp_path / "moved")
    clear(filled)
    before = filled.sessions.session()
    filled.sessions.open(path)
    dialog = dialog_of(filled, qtbot)
    assert filled.sessions.session() == before
    dialog.search(tmp_path / "moved")
    qtbot.waitUntil(lambda: dialog.is_complete)
    qtbot.waitUntil(dialog.open_button.isEnabled)
    with qtbot.waitSignal(filled.sessions.opened):
        dialog.open_button.click()
    assert [row.source.path for row in filled.notifier.table.rows] == [
        tmp_path / "moved" / f"{name}.npy" for name in ("cat", "dog", "owl")
    ]
    assert filled.notifier.image_settings == IMAGE


def test_that_a_session_can_be_given_up(filled: MainWindow, arrays: Path, tmp_path: Path, qtbot: QtBot) -> None:
    path = save(filled, tmp_path / "a.aidsession", qtbot)
    (arrays / "cat.npy").unlink()
    before = filled.sessions.session()
    filled.sessions.open(path)
    dialog_of(filled, qtbot).cancel_button.click()
    assert not filled.sessions.opener.is_busy
    assert filled.sessions.session() == before


def test_that_what_is_left_out_or_changed_is_told_and_read_anew(
    filled: MainWindow, arrays: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    path = save(filled, tmp_path / "a.aidsession", qtbot)
    (arrays / "cat.npy").unlink()
    np.save(arrays / "dog.npy", np.zeros((9, 16, 16), np.uint8))
    filled.sessions.open(path)
    dialog = dialog_of(filled, qtbot)
    dialog.list.selectAll()
    dialog.as_it_is_button.click()
    with qtbot.waitSignal(filled.sessions.opened):
        dialog.leave_out_button.click()
    assert [row.source.n_images for row in filled.notifier.table.rows] == [9, 4]
    note = next(note for note in filled.data.sources.messages.notes if note.details)
    assert (note.text, note.details) == (
        "One thing of a.aidsession could not be taken over.", f"{arrays / 'cat.npy'} was left out.",
    )  # fmt: skip


# --- tables of AIDeveloper --------------------------------------------------------------------------------


@pytest.fixture
def table(tmp_path: Path, arrays: Path) -> Path:
    """A table as AIDeveloper writes it: cat for training and validation, dog for training."""
    from openpyxl import Workbook

    book = Workbook()
    used = book.create_sheet("UsedData")
    used.append([None, "rtdc_path", "class", "TrainOrValid", "nr_events", "nr_events_epoch", "shuffle"])
    for index, (name, number, role) in enumerate((("cat", 0, "Train"), ("cat", 0, "Valid"), ("dog", 1, "Train"))):
        used.append([index, str(arrays / f"{name}.npy"), number, role, 4, 2, True])
    parameters = book.create_sheet("Parameters")
    parameters.append([None, "chosen_model", "input_image_size", "nr_epochs", "train_last_layers"])
    parameters.append([0, "MLP_8_8_8", 16, 9, True])
    path = tmp_path / "old_session.xlsx"
    book.save(path)
    return path


def answer(window: MainWindow, name: str, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.findChild(QMessageBox, "sessionQuestion") is not None)
    window.findChild(QMessageBox, "sessionQuestion").findChild(QAbstractButton, name).click()


def test_that_rows_and_settings_of_aideveloper_are_taken_over(
    window: MainWindow, table: Path, drop: Drop, qtbot: QtBot
) -> None:
    assert drag_text((table,)) == "open session old_session.xlsx"
    drop(window, [table])
    with qtbot.waitSignal(window.sessions.opened):
        answer(window, "sessionAllButton", qtbot)
    rows = window.notifier.table.rows
    assert [(row.class_name, row.role, row.images_per_epoch) for row in rows] == [
        ("class 0", Role.TRAINING, 2), ("class 0", Role.VALIDATION, 2), ("class 1", Role.TRAINING, 2),
    ]  # fmt: skip
    assert rows[0].source == rows[1].source
    assert window.training.model.architecture == "MLP_8_8_8"
    assert window.notifier.image_settings.width == 16
    assert window.training.settings.values().hyperparameters.epochs == 9
    # It is not written over by Save session.
    assert window.sessions.path is None
    note = next(note for note in window.data.sources.messages.notes if note.details)
    assert note.details.startswith("AID Desktop does not have training the last layers only")


def test_that_the_data_table_alone_can_be_opened(window: MainWindow, table: Path, qtbot: QtBot) -> None:
    before = window.sessions.session().settings
    window.sessions.open(table)
    with qtbot.waitSignal(window.sessions.opened):
        answer(window, "sessionTableButton", qtbot)
    assert window.sessions.session().settings == before
    assert len(window.notifier.table.rows) == 3


@pytest.mark.parametrize("how", ["cancel", "close"])
def test_that_the_table_can_be_given_up(window: MainWindow, table: Path, qtbot: QtBot, how: str) -> None:
    window.sessions.open(table)
    if how == "cancel":
        answer(window, "sessionCancelButton", qtbot)
    else:
        qtbot.waitUntil(lambda: window.findChild(QMessageBox, "sessionQuestion") is not None)
        window.findChild(QMessageBox, "sessionQuestion").close()
    qtbot.waitUntil(lambda: not window.sessions.opener.is_busy)
    assert not window.notifier.table.rows


def test_that_a_source_that_cannot_be_read_is_left_out_and_told(
    window: MainWindow, table: Path, arrays: Path, qtbot: QtBot
) -> None:
    (arrays / "dog.npy").write_bytes(b"damaged")
    window.sessions.open(table)
    answer(window, "sessionAllButton", qtbot)
    dialog = dialog_of(window, qtbot)
    dialog.list.selectAll()
    dialog.as_it_is_button.click()
    with qtbot.waitSignal(window.sessions.opened):
        dialog.open_button.click()
    assert len(window.notifier.table.rows) == 2
    note = next(note for note in window.data.sources.messages.notes if note.details)
    assert "dog.npy: " in note.details


def test_that_a_session_of_a_colleague_is_the_same_after_saving_again(
    filled: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    first = save(filled, tmp_path / "a.aidsession", qtbot)
    write_session(filled.sessions.session(), tmp_path / "b.aidsession")
    assert first.read_text(encoding="utf-8") == (tmp_path / "b.aidsession").read_text(encoding="utf-8")
