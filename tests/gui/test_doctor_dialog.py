"""The dialog that examines the computer: result, copy, cancel, failure."""

import threading
from pathlib import Path

import pytest
from PyQt5.QtWidgets import QAction, QApplication, QPushButton
from pytestqt.qtbot import QtBot

from aid_desktop.doctor.benchmark import Benchmark
from aid_desktop.doctor.disk import Disk
from aid_desktop.doctor.machine import Machine
from aid_desktop.doctor.report import Report
from aid_desktop.doctor.software import Software
from aid_desktop.errors import AidError
from aid_desktop.gui import doctor_dialog
from aid_desktop.gui.background import Background, JobContext
from aid_desktop.gui.doctor_dialog import DoctorDialog, examine_computer
from aid_desktop.gui.main_window import MainWindow

WAIT_MS = 30_000


def make_report() -> Report:
    machine = Machine("Linux", "A <fine> CPU", 8, 4, 3.0, 2**34, 2**33, False, False, (), "No GPU.", (), ())
    software = Software((("Python", "3.12"),), ())
    return Report(
        machine, software, Disk(Path("/runs"), 10**11, 3e8), Benchmark(9e3, 5e4, "cpu", "X"), ("All & well.",)
    )


@pytest.fixture
def background(qapp: QApplication):
    jobs = Background()
    yield jobs
    jobs.shut_down()


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, bool]]:
    """Return what is examined; nothing really is."""
    asked: list[tuple[Path, bool]] = []

    def do(folder: Path, is_training: bool, context: JobContext) -> Report:
        asked.append((folder, is_training))
        return make_report()

    monkeypatch.setattr(doctor_dialog, "examine_computer", do)
    return asked


def test_that_it_examines_at_once_and_shows_and_copies_the_report(
    qtbot: QtBot, background: Background, seen: list[tuple[Path, bool]]
) -> None:
    dialog = DoctorDialog(Path("/runs"), lambda: True, background)
    qtbot.addWidget(dialog)
    dialog.show()
    assert not dialog.copy_button.isEnabled()
    qtbot.waitUntil(dialog.copy_button.isEnabled, timeout=WAIT_MS)
    assert seen == [(Path("/runs"), True)]
    text = dialog.view.toPlainText()
    assert "All & well." in text
    assert "A <fine> CPU" in text
    dialog.copy_button.click()
    assert QApplication.clipboard().text() == make_report().text()

    dialog.again_button.click()
    qtbot.waitUntil(dialog.again_button.isEnabled, timeout=WAIT_MS)
    assert len(seen) == 2


def test_that_cancel_ends_it_and_shows_nothing(
    qtbot: QtBot, background: Background, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = threading.Event()

    def wait(folder: Path, is_training: bool, context: JobContext) -> Report:
        while not context.cancelled:
            threading.Event().wait(0.01)
        left.set()
        return make_report()

    monkeypatch.setattr(doctor_dialog, "examine_computer", wait)
    dialog = DoctorDialog(Path("/runs"), lambda: False, background)
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.findChild(QPushButton, "doctorCancel").click()
    qtbot.waitUntil(dialog.again_button.isEnabled, timeout=WAIT_MS)
    assert left.is_set()
    assert dialog.report is None
    assert not dialog.copy_button.isEnabled()


def test_that_a_failure_is_told(qtbot: QtBot, background: Background, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(folder: Path, is_training: bool, context: JobContext) -> Report:
        raise AidError("nothing can be read")

    monkeypatch.setattr(doctor_dialog, "examine_computer", fail)
    dialog = DoctorDialog(Path("/runs"), lambda: False, background)
    qtbot.addWidget(dialog)
    qtbot.waitUntil(dialog.again_button.isEnabled, timeout=WAIT_MS)
    assert [note.text for note in dialog.messages.notes] == ["Nothing can be read"]


@pytest.mark.keras
def test_that_the_benchmark_waits_for_another_time_while_something_trains(tmp_path: Path) -> None:
    report = examine_computer(tmp_path, True, JobContext(lambda done, total: None))
    assert report.benchmark.problem == "a training is going on, and each would slow down the other"
    assert report.disk.folder == tmp_path
    assert report.machine.memory > 0


def test_that_the_help_menu_opens_it_once(window: MainWindow, qtbot: QtBot, seen: list[tuple[Path, bool]]) -> None:
    action = window.findChild(QAction, "examine_this_computerAction")
    action.trigger()
    action.trigger()
    (dialog,) = window.findChildren(DoctorDialog)
    qtbot.waitUntil(dialog.copy_button.isEnabled, timeout=WAIT_MS)
    assert [folder.name for folder, _ in seen] == ["runs"]
    dialog.close()
