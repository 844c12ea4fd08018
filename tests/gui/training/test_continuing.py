"""Runs that go on in the real window."""

from pathlib import Path

import pytest
from PyQt5.QtWidgets import QAction, QFileDialog, QPushButton
from pytestqt.qtbot import QtBot

from aid_desktop.gui.main_window import MainWindow
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.history import read_history
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.snapshot import TrainingSettings
from aid_desktop.training.events import RunFinished

pytestmark = pytest.mark.keras

WAIT_MS = 60_000


@pytest.fixture
def run(ready: MainWindow, qtbot: QtBot) -> Path:
    """Train for two epochs in the window; return the folder of the run."""
    window = ready
    show(window, HyperParameters(epochs=2, batch_size=16, learning_rate=0.02))
    with qtbot.waitSignal(window.session.finished, timeout=WAIT_MS) as finished:
        window.training.run.start_button.click()
    qtbot.waitUntil(lambda: not window.session.is_running)
    folder: Path = finished.args[0].folder
    return folder


def show(window: MainWindow, hyperparameters: HyperParameters) -> None:
    window.training.settings.set_values(TrainingSettings(hyperparameters=hyperparameters))


def continue_run(window: MainWindow) -> None:
    action = window.findChild(QAction, "continue_runAction")
    assert action is not None
    action.trigger()


def epochs_of(folder: Path) -> list[int]:
    return [record.epoch for record in read_history(RunFolder(folder).history_csv).records]


def texts(window: MainWindow) -> list[str]:
    return [note.text for note in window.training.messages.notes]


def test_that_a_run_is_prolonged_to_the_epochs_on_show(
    window: MainWindow, run: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *arguments: str(run))
    show(window, HyperParameters(epochs=4, batch_size=64, learning_rate=0.5))
    with qtbot.waitSignal(window.session.finished, timeout=WAIT_MS):
        continue_run(window)
    qtbot.waitUntil(lambda: not window.session.is_running)
    assert epochs_of(run) == [0, 1, 2, 3]
    # All but the number of epochs is as the run had it, and is shown so.
    shown = window.training.settings.values().hyperparameters
    assert (shown.batch_size, shown.learning_rate) == (16, 0.02)


def test_that_a_run_with_no_epochs_left_says_so(window: MainWindow, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *arguments: str(run))
    continue_run(window)
    assert not window.session.is_running
    assert "it has done all its 2 epochs. Set Epochs above 2 first" in texts(window)[-1]


def test_that_a_folder_without_a_run_is_told(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *arguments: str(tmp_path))
    continue_run(window)
    assert not window.session.is_running
    assert "cannot be continued" in texts(window)[-1]


def test_that_a_diverged_run_goes_on_at_half_the_rate_when_wanted(window: MainWindow, run: Path, qtbot: QtBot) -> None:
    show(window, HyperParameters(epochs=3))
    diverged = RunFinished(run, "Stopped in epoch 2.", 2, 1, None, has_diverged=True)
    window.session.finished.emit(diverged)
    (note,) = (note for note in window.training.messages.notes if note.text == diverged.reason)
    button = next(each for each in window.training.messages.findChildren(QPushButton) if each.text() == note.action)
    with qtbot.waitSignal(window.session.finished, timeout=WAIT_MS):
        button.click()
        assert note not in window.training.messages.notes
    qtbot.waitUntil(lambda: not window.session.is_running)
    records = read_history(RunFolder(run).history_csv).records
    assert [record.epoch for record in records] == [0, 1, 2]
    assert records[-1].learning_rate == pytest.approx(0.01)


def test_that_nothing_is_offered_when_no_epoch_was_finished(window: MainWindow, tmp_path: Path) -> None:
    finished = RunFinished(tmp_path, "Stopped in epoch 0.", 0, None, None, has_diverged=True)
    window.session.finished.emit(finished)
    (note,) = window.training.messages.notes
    assert note.action == ""
