import csv
import threading
from pathlib import Path

import h5py
import numpy as np
import openpyxl
import pytest
from PyQt5.QtCore import QMimeData, QPoint, Qt, QUrl
from PyQt5.QtGui import QDesktopServices, QDragEnterEvent, QDropEvent
from PyQt5.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QLabel,
    QListWidget,
    QPushButton,
    QTabWidget,
)

from aid_desktop.evaluation.predictions import Threshold
from aid_desktop.evaluation.sorting import Link
from aid_desktop.gui.assess import classification
from aid_desktop.gui.assess.classification import Classified, Format
from aid_desktop.gui.assess.classify_dialog import ClassifyDialog
from aid_desktop.gui.preferences import Preferences

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
    assert run(qtbot, dialog, idle) == f"{SUMMARY}{tmp_path / 'out.csv'}; the counts: out_summary.csv"
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
    assert run(qtbot, dialog, idle) == SUMMARY + "2 files; the counts: classified_summary.csv"
    with h5py.File(tmp_path / "copies" / "cat_classified.rtdc") as file:
        np.testing.assert_array_equal(np.bincount(file["events/userdef0"][:].astype(int)), [9, 4])


def test_that_small_files_refer_to_the_originals(qtbot, dialog, sources, tmp_path, idle):
    dialog.files.add([source.path for source in sources])
    choose(dialog, Format.BASIN, None)
    idle()
    plan = dialog.findChild(QLabel, "classifyPlan").text()
    assert f"Writes {tmp_path / 'cat_classified.rtdc'}, automobile_classified.rtdc and classified_summary.csv." in plan
    assert "ml_score_0ca cat (0), ml_score_1au automobile (1)" in plan
    assert run(qtbot, dialog, idle) == SUMMARY + "2 files; the counts: classified_summary.csv"
    with h5py.File(tmp_path / "cat_classified.rtdc") as file:
        assert sorted(file["events"]) == ["ml_score_0ca", "ml_score_1au", "userdef0"]
        assert len(file["basins"]) == 1


def test_that_tables_of_aideveloper_are_written_beside_the_files(qtbot, dialog, sources, tmp_path, idle):
    dialog.files.add([source.path for source in sources])
    choose(dialog, Format.AIDEVELOPER, None)
    assert "Nothing is replaced" in dialog.findChild(QLabel, "classifyPlan").text()
    assert run(qtbot, dialog, idle) == SUMMARY + "2 files; the counts: classified_summary.csv"
    assert len(openpyxl.load_workbook(tmp_path / "cat_Prediction.xlsx")["Prediction_normal"]["A"]) == 14


def test_that_images_are_sorted_into_folders(qtbot, dialog, tiny_folders, sources, tmp_path, idle):
    links = dialog.findChild(QComboBox, "classifyLink")
    assert not links.isVisible()
    dialog.files.add([sources[0].path])
    choose(dialog, Format.FOLDERS, tmp_path / "sorted")
    assert links.isVisible()
    links.setCurrentIndex(1)
    assert "Hard links to the image files" in dialog.findChild(QLabel, "classifyPlan").text()
    run(qtbot, dialog, idle)
    assert len(list((tmp_path / "sorted" / "cat").iterdir())) == 9
    assert len(list((tmp_path / "sorted" / "automobile").iterdir())) == 4
    assert (tmp_path / "sorted" / "manifest.csv").exists()


def test_that_uncertain_images_are_rejected_and_counted_apart(qtbot, dialog, sources, tmp_path, idle):
    dialog.files.add([source.path for source in sources])
    limit = dialog.findChild(QDoubleSpinBox, "classifyReject")
    assert not limit.isEnabled()
    dialog.findChild(QCheckBox, "classifyUseReject").setChecked(True)
    limit.setValue(0.65)
    # Of each kind of image the first five are less certain.
    assert run(qtbot, dialog, idle).startswith("26 images: cat 4, automobile 6, rejected 16 → ")
    model = dialog.summary.model
    assert [model.headerData(column, Qt.Horizontal) for column in range(model.columnCount())] == [
        "File", "Images", "cat", "automobile", "rejected",
    ]  # fmt: skip
    texts = [[model.index(row, column).data() for column in range(5)] for row in range(3)]
    assert texts[0] == ["all files", "26", "4  (15.4 %)", "6  (23.1 %)", "16  (61.5 %)"]
    tip = model.index(1, 2).data(Qt.ToolTipRole)
    assert tip == "cat: 30.8 % (12.7 to 57.6) with a confidence of 95 %"
    with (tmp_path / "classified_summary.csv").open(newline="", encoding="utf-8") as file:
        assert [row["count"] for row in csv.DictReader(file)][-3:] == ["4", "6", "16"]


def test_that_the_counts_are_drawn_and_saved(qtbot, dialog, sources, tmp_path, idle, background):
    tabs = dialog.findChild(QTabWidget, "classifyTabs")
    assert not tabs.isTabEnabled(1)
    dialog.files.add([source.path for source in sources])
    run(qtbot, dialog, idle)
    assert tabs.currentWidget() is dialog.summary
    plot = dialog.summary.plot
    for name in ("plot.png", "plot.svg", "plot.csv"):
        plot.save(tmp_path / name)
        assert (tmp_path / name).stat().st_size > 0
    assert (tmp_path / "plot.csv").read_text() == (tmp_path / "classified_summary.csv").read_text()
    plot._save_to(tmp_path / "later.csv")
    assert background.n_jobs == 1
    idle()
    assert (tmp_path / "later.csv").read_text() == (tmp_path / "plot.csv").read_text()


