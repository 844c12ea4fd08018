"""TrainingSession: owns thread, worker, mailbox and control; everybody else talks only to it."""

from pathlib import Path

from PyQt5.QtCore import QObject, QThread, pyqtSignal, pyqtSlot

from aid_desktop.gui.training.worker import TrainingWorker
from aid_desktop.runs.config import RunConfig
from aid_desktop.runs.folder import RunFolder
from aid_desktop.settings.snapshot import TrainingSettings
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
)
from aid_desktop.training.run import TrainingRun


class TrainingSession(QObject):
    """One run at a time in a thread of its own.

    `running_changed` is emitted when a run is started and when its thread has gone. The other signals are the
    run's events, in the main thread.
    """

    running_changed = pyqtSignal(bool)
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

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread: QThread | None = None
        self._worker: TrainingWorker | None = None
        self._run: TrainingRun | None = None

    @property
    def is_running(self) -> bool:
        """Whether a run's thread exists."""
        return self._thread is not None

    @property
    def is_paused(self) -> bool:
        """Whether the run was asked to wait."""
        return self._run is not None and self._run.control.paused

    @property
    def stop_requested(self) -> bool:
        """Whether the run in hand was asked to end."""
        return self._run is not None and self._run.control.stop_requested

    @property
    def folder(self) -> Path | None:
        """The folder of the run in hand."""
        return self._run.folder.path if self._run else None

    @property
    def config(self) -> RunConfig | None:
        """What the run in hand was started with."""
        return self._run.config if self._run else None

    def start(self, config: RunConfig, folder: Path, model_zoo: Path) -> None:
        """Start a run. Raises RuntimeError while another one goes on: the caller disables its button."""
        self._start(TrainingRun(config, RunFolder(folder), model_zoo))

    def go_on(self, config: RunConfig, folder: Path, settings: TrainingSettings | None = None) -> None:
        """Go on with the run in a folder after its last finished epoch, with other settings if there are any.

        Raises RuntimeError while another one goes on.
        """
        run = TrainingRun(config, RunFolder(folder), RunFolder(folder).model_zoo, resume=True)
        if settings is not None:
            run.mailbox.post(settings)
        self._start(run)

    def _start(self, run: TrainingRun) -> None:
        if self.is_running:
            raise RuntimeError("a run is going on already")
        self._run = run
        self._worker = TrainingWorker(self._run)
        self._thread = QThread(self)
        self._thread.setObjectName("training")
        self._worker.moveToThread(self._thread)
        self._connect(self._worker)
        self._thread.started.connect(self._worker.work)
        self._worker.ended.connect(self._thread.quit)
        self._thread.finished.connect(self._on_thread_finished)
        self._thread.start()
        self.running_changed.emit(True)

    def post(self, settings: TrainingSettings) -> int | None:
        """Leave settings for the next epoch; return their revision, None when nothing runs."""
        return self._run.mailbox.post(settings) if self._run else None

    @pyqtSlot()
    def pause(self) -> None:
        """Let the run wait after the batches in hand."""
        if self._run:
            self._run.control.pause()

    @pyqtSlot()
    def resume(self) -> None:
        """Let a paused run go on."""
        if self._run:
            self._run.control.resume()

    @pyqtSlot()
    def stop(self) -> None:
        """End the run after the batches in hand."""
        if self._run:
            self._run.control.stop()

    @pyqtSlot()
    def keep_model(self) -> None:
        """Save the model after the epoch in hand."""
        if self._run:
            self._run.control.keep_model()

    @pyqtSlot()
    def write_meta(self) -> None:
        """Write the run's meta.xlsx after the epoch in hand."""
        if self._run:
            self._run.control.write_meta()

    def shut_down(self) -> None:
        """Stop and wait until the thread has gone: the last step before the window goes."""
        self.stop()
        if self._thread is not None:
            self._thread.quit()
            self._thread.wait()

    def _connect(self, worker: TrainingWorker) -> None:
        worker.stage_changed.connect(self.stage_changed)
        worker.started.connect(self.started)
        worker.progressed.connect(self.progressed)
        worker.settings_applied.connect(self.settings_applied)
        worker.settings_refused.connect(self.settings_refused)
        worker.epoch_finished.connect(self.epoch_finished)
        worker.paused.connect(self.paused)
        worker.resumed.connect(self.resumed)
        worker.storage_changed.connect(self.storage_changed)
        worker.finished.connect(self.finished)
        worker.failed.connect(self.failed)

    @pyqtSlot()
    def _on_thread_finished(self) -> None:
        if self._thread is not None:
            self._thread.wait()
            self._thread.deleteLater()
        self._thread = self._worker = self._run = None
        self.running_changed.emit(False)
