"""Training events on the console."""

import sys

from aid_desktop.cli.output import bar_text, write_line
from aid_desktop.training.events import (
    BatchProgress,
    EpochFinished,
    RunFailed,
    RunFinished,
    RunPaused,
    RunResumed,
    RunStarted,
    SettingsApplied,
    SettingsRefused,
    StageChanged,
    StorageChanged,
    TrainingEvent,
)
from aid_desktop.training.progress import duration_text, remaining_seconds


class Monitor:
    """Shows events as lines, with a progress bar where stdout is a terminal; `last` is the latest event."""

    def __init__(self, quiet: bool = False) -> None:
        self.last: TrainingEvent | None = None
        self._quiet = quiet
        self._seconds: list[float] = []

    def show(self, event: TrainingEvent) -> None:
        """Show one event."""
        self.last = event
        if isinstance(event, EpochFinished):
            self._seconds.append(event.record.seconds)
        if self._quiet:
            return
        if isinstance(event, BatchProgress):
            self._show_bar(event)
        elif text := self._text(event):
            write_line(text)

    def _text(self, event: TrainingEvent) -> str:
        match event:
            case StageChanged(text=text):
                return f"{text} …"
            case RunStarted():
                begins = f", goes on with epoch {event.first_epoch}" if event.first_epoch else ""
                first = (
                    f"{event.folder}: classes {', '.join(event.class_names)}; {event.n_training} images per epoch, "
                    f"{event.n_validation} to validate, {event.parameters} weights{begins}"
                )
                return "\n".join((first, *event.notes, *(f"Warning: {text}" for text in event.warnings)))
            case SettingsApplied():
                return f"epoch {event.epoch} uses revision {event.revision}: {event.diff}. {event.reason}".rstrip(". ")
            case StorageChanged(message=message):
                return message
            case SettingsRefused():
                return f"revision {event.revision} is refused: {event.message}"
            case EpochFinished():
                return self._epoch_text(event)
            case RunPaused(epoch=epoch):
                return f"paused in epoch {epoch}"
            case RunResumed(epoch=epoch):
                return f"goes on in epoch {epoch}"
            case RunFinished():
                return f"{event.reason} Best epoch: {event.best_epoch}, model: {event.best_model}"
            case RunFailed() | BatchProgress():
                return ""

    def _epoch_text(self, event: EpochFinished) -> str:
        record = event.record
        values = "  ".join(f"{name} {value:.4f}" for name, value in record.metrics)
        left = remaining_seconds(self._seconds, event.epochs - record.epoch - 1) or 0
        saved = "  saved" if record.model else ""
        return f"epoch {record.epoch}: {values}  {record.seconds:.1f} s, about {duration_text(left)} left{saved}"

    def _show_bar(self, event: BatchProgress) -> None:
        if not sys.stdout.isatty():
            return
        bar = bar_text(event.step, event.n_steps)
        sys.stdout.write(f"\repoch {event.epoch} {bar} {event.step}/{event.n_steps}  loss {event.loss:.4f}\r")
        sys.stdout.flush()
