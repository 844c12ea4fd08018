"""What the bar at the foot of the Training tab tells."""

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from aid_desktop.gui.preferences import Preferences
from aid_desktop.gui.training.run_panel import RunPanel
from aid_desktop.gui.training.session import TrainingSession
from aid_desktop.runs.records import EpochRecord
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.snapshot import TrainingSettings
from aid_desktop.training.events import EpochFinished, RunFinished, RunStarted, StageChanged


@pytest.fixture
def panel(qtbot: QtBot, preferences: Preferences) -> RunPanel:
    made = RunPanel(TrainingSession(), preferences)
    qtbot.addWidget(made)
    return made


def finish(panel: RunPanel, epoch: int, accuracy: float, loss: float) -> None:
    metrics = (("loss", 1.0), ("accuracy", 0.5), ("val_loss", loss), ("val_accuracy", accuracy))
    panel._session.epoch_finished.emit(EpochFinished(EpochRecord(epoch, 0, 0.001, metrics, 1.0, "m.keras"), 10))


@pytest.mark.parametrize(
    ("epochs", "best"),
    [
        ([(0.8754, 0.5), (0.8752, 0.4)], "best 0.875 (epoch 0)"),
        ([(0.91666, 0.5), (0.9168, 0.6)], "best 0.917 (epoch 1)"),
        ([(0.9, 0.5), (0.9, 0.4)], "best 0.900 (epoch 1)"),
    ],
)
def test_that_the_best_epoch_is_that_of_the_history(
    panel: RunPanel, epochs: list[tuple[float, float]], best: str
) -> None:
    for number, (accuracy, loss) in enumerate(epochs):
        finish(panel, number, accuracy, loss)
    panel._session.finished.emit(RunFinished(Path("run"), "Stopped.", 2, 0, None))
    assert best in panel.text


def test_that_the_next_run_says_its_stage_while_it_loads(panel: RunPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(panel._session), "is_running", True)
    settings = TrainingSettings(hyperparameters=HyperParameters(epochs=3))
    panel._session.running_changed.emit(True)
    panel._session.started.emit(RunStarted(Path("run"), ("a", "b"), 1, 1, 0, 9, settings))
    finish(panel, 2, 0.9, 0.1)
    panel._session.running_changed.emit(False)
    panel._session.running_changed.emit(True)
    panel._session.stage_changed.emit(StageChanged("Reading 1 000 images"))
    panel._clock.timeout.emit()
    assert panel.text == "Reading 1 000 images …"
    panel._session.running_changed.emit(False)
    monkeypatch.undo()


def test_that_the_clock_leaves_it_said_that_the_run_is_stopping(
    panel: RunPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(panel._session), "is_running", True)
    panel._session.running_changed.emit(True)
    panel._session.started.emit(RunStarted(Path("run"), ("a", "b"), 1, 1, 0, 9, TrainingSettings()))
    monkeypatch.setattr(type(panel._session), "stop_requested", True)
    panel._clock.timeout.emit()
    assert panel.text == "Stopping …"
    panel._session.running_changed.emit(False)
    monkeypatch.undo()
