import csv
from pathlib import Path

import h5py
import numpy as np
import openpyxl
import pytest
from PyQt5.QtCore import QMimeData, QPoint, Qt, QUrl
from PyQt5.QtGui import QDesktopServices, QDragEnterEvent, QDropEvent
from PyQt5.QtWidgets import QApplication, QFileDialog, QLabel, QListWidget, QPushButton

from aid_desktop.gui.assess import classification
from aid_desktop.gui.assess.classification import Classified, Format
from aid_desktop.gui.assess.classify_dialog import ClassifyDialog

SUMMARY = "26 images: cat 11, automobile 15 → "


@pytest.fixture
def dialog(qtbot, background, model_file, fake_model, themes) -> ClassifyDialog:
    made = ClassifyDialog(model_file, None, background, themes)
    qtbot.addWidget(made)
    made.show()
    return made


def run(qtbot, dialog: ClassifyDialog, idle) -> str:
    qtbot.mouseClick(dialog.findChild(QPushButton, "classifyStart"), Qt.LeftButton)
    idle()
    return dialog.findChild(QLabel, "classifyResult").text()


def choose(dialog: ClassifyDialog, chosen: Format, target: Path | None) -> None:
    dialog.formats.setCurrentText(str(chosen))
    dialog.target.setText("" if target is None else str(target))


def test_that_files_are_classified_into_a_csv_table(qtbot, dialog, sources, tmp_path, idle):
    dialog.files.add([source.path for source in sources])
    assert dialog.target.text() == str(tmp_path / "classified.csv")
    choose(dialog, Format.CSV, tmp_path / "out.csv")
    assert run(qtbot, dialog, idle) == SUMMARY + str(tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 26
    assert sum(row["predicted"] == "cat" for row in rows) == 11


def test_that_files_are_classified_into_an_excel_table(qtbot, dialog, sources, tmp_path, idle):
    dialog.files.add([source.path for source in sources])
    choose(dialog, Format.XLSX, tmp_path / "out.xlsx")
    assert run(qtbot, dialog, idle) == SUMMARY + str(tmp_path / "out.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx").active
    assert sheet.max_row == 27


def test_that_copies_of_rtdc_files_carry_the_classes(qtbot, dialog, sources, tmp_path, idle):
    dialog.files.add([source.path for source in sources])
    choose(dialog, Format.RTDC, tmp_path / "copies")
    assert run(qtbot, dialog, idle) == SUMMARY + "2 files"
    with h5py.File(tmp_path / "copies" / "cat_classified.rtdc") as file:
        np.testing.assert_array_equal(np.bincount(file["events/userdef0"][:].astype(int)), [9, 4])


def test_that_the_folder_of_the_result_can_be_opened(qtbot, dialog, sources, tmp_path, idle, monkeypatch):
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    button = dialog.findChild(QPushButton, "classifyOpenFolder")
    assert not button.isVisible()
    dialog.files.add([sources[0].path])
    run(qtbot, dialog, idle)
    qtbot.mouseClick(button, Qt.LeftButton)
    assert opened == [str(tmp_path)]


def test_that_files_come_by_drop_and_button_and_go_by_delete(qtbot, dialog, sources, tmp_path, monkeypatch):
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(source.path)) for source in sources] * 2)
    for kind in (QDragEnterEvent, QDropEvent):
        event = kind(QPoint(5, 5), Qt.CopyAction, mime, Qt.LeftButton, Qt.NoModifier)
        QApplication.sendEvent(dialog.files, event)
    assert dialog.files.paths == tuple(source.path for source in sources)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "new"))
    qtbot.mouseClick(dialog.findChild(QPushButton, "classifyFiles.addFolder"), Qt.LeftButton)
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([], ""))
    qtbot.mouseClick(dialog.findChild(QPushButton, "classifyFiles.addFiles"), Qt.LeftButton)
    assert dialog.files.paths[-1] == tmp_path / "new"
    files = dialog.findChild(QListWidget, "classifyFiles")
    files.setCurrentRow(0)
    qtbot.keyClick(files, Qt.Key_Delete)
    assert dialog.files.paths == (sources[1].path, tmp_path / "new")


def test_that_a_chosen_target_stays_and_follows_the_format(dialog, sources, tmp_path, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "mine"), ""))
    dialog._browse()
    dialog.files.add([sources[0].path])
    assert dialog.target.text() == str(tmp_path / "mine.csv")
    dialog.formats.setCurrentText(str(Format.XLSX))
    assert dialog.target.text() == str(tmp_path / "mine.xlsx")


@pytest.mark.parametrize(
    ("chosen", "target", "told"),
    [
        (Format.CSV, "out.txt", "ends with .csv"),
        (Format.XLSX, None, "ends with .xlsx"),
    ],
)
def test_that_a_wrong_target_is_told(qtbot, dialog, sources, tmp_path, idle, chosen, target, told):
    dialog.files.add([sources[0].path])
    choose(dialog, chosen, target and tmp_path / target)
    assert run(qtbot, dialog, idle) == ""
    assert told in dialog.messages.notes[0].text
    assert dialog.start_button.isEnabled()


def test_that_no_files_and_missing_files_are_told(qtbot, dialog, tmp_path, idle):
    run(qtbot, dialog, idle)
    assert "nothing to classify" in dialog.messages.notes[0].text
    dialog.files.add([tmp_path / "gone"])
    run(qtbot, dialog, idle)
    assert "does not exist" in dialog.messages.notes[0].text


def test_that_folders_cannot_be_copied_as_rtdc(qtbot, dialog, tiny_folders, idle):
    dialog.files.add([tiny_folders / "test" / "circle"])
    choose(dialog, Format.RTDC, None)
    run(qtbot, dialog, idle)
    assert "copies of .rtdc files only" in dialog.messages.notes[0].text


def test_that_unreadable_images_are_told_beside_the_result(qtbot, dialog, tmp_path, tiny_folders, idle):
    folder = tiny_folders / "test" / "circle"
    (folder / "broken.png").write_bytes(b"no picture")
    dialog.files.add([folder])
    choose(dialog, Format.CSV, tmp_path / "out.csv")
    assert run(qtbot, dialog, idle).startswith("8 images: ")
    note = dialog.messages.notes[0]
    assert "1 of 9 unreadable" in note.text
    assert "broken.png" in note.details


def test_that_cancel_writes_nothing(qtbot, dialog, sources, tmp_path, idle, monkeypatch):
    predict = classification.predict_sources

    def cancelled(loaded, found, progress, stop):
        qtbot.waitUntil(stop)
        return predict(loaded, found, progress, stop)

    monkeypatch.setattr(classification, "predict_sources", cancelled)
    dialog.files.add([sources[0].path])
    dialog.start()
    qtbot.mouseClick(dialog.findChild(QPushButton, "classifyCancel"), Qt.LeftButton)
    idle()
    assert not (tmp_path / "classified.csv").exists()
    assert dialog.messages.notes == ()
    assert dialog.start_button.isEnabled()


def test_that_a_result_of_many_classes_names_the_most_frequent():
    counts = tuple((f"class {k}", k) for k in range(100))
    text = Classified(4950, counts, (Path("a.csv"),)).text
    assert text.startswith("4\N{THIN SPACE}950 images: class 99 99, class 98 98, ")
    assert "and 88 more classes → a.csv" in text
