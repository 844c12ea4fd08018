"""RunControl: commands to a running loop. Unlike settings, none may be lost."""

import threading


class RunControl:
    """Stop, pause, resume, keep this epoch's model. Safe between threads."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._go = threading.Event()
        self._go.set()
        self._keep_model = threading.Event()

    def stop(self) -> None:
        """End the run after the batches in hand; a paused run too."""
        self._stop.set()
        self._go.set()

    def pause(self) -> None:
        """Let the run wait."""
        if not self._stop.is_set():
            self._go.clear()

    def resume(self) -> None:
        """Let a paused run go on."""
        self._go.set()

    def keep_model(self) -> None:
        """Save the model after the epoch in hand, whatever its metrics."""
        self._keep_model.set()

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
        wanted = self._keep_model.is_set()
        self._keep_model.clear()
        return wanted