def test_that_the_choices_are_remembered(qtbot, dialog, sources, background, model_file, themes, idle):
    dialog.files.add([sources[0].path])
    choose(dialog, Format.AIDEVELOPER, None)
    dialog.findChild(QComboBox, "classifyLink").setCurrentIndex(2)
    dialog.findChild(QDoubleSpinBox, "classifyReject").setValue(0.55)
    dialog.findChild(QCheckBox, "classifyUseReject").setChecked(True)
    run(qtbot, dialog, idle)
    again = ClassifyDialog(model_file, None, background, themes)
    qtbot.addWidget(again)
    idle()
    assert (again.format, again.form.link, again.form.reject) == (Format.AIDEVELOPER, Link.SYMBOLIC, 0.55)


def test_that_choices_of_another_version_do_no_harm(qtbot, background, model_file, themes, idle):
    Preferences().classify_choices = {"format": "PDF", "link": "soft", "limit": "much", "reject": "maybe"}
    made = ClassifyDialog(model_file, Threshold(1, 0.3), background, themes)
    qtbot.addWidget(made)
    idle()
    assert (made.format, made.form.link, made.form.reject) == (Format.CSV, Link.COPY, None)
    texts = [label.text() for label in made.findChildren(QLabel)]
    assert "Threshold of the Assessment tab: automobile where its probability > 0.3" in texts
    made.files.add([Path("blood.rtdc")])
    choose(made, Format.RTDC, None)
    assert "the threshold counts for userdef0" in made.findChild(QLabel, "classifyPlan").text()


def test_that_what_will_be_replaced_is_told(dialog, sources, tmp_path):
    plan = dialog.findChild(QLabel, "classifyPlan")
    assert not plan.isVisible()
    dialog.files.add([sources[0].path])
    assert plan.text() == f"Writes {tmp_path / 'classified.csv'} and classified_summary.csv."
    (tmp_path / "classified.csv").write_text("old")
    choose(dialog, Format.CSV, tmp_path / "classified.csv")
    choose(dialog, Format.XLSX, tmp_path / "x.csv")
    assert "ends with .xlsx" in plan.text()
    choose(dialog, Format.CSV, tmp_path / "classified.csv")
    assert plan.text().endswith("Replaces classified.csv.")


def test_that_cancel_while_writing_leaves_no_half_file(qtbot, dialog, sources, tmp_path, idle, monkeypatch):
    write, begun = classification.write_outputs, threading.Event()

    def slow(predictions, outputs, decision, model, progress):
        def wait(done, total):
            begun.set()
            progress.__self__._cancelled.wait()
            progress(done, total)

        return write(predictions, outputs, decision, model, wait)

    monkeypatch.setattr(classification, "write_outputs", slow)
    dialog.files.add([sources[0].path])
    choose(dialog, Format.RTDC, tmp_path / "copies")
    dialog.start()
    qtbot.waitUntil(begun.is_set)
    qtbot.mouseClick(dialog.findChild(QPushButton, "classifyCancel"), Qt.LeftButton)
    idle()
    assert list((tmp_path / "copies").iterdir()) == []
    assert dialog.messages.notes == ()


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
    assert text.startswith("4\N{NO-BREAK SPACE}950 images: class 99 99, class 98 98, ")
    assert "and 88 more classes → a.csv" in text


def test_that_what_will_be_replaced_of_many_files_is_told(dialog, tmp_path, idle):
    plan = dialog.findChild(QLabel, "classifyPlan")
    dialog.files.add([tmp_path / f"x{number}.rtdc" for number in range(150)])
    choose(dialog, Format.BASIN, None)
    idle()
    assert "Replaces" not in plan.text()
    for number in range(100, 107):
        (tmp_path / f"x{number}_classified.rtdc").write_text("old")
    choose(dialog, Format.RTDC, None)
    idle()
    assert "Replaces x100_classified.rtdc, x101_" in plan.text()
    assert "x104_classified.rtdc and 2 more." in plan.text()
    dialog.files.list.selectAll()
    dialog.files.remove_chosen()
    dialog.files.add([tmp_path / f"x{number}.rtdc" for number in (1, 2, 3, 104)])
    assert "Replaces x104_classified.rtdc." in plan.text()


def test_that_escape_does_not_cancel_and_what_was_sorted_is_told(qtbot, dialog, sources, tmp_path, idle, monkeypatch):
    write, begun = classification.write_outputs, threading.Event()

    def slow(predictions, outputs, decision, model, progress):
        def wait(done, total):
            begun.set()
            progress.__self__._cancelled.wait()
            progress(done, total)

        return write(predictions, outputs, decision, model, wait)

    monkeypatch.setattr(classification, "write_outputs", slow)
    (tmp_path / "sorted").mkdir()
    (tmp_path / "sorted" / "manifest.csv").write_text("of another time")
    dialog.files.add([source.path for source in sources])
    choose(dialog, Format.FOLDERS, tmp_path / "sorted")
    dialog.start()
    qtbot.waitUntil(begun.is_set)
    qtbot.keyClick(dialog, Qt.Key_Escape)
    assert dialog.isVisible()
    assert "press Cancel first" in dialog.messages.notes[0].text
    assert not dialog.work.job.context.cancelled
    qtbot.mouseClick(dialog.findChild(QPushButton, "classifyCancel"), Qt.LeftButton)
    idle()
    [note] = dialog.messages.notes
    assert note.text == f"Cancelled: 13 images lie in {tmp_path / 'sorted'} already, listed in manifest_1.csv."
    assert len(list((tmp_path / "sorted").glob("*/*.png"))) == 13
    qtbot.keyClick(dialog, Qt.Key_Escape)
    assert not dialog.isVisible()


@pytest.mark.parametrize("chosen", list(Format))
def test_that_an_empty_target_says_what_belongs_there(dialog, chosen):
    choose(dialog, chosen, None)
    assert dialog.target.placeholderText()
