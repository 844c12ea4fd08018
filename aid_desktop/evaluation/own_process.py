"""Long calls that hear no stop, in a process of their own that can be ended at any time."""

from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from aid_desktop.errors import AidError
from aid_desktop.long_work import ShouldStop

T = TypeVar("T")

_PATIENCE_S = 0.05


def in_own_process(work: Callable[..., T], arguments: tuple[Any, ...], should_stop: ShouldStop) -> T | None:
    """Return what `work(*arguments)` returns in another process, or None once `should_stop` says yes: it is ended then.

    `work` is a function of a module; it, its arguments and what it returns are copied. To start the process takes a
    second or two. Raises what `work` raises, and AidError if the process ends before that.
    """
    # Not a copy of this process: its threads, of TensorFlow and Qt, would be missing in it.
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(theirs, work, arguments), daemon=True)
    process.start()
    # Else nobody would notice that the other end is gone.
    theirs.close()
    try:
        while not ours.poll(_PATIENCE_S):
            if should_stop():
                return None
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


def _run(answer: Connection, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    try:
        result: tuple[bool, Any] = True, work(*arguments)
    except Exception as error:  # noqa: BLE001  the caller raises it
        result = False, error
    answer.send(result)
