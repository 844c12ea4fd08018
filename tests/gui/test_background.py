"""Jobs off the main thread: results, progress, failures, cancelling."""

import threading

import pytest
from pytestqt.qtbot import QtBot

from aid_desktop.errors import DataError
from aid_desktop.gui.background import Background, Failure, JobContext


@pytest.fixture
def background(qtbot: QtBot) -> Background:
    return Background()


def test_that_results_arrive_in_the_main_thread(background: Background, qtbot: QtBot) -> None:
    results: list[tuple[int, threading.Thread]] = []
    workers: list[threading.Thread] = []

    go_on = threading.Event()

    def work(context: JobContext) -> int:
        go_on.wait(5)
        workers.append(threading.current_thread())
        context.report(1, 2)
        return 7

    job = background.start("seven", work, lambda value: results.append((value, threading.current_thread())))
    with qtbot.waitSignals([job.progressed, job.ended]):
        assert background.n_jobs == 1
        go_on.set()
    assert results == [(7, threading.main_thread())]
    assert workers[0] is not threading.main_thread()
    assert background.n_jobs == 0


def test_that_who_listens_late_is_given_the_last_report(background: Background, qtbot: QtBot) -> None:
    told, go_on = threading.Event(), threading.Event()
    seen: list[tuple[int, int]] = []

    def work(context: JobContext) -> None:
        context.report(1, 3)
        context.report(2, 3)
        told.set()
        go_on.wait(5)
        context.report(3, 3)

    job = background.start("early", work, lambda value: None)
    assert told.wait(5)
    job.follow(lambda done, total: seen.append((done, total)))
    assert seen == [(2, 3)]
    with qtbot.waitSignal(job.ended):
        go_on.set()
    assert seen[-1] == (3, 3)


def test_that_a_known_failure_is_told_without_details(background: Background, qtbot: QtBot) -> None:
    def work(context: JobContext) -> None:
        raise DataError("the folder is empty")

    with qtbot.waitSignal(background.failed) as failed:
        background.start("reading", work, lambda value: None)
    assert failed.args == [Failure("the folder is empty")]


def test_that_an_unexpected_failure_carries_its_traceback(
    background: Background, qtbot: QtBot, expected_warnings: list[object]
) -> None:
    failures: list[Failure] = []

    def work(context: JobContext) -> None:
        raise ZeroDivisionError("nothing to divide by")

    job = background.start("dividing", work, lambda value: None, failures.append)
    qtbot.waitSignal(job.ended).wait()
    assert "nothing to divide by" in failures[0].message
    assert "ZeroDivisionError" in failures[0].details
    assert expected_warnings


def test_that_a_cancelled_job_ends_without_a_result(background: Background, qtbot: QtBot) -> None:
    results: list[object] = []
    go_on = threading.Event()

    def work(context: JobContext) -> str:
        go_on.wait(5)
        return "cancelled" if context.cancelled else "went on"

    job = background.start("waiting", work, results.append)
    with qtbot.waitSignal(job.ended):
        job.cancel()
        go_on.set()
    assert results == []


def test_that_shutting_down_waits_for_the_threads(background: Background, qtbot: QtBot) -> None:
    ended: list[bool] = []

    def work(context: JobContext) -> None:
        while not context.cancelled:
            threading.Event().wait(0.01)
        ended.append(True)

    background.start("endless", work, lambda value: None)
    background.shut_down()
    assert ended == [True]
    qtbot.waitUntil(lambda: background.n_jobs == 0, timeout=30_000)


def test_that_a_job_started_after_the_end_does_not_run(background: Background, qtbot: QtBot) -> None:
    background.shut_down()
    ran: list[object] = []
    background.start("too late", ran.append, ran.append)
    assert background.n_jobs == 0
    assert ran == []
