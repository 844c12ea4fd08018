"""The forms follow the queue: they show the settings of the run that trains, and afterwards what they showed before."""

from dataclasses import dataclass, replace

from PyQt5.QtCore import QObject, pyqtSignal, pyqtSlot

from aid_desktop.errors import SettingsError
from aid_desktop.gui.training.live_settings import LiveSettings
from aid_desktop.gui.training.model_panel import ModelPanel
from aid_desktop.gui.training.run_queue import RunQueue
from aid_desktop.gui.training.settings_undo import SettingsUndo
from aid_desktop.runs.config import ModelChoice, RunConfig
from aid_desktop.settings.snapshot import TrainingSettings


@dataclass(frozen=True, slots=True)
class _Shown:
    model: ModelChoice
    settings: TrainingSettings


class RunForms(QObject):
    """Keeps a change that the user makes from carrying the settings of another run into the one in hand.

    `set_aside` tells that what the user was setting up gives way to the settings of the next run.
    """

    set_aside = pyqtSignal()

    def __init__(
        self,
        queue: RunQueue,
        model: ModelPanel,
        live: LiveSettings,
        undo: SettingsUndo,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._model = model
        self._live = live
        self._undo = undo
        self._before: _Shown | None = None
        self._of_run: TrainingSettings | None = None
        queue.starting.connect(self._on_starting)
        queue.rested.connect(self._on_rested)

    @pyqtSlot(RunConfig)
    def _on_starting(self, config: RunConfig) -> None:
        shown = self._settings()
        if self._before is None:
            self._before = _Shown(self._model.choice, shown)
        elif not self._live.is_auto and shown != self._of_run:
            # Not meant for the run that has ended: it would have been applied.
            self._before = replace(self._before, settings=shown)
            self.set_aside.emit()
        self._of_run = config.training
        self._model.show_choice(config.model)
        self._undo.show(config.training)

    @pyqtSlot()
    def _on_rested(self) -> None:
        before, self._before = self._before, None
        if before is None:
            return
        self._model.show_choice(before.model)
        # What the user has changed in the last run stays.
        if self._settings() == self._of_run:
            self._undo.show(before.settings)

    def _settings(self) -> TrainingSettings:
        try:
            return self._live.values()
        except SettingsError:
            return self._undo.settings
