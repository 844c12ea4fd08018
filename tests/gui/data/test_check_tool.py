from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from aid_desktop.gui.data.check_dialog import CheckDialog
from aid_desktop.gui.main_window import MainWindow


def stack(path: Path, seed: int) -> Path:
    np.save(path, np.random.default_rng(seed).integers(0, 250, (6, 16, 16), np.uint8))
    return path


@pytest.fixture
def checked(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> CheckDialog:
    """Return the dialog about two rows with three images in common and different classes."""
    one, other = np.load(stack(tmp_path / "one.npy", 1)), np.load(stack(tmp_path / "other.npy", 2))
    other[:3] = one[3:]
    np.save(tmp_path / "other.npy", other)
    window.open_paths((tmp_path / "one.npy", tmp_path / "other.npy"))
    qtbot.waitUntil(lambda: len(window.notifier.table.rows) == 2)
    window.findChild(QToolButton, "checkButton").click()
    qtbot.waitUntil(lambda: window.data.check.dialog is not None)
    dialog = window.data.check.dialog
    assert dialog is not None
    return dialog


def test_that_the_images_of_a_finding_are_shown_in_pairs(checked: CheckDialog, qtbot: QtBot) -> None:
    assert checked.findings.list.item(0).text() == "3 images have two different classes."
    qtbot.waitUntil(lambda: len(checked.findings.first.images) == 3)
    np.testing.assert_array_equal(np.stack(checked.findings.first.images), np.stack(checked.findings.second.images))
    assert checked.health.rowCount() == 2
    assert checked.health.item(0, 1).text() == "6"


def test_that_the_rows_of_a_finding_are_selected(window: MainWindow, checked: CheckDialog) -> None:
    window.data.sources.view.clearSelection()
    checked.select_button.click()
    assert window.data.sources.view.selected_places() == (0, 1)


def test_that_findings_stay_as_a_note(window: MainWindow, checked: CheckDialog) -> None:
    checked.accept()
    assert any(note.text.startswith("Check found 1 thing in 12 images") for note in window.data.sources.messages.notes)


def test_that_a_report_is_saved_as_a_table(checked: CheckDialog, tmp_path: Path) -> None:
    checked.save(tmp_path / "report.csv")
    lines = (tmp_path / "report.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "finding,first,first image,second,second image"
    assert lines[1] == "3 images have two different classes.,one.npy,3,other.npy,0"
    assert lines[-1].startswith("other,6,0,0,16 × 16,")


def test_that_clean_data_are_called_so(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    assert not window.data.check.action.isEnabled()
    window.open_paths((stack(tmp_path / "one.npy", 1), stack(tmp_path / "other.npy", 2)))
    qtbot.waitUntil(lambda: window.data.check.action.isEnabled())
    window.data.check.start()
    qtbot.waitUntil(lambda: window.data.check.dialog is not None)
    assert "Nothing found in 12 images" in window.data.check.dialog.summary


def test_that_images_that_do_not_fit_each_other_are_told_above_the_table(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    np.save(tmp_path / "deep.npy", np.zeros((3, 16, 16), np.uint16))
    np.save(tmp_path / "five.npy", np.zeros((3, 16, 16, 5), np.uint8))
    window.open_paths((stack(tmp_path / "one.npy", 1), tmp_path / "deep.npy", tmp_path / "five.npy"))
    qtbot.waitUntil(lambda: len(window.notifier.table.rows) == 3)

    def texts() -> str:
        return "\n".join(f"{note.text}\n{note.details}" for note in window.data.sources.messages.notes)

    assert "deep.npy: has images of 16 bits, expected 8 bits" in texts()
    assert "five.npy: has images of 5 channels, which are neither gray nor rgb" in texts()
    five = replace(window.notifier.image_settings, channels=("channel 2",))
    window.notifier.set_image_settings(five)
    assert "one.npy: has no channel 'channel 2', only gray" in texts()
    assert "which are neither" not in texts()
