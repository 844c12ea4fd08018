"""The image settings beside the preview: what is said of images that they cut."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.qt import required
from aid_desktop.settings.image import ImageSettings

Drop = Callable[[QWidget, Sequence[Path]], None]


@pytest.fixture
def large_images(window: MainWindow, drop: Drop, tmp_path: Path, qtbot: QtBot) -> MainWindow:
    """Drop two classes of images of 60 × 48 px."""
    for name in ("cat", "dog"):
        (tmp_path / "images" / name).mkdir(parents=True)
        Image.fromarray(np.full((48, 60), 90, np.uint8)).save(tmp_path / "images" / name / "a.png")
    with qtbot.waitSignal(window.notifier.table_changed):
        drop(window, [tmp_path / "images"])
    return window


def button_of(window: MainWindow) -> QPushButton:
    return required(window.findChild(QPushButton, "wholeImagesButton"))


def test_that_images_which_are_cut_can_be_taken_whole_with_a_click(large_images: MainWindow, qtbot: QtBot) -> None:
    window = large_images
    note = required(window.findChild(QLabel, "cutImagesNote"))
    assert note.text() == "Images of up to 60 × 48 px: the network sees only 32 × 32 px of them."
    assert button_of(window).text() == "Take them whole: 60 × 48 px"
    qtbot.mouseClick(button_of(window), Qt.MouseButton.LeftButton)
    assert window.notifier.image_settings == ImageSettings(width=60, height=48)
    assert note.isHidden()
    assert button_of(window).isHidden()
    assert required(window.focusWidget()).objectName() == "data:image.width"


def test_that_nothing_is_said_of_an_empty_table(window: MainWindow) -> None:
    assert button_of(window).isHidden()


def test_that_the_size_stays_while_a_run_goes_on(large_images: MainWindow) -> None:
    large_images.session.running_changed.emit(True)
    assert not button_of(large_images).isEnabled()
    assert "while a network is being trained" in button_of(large_images).toolTip()
    large_images.session.running_changed.emit(False)
    assert button_of(large_images).isEnabled()


def test_that_the_size_that_a_model_decides_stays(large_images: MainWindow) -> None:
    large_images.training.model.settled.emit(("width", "height"))
    assert not button_of(large_images).isEnabled()
    assert "model to start from" in button_of(large_images).toolTip()
