"""An unexpected error ends in the log and in one dialog, never in the end of the program."""

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt5.QtCore import QTimer
from PyQt5.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from aid_desktop.gui import crash
from aid_desktop.gui.crash import CrashHook, crash_dialog


@pytest.fixture
def hook(qtbot: QtBot, expected_warnings: list[object]) -> Iterator[CrashHook]:
    hook = CrashHook()
    hook.install()
    yield hook
    if hook.dialog is not None:
        hook.dialog.close()
    hook.uninstall()


def fail() -> None:
    raise ValueError("a slip of the programmer")


@pytest.mark.qt_no_exception_capture
def test_that_an_error_in_a_slot_opens_one_dialog(hook: CrashHook, qtbot: QtBot) -> None:
    QTimer.singleShot(0, fail)
    QTimer.singleShot(0, fail)
    qtbot.waitUntil(lambda: hook.dialog is not None)
    first = hook.dialog
    qtbot.wait(20)
    assert hook.dialog is first
    assert "a slip of the programmer" in first.informativeText()
    first.close()
    assert hook.dialog is None


@pytest.mark.qt_no_exception_capture
def test_that_an_error_in_a_thread_reaches_the_dialog(
    hook: CrashHook, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "own.log"
    monkeypatch.setattr(crash, "log_file", lambda: log)
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: hook.dialog is not None)
    assert "ValueError" in hook.dialog.detailedText()
    assert hook.dialog.detailedText().endswith(f"Log: {log}")


def test_that_the_report_can_be_copied_and_the_dialog_stays(qtbot: QtBot) -> None:
    box = crash_dialog("KeyError: 'x'", "Traceback …")
    qtbot.addWidget(box)
    box.open()
    box.findChild(QPushButton, "copyReportButton").click()
    assert "Traceback …" in QApplication.clipboard().text()
    assert box.isVisible()


def test_that_the_former_hooks_come_back(qtbot: QtBot) -> None:
    before = (sys.excepthook, threading.excepthook)
    hook = CrashHook()
    hook.install()
    assert sys.excepthook is not before[0]
    hook.uninstall()
    assert (sys.excepthook, threading.excepthook) == before
