import io
import sys
from pathlib import Path

import pytest

from aid_desktop.cli.monitor import Monitor
from aid_desktop.runs.records import EpochRecord
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.snapshot import SettingsDiff, TrainingSettings
from aid_desktop.training.events import (
    BatchProgress,
    EpochFinished,
    RunFailed,
    RunFinished,
    RunPaused,
    RunResumed,
    RunStarted,
    SettingsApplied,
    StageChanged,
)

NEW = TrainingSettings(hyperparameters=HyperParameters(batch_size=8))
DIFF = SettingsDiff.between(TrainingSettings(), NEW)
RECORD = EpochRecord(3, 0, 0.1, (("loss", 0.51234), ("val_loss", 0.25)), 2.04, "m.keras")
LINES = [
    (StageChanged("Loading"), "Loading …"),
    (
        RunStarted(Path("r"), ("a", "b"), 10, 5, 0, 99, NEW),
        "r: classes a, b; 10 images per epoch, 5 to validate, 99 weights",
    ),
    (
        RunStarted(Path("r"), ("a", "b"), 10, 5, 0, 99, NEW, 0, ("Two are kept.",), ("It knows them.",)),
        "r: classes a, b; 10 images per epoch, 5 to validate, 99 weights\nTwo are kept.\nWarning: It knows them.",
    ),
    (SettingsApplied(2, 1, NEW, DIFF), "epoch 2 uses revision 1: training.batch_size 64 → 8"),
    (EpochFinished(RECORD, 10), "epoch 3: loss 0.5123  val_loss 0.2500  2.0 s, about 00:12 left  saved"),
    (RunPaused(4), "paused in epoch 4"),
    (RunResumed(4), "goes on in epoch 4"),
    (RunFinished(Path("r"), "Stopped.", 4, 3, Path("m.keras")), "Stopped. Best epoch: 3, model: m.keras"),
]


@pytest.mark.parametrize(("event", "line"), LINES, ids=lambda value: type(value).__name__)
def test_that_each_event_is_a_line(event: object, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    monitor = Monitor()
    monitor.show(event)  # type: ignore[arg-type]
    assert capsys.readouterr().out == f"{line}\n"
    assert monitor.last is event


@pytest.mark.parametrize("event", [RunFailed("Oh."), BatchProgress(0, 1, 4, 0.5, 0.5)])
def test_that_failures_and_progress_print_no_line(event: object, capsys: pytest.CaptureFixture[str]) -> None:
    monitor = Monitor()
    monitor.show(event)  # type: ignore[arg-type]
    assert capsys.readouterr().out == ""
    assert monitor.last is event


def test_that_a_quiet_monitor_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    monitor = Monitor(quiet=True)
    for event, _ in LINES:
        monitor.show(event)
    assert capsys.readouterr().out == ""
    assert monitor.last is LINES[-1][0]


def test_that_a_terminal_gets_a_progress_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    Monitor().show(BatchProgress(2, 1, 4, 0.5, 0.5))
    assert "epoch 2 ██████░░░░░░░░░░░░░░░░░░ 1/4  loss 0.5000" in terminal.getvalue()
