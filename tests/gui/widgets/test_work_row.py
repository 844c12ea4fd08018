import threading

import pytest
from PyQt5.QtWidgets import QLabel, QProgressBar, QPushButton
from pytestqt.qtbot import QtBot

from aid_desktop.gui.background import Background
from aid_desktop.gui.widgets.work_row import WorkRow


@pytest.fixture
def background(qapp):
    jobs = Background()
    yield jobs
    jobs.shut_down()


@pytest.fixture
def row(qtbot: QtBot) -> WorkRow:
    row = WorkRow("test", "images", "How far it is", "Stop it")
    qtbot.addWidget(row)
    return row


def test_that_the_row_is_there_only_while_a_job_runs(row: WorkRow, background: Background, qtbot: QtBot) -> None:
    begin, go_on = threading.Event(), threading.Event()
    changes: list[bool] = []
    row.running_changed.connect(changes.append)

    def work(context) -> None:
        begin.wait(10)
        context.report(1500, 3000)
        go_on.wait(10)

    assert row.isHidden()
    row.follow(background.start("Work", work, lambda _: None), "opening…")
    begin.set()
    status, progress = row.findChild(QLabel, "testStatus"), row.findChild(QProgressBar, "testProgress")
    qtbot.waitUntil(lambda: status.text() == "1\N{NO-BREAK SPACE}500 of 3\N{NO-BREAK SPACE}000 images")
    assert (progress.value(), progress.maximum(), row.isHidden()) == (1500, 3000, False)
    go_on.set()
    qtbot.waitUntil(lambda: row.job is None)
    assert row.isHidden()
    assert changes == [True, False]
    assert not row.was_cancelled


def test_that_the_job_can_be_stopped_once(row: WorkRow, background: Background, qtbot: QtBot) -> None:
    def work(context) -> None:
        while not context.cancelled:
            context.report(1, 2)

    row.follow(background.start("Work", work, lambda _: None), "opening…")
    button = row.findChild(QPushButton, "testCancel")
    button.click()
    assert not button.isEnabled()
    assert row.findChild(QLabel, "testStatus").text() == "stopping…"
    qtbot.waitUntil(lambda: row.job is None)
    assert row.was_cancelled


def test_that_nobody_is_told_how_long_it_takes_where_the_total_is_0(
    row: WorkRow, background: Background, qtbot: QtBot
) -> None:
    go_on = threading.Event()

    def work(context) -> None:
        context.report(3, 3)
        context.report(0, 0)
        go_on.wait(10)

    row.follow(background.start("Work", work, lambda _: None), "opening…", "t-SNE…")
    qtbot.waitUntil(lambda: row.findChild(QLabel, "testStatus").text() == "t-SNE…")
    assert row.findChild(QProgressBar, "testProgress").maximum() == 0
    go_on.set()
    qtbot.waitUntil(lambda: row.job is None)
