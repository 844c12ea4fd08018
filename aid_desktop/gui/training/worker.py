"""TrainingWorker: runs the loop in its thread and turns each event class into one typed signal."""

from PyQt5.QtCore import QObject, pyqtSignal, pyqtSlot

from aid_desktop.gui.priority import give_way_to_window
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
from aid_desktop.training.run import TrainingRun


class TrainingWorker(QObject):
    """Lives in the training thread. `ended` comes last, whatever happened."""

    stage_changed = pyqtSignal(StageChanged)
    started = pyqtSignal(RunStarted)
    progressed = pyqtSignal(BatchProgress)
    settings_applied = pyqtSignal(SettingsApplied)
    settings_refused = pyqtSignal(SettingsRefused)
    epoch_finished = pyqtSignal(EpochFinished)
    paused = pyqtSignal(RunPaused)
    resumed = pyqtSignal(RunResumed)
    storage_changed = pyqtSignal(StorageChanged)
    finished = pyqtSignal(RunFinished)
    failed = pyqtSignal(RunFailed)
    ended = pyqtSignal()

    def __init__(self, run: TrainingRun) -> None:
        super().__init__()
        self._run = run

    @pyqtSlot()
    def work(self) -> None:
        """Train to the end."""
        give_way_to_window()
        # The loop's module imports much that the window does not need at its start.
        from aid_desktop.training.loop import train

        train(self._run, self._publish)
        self.ended.emit()

    def _publish(self, event: TrainingEvent) -> None:
        match event:
            case StageChanged():
                self.stage_changed.emit(event)
            case RunStarted():
                self.started.emit(event)
            case BatchProgress():
                self.progressed.emit(event)
            case SettingsApplied():
                self.settings_applied.emit(event)
            case SettingsRefused():
                self.settings_refused.emit(event)
            case EpochFinished():
                self.epoch_finished.emit(event)
            case RunPaused():
                self.paused.emit(event)
            case RunResumed():
                self.resumed.emit(event)
            case StorageChanged():
                self.storage_changed.emit(event)
            case RunFinished():
                self.finished.emit(event)
            case RunFailed():
                self.failed.emit(event)
