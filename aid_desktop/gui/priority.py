"""Which threads give way to the window."""

import os
import sys
import threading

NICENESS = 10


def give_way_to_window() -> None:
    """Let the calling thread, and all threads that it starts, wait for the processor while the window needs it.

    Only Linux has priorities of single threads that need no rights; TensorFlow's threads are started by the first
    thread that computes, so every thread but that of the window should call this. Elsewhere nothing happens.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, max(NICENESS, os.getpriority(os.PRIO_PROCESS, thread)))
