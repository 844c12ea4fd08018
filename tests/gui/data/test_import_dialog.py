"""The import assistant by itself, and as the Data tab offers it."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import (
    QAbstractButton,
    QAction,
    QFileDialog,
    QLabel,
    QLineEdit,
    QListWidget,
    QPushButton,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from aid_desktop.data import convert
from aid_desktop.data.class_table import ClassRow, ClassTable, Role
from aid_desktop.data.conversion import ConvertSettings, plan_conversion
from aid_desktop.data.formats import open_source
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.data.source import DataSource, SourceKind
from aid_desktop.errors import StoppedError
from aid_desktop.gui.background import Background, JobContext
from aid_desktop.gui.data.convert_tool import OFFER, unequal_text
from aid_desktop.gui.data.converting import proposed_settings, proposed_targets, read_examples
from aid_desktop.gui.data.import_dialog import ImportDialog
from aid_desktop.gui.main_window import MainWindow

Drop = Callable[[QWidget, Sequence[Path]], None]
# A loaded machine may take long; a test that passes does not wait.
WAIT_MS = 60_000
SIZES = [(20, 20)] * 4 + [(30, 12), (8, 9), (50, 40)]
"""Width and height of the images of a folder."""


def write_folder(folder: Path, sizes: Sequence[tuple[int, int]] = SIZES) -> Path:
    folder.mkdir(parents=True)
    rng = np.random.default_rng(5)
    for number, (width, height) in enumerate(sizes):
        Image.fromarray(rng.integers(0, 256, (height, width), np.uint8)).save(folder / f"{number}.png")
    return folder


def row_of(path: Path, name: str = "cat") -> ClassRow:
    return ClassRow(open_source(path).source, 0, name, Role.TRAINING)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of images of four sizes and a file that is broken."""
    made = write_folder(tmp_path / "cat")
    (made / "broken.png").write_bytes(b"no picture")
    return made


@pytest.fixture
def background(qtbot: QtBot) -> Iterator[Background]:
    jobs = Background()
    yield jobs
    jobs.shut_down()


@pytest.fixture
def show(qtbot: QtBot, background: Background) -> Callable[..., ImportDialog]:
    """Return a function that shows the dialog for rows."""

    def make(*rows: ClassRow) -> ImportDialog:
        dialog = ImportDialog(rows, background)
        qtbot.addWidget(dialog)
        dialog.show()
        return dialog

    return make


@pytest.fixture
def idle(qtbot: QtBot, background: Background) -> Callable[[], None]:
    return lambda: qtbot.waitUntil(lambda: background.n_jobs == 0, timeout=30_000)


def press(qtbot: QtBot, parent: QWidget, name: str) -> None:
    button = parent.findChild(QAbstractButton, name)
    assert button is not None
    qtbot.mouseClick(button, Qt.LeftButton)


# --- what is there, and what becomes of it --------------------------------------------------------------------


def test_that_sizes_and_unreadable_files_are_shown_and_the_most_frequent_size_is_proposed(show, folder) -> None:
    dialog = show(row_of(folder))
    cells = [[dialog.sizes.item(line, column).text() for column in range(3)] for line in range(4)]
    assert cells[0] == ["20 × 20 px", "1", "4"]
    assert sorted(cells[1:]) == [["30 × 12 px", "1", "1"], ["50 × 40 px", "1", "1"], ["8 × 9 px", "1", "1"]]
    assert (dialog.form.width_box.value(), dialog.form.height_box.value()) == (20, 20)
    assert dialog.messages.notes[0].text.startswith("1 of 8 files cannot be read")
    assert "broken.png" in dialog.messages.notes[0].details
    assert dialog.target.text() == str(folder.with_name("cat.rtdc"))


def test_that_the_preview_shows_the_smallest_and_the_largest_image_before_and_after(show, folder, idle, qtbot) -> None:
    dialog = show(row_of(folder))
    idle()
    shapes = [image.shape for image in dialog.preview.originals.images]
    assert shapes[:2] == [(9, 8), (40, 50)]
    dialog.form.fit.setCurrentIndex(dialog.form.fit.findData("scale"))
    dialog.form.width_box.setValue(16)
    qtbot.waitUntil(lambda: {image.shape for image in dialog.preview.converted.images} == {(20, 16)})
    assert len(dialog.preview.converted.images) == len(shapes)
    press(qtbot, dialog, "convertAgainButton")
    idle()
    assert [image.shape for image in dialog.preview.originals.images][:2] == [(9, 8), (40, 50)]


