"""Keep the window at work while long histories are read."""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_readers: list[bool] = []


@contextmanager
def no_collection() -> Iterator[None]:
    """Have Python not look for cyclic garbage meanwhile.

    Each look goes through all objects and stops all threads, for 0.3 s beside some runs of 100 000 epochs; a history is
    made of very many objects and no cycles.
    """
    with _lock:
        # The first reader knows whether it was on.
        _readers.append(_readers[0] if _readers else gc.isenabled())
        gc.disable()
    try:
        yield
    finally:
        with _lock:
            was_enabled = _readers.pop()
            if not _readers and was_enabled:
                gc.enable()
