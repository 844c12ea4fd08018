"""Ctrl-C ends work in good order."""

import signal
from types import FrameType

from aid_desktop.training.control import RunControl

INTERRUPTED = 130
"""Exit code of a command that was interrupted."""


def stop_on_ctrl_c(control: RunControl) -> list[int]:
    """Let Ctrl-C stop the run in good order; the list returned is not empty once that has happened."""
    caught: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        caught.append(number)
        control.stop()

    signal.signal(signal.SIGINT, handle)
    return caught
