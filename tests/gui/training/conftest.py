"""The window with all that a run needs."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from PyQt5.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from aid_desktop.gui.main_window import MainWindow
from aid_desktop.runs.folder import LastState, write_state
from aid_desktop.runs.history import append_record, read_history
from aid_desktop.runs.records import EpochRecord
from aid_desktop.runs.run_toml import write_run_toml
from aid_desktop.runs.settings_log import Revision, append_revision
from aid_desktop.settings.image import ImageSettings
from aid_desktop.training import loop
from aid_desktop.training.events import EpochFinished, RunFailed, RunFinished, RunStarted, TrainingEvent
from aid_desktop.training.run import TrainingRun

Drop = Callable[[QWidget, Sequence[Path]], None]


@pytest.fixture
def ready(window: MainWindow, drop: Drop, tiny_folders: Path, qtbot: QtBot) -> MainWindow:
    """The window with data and a small network chosen, on the Training tab."""
    with qtbot.waitSignal(window.notifier.table_changed, timeout=30_000):
        drop(window, [tiny_folders])
    window.notifier.set_image_settings(ImageSettings(width=12, height=12))
    window.training.model.choose("MLP_8_8_8")
    window.tabs.setCurrentWidget(window.training)
    return window


Publish = Callable[[TrainingEvent], None]


class Core:
    """Stands in for the epoch loop: writes the files of a run and tells its events, without a network.

    `begun` are the runs in their order; with `holds` each waits before its last epoch until it is stopped or `go` is
    called. A run of an architecture in `failing` fails, one in `diverging` ends without a good loss.
    """

    def __init__(self) -> None:
        self.begun: list[TrainingRun] = []
        self.failing: set[str] = set()
        self.diverging: set[str] = set()
        self.holds = False
        self._turns = threading.Semaphore(0)

    def go(self) -> None:
        """Let one run that waits come to its end."""
        self._turns.release()

    def train(self, run: TrainingRun, publish: Publish) -> None:
        """Play a run of as many epochs as its settings say."""
        self.begun.append(run)
        name = run.config.model.name
        if name in self.failing:
            publish(RunFailed(f"{name} cannot be built", "Traceback"))
            return
        settings, folder = run.config.training, run.folder
        first = len(read_history(folder.history_csv))
        if not run.resume:
            folder.create()
            append_revision(folder.settings_jsonl, Revision.now(0, 0, settings))
            write_run_toml(run.config, folder.run_toml)
        epochs = settings.hyperparameters.epochs
        publish(RunStarted(folder.path, ("circle", "square"), 48, 16, first, 10, settings))
        for epoch in range(first, epochs):
            if epoch == epochs - 1:
                self._wait(run)
            if run.control.stop_requested or name in self.diverging:
                break
            accuracy = 0.5 + 0.1 * run.config.seed + 0.01 * epoch
            record = EpochRecord(epoch, 0, 0.1, (("val_loss", 0.5), ("val_accuracy", accuracy)), 1.0, f"e{epoch}.keras")
            append_record(folder.history_csv, record)
            folder.model(f"e{epoch}.keras").touch()
            publish(EpochFinished(record, epochs))
        n_done = len(read_history(folder.history_csv))
        if n_done:
            write_state(folder, LastState(n_done - 1, 0, finished=n_done == epochs))
            folder.last_model.touch()
        publish(RunFinished(folder.path, "Done.", n_done, None, None, has_diverged=name in self.diverging))

    def _wait(self, run: TrainingRun) -> None:
        while self.holds and not run.control.stop_requested:
            if self._turns.acquire(timeout=0.01):
                return


@pytest.fixture
def core(monkeypatch: pytest.MonkeyPatch) -> Core:
    """Let runs of the window be played, not trained."""
    played = Core()
    monkeypatch.setattr(loop, "train", played.train)
    return played
