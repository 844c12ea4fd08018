"""Threads of scikit-learn: keep it to one."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _SharedLimit:
    """One thread for BLAS, whose number of threads is that of the whole process, as long as anybody is inside."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._limits: Any = None

    def enter(self) -> None:
        from threadpoolctl import threadpool_limits

        with self._lock:
            if self._inside == 0:
                _let_any_thread_set()
                self._limits = threadpool_limits(1, "blas")
            self._inside += 1

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                # Perhaps another thread than the one that came first.
                _let_any_thread_set()
                self._limits.restore_original_limits()
                _let_any_thread_set()


def _let_any_thread_set() -> None:
    """Take from all threads the right to set the threads of OpenBLAS alone.

    Since version 3.8, threadpoolctl gives it to the first thread that sets them and ignores all others as long as that
    one lives, without a word.
    """
    from threadpoolctl import OpenBLASController

    clear = getattr(OpenBLASController, "clear_controlling_thread", None)
    if clear is not None:
        clear(force=True)


_shared = _SharedLimit()


@contextmanager
def one_thread() -> Iterator[None]:
    """Return a context in which the libraries below scikit-learn use one thread.

    Their threads wait for each other in a busy loop: beside a training run t-SNE of 1 000 images took over 60 s with
    two threads and 8 s with one. And one thread adds up in one order, so that results are the same each time.
    """
    from threadpoolctl import threadpool_limits

    _shared.enter()
    try:
        # OpenMP keeps the number for each thread of ours by itself.
        with threadpool_limits(1, "openmp"):
            yield
    finally:
        _shared.leave()
