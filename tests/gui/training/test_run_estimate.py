"""What is told of a run before it starts."""

import re
from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtCore import QObject, pyqtSignal
from PyQt5.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from aid_desktop.data.class_table import Role
from aid_desktop.errors import SettingsError
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.training import run_estimate as module
from aid_desktop.gui.training.run_estimate import RunEstimate
from aid_desktop.gui.training.session import TrainingSession
from aid_desktop.models.cost import Cost
from aid_desktop.runs.config import DataRow, ModelChoice, RunConfig, open_table
from aid_desktop.settings.image import ImageSettings
from aid_desktop.training.speeds import SpeedBook

COST = Cost(60_000, 400_000, 17_000)


class Model:
    """Stands in for the panel that knows the chosen network."""

    cost = COST


class Settings(QObject):
    """Stands in for the settings of the window."""

    changed = pyqtSignal()


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    for name in "ab":
        np.save(tmp_path / f"{name}.npy", np.zeros((50, 20, 20), np.uint8))
    rows = tuple(
        DataRow(tmp_path / f"{name}.npy", name, role) for name in "ab" for role in (Role.TRAINING, Role.VALIDATION)
    )
    return RunConfig(ImageSettings(width=20, height=20), ModelChoice(architecture="Own"), data=rows)


@pytest.fixture
def label(qtbot: QtBot, config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunEstimate:
    monkeypatch.setattr(module, "speeds_file", lambda: tmp_path / "speeds.json")
    monkeypatch.setattr(module, "_PAUSE_MS", 0)
    notifier, window = Notifier(), QWidget()
    qtbot.addWidget(window)
    made = RunEstimate(notifier, TrainingSession(window), lambda: config, Model(), Settings(window), window)
    notifier.setParent(window)
    window.show()
    notifier.set_table(open_table(config.data))
    qtbot.waitUntil(made.isVisible)
    return made


def test_that_memory_and_time_are_told(label: RunEstimate, config: RunConfig, qtbot: QtBot, tmp_path: Path) -> None:
    assert re.match(r"A run: about \d+ MB of memory, roughly [\d.]+ s an epoch, ", label.text())
    assert "follows from what the network computes and from other runs" in label.toolTip()
    SpeedBook(tmp_path / "speeds.json").note("Own", config.image, config.device, 0, [0.9, 0.2])
    label.renew()
    qtbot.waitUntil(lambda: "about 40 s an epoch" in label.text())
    assert "that of the last run" in label.toolTip()


def test_that_too_little_memory_is_a_warning(label: RunEstimate, qtbot: QtBot) -> None:
    assert label.property("role") == "muted"
    label.set_gpus(1, 10**6)
    qtbot.waitUntil(lambda: label.property("role") == "warning")
    assert re.match(r"A run needs about \d+ MB of memory, and 1 MB of the GPU can be had: ", label.text())
    assert re.match(r"about \d+ MB of GPU memory", label.toolTip())


def test_that_nothing_is_told_while_something_trains_or_a_setting_is_not_valid(
    label: RunEstimate, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    label._session.running_changed.emit(True)
    assert not label.isVisible()
    label._session.running_changed.emit(False)
    qtbot.waitUntil(label.isVisible)

    def fail() -> RunConfig:
        raise SettingsError("training.epochs", "got nothing")

    monkeypatch.setattr(label, "_config", fail)
    label.renew()
    qtbot.waitUntil(label.isHidden)
