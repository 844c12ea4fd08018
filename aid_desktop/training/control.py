"""RunControl: commands to a running loop. Unlike settings, none may be lost."""

import threading


class RunControl:
    """Stop, pause, resume, keep this epoch's model, write meta.xlsx. Safe between threads."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._go = threading.Event()
        self._go.set()
        self._keep_model = threading.Event()
        self._write_meta = threading.Event()

    def stop(self) -> None:
        """End the run after the batches in hand; a paused run too."""
        self._stop.set()
        self._go.set()

    def pause(self) -> None:
        """Let the run wait, unless it is to end."""
        self._go.clear()
        # A stop may have come just before.
        if self._stop.is_set():
            self._go.set()

    def resume(self) -> None:
        """Let a paused run go on."""
        self._go.set()

    def keep_model(self) -> None:
        """Save the model after the epoch in hand, whatever its metrics."""
        self._keep_model.set()

    def write_meta(self) -> None:
        """Write meta.xlsx after the epoch in hand, not only when the run ends."""
        self._write_meta.set()

    @property
    def stop_requested(self) -> bool:
        """Whether the run is to end."""
        return self._stop.is_set()

    @property
    def paused(self) -> bool:
        """Whether the run is to wait."""
        return not self._go.is_set()

    def wait_if_paused(self) -> None:
        """Block while paused."""
        self._go.wait()

    def take_keep_model(self) -> bool:
        """Return whether the model is to be kept, and forget the request."""
        return _take(self._keep_model)

    def take_write_meta(self) -> bool:
        """Return whether meta.xlsx is to be written, and forget the request."""
        return _take(self._write_meta)


def _take(request: threading.Event) -> bool:
    if not request.is_set():
        # Not cleared: another thread may ask just now.
        return False
    request.clear()
    return True
