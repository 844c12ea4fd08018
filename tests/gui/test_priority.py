import os
import sys
import threading

import pytest
from pytestqt.qtbot import QtBot

from aid_desktop.gui.background import Background
from aid_desktop.gui.priority import NICENESS, give_way_to_window

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="threads have priorities of their own on Linux only")


def niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


def test_that_a_thread_and_those_it_starts_give_way_and_the_window_does_not() -> None:
    found: list[int] = []

    def child() -> None:
        found.append(niceness())

    def work() -> None:
        give_way_to_window()
        found.append(niceness())
        thread = threading.Thread(target=child)
        thread.start()
        thread.join()

    before = niceness()
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [max(before, NICENESS)] * 2
    assert niceness() == before


def test_that_background_jobs_give_way(qtbot: QtBot) -> None:
    found: list[int] = []
    background = Background()
    job = background.start("Looking", lambda context: niceness(), found.append)
    with qtbot.waitSignal(job.ended):
        pass
    assert found == [max(niceness(), NICENESS)]
    background.shut_down()
