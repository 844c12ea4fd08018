"""Calls in another process: their results, their errors, and their end."""

import math
import multiprocessing
import os
import time

import pytest

from aid_desktop.errors import AidError
from aid_desktop.evaluation.own_process import in_own_process


def test_that_a_result_comes_back() -> None:
    assert in_own_process(math.hypot, (3.0, 4.0), lambda: False) == 5
    assert in_own_process(os.getpid, (), lambda: False) != os.getpid()
    assert multiprocessing.active_children() == []


def test_that_an_error_comes_back() -> None:
    with pytest.raises(ValueError, match="math domain"):
        in_own_process(math.sqrt, (-1.0,), lambda: False)


def test_that_a_stop_ends_the_process() -> None:
    assert in_own_process(time.sleep, (3600,), lambda: bool(multiprocessing.active_children())) is None
    assert multiprocessing.active_children() == []


def test_that_a_process_that_ends_by_itself_is_told() -> None:
    with pytest.raises(AidError, match="perhaps for lack of memory: try with fewer images"):
        in_own_process(os._exit, (3,), lambda: False)
