"""The window is closed whatever it is doing: it goes away, nothing stays behind, and what was finished is kept."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from PyQt5.QtWidgets import QMessageBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from aid_desktop.gui.export.export_models_dialog import ExportModelsDialog
from aid_desktop.gui.main_window import MainWindow
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.history import read_history
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.snapshot import TrainingSettings

pytestmark = pytest.mark.keras

Drop = Callable[[QWidget, Sequence[Path]], None]
WAIT_MS = 60_000


def set_epochs(window: MainWindow, epochs: int) -> None:
    window.training.settings.set_values(TrainingSettings(hyperparameters=HyperParameters(epochs=epochs, batch_size=16)))


def close(window: MainWindow, qtbot: QtBot) -> None:
    """Close, and answer the question that comes while a run goes on."""
    if not window.close():
        question = window.findChildren(QMessageBox, "closeQuestion")[-1]
        question.findChild(QPushButton, "stopAndCloseButton").click()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=WAIT_MS)
    assert not window.session.is_running
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("background")] == []


def start(window: MainWindow, epochs: int = 100_000) -> None:
    set_epochs(window, epochs)
    window.training.run.start_button.click()


def test_while_files_are_opened(window: MainWindow, drop: Drop, tiny_folders: Path, qtbot: QtBot) -> None:
    drop(window, [tiny_folders])
    assert window.background.n_jobs
    close(window, qtbot)


def test_while_a_start_is_checked(ready: MainWindow, qtbot: QtBot) -> None:
    start(ready)
    assert ready.background.n_jobs
    close(ready, qtbot)


def test_while_a_run_is_prepared(ready: MainWindow, qtbot: QtBot) -> None:
    start(ready)
    qtbot.waitUntil(lambda: ready.session.is_running, timeout=WAIT_MS)
    close(ready, qtbot)
    assert not list(Path(ready._preferences.runs_folder).rglob("history.csv"))


def test_while_a_run_is_paused(ready: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(ready.session.epoch_finished, timeout=WAIT_MS):
        start(ready)
    with qtbot.waitSignal(ready.session.paused, timeout=WAIT_MS):
        ready.training.run.pause_button.click()
    folder = RunFolder(ready.session.folder)
    n_finished = len(read_history(folder.history_csv))
    close(ready, qtbot)
    assert len(read_history(folder.history_csv)) == n_finished >= 1
    assert folder.last_model.is_file()
    assert folder.meta_xlsx.is_file()


def test_while_a_rate_is_searched(ready: MainWindow, qtbot: QtBot) -> None:
    ready.training.hyperparameters.find_rate.click()
    assert ready.background.n_jobs
    close(ready, qtbot)


@pytest.fixture
def trained(ready: MainWindow, qtbot: QtBot) -> Path:
    """Return the folder of a finished run, whose model Assessment has chosen."""
    with qtbot.waitSignal(ready.session.finished, timeout=WAIT_MS) as finished:
        start(ready, 1)
    qtbot.waitUntil(lambda: not ready.session.is_running)
    return Path(finished.args[0].folder)


def test_while_a_model_is_assessed(ready: MainWindow, trained: Path, qtbot: QtBot) -> None:
    ready.tabs.setCurrentWidget(ready.assessment)
    ready.findChild(QPushButton, "assessRunButton").click()
    assert ready.background.n_jobs
    close(ready, qtbot)


def test_while_a_model_is_exported(ready: MainWindow, trained: Path, qtbot: QtBot, tmp_path: Path) -> None:
    dialog = ExportModelsDialog([trained], ready.background, ready)
    dialog.formats.tick(["onnx"])
    dialog.start(tmp_path / "net.onnx")
    assert ready.background.n_jobs
    assert not ready.close()
    question = ready.findChildren(QMessageBox, "closeQuestion")[-1]
    assert "Not finished yet: Exporting" in question.informativeText()
    question.findChild(QPushButton, "keepTrainingButton").click()
    assert ready.isVisible()
    close(ready, qtbot)
    left = [path.name for path in tmp_path.iterdir() if path.name.startswith((".export", "net"))]
    assert left in ([], ["net.onnx"])
