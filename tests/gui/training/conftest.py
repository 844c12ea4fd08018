"""The window with all that a run needs."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from PyQt5.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from aid_desktop.gui.main_window import MainWindow
from aid_desktop.settings.image import ImageSettings

Drop = Callable[[QWidget, Sequence[Path]], None]


@pytest.fixture
def ready(window: MainWindow, drop: Drop, tiny_folders: Path, qtbot: QtBot) -> MainWindow:
    """The window with data and a small network chosen, on the Training tab."""
    with qtbot.waitSignal(window.notifier.table_changed):
        drop(window, [tiny_folders])
    window.notifier.set_image_settings(ImageSettings(width=12, height=12))
    window.training.model.choose("MLP_8_8_8")
    window.tabs.setCurrentWidget(window.training)
    return window
