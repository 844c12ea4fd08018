"""Role and number of images to assess on."""

import shutil

from PyQt5.QtWidgets import QLabel, QProgressBar

from aid_desktop.data.class_table import ClassRow, ClassTable, Role
from aid_desktop.data.formats import open_source
from aid_desktop.data.selection import select_images
from aid_desktop.gui.assess.run_row import RunRow
from aid_desktop.gui.widgets.work_row import CONVERTING
from aid_desktop.runs.held_out import HeldOut, key_of


def test_that_the_row_of_a_folder_that_has_gone_is_told(qtbot, tiny_folders, background, idle):
    source = open_source(tiny_folders / "train" / "circle").source
    table = ClassTable((ClassRow(select_images(source, range(5)), 0, "circle", Role.TRAINING),))
    shutil.rmtree(source.path)
    row = RunRow(background)
    qtbot.addWidget(row)
    row.set_table(table)
    row.set_held_out(HeldOut({key_of(source): ("circle_01.png",)}))
    idle()
    label = row.findChild(QLabel, "assessImageCount")
    assert label.text() == "number not known"
    assert "does not exist" in label.toolTip()
    assert row.rows == table.rows


def test_that_chosen_images_of_a_folder_are_counted_in_the_background(qtbot, tiny_folders, background, idle):
    source = open_source(tiny_folders / "train" / "circle").source
    table = ClassTable((ClassRow(select_images(source, range(5)), 0, "circle", Role.TRAINING),))
    row = RunRow(background)
    qtbot.addWidget(row)
    row.set_table(table)
    row.set_held_out(HeldOut({key_of(source): ("circle_01.png", "circle_03.png", "circle_20.png")}))
    label = row.findChild(QLabel, "assessImageCount")
    assert row.role is Role.VALIDATION
    assert label.text() == "counting…"
    idle()
    assert label.text() == "2 images"
    row.set_held_out(None)
    assert label.text() == "5 images"


def test_that_a_network_that_is_converted_is_told(qtbot, background):
    row = RunRow(background)
    qtbot.addWidget(row)
    status, bar = row.findChild(QLabel, "assessStatus"), row.findChild(QProgressBar, "assessProgress")
    row.set_running(True)
    for (done, total), text in {(0, 0): CONVERTING, (3, 26): "3 of 26"}.items():
        row.set_progress(done, total)
        assert (status.text(), bar.value(), bar.maximum()) == (text, done, total)
