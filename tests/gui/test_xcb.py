"""On a real xcb window: TensorFlow and Mesa's OpenGL must not meet, see aid_desktop.__main__."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from PyQt5.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from aid_desktop.gui.main_window import MainWindow
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.snapshot import TrainingSettings

pytestmark = [pytest.mark.xcb, pytest.mark.keras]

Drop = Callable[[QWidget, Sequence[Path]], None]
WAIT_MS = 90_000

SHOW_THEN_IMPORT = """
import sys
import aid_desktop.cli.main

def run(arguments):
    from PyQt5.QtWidgets import QApplication, QWidget
    app = QApplication([])
    assert app.platformName() == "xcb"
    window = QWidget()
    window.show()
    app.processEvents()
    import tensorflow
    return 0

aid_desktop.cli.main.run = run
import aid_desktop.__main__
sys.exit(aid_desktop.__main__.main())
"""


def test_that_tensorflow_can_be_imported_after_a_window_is_shown() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "QT_XCB_GL_INTEGRATION"}
    done = subprocess.run(
        [sys.executable, "-c", SHOW_THEN_IMPORT],
        env=environment,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_that_a_network_trains_behind_a_shown_window(
    window: MainWindow, drop: Drop, tiny_folders: Path, qtbot: QtBot
) -> None:
    assert QApplication.platformName() == "xcb"
    qtbot.waitExposed(window)
    with qtbot.waitSignal(window.notifier.table_changed, timeout=WAIT_MS):
        drop(window, [tiny_folders])
    window.notifier.set_image_settings(ImageSettings(width=12, height=12))
    window.training.model.choose("MLP_8_8_8")
    window.training.settings.set_values(
        TrainingSettings(AugmentationSettings(rotation=5), HyperParameters(epochs=2, batch_size=16))
    )
    with qtbot.waitSignal(window.session.finished, timeout=WAIT_MS) as finished:
        window.training.run.start_button.click()
    qtbot.waitUntil(lambda: not window.session.is_running, timeout=WAIT_MS)
    assert finished.args[0].n_epochs == 2
    with qtbot.waitSignal(window.assessment.assessed, timeout=WAIT_MS) as assessed:
        window.assessment.assess()
    assert assessed.args[0].n == 16
