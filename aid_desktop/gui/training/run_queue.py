"""RunQueue: runs that wait for their turn in the one session."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from PyQt5.QtCore import QObject, QTimer, pyqtSignal, pyqtSlot

from aid_desktop.errors import AidError
from aid_desktop.gui.models.queue_model import EntryState, QueueEntry
from aid_desktop.gui.training.session import TrainingSession
from aid_desktop.runs.config import RunConfig
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.history import History, read_history
from aid_desktop.runs.series import PlannedRun, Series
from aid_desktop.training.events import EpochFinished, RunFailed, RunFinished, RunStarted, StorageChanged


class RunQueue(QObject):
    """Starts the next run when one has ended, whoever began that one.

    Nothing starts by itself in a queue at rest: `go_on` says so, or a run that was added while another one trains.
    A run that was stopped brings the queue to rest, one that has failed does not. `obstacle` returns what speaks
    against a run at present, "" if nothing does; `refused` carries it. `changed` tells of any change,
    `starting` of a run that begins now and `opened` of the epochs that it has done already, `rested` that no run
    follows, `series_rested` that none of a series does.
    """

    changed = pyqtSignal()
    starting = pyqtSignal(RunConfig)
    opened = pyqtSignal(History)
    rested = pyqtSignal()
    refused = pyqtSignal(str)
    series_rested = pyqtSignal(Series)

    def __init__(
        self,
        session: TrainingSession,
        new_folder: Callable[[str], Path],
        obstacle: Callable[[], str],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._obstacle = obstacle
        self._session = session
        self._new_folder = new_folder
        self._entries: list[QueueEntry] = []
        self._n_added = 0
        self._current: int | None = None
        self._is_going = False
        # Not at once: others are still to be told that the run before has ended.
        self._next = QTimer(self)
        self._next.setSingleShot(True)
        self._next.setInterval(0)
        self._next.timeout.connect(self._start_next)
        session.started.connect(self._on_started)
        session.epoch_finished.connect(self._on_epoch_finished)
        session.storage_changed.connect(self._on_storage_changed)
        session.finished.connect(self._on_finished)
        session.failed.connect(self._on_failed)
        session.running_changed.connect(self._on_running_changed)

    @property
    def entries(self) -> tuple[QueueEntry, ...]:
        """All runs in order, those that have ended among them."""
        return tuple(self._entries)

    @property
    def n_waiting(self) -> int:
        """How many runs wait."""
        return sum(entry.state is EntryState.WAITING for entry in self._entries)

    @property
    def is_going(self) -> bool:
        """Whether the next run starts by itself when the one in hand has ended."""
        return self._is_going

    def add(self, runs: Iterable[PlannedRun], model_zoo: Path, series: Series | None = None) -> None:
        """Let runs wait behind all others; earlier tries of the same runs of a series go."""
        runs = tuple(runs)
        if series is not None:
            again = {series.folder(run).path for run in runs}
            self._entries = [entry for entry in self._entries if not (entry.has_ended and entry.folder in again)]
        for run in runs:
            self._n_added += 1
            self._entries.append(QueueEntry(self._n_added, run, model_zoo, series))
        self._is_going = self._is_going or (self._session.is_running and not self._session.stop_requested)
        self.changed.emit()

    def move(self, numbers: Collection[int], step: int) -> None:
        """Let waiting runs change places with the one before (`step` -1) or behind them (1)."""
        places = [place for place, entry in enumerate(self._entries) if entry.number in numbers]
        for place in places if step < 0 else reversed(places):
            other = place + step
            if not 0 <= other < len(self._entries) or self._entries[other].number in numbers:
                continue
            pair = (self._entries[place], self._entries[other])
            if all(entry.state is EntryState.WAITING for entry in pair):
                self._entries[other], self._entries[place] = pair
        self.changed.emit()

    def remove(self, numbers: Collection[int]) -> None:
        """Take runs off the queue; their files stay, and so does the run that trains."""
        self._keep(lambda entry: entry.number not in numbers or entry.state is EntryState.TRAINING)

    def clear_ended(self) -> None:
        """Take off all runs that neither wait nor train."""
        self._keep(lambda entry: not entry.has_ended)

    @pyqtSlot()
    def go_on(self) -> None:
        """Start the waiting runs, one after the other."""
        self._is_going = True
        self._next.start()
        self.changed.emit()

    def is_over(self, series: Series) -> bool:
        """Return whether no run of a series waits or trains."""
        mine = (entry for entry in self._entries if entry.series is not None and entry.series.path == series.path)
        return all(entry.has_ended for entry in mine)

    def _keep(self, wanted: Callable[[QueueEntry], bool]) -> None:
        self._entries = [entry for entry in self._entries if wanted(entry)]
        self.changed.emit()

    @pyqtSlot()
    def _start_next(self) -> None:
        if self._session.is_running or not self._is_going:
            return
        entry = next((entry for entry in self._entries if entry.state is EntryState.WAITING), None)
        obstacle = self._obstacle()
        if entry is None or obstacle:
            self._rest()
            if entry is not None:
                self.refused.emit(obstacle)
            return
        self._current = entry.number
        try:
            self._begin(entry)
        except AidError as error:
            self._change(state=EntryState.FAILED, message=str(error))
            self._current = None
            self._next.start()

    def _begin(self, entry: QueueEntry) -> None:
        """Start a run, or go on with it. Raises AidError if its files cannot be read."""
        series, run = entry.series, entry.run
        begun = None if series is None else series.resume_point(run)
        folder = self._new_folder(run.name) if series is None else series.folder(run).path
        history = History() if begun is None else read_history(RunFolder(folder).history_csv)
        self._change(state=EntryState.TRAINING, folder=folder)
        self.starting.emit(begun or run.config)
        self.opened.emit(history)
        if begun is not None:
            self._session.go_on(begun, folder)
        else:
            self._session.start(run.config, folder, entry.model_zoo)

    def _rest(self) -> None:
        self._is_going = False
        self.changed.emit()
        self.rested.emit()

    def _in_hand(self) -> QueueEntry | None:
        """Return the entry that trains; None for a run that did not come from the queue."""
        return next((entry for entry in self._entries if entry.number == self._current), None)

    def _change(self, **values: Any) -> None:
        """Change the entry in hand, if there is one."""
        entry = self._in_hand()
        if entry is not None:
            self._entries[self._entries.index(entry)] = replace(entry, **values)
            self.changed.emit()

    @pyqtSlot(RunStarted)
    def _on_started(self, event: RunStarted) -> None:
        self._change(epoch=event.first_epoch, epochs=event.settings.hyperparameters.epochs)

    @pyqtSlot(EpochFinished)
    def _on_epoch_finished(self, event: EpochFinished) -> None:
        entry, accuracy = self._in_hand(), event.record.metric("val_accuracy")
        best = accuracy if entry is None or entry.best is None else max(entry.best, accuracy)
        self._change(epoch=event.record.epoch + 1, epochs=event.epochs, best=best)

    @pyqtSlot(StorageChanged)
    def _on_storage_changed(self, event: StorageChanged) -> None:
        self._change(folder=event.folder)

    @pyqtSlot(RunFinished)
    def _on_finished(self, event: RunFinished) -> None:
        if event.has_diverged:
            self._change(state=EntryState.FAILED, message=event.reason)
        elif self._session.stop_requested:
            self._change(state=EntryState.STOPPED)
        else:
            self._change(state=EntryState.FINISHED)
        self._hold_if_stopped()

    @pyqtSlot(RunFailed)
    def _on_failed(self, event: RunFailed) -> None:
        self._change(state=EntryState.FAILED, message=event.message)
        self._hold_if_stopped()

    def _hold_if_stopped(self) -> None:
        if self._session.stop_requested:
            self._is_going = False
            self.changed.emit()

    @pyqtSlot(bool)
    def _on_running_changed(self, running: bool) -> None:
        if running:
            self.changed.emit()
            return
        ended, self._current = self._in_hand(), None
        if ended is not None and ended.series is not None and (not self._is_going or self.is_over(ended.series)):
            self.series_rested.emit(ended.series)
        if self._is_going:
            self._next.start()
        else:
            self._rest()
