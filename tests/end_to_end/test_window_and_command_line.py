"""A run started in the window leaves a run.toml that repeats it on the command line, number for number."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PyQt5.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.preferences import Preferences
from aid_desktop.gui.theme import ThemeManager
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.history import read_history
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.snapshot import TrainingSettings

pytestmark = pytest.mark.keras

WAIT_MS = 90_000
SETTINGS = TrainingSettings(
    AugmentationSettings(horizontal_flip=True, rotation=10, noise_std=5, contrast=(0.8, 1.2)),
    HyperParameters(epochs=3, batch_size=16),
)


def numbers(folder: Path) -> list[tuple[object, ...]]:
    """Return the history without what a clock measures."""
    records = read_history(RunFolder(folder).history_csv).records
    return [tuple(record.value(name) for name in record.columns if name != "seconds") for record in records]


def test_that_window_and_command_line_give_the_same_history(
    tiny_folders: Path, tmp_path: Path, qtbot: QtBot, qapp: QApplication
) -> None:
    preferences = Preferences()
    preferences.runs_folder = str(tmp_path / "runs")
    window = MainWindow(ThemeManager(qapp), preferences)
    qtbot.addWidget(window)
    with qtbot.waitSignal(window.notifier.table_changed):
        window.open_paths([tiny_folders])
    window.notifier.set_image_settings(ImageSettings(width=16, height=16))
    window.training.model.choose("LeNet5_do")
    window.training.settings.set_values(SETTINGS)
    with qtbot.waitSignal(window.session.finished, timeout=WAIT_MS) as finished:
        window.training.run.start_button.click()
    qtbot.waitUntil(lambda: not window.session.is_running)
    window.close()
    in_window = finished.args[0].folder
    out = tmp_path / "repeated"
    command = ["train", str(in_window / "run.toml"), "--out", str(out), "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "aid_desktop", *command], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert numbers(out) == numbers(in_window)
    assert len(numbers(out)) == 3
    assert json.loads(done.stdout)["best_epoch"] == finished.args[0].best_epoch
