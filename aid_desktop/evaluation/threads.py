"""Keep scikit-learn to one thread."""

from contextlib import AbstractContextManager


def one_thread() -> AbstractContextManager[object]:
    """Return a context in which the libraries below scikit-learn use one thread.

    Their threads wait for each other in a busy loop: beside a training run t-SNE of 1 000 images took over 60 s with
    two threads and 8 s with one. And one thread adds up in one order, so that results are the same each time.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    limits: AbstractContextManager[object] = threadpool_limits(1)
    return limits
