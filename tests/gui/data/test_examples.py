"""The example data sets in the real window."""

from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtWidgets import QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from aid_desktop.data.class_table import Role
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.errors import DataError
from aid_desktop.gui.data import examples as module
from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.qt import required


@pytest.fixture(autouse=True)
def samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the examples for this test."""
    monkeypatch.setattr(module, "samples_dir", lambda: tmp_path / "samples")
    return tmp_path / "samples"


def test_that_the_digits_open_by_one_click_with_their_size(window: MainWindow, qtbot: QtBot, samples: Path) -> None:
    with qtbot.waitSignal(window.notifier.table_changed, timeout=60_000):
        window.data.examples.digits.trigger()
    assert window.notifier.table.n_classes == 10
    assert {row.role for row in window.notifier.table.rows} == set(Role)
    assert (window.notifier.image_settings.width, window.notifier.image_settings.height) == (16, 16)
    assert (samples / "digits" / "train" / "0").is_dir()


def test_that_nothing_is_fetched_before_the_user_agrees(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, samples: Path
) -> None:
    asked: list[Path] = []

    def fetch(folder: Path, progress: object) -> Path:
        asked.append(folder)
        path = folder / "train" / "Bag.rtdc"
        path.parent.mkdir(parents=True)
        write_rtdc(path, np.zeros((3, 28, 28), np.uint8))
        return folder

    monkeypatch.setattr(module, "download_fashion_mnist", fetch)
    assert "download, 31 MB" in window.data.examples.fashion.text()
    window.data.examples.fashion.trigger()
    box = required(window.findChild(QMessageBox, "downloadExampleQuestion"))
    assert "31 MB" in box.text()
    assert "https://" in box.informativeText()
    assert asked == []
    with qtbot.waitSignal(window.notifier.table_changed):
        required(box.findChild(QPushButton, "downloadExampleYes")).click()
    assert asked == [samples / "fashion_mnist"]
    assert window.notifier.table.class_names == ("Bag",)
    assert window.notifier.image_settings.width == 28


def test_that_a_download_without_a_connection_says_so_above_the_table(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(folder: Path, progress: object) -> Path:
        raise DataError("Fashion-MNIST could not be downloaded: no connection")

    monkeypatch.setattr(module, "download_fashion_mnist", fail)
    window.data.examples.fashion.trigger()
    box = required(window.findChild(QMessageBox, "downloadExampleQuestion"))
    with qtbot.waitSignal(window.data.examples.failed):
        required(box.findChild(QPushButton, "downloadExampleYes")).click()
    assert any("no connection" in note.text for note in window.data.sources.messages.notes)
    qtbot.waitUntil(window.data.examples.fashion.isEnabled)


def test_that_the_image_settings_of_a_table_with_rows_stay(
    window: MainWindow, qtbot: QtBot, tiny_folders: Path
) -> None:
    with qtbot.waitSignal(window.notifier.table_changed):
        window.open_paths([tiny_folders])
    with qtbot.waitSignal(window.notifier.table_changed, timeout=60_000):
        window.data.examples.digits.trigger()
    assert window.notifier.image_settings.width == 32
