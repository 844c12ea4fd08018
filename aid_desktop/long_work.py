"""What long work is asked while it lasts: to stop."""

from collections.abc import Callable

from aid_desktop.errors import StoppedError

ShouldStop = Callable[[], bool]
"""Asked every now and then, perhaps in another thread; yes ends the work with StoppedError."""


def leave_if_stopped(should_stop: ShouldStop | None, text: str = "Stopped.") -> None:
    """Raise StoppedError with this text if somebody asks to stop."""
    if should_stop is not None and should_stop():
        raise StoppedError(text)
