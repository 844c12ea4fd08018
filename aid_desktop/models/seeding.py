"""One network is made at a time: Keras draws the seeds of weights from Python's random numbers, which threads share."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Making a network may load another one.
_lock = threading.RLock()


@contextmanager
def making_network(seed: int | None = None) -> Iterator[None]:
    """Wait until no other thread makes or loads a network, and keep others from it meanwhile.

    With a seed the network's random weights depend on nothing else, whatever other threads have drawn before, and so
    does what this thread draws afterwards: Keras keeps part of its random state per thread.
    """
    with _lock:
        if seed is not None:
            import keras

            keras.utils.set_random_seed(seed)
        yield
