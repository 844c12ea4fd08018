"""One program at a time may write into a run folder."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from aid_desktop.errors import RunError
from aid_desktop.runs.folder import RunFolder

logger = logging.getLogger(__name__)


@contextmanager
def locked(folder: RunFolder) -> Iterator[None]:
    """Keep other programs and windows from training in a run folder until the block ends, or this process does.

    Raises RunError if another one has it. A folder in which no lock can be made is used without one.
    """
    lock = FileLock(folder.lock, blocking=False)
    try:
        lock.acquire()
    except Timeout:
        raise RunError(
            f"another window or program writes the run in {folder.path}: wait until it ends, or choose another folder"
        ) from None
    except (OSError, NotImplementedError) as error:
        # What cannot be written at all is told by those who write.
        logger.info("%s cannot be locked: %s", folder.path, error)
        yield
        return
    try:
        yield
    finally:
        lock.release()
