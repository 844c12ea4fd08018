"""Threads are kept to one."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from threadpoolctl import threadpool_info

from aid_desktop.evaluation.threads import one_thread


@pytest.fixture(autouse=True)
def _nobody_inside() -> None:
    """Wait for calls that tests before have left: they are still at work."""
    for thread in threading.enumerate():
        if thread.name == "long work":
            thread.join(60)


def test_that_one_thread_is_used_inside_only() -> None:
    import sklearn.linear_model  # noqa: F401 - loads the libraries

    before = [pool["num_threads"] for pool in threadpool_info()]
    assert before
    with one_thread():
        assert {pool["num_threads"] for pool in threadpool_info()} == {1}
    assert [pool["num_threads"] for pool in threadpool_info()] == before


def test_that_a_thread_is_limited_after_another_one_was() -> None:
    import sklearn.linear_model  # noqa: F401 - loads the libraries

    before = [pool["num_threads"] for pool in threadpool_info()]
    found: list[set[int]] = []

    def look() -> None:
        with one_thread():
            found.append({pool["num_threads"] for pool in threadpool_info()})

    # Threads that live on, so that none of them is forgotten.
    with ThreadPoolExecutor(1) as first, ThreadPoolExecutor(1) as second:
        for executor in (first, second, first):
            executor.submit(look).result()
        look()
        assert found == [{1}] * 4
        assert [pool["num_threads"] for pool in threadpool_info()] == before


def test_that_contexts_that_overlap_leave_all_threads_behind() -> None:
    import sklearn.linear_model  # noqa: F401 - loads the libraries

    before = [pool["num_threads"] for pool in threadpool_info()]
    is_inside, may_leave = threading.Event(), threading.Event()

    def stay() -> None:
        with one_thread():
            is_inside.set()
            may_leave.wait(10)

    other = threading.Thread(target=stay)
    with one_thread():
        other.start()
        assert is_inside.wait(10)
    assert {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"} == {1}
    may_leave.set()
    other.join()
    assert [pool["num_threads"] for pool in threadpool_info()] == before
