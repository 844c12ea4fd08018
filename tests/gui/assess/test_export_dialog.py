"""Writing the selected images of the gallery."""

import csv

import numpy as np
import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtGui import QDesktopServices
from PyQt5.QtWidgets import QComboBox, QFileDialog, QLabel, QPushButton, QToolButton

from aid_desktop.data.formats import open_source
from aid_desktop.errors import StoppedError
from aid_desktop.evaluation.labelled import labelled_images
from aid_desktop.gui.assess.export_dialog import ExportDialog, ExportRequest, Target, export_images
from aid_desktop.gui.background import JobContext

NAMES = ("cat", "automobile")


@pytest.fixture
def dialog(qtbot, assessed_tab, background) -> ExportDialog:
    """Return the dialog for the four cats that were taken for automobiles."""
    made = ExportDialog(assessed_tab.assessment, assessed_tab.gallery.images.positions, background)
    qtbot.addWidget(made)
    made.show()
    return made


def choose(dialog: ExportDialog, target: Target) -> None:
    dialog.findChild(QComboBox, "exportImages.target").setCurrentText(str(target))


@pytest.mark.parametrize(("target", "name"), [(Target.ACTUAL, "cat"), (Target.PREDICTED, "automobile")])
def test_that_images_go_into_folders(dialog, idle, tmp_path, target, name, monkeypatch):
    choose(dialog, target)
    dialog.start(tmp_path / "out")
    idle()
    found = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.png"))
    assert found == [f"{name}/cat_{number:06d}.png" for number in (9, 10, 11, 12)]
    assert dialog.findChild(QLabel, "exportImages.result").text() == f"4 images are in {tmp_path / 'out'}"
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    dialog.findChild(QPushButton, "exportImages.open").click()
    assert opened == [str(tmp_path / "out")]


def test_that_images_go_into_one_file_with_labels(dialog, idle, tmp_path):
    choose(dialog, Target.RTDC)
    assert dialog.findChild(QComboBox, "exportImages.size").isVisible()
    dialog.start(tmp_path / "out.rtdc")
    idle()
    found = labelled_images(tmp_path / "out.rtdc", NAMES)
    assert [(row.class_name, len(indices)) for row, indices in zip(found.rows, found.indices, strict=True)] == [
        ("cat", 4)
    ]
    assert open_source(tmp_path / "out.rtdc").source.shapes == ((8, 10, 1),)


def test_that_images_can_have_the_size_of_the_network(dialog, idle, tmp_path):
    choose(dialog, Target.RTDC)
    dialog.findChild(QComboBox, "exportImages.size").setCurrentIndex(1)
    dialog.start(tmp_path / "out.rtdc")
    idle()
    assert open_source(tmp_path / "out.rtdc").source.shapes == ((6, 6, 1),)


def test_that_images_go_into_a_table(qtbot, dialog, idle, tmp_path, monkeypatch):
    choose(dialog, Target.TABLE)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "out.csv"), ""))
    qtbot.mouseClick(dialog.findChild(QPushButton, "exportImages.start"), Qt.LeftButton)
    idle()
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["index"], row["actual"], row["predicted"]) for row in rows] == [
        (str(number), "cat", "automobile") for number in (12, 11, 10, 9)
    ]


def test_that_a_refusal_is_told_in_the_dialog(dialog, idle, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("x")
    dialog.start(tmp_path / "out")
    idle()
    assert "exists already" in dialog.messages.notes[0].text
    assert (tmp_path / "out" / "mine.txt").read_text() == "x"


def test_that_a_cancelled_export_leaves_nothing(assessed_tab, tmp_path):
    context = JobContext(lambda done, total: None)
    context.cancel()
    for target in (Target.ACTUAL, Target.RTDC):
        request = ExportRequest(assessed_tab.assessment, np.arange(5), target, tmp_path / "out.rtdc")
        with pytest.raises(Exception, match="Stopped: nothing was written"):
            export_images(request, context)
    assert not list(tmp_path.glob("*out*"))


def test_that_the_gallery_opens_it_for_its_selection(qtbot, assessed_tab):
    assessed_tab.gallery.grid.selectAll()
    qtbot.mouseClick(assessed_tab.gallery.findChild(QToolButton, "galleryExport"), Qt.LeftButton)
    made = assessed_tab.gallery.findChild(ExportDialog, "exportImagesDialog")
    assert made is not None
    assert any(label.text() == "4 images" for label in made.findChildren(QLabel))
    made.close()


def test_that_a_table_can_be_left(assessed_tab, tmp_path):
    context = JobContext(lambda done, total: None)
    context.cancel()
    request = ExportRequest(assessed_tab.assessment, np.arange(4), Target.TABLE, tmp_path / "out.csv")
    with pytest.raises(StoppedError):
        export_images(request, context)
    assert not (tmp_path / "out.csv").exists()