def test_that_only_what_matters_can_be_edited(show, folder) -> None:
    form = show(row_of(folder)).form
    enabled = {}
    for fit in ("crop_pad", "scale", "scale_keep_aspect"):
        form.fit.setCurrentIndex(form.fit.findData(fit))
        enabled[fit] = form.padding.isEnabled(), form.resize_method.isEnabled()
    assert enabled == {"crop_pad": (True, False), "scale": (False, True), "scale_keep_aspect": (True, True)}


def test_that_what_cannot_become_one_form_is_told_and_not_converted(show, tmp_path, qtbot, idle) -> None:
    write_rtdc(tmp_path / "gray.rtdc", np.zeros((3, 8, 8), np.uint8))
    write_rtdc(tmp_path / "rgb.rtdc", np.zeros((3, 8, 8, 3), np.uint8))
    dialog = show(row_of(tmp_path / "gray.rtdc"), row_of(tmp_path / "rgb.rtdc"))
    error = dialog.findChild(QLabel, "convertError")
    assert dialog.form.values().channels == "rgb"
    assert error.isHidden()
    dialog.form.channels.setCurrentIndex(dialog.form.channels.findData("keep"))
    assert "differ in their number of channels" in error.text()
    assert error.isVisible()
    assert not dialog.start_button.isEnabled()
    idle()
    qtbot.waitUntil(lambda: dialog.preview.converted.images == ())


def write_measurement(path: Path) -> Path:
    """Write images with a background, a mask, a feature, and contours, which are not kept."""
    rng = np.random.default_rng(5)
    write_rtdc(path, rng.integers(0, 256, (6, 12, 20), np.uint8), rng.uniform(4, 8, (6, 2)))
    with h5py.File(path, "a") as file:
        file["events/image_bg"] = rng.integers(0, 256, (6, 12, 20), np.uint8)
        file["events/mask"] = rng.integers(0, 2, (6, 12, 20), np.uint8) * np.uint8(255)
        file["events/area_um"] = np.arange(6.0)
        file["events/contour/0"] = np.zeros((3, 2))
    return path


def test_that_channels_are_chosen_by_name(show, tmp_path, qtbot, idle) -> None:
    path = write_measurement(tmp_path / "a.rtdc")
    dialog = show(row_of(path))
    idle()
    assert dialog.form.channels.available == ("image", "image_bg", "mask")
    assert dialog.form.channels.toolTip()
    choice = dialog.form.channels.ask()
    shown = choice.findChild(QListWidget, "channelList")
    for line in (1, 2):
        shown.item(line).setCheckState(Qt.CheckState.Checked)
    choice.findChild(QPushButton, "channelsOkButton").click()
    assert dialog.form.values().channels == ("image_bg", "mask")
    qtbot.waitUntil(lambda: {image.shape for image in dialog.preview.converted.images} == {(12, 20, 2)})
    assert {image.shape for image in dialog.preview.originals.images} == {(12, 20)}
    with qtbot.waitSignal(dialog.converted, timeout=WAIT_MS) as signal:
        press(qtbot, dialog, "convertStart")
    [(_, written)] = signal.args[0].pairs
    assert written.shapes == ((12, 20, 2),)


def test_that_only_channels_that_all_rows_have_are_offered(show, tmp_path) -> None:
    write_rtdc(tmp_path / "gray.rtdc", np.zeros((3, 8, 8), np.uint8))
    dialog = show(row_of(write_measurement(tmp_path / "a.rtdc")), row_of(tmp_path / "gray.rtdc"))
    assert dialog.form.channels.available == ()
    assert [dialog.form.channels.itemText(line) for line in range(3)] == ["as they are", "gray", "rgb"]


def source(*shapes: tuple[int, int, int], types: tuple[str, ...] = ("uint8",), path: str = "/d/a") -> DataSource:
    return DataSource(Path(path), SourceKind.FOLDER, len(shapes), shapes, "", pixel_types=types)


def test_that_the_proposal_loses_nothing() -> None:
    sources = [source((8, 9, 1), (8, 9, 3), types=("uint8", "uint16")), source((7, 5, 1))]
    proposal = proposed_settings(sources)
    assert (proposal.channels, proposal.pixel_type) == ("rgb", "uint16")
    assert plan_conversion(sources, proposal).pixel_type == "uint16"
    assert proposed_settings([source((7, 5, 1))]) == ConvertSettings(size=(5, 7))


