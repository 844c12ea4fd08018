"""The dialog that cuts images into tiles by itself, and as the Data tab offers it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QAction,
    QComboBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QMessageBox,
    QWidget,
)
from pytestqt.qtbot import QtBot

from aid_desktop.data import tile_writing
from aid_desktop.data.class_table import Role
from aid_desktop.data.formats import open_source
from aid_desktop.gui.background import Background
from aid_desktop.gui.data.tile_dialog import TileDialog
from aid_desktop.gui.data.tile_form import Extra
from aid_desktop.gui.main_window import MainWindow

WAIT_MS = 30_000


def stained(seed: int, side: int = 96) -> tuple[np.ndarray, np.ndarray]:
    """Return a pink image with one bright cell, and the mask of its centre."""
    rng = np.random.default_rng(seed)
    image = np.clip(np.array((225, 170, 205)) + rng.normal(0, 8, (side, side, 3)), 0, 255)
    rows, columns = np.mgrid[:side, :side]
    distance = np.hypot(rows - 50 - seed, columns - 46)
    image[distance < 14] = (246, 243, 247)
    return image.astype(np.uint8), np.where(distance < 4, 255, 0).astype(np.uint8)


@pytest.fixture
def tissue(tmp_path: Path) -> Path:
    """Return a folder with three images of 3 × 3 tiles of 32 px; their masks are in `masks`."""
    for number in range(3):
        image, mask = stained(number)
        for folder, pixels in (("tissue", image), ("masks", mask)):
            (tmp_path / folder).mkdir(exist_ok=True)
            Image.fromarray(pixels).save(tmp_path / folder / f"slide{number}.png")
    return tmp_path / "tissue"


@pytest.fixture
def background(qtbot: QtBot) -> Iterator[Background]:
    jobs = Background()
    yield jobs
    jobs.shut_down()


@pytest.fixture
def idle(qtbot: QtBot, background: Background) -> Callable[[], None]:
    return lambda: qtbot.waitUntil(lambda: background.n_jobs == 0, timeout=WAIT_MS)


@pytest.fixture
def dialog(qtbot: QtBot, background: Background) -> TileDialog:
    made = TileDialog([], background)
    qtbot.addWidget(made)
    made.show()
    return made


def planned(qtbot: QtBot, dialog: TileDialog) -> str:
    """Wait for the plan and return the legend."""
    qtbot.waitUntil(lambda: dialog.preview.plan is not None and not dialog.preview._timer.isActive(), timeout=WAIT_MS)
    return dialog.preview.legend.text


def press(qtbot: QtBot, parent: QWidget, name: str) -> None:
    button = parent.findChild(QAbstractButton, name)
    assert button is not None
    qtbot.mouseClick(button, Qt.LeftButton)


# --- choosing ---------------------------------------------------------------------------------------------------


def test_that_without_images_there_is_nothing_to_make(dialog: TileDialog) -> None:
    assert not dialog.start_button.isEnabled()
    assert "Add images" in dialog.preview.view.empty_text
    assert not dialog.form.extra.isEnabled()
    assert dialog.form.names.placeholderText() == "tiles"


def test_that_the_tiles_of_all_classes_are_counted_while_they_are_chosen(qtbot, dialog, tissue, tmp_path) -> None:
    dialog.files.add([tissue])
    assert planned(qtbot, dialog) == "tiles  27"
    assert dialog.target.text() == str(tmp_path / "tissue_tiles")
    assert dialog.preview.message == "27 tiles of 3 images. Shown: slide0, 96 × 96 px"
    dialog.form.masks.setText(str(tmp_path / "masks"))
    assert not dialog.start_button.isEnabled()
    assert planned(qtbot, dialog) == "background  24, object  3"
    dialog.form.names.setText("background, adipocyte")
    dialog.form.stride_box.setValue(16)
    assert planned(qtbot, dialog) == "background  56, adipocyte  19"
    dialog.form.extra.setCurrentText(str(Extra.BALANCE))
    assert planned(qtbot, dialog) == "background  56, adipocyte  56"
    dialog.form.extra.setCurrentText(str(Extra.NUMBER))
    dialog.form.number_box.setValue(5)
    assert planned(qtbot, dialog) == "background  56, adipocyte  24"


def test_that_the_preview_shows_the_tiles_in_the_colours_of_their_classes(qtbot, dialog, tissue, tmp_path) -> None:
    dialog.files.add([tissue])
    dialog.form.masks.setText(str(tmp_path / "masks"))
    planned(qtbot, dialog)
    view = dialog.preview.view

    def color_at(column: int, row: int):
        qtbot.wait(1)
        return view.canvas.grab().toImage().pixelColor(view.pixel_of(column, row))

    inside, outside = color_at(40, 36), color_at(20, 20)
    # The class in the middle is filled with blue, the background only has an outline.
    assert inside.blue() - inside.red() > outside.blue() - outside.red() + 15
    dialog.preview.legend.findChild(QAbstractButton, "tileLegend.1").click()
    hidden = color_at(40, 36)
    assert abs((hidden.blue() - hidden.red()) - (outside.blue() - outside.red())) < 30
    assert inside != hidden


def test_that_what_is_wrong_is_told_where_it_is_chosen(qtbot, dialog, tissue, tmp_path, idle) -> None:
    dialog.files.add([tissue])
    planned(qtbot, dialog)
    dialog.form.names.setText("a, a")
    assert "expected different names" in dialog.preview.message
    assert not dialog.start_button.isEnabled()
    dialog.form.names.clear()
    dialog.form.size_box.setValue(200)
    qtbot.waitUntil(lambda: "less than one tile of 200 × 200 px" in dialog.preview.message, timeout=WAIT_MS)
    dialog.form.size_box.setValue(32)
    planned(qtbot, dialog)
    dialog.form.masks.setText(str(tmp_path / "none"))
    qtbot.waitUntil(lambda: "does not exist" in dialog.preview.message, timeout=WAIT_MS)
    assert not dialog.start_button.isEnabled()


def test_that_what_is_left_out_is_told(qtbot, dialog, tissue, tmp_path) -> None:
    (tissue / "broken.png").write_bytes(b"no picture")
    (tmp_path / "masks" / "slide1.png").unlink()
    dialog.form.masks.setText(str(tmp_path / "masks"))
    dialog.files.add([tissue])
    planned(qtbot, dialog)
    assert "1 of the files" in dialog.messages.notes[0].text
    assert "broken.png" in dialog.messages.notes[0].details
    assert dialog.findChild(QLabel, "tileLeftOut").text().startswith("Left out: slide1.png: has no mask")


def test_that_masks_and_folder_are_chosen_by_buttons(qtbot, dialog, tissue, tmp_path, monkeypatch) -> None:
    dialog.files.add([tissue])
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "masks"))
    press(qtbot, dialog, "tileMaskFolder")
    assert dialog.form.masks_path == tmp_path / "masks"
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "masks" / "slide0.png"), ""))
    press(qtbot, dialog, "tileMaskFile")
    assert dialog.form.masks_path == tmp_path / "masks" / "slide0.png"
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "out"))
    press(qtbot, dialog, "tileBrowse")
    dialog.files.add([tmp_path / "masks"])
    assert dialog.folder == tmp_path / "out"


# --- writing ----------------------------------------------------------------------------------------------------


def test_that_earlier_tiles_are_replaced_only_after_a_question(qtbot, dialog, tissue, tmp_path, idle) -> None:
    out = tmp_path / "tissue_tiles"
    (out / "tiles" / "slide0").mkdir(parents=True)
    (out / "tiles" / "slide0" / "slide0_x00001_y00000.png").write_bytes(b"earlier")
    dialog.files.add([tissue])
    planned(qtbot, dialog)
    for button, n_files in (("tileKeepButton", 1), ("tileOverwriteButton", 27)):
        press(qtbot, dialog, "tileStart")
        qtbot.waitUntil(lambda: dialog.findChild(QMessageBox, "tileOverwriteQuestion") is not None, timeout=WAIT_MS)
        question = dialog.findChild(QMessageBox, "tileOverwriteQuestion")
        assert "slide0 has files already" in question.informativeText()
        press(qtbot, question, button)
        idle()
        qtbot.waitUntil(lambda: dialog.findChild(QMessageBox, "tileOverwriteQuestion") is None, timeout=WAIT_MS)
        assert len(list(out.rglob("*.png"))) == n_files
    assert not dialog.isVisible()


def test_that_making_tiles_can_be_cancelled(qtbot, dialog, tissue, idle, monkeypatch) -> None:
    write = tile_writing.write_picture

    def write_one(path: Path, tile: np.ndarray) -> None:
        write(path, tile)
        dialog.work.job.cancel()

    monkeypatch.setattr(tile_writing, "write_picture", write_one)
    dialog.files.add([tissue])
    planned(qtbot, dialog)
    dialog.start()
    idle()
    assert dialog.messages.notes[-1].text.startswith("Stopped. The tiles written until then are in")
    assert len(list(dialog.folder.rglob("*.png"))) == 1
    assert dialog.start_button.isEnabled()


def test_that_a_failure_stays_in_the_dialog(qtbot, dialog, tissue, idle) -> None:
    dialog.files.add([tissue])
    dialog.target.setText(str(tissue / "inside"))
    planned(qtbot, dialog)
    press(qtbot, dialog, "tileStart")
    idle()
    assert "choose a folder outside" in dialog.messages.notes[0].text
    assert dialog.isVisible()


# --- in the window ----------------------------------------------------------------------------------------------


def wait(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: window.background.n_jobs == 0, timeout=WAIT_MS)


def cut_selected(qtbot: QtBot, window: MainWindow, masks: Path, stride: int) -> TileDialog:
    """Open the dialog for the first row and press Make tiles."""
    window.data.sources.view.select_place(0)
    next(action for action in window.data.tools if action.objectName() == "tileAction").trigger()
    dialog = window.findChild(TileDialog, "tileDialog")
    assert dialog is not None
    dialog.form.masks.setText(str(masks))
    dialog.form.names.setText("background, fat")
    dialog.form.stride_box.setValue(stride)
    planned(qtbot, dialog)
    press(qtbot, dialog, "tileStart")
    return dialog


def test_that_the_selected_rows_are_cut_and_the_tiles_become_rows(qtbot, window, drop, tissue, tmp_path) -> None:
    drop(window, [tissue])
    wait(qtbot, window)
    dialog = cut_selected(qtbot, window, tmp_path / "masks", 32)
    assert dialog.files.paths == (tissue,)
    qtbot.waitUntil(lambda: len(window.notifier.table.rows) == 3, timeout=WAIT_MS)
    rows = window.notifier.table.rows
    assert [row.class_name for row in rows] == ["tissue", "background", "fat"]
    assert {row.role for row in rows} == {Role.TRAINING}
    assert [row.source.n_images for row in rows] == [3, 24, 3]
    assert rows[2].source == open_source(tmp_path / "tissue_tiles" / "fat").source
    assert any(note.text.startswith("27 tiles were written to") for note in window.data.sources.messages.notes)


def test_that_tiles_made_anew_take_the_place_of_the_earlier_ones(qtbot, window, drop, tissue, tmp_path) -> None:
    drop(window, [tissue])
    wait(qtbot, window)
    cut_selected(qtbot, window, tmp_path / "masks", 32)
    qtbot.waitUntil(lambda: len(window.notifier.table.rows) == 3, timeout=WAIT_MS)
    wait(qtbot, window)
    dialog = cut_selected(qtbot, window, tmp_path / "masks", 16)
    qtbot.waitUntil(lambda: dialog.findChild(QMessageBox, "tileOverwriteQuestion") is not None, timeout=WAIT_MS)
    press(qtbot, dialog.findChild(QMessageBox, "tileOverwriteQuestion"), "tileOverwriteButton")
    n_images = [3, 56, 19]
    qtbot.waitUntil(lambda: [row.source.n_images for row in window.notifier.table.rows] == n_images, timeout=WAIT_MS)
    window.findChild(QAction, "undoAction").trigger()
    assert [row.source.n_images for row in window.notifier.table.rows] == [3, 24, 3]
    wait(qtbot, window)


def test_that_all_widgets_have_names(dialog: TileDialog) -> None:
    kinds = (QAbstractButton, QAbstractSpinBox, QLineEdit, QComboBox)
    widgets = [one for kind in kinds for one in dialog.findChildren(kind) if not one.objectName().startswith("qt_")]
    assert len({widget.objectName() for widget in widgets}) == len(widgets) > 15
    assert all(widget.accessibleName() and widget.toolTip() for widget in widgets)
