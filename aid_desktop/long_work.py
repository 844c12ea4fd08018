"""What long work tells and is asked while it lasts, and how to leave a call that hears no stop."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from aid_desktop.errors import AidError, StoppedError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

T = TypeVar("T")

Progress = Callable[[int, int], None]
"""Called with (done, total) while work goes on; an error that it raises ends the work."""

ShouldStop = Callable[[], bool]
"""Asked every now and then, perhaps in another thread; yes ends the work with StoppedError."""

_PATIENCE_S = 0.05


def leave_if_stopped(should_stop: ShouldStop | None, text: str = "Stopped.") -> None:
    """Raise StoppedError with this text if somebody asks to stop."""
    if should_stop is not None and should_stop():
        raise StoppedError(text)


def left_when_stopped(
    work: Callable[[], T],
    should_stop: ShouldStop | None,
    on_wait: Callable[[], None] | None = None,
    *,
    can_be_cut_off: bool = True,
) -> T:
    """Return what `work` returns; `on_wait` is called every 0.05 s meanwhile.

    Raises what `work` raises, and StoppedError as soon as `should_stop` says yes: `work` then goes on unseen. With
    `can_be_cut_off` the program may end before it, else it waits for it: TensorFlow 2.21 aborts a program that ends
    while it is at work.
    """
    if should_stop is None and on_wait is None:
        return work()
    results: list[T] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001  the caller raises it
            failures.append(error)

    thread = threading.Thread(target=run, name="long work", daemon=can_be_cut_off)
    thread.start()
    while thread.is_alive():
        leave_if_stopped(should_stop)
        if on_wait is not None:
            on_wait()
        thread.join(_PATIENCE_S)
    if failures:
        raise failures[0]
    return results[0]


def in_own_process(work: Callable[..., T], arguments: tuple[Any, ...], should_stop: ShouldStop) -> T:
    """Return what `work(*arguments)` returns in another process, which can be ended at any time.

    `work` is a function of a module; it, its arguments and what it returns are copied. To start the process takes a
    second or two. Raises what `work` raises, StoppedError once `should_stop` says yes, and AidError if the process ends
    by itself before it is done.
    """
    from multiprocessing import get_context

    # Not a copy of this process: its threads, of TensorFlow and Qt, would be missing in it.
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(theirs, work, arguments), daemon=True)
    process.start()
    # Else nobody would notice that the other end is gone.
    theirs.close()
    try:
        while not ours.poll(_PATIENCE_S):
            leave_if_stopped(should_stop)
        has_succeeded, result = ours.recv()
    except EOFError as error:
        raise AidError(
            "the process that computes it has ended before its time, perhaps for lack of memory: try with fewer images"
        ) from error
    finally:
        process.kill()
        process.join()
        ours.close()
    if not has_succeeded:
        raise result
    returned: T = result
    return returned


def _run(answer: "Connection", work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    try:
        result: tuple[bool, Any] = True, work(*arguments)
    except Exception as error:  # noqa: BLE001  the caller raises it
        result = False, error
    answer.send(result)