def test_that_proposed_files_are_different_and_never_a_source(tmp_path) -> None:
    def row(path: str, kind: SourceKind, part: str = "") -> ClassRow:
        made = DataSource(Path(path), kind, 1, ((2, 2, 1),), "", part=part)
        return ClassRow(made, 0, "cat", Role.TRAINING)

    rows = [
        row("/d/cell.v2", SourceKind.FOLDER),
        row("/d/b.rtdc", SourceKind.RTDC),
        row("/d/stack.tif", SourceKind.IMAGE),
        row("/d/s.h5", SourceKind.RTDC, "events/image_bg"),
    ]
    names = [target.name for target in proposed_targets(rows)]
    assert names == ["cell.v2.rtdc", "b_converted.rtdc", "stack.rtdc", "s_events_image_bg.rtdc"]
    same = [row("/d/1/cat", SourceKind.FOLDER), row("/d/2/cat", SourceKind.FOLDER)]
    assert [str(target.parent) for target in proposed_targets(same)] == ["/d/1", "/d/2"]
    assert [target.name for target in proposed_targets(same, tmp_path)] == ["cat.rtdc", "cat_converted.rtdc"]


def test_that_reading_of_examples_can_be_cancelled(folder) -> None:
    context = JobContext(lambda done, total: None)
    context.cancel()
    with pytest.raises(StoppedError):
        read_examples([open_source(folder).source], 0, context)


# --- writing ----------------------------------------------------------------------------------------------------


def test_that_the_images_are_written_and_told(show, folder, qtbot) -> None:
    dialog = show(row_of(folder))
    dialog.form.height_box.setValue(10)
    with qtbot.waitSignal(dialog.converted, timeout=WAIT_MS) as signal:
        press(qtbot, dialog, "convertStart")
    [converted] = signal.args
    [(row, written)] = converted.pairs
    assert row.source.path == folder
    assert (written.n_images, written.shapes) == (7, ((10, 20, 1),))
    assert [problem.name for problem in converted.problems] == ["broken.png"]
    assert dialog.isHidden()


def test_that_an_existing_file_is_overwritten_only_after_a_yes(show, folder, qtbot, idle) -> None:
    out = folder.with_name("cat.rtdc")
    write_rtdc(out, np.zeros((3, 5, 5), np.uint8))
    dialog = show(row_of(folder))
    press(qtbot, dialog, "convertStart")
    press(qtbot, dialog, "keepButton")
    idle()
    assert open_source(out).source.n_images == 3
    assert dialog.isVisible()
    press(qtbot, dialog, "convertStart")
    with qtbot.waitSignal(dialog.converted, timeout=WAIT_MS):
        press(qtbot, dialog, "overwriteButton")
    assert open_source(out).source.n_images == 7


def test_that_a_cancel_writes_nothing_and_the_dialog_can_go_on(show, folder, qtbot, idle, monkeypatch) -> None:
    dialog = show(row_of(folder))
    idle()
    append = convert.RtdcWriter.append

    def wait_for_cancel(writer, *arrays):
        qtbot.waitUntil(lambda: dialog.work.job.context.cancelled)
        append(writer, *arrays)

    monkeypatch.setattr(convert, "_BLOCK", 2)
    monkeypatch.setattr(convert.RtdcWriter, "append", wait_for_cancel)
    press(qtbot, dialog, "convertStart")
    assert not dialog.form.isEnabled()
    press(qtbot, dialog, "convertCancel")
    idle()
    assert list(folder.parent.glob("*.rtdc")) == []
    assert dialog.start_button.isEnabled()
    assert [note.level for note in dialog.messages.notes] == ["warning"]


def test_that_a_failure_is_told_in_the_dialog(show, folder, qtbot, idle) -> None:
    dialog = show(row_of(folder))
    dialog.findChild(QLineEdit, "convertTarget").setText(str(folder.parent / "cat.png"))
    press(qtbot, dialog, "convertStart")
    idle()
    assert "ends with .rtdc" in dialog.messages.notes[-1].text
    assert dialog.start_button.isEnabled()


def test_that_the_place_can_be_browsed_for(show, folder, tmp_path, monkeypatch, qtbot) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(tmp_path / "mine"), ""))
    one = show(row_of(folder))
    press(qtbot, one, "convertBrowse")
    assert one.targets == (tmp_path / "mine.rtdc",)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_, **__: str(tmp_path / "out"))
    dog = write_folder(tmp_path / "dog")
    two = show(row_of(folder), row_of(dog, "dog"))
    assert two.targets == (tmp_path / "cat.rtdc", tmp_path / "dog.rtdc")
    press(qtbot, two, "convertBrowse")
    assert two.targets == (tmp_path / "out" / "cat.rtdc", tmp_path / "out" / "dog.rtdc")


