"""Calls that hear no stop are left, in this process and in others; their results and errors come back."""

import math
import multiprocessing
import os
import subprocess
import sys
import threading
import time

import pytest

from aid_desktop.errors import AidError, StoppedError
from aid_desktop.long_work import in_own_process, leave_if_stopped, left_when_stopped

LEFT = """
import time
from aid_desktop.errors import StoppedError
from aid_desktop.long_work import left_when_stopped
def work():
    time.sleep(0.2)
    print("done", flush=True)
try:
    left_when_stopped(work, lambda: True, can_be_cut_off={})
except StoppedError:
    print("left", flush=True)
"""


def test_that_work_is_left_at_a_stop_only() -> None:
    leave_if_stopped(None)
    leave_if_stopped(lambda: False)
    with pytest.raises(StoppedError, match="Nothing was written"):
        leave_if_stopped(lambda: True, "Nothing was written.")


def test_that_a_result_or_failure_comes_back() -> None:
    assert left_when_stopped(lambda: 3, lambda: False) == 3

    def fail() -> int:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        left_when_stopped(fail, lambda: False)


def test_that_a_call_is_left_while_it_is_still_at_work() -> None:
    may_end = threading.Event()
    with pytest.raises(StoppedError):
        left_when_stopped(may_end.wait, lambda: True)
    assert left_when_stopped(lambda: may_end.set() or 4, lambda: False) == 4


def test_that_a_call_without_a_stop_is_no_thread_unless_somebody_waits() -> None:
    assert left_when_stopped(threading.current_thread, None) is threading.current_thread()
    waited = threading.Event()
    assert left_when_stopped(lambda: waited.wait(60), None, waited.set)


@pytest.mark.parametrize(("can_be_cut_off", "said"), [(True, "left\n"), (False, "left\ndone\n")])
def test_that_the_program_waits_for_what_cannot_be_cut_off(can_be_cut_off: bool, said: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", LEFT.format(can_be_cut_off)], capture_output=True, text=True, check=True
    )
    assert ended.stdout == said


def test_that_a_result_comes_back_from_another_process() -> None:
    assert in_own_process(math.hypot, (3.0, 4.0), lambda: False) == 5
    assert in_own_process(os.getpid, (), lambda: False) != os.getpid()
    assert multiprocessing.active_children() == []


def test_that_an_error_comes_back_from_another_process() -> None:
    with pytest.raises(ValueError, match="math domain"):
        in_own_process(math.sqrt, (-1.0,), lambda: False)


def test_that_a_stop_ends_the_process() -> None:
    with pytest.raises(StoppedError):
        in_own_process(time.sleep, (3600,), lambda: bool(multiprocessing.active_children()))
    assert multiprocessing.active_children() == []


def test_that_a_process_that_ends_by_itself_is_told() -> None:
    with pytest.raises(AidError, match="perhaps for lack of memory: try with fewer images"):
        in_own_process(os._exit, (3,), lambda: False)
