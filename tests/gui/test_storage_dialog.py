from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtWidgets import QAction
from pytestqt.qtbot import QtBot

from aid_desktop.data.cache import DEFAULT_LIMIT_GB, CropCache
from aid_desktop.data.formats import open_source
from aid_desktop.gui.background import Background
from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.storage_dialog import StorageDialog
from aid_desktop.settings.image import ImageSettings


@pytest.fixture
def filled(tmp_path: Path) -> CropCache:
    np.save(tmp_path / "a.npy", np.zeros((5, 9, 9), np.uint8))
    folder = tmp_path / "cache"
    maker = CropCache(folder)
    maker.images(open_source(tmp_path / "a.npy"), ImageSettings(), 1.0, True, lambda *_: None, lambda: False)
    return CropCache(folder)


@pytest.fixture
def dialog(qtbot: QtBot, qapp, filled: CropCache):
    background = Background()
    shown = StorageDialog(filled, background)
    qtbot.addWidget(shown)
    shown.show()
    qtbot.waitUntil(lambda: background.n_jobs == 0, timeout=30_000)
    yield shown
    qtbot.waitUntil(lambda: background.n_jobs == 0, timeout=30_000)
    background.shut_down()


def test_that_the_size_of_the_cache_is_shown(dialog: StorageDialog) -> None:
    assert dialog.usage.text() == "0.00 GB in 1 file"
    assert dialog.limit.value() == DEFAULT_LIMIT_GB
    assert dialog.empty_button.text() == "Empty (0.00 GB)"
    assert dialog.empty_button.isEnabled()


def test_that_it_can_be_emptied(dialog: StorageDialog, filled: CropCache, qtbot: QtBot) -> None:
    dialog.empty_button.click()
    qtbot.waitUntil(lambda: dialog.usage.text() == "nothing stored")
    assert filled.usage().n_files == 0
    assert not dialog.empty_button.isEnabled()


def test_that_another_limit_is_kept(dialog: StorageDialog, filled: CropCache, qtbot: QtBot) -> None:
    dialog.limit.setValue(3.5)
    dialog.limit.editingFinished.emit()
    qtbot.waitUntil(lambda: CropCache(filled.folder).limit_gb == 3.5)


def test_that_a_limit_that_cannot_be_stored_is_told(dialog: StorageDialog, filled: CropCache, qtbot: QtBot) -> None:
    for path in filled.folder.iterdir():
        path.unlink()
    filled.folder.rmdir()
    filled.folder.write_text("in the way")
    dialog.limit.setValue(7)
    dialog.limit.editingFinished.emit()
    qtbot.waitUntil(lambda: bool(dialog.message.text()))
    assert "cannot be stored" in dialog.message.text()
    assert dialog.limit.height() >= dialog.limit.sizeHint().height()


def test_that_the_menu_opens_it(window: MainWindow, qtbot: QtBot) -> None:
    window.findChild(QAction, "storageAction").trigger()
    qtbot.waitUntil(lambda: window.findChild(StorageDialog, "storageDialog") is not None)
    qtbot.waitUntil(lambda: window.background.n_jobs == 0)
