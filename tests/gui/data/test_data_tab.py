"""Dropping, editing, removing and undoing rows on the real Data tab."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QCheckBox, QLabel, QPushButton, QWidget
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from aid_desktop.data.class_table import MAX_CLASS_INDEX, Role
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.data.source import DataSource, SourceKind
from aid_desktop.gui.data.loading import Loaded
from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.models.class_table_model import ClassTableModel, Column
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import ThemeManager

Drop = Callable[[QWidget, Sequence[Path]], None]


@pytest.fixture
def dropped(window: MainWindow, drop: Drop, tiny_folders: Path, qtbot: QtBot) -> MainWindow:
    with qtbot.waitSignal(window.notifier.table_changed):
        drop(window, [tiny_folders])
    return window


def set_cell(window: MainWindow, row: int, column: Column, value: object) -> None:
    model = required(window.data.sources.view.model())
    assert model.setData(model.index(row, column), value)


def names_and_roles(window: MainWindow) -> list[tuple[str, int, Role]]:
    return [(row.class_name, row.class_index, row.role) for row in window.notifier.table.rows]


def test_that_a_dropped_parent_folder_gives_a_row_per_class_and_role(dropped: MainWindow) -> None:
    assert sorted(names_and_roles(dropped)) == sorted(
        (name, index, role) for role in Role for index, name in enumerate(("circle", "square"))
    )
    assert [row.source.n_images for row in dropped.notifier.table.rows_with(Role.TRAINING)] == [24, 24]


def test_that_folders_and_rtdc_files_can_be_dropped_together_on_the_drop_area(
    window: MainWindow, drop: Drop, tiny_folders: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    rtdc = tmp_path / "triangle.rtdc"
    write_rtdc(rtdc, np.zeros((5, 20, 20), np.uint8))
    area = window.findChild(QWidget, "dropArea")
    with qtbot.waitSignal(window.notifier.table_changed):
        drop(area, [tiny_folders / "train" / "circle", tiny_folders / "train" / "square", rtdc])
    assert window.notifier.table.class_names == ("circle", "square", "triangle")


def test_that_what_cannot_be_used_is_named_and_the_rest_is_added(
    window: MainWindow, drop: Drop, tiny_folders: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no image")
    empty = tmp_path / "nothing"
    empty.mkdir()
    broken = tmp_path / "broken.rtdc"
    broken.write_bytes(b"not an HDF5 file")
    with qtbot.waitSignal(window.notifier.table_changed):
        drop(window, [text, empty, broken, tiny_folders / "train" / "circle"])
    assert window.notifier.table.class_names == ("circle",)
    notes = "\n".join(note.text for note in window.data.sources.messages.notes)
    assert "notes.txt" in notes
    assert "nothing" in notes
    assert "broken.rtdc" in notes


def test_that_unreadable_images_are_counted_and_listed(
    window: MainWindow, drop: Drop, tiny_folders: Path, qtbot: QtBot
) -> None:
    folder = tiny_folders / "train" / "circle"
    whole = (folder / "circle_00.png").read_bytes()
    (folder / "circle_00.png").write_bytes(whole[: len(whole) // 2])
    with qtbot.waitSignal(window.notifier.table_changed):
        drop(window, [folder])
    note = next(note for note in window.data.sources.messages.notes if "1 of 24 unreadable" in note.text)
    assert "circle_00.png" in note.details
    assert window.notifier.table.rows[0].source.n_images == 23
    index = required(window.data.sources.view.model()).index(0, Column.SOURCE)
    assert index.data().startswith("⚠")
    assert "circle_00.png" in index.data(Qt.ItemDataRole.ToolTipRole)


def test_that_edits_reach_all_selected_rows_and_can_be_undone(dropped: MainWindow, qtbot: QtBot) -> None:
    view = dropped.data.sources.view
    view.selectAll()
    set_cell(dropped, 0, Column.PER_EPOCH, 10)
    assert {row.images_per_epoch for row in dropped.notifier.table.rows} == {10}
    before = dropped.notifier.table
    view.clearSelection()
    set_cell(dropped, 1, Column.ZOOM, 2.0)
    assert [row.zoom for row in dropped.notifier.table.rows].count(2.0) == 1
    undo, redo = dropped.data.sources.actions_for_menu()[3:]
    undo.trigger()
    assert dropped.notifier.table == before
    undo.trigger()
    assert {row.images_per_epoch for row in dropped.notifier.table.rows} == {None}
    redo.trigger()
    assert dropped.notifier.table == before


def test_that_a_class_is_renamed_by_its_name_and_moved_by_its_index(dropped: MainWindow) -> None:
    view = dropped.data.sources.view
    circles = [n for n, row in enumerate(dropped.notifier.table.rows) if row.class_name == "circle"]
    view.clearSelection()
    for place in circles:
        view.selectionModel().select(
            view.model().index(place, 0), view.selectionModel().Select | view.selectionModel().Rows
        )
    set_cell(dropped, circles[0], Column.CLASS, "disc")
    assert dropped.notifier.table.class_names == ("disc", "square")
    set_cell(dropped, circles[0], Column.INDEX, 5)
    assert any("missing" in note.text for note in dropped.data.sources.messages.notes)
    assert not dropped.training.run.start_button.isEnabled()


def test_that_keys_set_class_and_role_and_remove_rows(dropped: MainWindow, qtbot: QtBot) -> None:
    view = dropped.data.sources.view
    n_rows = len(dropped.notifier.table.rows)
    view.select_place(0)
    qtbot.keyClick(view, Qt.Key.Key_E)
    assert dropped.notifier.table.rows[0].role is Role.TEST
    qtbot.keyClick(view, Qt.Key.Key_2)
    assert dropped.notifier.table.rows[0].class_index == 1
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert len(dropped.notifier.table.rows) == n_rows - 1
    view.select_place(1)
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert view.selected_places() == (1,)
    view.select_place(n_rows - 3)
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert view.selected_places() == (n_rows - 4,)


def test_that_one_row_is_selected_whatever_keys_are_held(dropped: MainWindow, qtbot: QtBot) -> None:
    # A click leaves its keys held, as far as Qt knows, until the next event that has none.
    key = Qt.KeyboardModifier.ControlModifier
    qtbot.mouseClick(dropped.data.sources.messages, Qt.MouseButton.LeftButton, key)
    for _ in range(2):
        dropped.data.sources.view.select_place(0)
        assert dropped.data.sources.view.selected_places() == (0,)
    qtbot.mouseClick(dropped.data.sources.messages, Qt.MouseButton.LeftButton)


def test_that_shuffle_is_ticked_in_the_table(dropped: MainWindow) -> None:
    dropped.data.sources.view.clearSelection()
    model = required(dropped.data.sources.view.model())
    assert model.setData(model.index(0, Column.SHUFFLE), Qt.CheckState.Unchecked, Qt.ItemDataRole.CheckStateRole)
    assert not dropped.notifier.table.rows[0].shuffle


def test_that_the_preview_shows_images_before_and_after(dropped: MainWindow, qtbot: QtBot) -> None:
    dropped.data.sources.view.select_place(0)
    qtbot.waitUntil(lambda: len(dropped.data.images.prepared.images) == 8)
    assert dropped.data.images.originals.images[0].shape == (20, 20)
    assert dropped.data.images.prepared.images[0].shape == (32, 32, 1)
    channels = dropped.data.image_form.form.editor("channels")
    channels.set_value("rgb")
    channels.value_changed.emit()
    qtbot.waitUntil(lambda: dropped.data.images.prepared.images[0].shape == (32, 32, 3))
    assert dropped.training.model.form.values().channels == "rgb"


def test_that_no_validation_rows_are_reported_until_a_split_is_chosen(
    window: MainWindow, drop: Drop, tiny_folders: Path, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(window.notifier.table_changed):
        drop(window, [tiny_folders / "train"])
    assert "validation" in window.findChild(QLabel, "startProblems").text()
    assert not window.training.run.start_button.isEnabled()
    window.findChild(QCheckBox, "splitCheck").setChecked(True)
    assert window.training.run.start_button.isEnabled()
    assert not window.data.sources.messages.notes


def test_that_one_class_only_is_reported(window: MainWindow, drop: Drop, tiny_folders: Path, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.notifier.table_changed):
        drop(window, [tiny_folders / "train" / "circle", tiny_folders / "validation" / "circle"])
    assert any("two different classes" in note.text.lower() for note in window.data.sources.messages.notes)


def test_that_images_of_unequal_size_are_brought_to_one(
    window: MainWindow, drop: Drop, tmp_path: Path, qtbot: QtBot
) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    for number, size in enumerate([(20, 30), (40, 10), (33, 33)]):
        Image.fromarray(np.full(size, 90, np.uint8)).save(folder / f"{number}.png")
    with qtbot.waitSignal(window.notifier.table_changed):
        drop(window, [folder])
    assert len(window.notifier.table.rows[0].source.shapes) == 3
    qtbot.waitUntil(lambda: len(window.data.images.prepared.images) == 3)
    assert {image.shape for image in window.data.images.prepared.images} == {(32, 32, 1)}


def test_that_the_empty_tab_offers_its_buttons(window: MainWindow) -> None:
    names = {button.objectName() for button in window.findChildren(QPushButton) if button.isVisible()}
    assert {"empty.addFolderAction", "empty.addFilesAction"} <= names


def test_that_searching_hides_other_rows(dropped: MainWindow) -> None:
    dropped.data.sources.view.set_filter("validation")
    assert required(dropped.data.sources.view.model()).rowCount() == 2


def test_that_the_table_model_keeps_the_rules_of_qt(dropped: MainWindow, qtmodeltester: ModelTester) -> None:
    model = ClassTableModel()
    model.set_table(dropped.notifier.table)
    qtmodeltester.check(model)
    assert model.rowCount() == 6


def test_that_more_classes_than_there_can_be_are_told_and_not_added(window: MainWindow, tmp_path: Path) -> None:
    source = DataSource(tmp_path / "many", SourceKind.FOLDER, 1, ((8, 8, 1),), "1")
    items = tuple((source, f"c{index}", Role.TRAINING) for index in range(MAX_CLASS_INDEX + 2))
    window._loader._on_loaded(Loaded(items, ()))
    assert window.notifier.table.rows == ()
    (note,) = window.data.sources.messages.notes
    assert "expected 0 to 9999" in note.text


def test_that_the_tools_stand_in_one_line_on_a_small_screen_and_are_whole_with_large_text(
    window: MainWindow, themes: ThemeManager, qtbot: QtBot
) -> None:
    names = ("addFolder", "addFiles", "removeRows", "role", "convert", "tile", "balance", "check", "plotFeatures")
    tools = [required(window.findChild(QWidget, f"{name}Button")) for name in names]
    window.resize(1280, 680)
    qtbot.waitUntil(lambda: len({tool.y() for tool in tools}) == 1)
    themes.set_zoom(150)
    qtbot.waitUntil(lambda: len({tool.y() for tool in tools}) > 1)
    assert all(tool.width() >= tool.sizeHint().width() for tool in tools)
    themes.set_zoom(100)