# --- on the Data tab --------------------------------------------------------------------------------------------


@pytest.fixture
def dropped(window: MainWindow, drop: Drop, folder: Path, tmp_path: Path, qtbot: QtBot) -> MainWindow:
    """Return a window with the rows cat (unequal sizes) and dog (equal ones)."""
    dog = write_folder(tmp_path / "dog", [(20, 20)] * 3)
    with qtbot.waitSignal(window.notifier.table_changed):
        drop(window, [folder, dog])
    return window


def offers(window: MainWindow) -> list[str]:
    return [note.text for note in window.data.sources.messages.notes if note.action == OFFER]


def open_dialog(window: MainWindow) -> ImportDialog:
    dialog = window.findChild(ImportDialog, "importDialog")
    assert dialog is not None
    return dialog


def test_that_unequal_images_are_offered_to_be_brought_to_one_size_as_one_step(dropped, folder, qtbot) -> None:
    assert offers(dropped) == ["The images of cat differ: 4 sizes."]
    button = next(b for b in dropped.data.sources.messages.findChildren(QPushButton) if b.text() == OFFER)
    button.click()
    before = dropped.notifier.table
    dialog = open_dialog(dropped)
    with qtbot.waitSignal(dialog.converted, timeout=WAIT_MS):
        dialog.start()
    rows = dropped.notifier.table.rows
    assert [row.source.path.name for row in rows] == ["cat.rtdc", "dog"]
    assert (rows[0].class_name, rows[0].role, rows[0].source.n_images) == ("cat", Role.TRAINING, 7)
    assert offers(dropped) == []
    assert "7 images were written to cat.rtdc" in dropped.data.sources.messages.notes[-1].text
    dropped.editor.stack.undo()
    assert dropped.notifier.table == before
    qtbot.waitUntil(lambda: dropped.findChild(ImportDialog) is None)


def test_that_the_tool_opens_for_the_selected_rows(dropped, qtbot, tmp_path) -> None:
    dropped.data.sources.view.selectAll()
    press(qtbot, dropped, "convertButton")
    dialog = open_dialog(dropped)
    with qtbot.waitSignal(dialog.converted, timeout=WAIT_MS):
        dialog.start()
    assert [row.source.path.name for row in dropped.notifier.table.rows] == ["cat.rtdc", "dog.rtdc"]
    assert [row.source.shapes for row in dropped.notifier.table.rows] == [((20, 20, 1),)] * 2
    dropped.data.sources.view.clearSelection()
    assert not dropped.findChild(QToolButton, "convertButton").isEnabled()


def test_that_a_row_removed_meanwhile_comes_as_a_new_one(dropped, qtbot) -> None:
    dropped.data.sources.view.select_place(0)
    press(qtbot, dropped, "convertButton")
    dialog = open_dialog(dropped)
    dropped.notifier.set_table(dropped.notifier.table.removed([0]))
    with qtbot.waitSignal(dialog.converted, timeout=WAIT_MS):
        dialog.start()
    assert [(row.source.name, row.class_name) for row in dropped.notifier.table.rows] == [
        ("dog", "dog"),
        ("cat.rtdc", "cat"),
    ]


def test_that_an_offer_goes_with_its_rows(dropped) -> None:
    dropped.notifier.set_table(ClassTable())
    assert offers(dropped) == []


def test_that_differences_are_named() -> None:
    assert unequal_text(source((8, 8, 1))) == ""
    mixed = source((8, 8, 1), (8, 8, 3), (9, 8, 3), types=("uint8", "uint16"))
    assert unequal_text(mixed) == "2 sizes, 1 and 3 channels, 8 bits and 16 bits"


def test_that_what_cannot_be_kept_is_told(window, drop, tmp_path, qtbot) -> None:
    with qtbot.waitSignal(window.notifier.table_changed):
        drop(window, [write_measurement(tmp_path / "a.rtdc")])
    window.data.sources.view.selectRow(0)
    window.findChild(QAction, "convertAction").trigger()
    dialog = open_dialog(window)
    with qtbot.waitSignal(dialog.converted, timeout=WAIT_MS):
        dialog.start()
    note = window.data.sources.messages.notes[-1]
    assert "6 images were written to a_converted.rtdc" in note.text
    assert "could not be kept" in note.text
    assert note.details.splitlines() == [
        "a.rtdc: contour: it is a group of other data",
        "a.rtdc: pos_x, pos_y: the objects are in the middle of the new images",
    ]
