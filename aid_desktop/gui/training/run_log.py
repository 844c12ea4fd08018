"""A run's events as lines of the log."""

from PyQt5.QtCore import QObject, pyqtSlot

from aid_desktop.gui.training.session import TrainingSession
from aid_desktop.gui.widgets.log_view import LogView
from aid_desktop.training.events import (
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
)


class RunLog(QObject):
    """Writes what the session tells into a LogView."""

    def __init__(self, session: TrainingSession, log: LogView, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._log = log
        session.stage_changed.connect(self._on_stage)
        session.started.connect(self._on_started)
        session.settings_applied.connect(self._on_applied)
        session.settings_refused.connect(self._on_refused)
        session.epoch_finished.connect(self._on_epoch)
        session.paused.connect(self._on_paused)
        session.resumed.connect(self._on_resumed)
        session.storage_changed.connect(self._on_storage)
        session.finished.connect(self._on_finished)
        session.failed.connect(self._on_failed)

    @pyqtSlot(StageChanged)
    def _on_stage(self, event: StageChanged) -> None:
        self._log.add(f"{event.text} …")

    @pyqtSlot(RunStarted)
    def _on_started(self, event: RunStarted) -> None:
        self._log.add(
            f"Run {event.folder.name}: {len(event.class_names)} classes, {event.n_training} images per epoch, "
            f"{event.n_validation} to validate, {event.parameters} weights. Epoch {event.first_epoch} uses "
            f"revision {event.revision}."
        )
        for text in (*event.notes, *event.warnings):
            self._log.add(text)

    @pyqtSlot(SettingsApplied)
    def _on_applied(self, event: SettingsApplied) -> None:
        self._log.add(f"Epoch {event.epoch} uses revision {event.revision}: {event.diff}")
        if event.reason:
            self._log.add(event.reason)

    @pyqtSlot(SettingsRefused)
    def _on_refused(self, event: SettingsRefused) -> None:
        self._log.add(f"Revision {event.revision} is refused: {event.message}")

    @pyqtSlot(EpochFinished)
    def _on_epoch(self, event: EpochFinished) -> None:
        record = event.record
        values = ", ".join(f"{name} {value:.4f}" for name, value in record.metrics)
        saved = f"; saved as {record.model}" if record.model else ""
        self._log.add(f"Epoch {record.epoch} (revision {record.revision}): {values}; {record.seconds:.1f} s{saved}")

    @pyqtSlot(RunPaused)
    def _on_paused(self, event: RunPaused) -> None:
        self._log.add(f"Paused in epoch {event.epoch}.")

    @pyqtSlot(RunResumed)
    def _on_resumed(self, event: RunResumed) -> None:
        self._log.add(f"Goes on in epoch {event.epoch}.")

    @pyqtSlot(StorageChanged)
    def _on_storage(self, event: StorageChanged) -> None:
        self._log.add(event.message)

    @pyqtSlot(RunFinished)
    def _on_finished(self, event: RunFinished) -> None:
        best = f" Best epoch: {event.best_epoch}." if event.best_epoch is not None else ""
        self._log.add(f"{event.reason}{best} Files: {event.folder}")

    @pyqtSlot(RunFailed)
    def _on_failed(self, event: RunFailed) -> None:
        self._log.add(f"Failed: {event.message}")
