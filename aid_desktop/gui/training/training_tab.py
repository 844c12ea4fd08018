"""The Training tab: settings on the left, curves and examples on the right, the run at the foot."""

import logging
from functools import partial
from pathlib import Path

from PyQt5.QtCore import Qt, pyqtSlot
from PyQt5.QtWidgets import QFileDialog, QScrollArea, QSplitter, QTabWidget, QVBoxLayout, QWidget

from aid_desktop.errors import SettingsError
from aid_desktop.gui.background import Background
from aid_desktop.gui.data.table_checks import TableChecks
from aid_desktop.gui.data.undo import add_undo_keys
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.plots.history_plot import HistoryPlot
from aid_desktop.gui.preferences import Preferences
from aid_desktop.gui.theme import GRID, ThemeManager
from aid_desktop.gui.training.augmentation_panel import AugmentationPanel
from aid_desktop.gui.training.continuing import Continuing
from aid_desktop.gui.training.going_back import GoingBack
from aid_desktop.gui.training.hyperparameter_panel import HyperparameterPanel
from aid_desktop.gui.training.layer_names import LayerNames
from aid_desktop.gui.training.live_settings import LiveSettings
from aid_desktop.gui.training.model_panel import ModelPanel
from aid_desktop.gui.training.preset_panel import PresetPanel
from aid_desktop.gui.training.preview_panel import PreviewPanel
from aid_desktop.gui.training.queueing import Queueing
from aid_desktop.gui.training.rate_finder import RateFinderDialog
from aid_desktop.gui.training.run_estimate import RunEstimate
from aid_desktop.gui.training.run_forms import RunForms
from aid_desktop.gui.training.run_log import RunLog
from aid_desktop.gui.training.run_panel import RunPanel
from aid_desktop.gui.training.session import TrainingSession
from aid_desktop.gui.training.session_settings import WindowSettings
from aid_desktop.gui.training.settings_side import SettingsSide
from aid_desktop.gui.training.settings_undo import SettingsUndo
from aid_desktop.gui.training.start_check import StartCheck
from aid_desktop.gui.training.timeline import Timeline
from aid_desktop.gui.training.weights_download import WeightsDownload
from aid_desktop.gui.widgets.field_editor import diff_text
from aid_desktop.gui.widgets.layers_editor import LayersEditor
from aid_desktop.gui.widgets.log_view import LogView
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note, sentence
from aid_desktop.gui.widgets.one_dialog import OneDialog
from aid_desktop.runs.config import RunConfig, data_rows
from aid_desktop.runs.folder import RunFolder, unused_folder
from aid_desktop.runs.history import History
from aid_desktop.settings.pretrained import FINE_TUNING_TEXT
from aid_desktop.training.events import (
    EpochFinished,
    RunFailed,
    RunStarted,
    SettingsApplied,
    SettingsRefused,
    StorageChanged,
)
from aid_desktop.training.run import TrainingRun

logger = logging.getLogger(__name__)

_LEFT_WIDTH = 52 * GRID
_SET_ASIDE = "The next queued run is shown. The settings that you were preparing come back when the queue rests."
_WAIT_FOR_RATE = "A learning rate is being sought: wait for it, or close that dialog, and start again."


class TrainingTab(QWidget):
    """How does it learn?"""

    def __init__(
        self,
        notifier: Notifier,
        session: TrainingSession,
        checks: TableChecks,
        background: Background,
        themes: ThemeManager,
        preferences: Preferences,
        model_zoo: Path | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("trainingTab")
        self._notifier = notifier
        self._session = session
        self._preferences = preferences
        self._background = background
        self._themes = themes
        self._checks = checks
        self._make_panels(model_zoo)
        self._make_settings()
        self._make_helpers()
        self._lay_out()
        add_undo_keys(self, self.undo.stack, " setting")
        self._connect()
        self._check()

    @pyqtSlot()
    def start(self) -> None:
        """Start a run with what is shown, once the images are checked.

        A setting that is not valid is marked and nothing starts.
        """
        if self._config_or_tell() is None:
            return
        self.messages.clear()
        obstacle = self._obstacle()
        if obstacle:
            self.messages.add(Note(Level.INFO, obstacle))
            return
        self.check.begin()

    @pyqtSlot()
    def find_rate(self) -> None:
        """Measure which learning rates suit what is shown; say so when that cannot be trained."""
        config = self._config_or_tell()
        if config is None:
            return
        zoo, problems = self.model.zoo, self._problems()
        if problems or zoo is None:
            self.messages.add(Note(Level.WARNING, sentence("; ".join(problems))))
            return

        def make() -> RateFinderDialog:
            run = TrainingRun(config, RunFolder(self.new_folder()), zoo)
            dialog = RateFinderDialog(run, self._background, self._themes, self)
            dialog.rate_chosen.connect(self.hyperparameters.use_rate)
            dialog.span_chosen.connect(self.hyperparameters.use_span)
            return dialog

        self.rate_finder.show(make)

    def _obstacle(self) -> str:
        """Return why no run can start now: a rate finder draws from Keras' random state too, and spoils repetition."""
        dialog = self.rate_finder.dialog
        return _WAIT_FOR_RATE if isinstance(dialog, RateFinderDialog) and dialog.work.job is not None else ""

    def config(self) -> RunConfig:
        """Return the run that the window describes. Raises SettingsError."""
        return RunConfig(
            data=data_rows(self._notifier.table),
            image=self._notifier.image_settings,
            model=self.model.choice,
            training=self.settings.values(),
            split=self._notifier.split,
            device=self.all_settings.device,
            seed=self.all_settings.seed,
        )

    def _config_or_tell(self) -> RunConfig | None:
        try:
            return self.config()
        except SettingsError as error:
            self.messages.add(Note(Level.ERROR, str(error)))
            return None

    @pyqtSlot()
    def _run(self) -> None:
        config = self._config_or_tell()
        if config is None:
            return
        # The tabs may have been changed while the images were checked.
        if self._problems() or self.model.zoo is None or self._session.is_running:
            return
        self.plot.set_history(History())
        self._session.start(config, self.new_folder(), self.model.zoo)

    @pyqtSlot()
    def continue_run(self) -> None:
        """Ask for the folder of a run and go on with it."""
        folder = QFileDialog.getExistingDirectory(self, "Run to continue", self._preferences.runs_folder)
        if folder:
            self.continuing.go_on(Path(folder))

    def start_from(self, model: Path) -> None:
        """Let the next run start from a model; say so while that cannot be chosen."""
        self.side.show_panel(0)
        if self._session.is_running:
            self.messages.add(Note(Level.INFO, "A network is being trained: choose a model to start from after that."))
        else:
            self.model.start_from.use(model)

    def new_folder(self) -> Path:
        """Return a folder that does not exist yet, named by time and architecture."""
        return unused_folder(Path(self._preferences.runs_folder), self.model.name)

    def _make_panels(self, model_zoo: Path | None) -> None:
        notifier, themes = self._notifier, self._themes
        self.model = ModelPanel(notifier, self._background, self._session, model_zoo, self)
        self.hyperparameters = HyperparameterPanel(notifier, themes, self)
        self.augmentation = AugmentationPanel(notifier, self)
        self.preview = PreviewPanel(notifier, self._background, self.augmentation.form, self)
        self.run = RunPanel(self._session, self._preferences, self)
        self.plot = HistoryPlot("trainingPlot", themes, self)
        self.log = LogView("trainingLog", "Training log", self)
        self.timeline = Timeline(self)
        self.messages = MessageStrip("trainingMessages", self)

    def _make_settings(self) -> None:
        forms = self.hyperparameters.form, self.augmentation.form, self.hyperparameters.saving
        self.settings = LiveSettings(*forms, self._notifier, self._session, self._preferences, self)
        self.undo = SettingsUndo(self.settings, self)
        self.all_settings = WindowSettings(
            self._notifier, self.model, self.settings, self.undo, self.run, self._session, self
        )
        self.estimate = RunEstimate(self._notifier, self._session, self.config, self.model, self.all_settings, self)
        self.run.add_to_progress(self.estimate)
        self.presets = PresetPanel(self._notifier, self._session, self.model, self.all_settings, self.run.device, self)
        panels = (self.model, "Model"), (self.hyperparameters, "Learning"), (self.augmentation, "Augmentation")
        self.side = SettingsSide(self.presets, panels, self._preferences, self)
        for form in (*forms, self.model.memory):
            self.side.follow(form.changed, form.was_set)

    def _make_helpers(self) -> None:
        notifier, session, background, messages = self._notifier, self._session, self._background, self.messages
        self.check = StartCheck(notifier, self._checks, background, self.run.check_row, messages, self)
        layers = self.hyperparameters.form.editor("trainable").editor
        assert isinstance(layers, LayersEditor)
        self.layer_names = LayerNames(layers, notifier, self.model, background, messages)
        self.weights_download = WeightsDownload(self.model.weights, background, messages)
        self.continuing = Continuing(session, self.settings, messages, self)
        self.going_back = GoingBack(self.timeline, session, self.continuing, background, messages, self)
        self.rate_finder = OneDialog(self)
        self.queueing = self._make_queueing()
        self._forms = RunForms(self.queueing.queue, self.model, self.settings, self.undo, self)
        self._forms.set_aside.connect(self._on_set_aside)
        self._run_log = RunLog(session, self.log, self)

    def _make_queueing(self) -> Queueing:
        queueing = Queueing(
            self._notifier, self._session, self._checks, self._background, self._preferences, self.messages,
            self.model, self._config_or_tell, self._problems, self._obstacle, self,
        )  # fmt: skip
        queueing.check.rows_chosen.connect(self.check.rows_chosen)
        queueing.check.check_wanted.connect(self.check.check_wanted)
        queueing.queue.opened.connect(self.plot.set_history)
        return queueing

    def _lay_out(self) -> None:
        right = QSplitter(Qt.Orientation.Vertical, self)
        right.addWidget(self.plot)
        lower = QTabWidget(right)
        lower.setObjectName("examplesTabs")
        lower.setAccessibleName("Examples, log and queue")
        examples = QScrollArea(lower)
        examples.setWidget(self.preview)
        examples.setWidgetResizable(True)
        examples.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        lower.addTab(examples, "Examples")
        lower.addTab(self.log, "Log")
        lower.addTab(self.timeline, "Changes")
        lower.addTab(self.queueing.panel, "Queue")
        self.queueing.added.connect(partial(lower.setCurrentWidget, self.queueing.panel))
        self.run.add_beside_start(self.queueing.add_button)
        right.addWidget(lower)
        right.setStretchFactor(0, 3)
        right.setStretchFactor(1, 1)
        right.setSizes([430, 190])
        splitter = QSplitter(Qt.Orientation.Horizontal, self)
        splitter.addWidget(self.side)
        splitter.addWidget(right)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([_LEFT_WIDTH, 1000])
        splitter.setHandleWidth(2 * GRID)
        splitter.setChildrenCollapsible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        column.setSpacing(GRID)
        column.addWidget(self.messages)
        column.addWidget(splitter, 1)
        column.addWidget(self.run)

    def _connect(self) -> None:
        self.run.start_wanted.connect(self.start)
        self.check.passed.connect(self._run)
        self.hyperparameters.find_rate.clicked.connect(self.find_rate)
        self.model.weights.plan_wanted.connect(self._use_fine_tuning)
        self.run.apply_wanted.connect(self.settings.apply)
        self.settings.not_valid.connect(self._on_not_valid)
        self.run.auto_apply_changed.connect(self.settings.set_auto_apply)
        for changed in (self.model.changed, self._notifier.table_changed, self._notifier.split_changed):
            changed.connect(self._check)
        self.continuing.opened.connect(self.plot.set_history)
        self.all_settings.left_out.connect(self._on_left_out)
        self._session.running_changed.connect(self._on_running_changed)
        self._session.started.connect(self._on_started)
        self._session.epoch_finished.connect(self._on_epoch_finished)
        self._session.settings_applied.connect(self._on_settings_applied)
        self._session.settings_refused.connect(self._on_settings_refused)
        self._session.storage_changed.connect(self._on_storage_changed)
        self._session.failed.connect(self._on_failed)

    @pyqtSlot()
    def _check(self) -> None:
        """Say what keeps a run from starting."""
        problems = self._problems()
        if self.model.problem:
            problems[-1] = self.model.short_problem
        self.run.set_problems(problems)
        self.queueing.show_problems()

    def _problems(self, has_split: bool = False) -> list[str]:
        has_split = has_split or self._notifier.split is not None
        problems = [item.message for item in self._notifier.table.problems(True, has_split=has_split)]
        return [*problems, self.model.problem] if self.model.problem else problems

    @pyqtSlot()
    def _use_fine_tuning(self) -> None:
        self.hyperparameters.use_fine_tuning()
        self.messages.add(Note(Level.INFO, sentence(FINE_TUNING_TEXT)))

    @pyqtSlot(bool)
    def _on_running_changed(self, running: bool) -> None:
        self.model.set_locked(running)
        self.hyperparameters.find_rate.setDisabled(running)
        self._check()

    @pyqtSlot(RunStarted)
    def _on_started(self, event: RunStarted) -> None:
        self._notifier.open_run(event.folder)
        self.plot.set_markers(self.timeline.revisions)
        for text in event.warnings:
            self.messages.add(Note(Level.WARNING, text))

    @pyqtSlot(EpochFinished)
    def _on_epoch_finished(self, event: EpochFinished) -> None:
        self.plot.append(event.record, event.removed)
        self.hyperparameters.show_saved(event)

    @pyqtSlot(SettingsApplied)
    def _on_settings_applied(self, event: SettingsApplied) -> None:
        self.plot.add_marker(event.epoch, diff_text(event.diff))
        if event.reason:
            self.messages.add(Note(Level.WARNING, event.reason))

    @pyqtSlot(SettingsRefused)
    def _on_settings_refused(self, event: SettingsRefused) -> None:
        self.messages.add(Note(Level.WARNING, f"The settings in force stay: {event.message}"))

    @pyqtSlot(str)
    def _on_left_out(self, text: str) -> None:
        self.messages.add(Note(Level.INFO, text))

    @pyqtSlot(str)
    def _on_not_valid(self, text: str) -> None:
        self.messages.add(Note(Level.WARNING, f"Nothing was applied: {text}"))

    @pyqtSlot()
    def _on_set_aside(self) -> None:
        self._on_left_out(_SET_ASIDE)

    @pyqtSlot(StorageChanged)
    def _on_storage_changed(self, event: StorageChanged) -> None:
        self.messages.add(Note(Level.WARNING if event.is_fallback else Level.INFO, event.message))
        self._notifier.open_run(event.folder)

    @pyqtSlot(RunFailed)
    def _on_failed(self, event: RunFailed) -> None:
        self.messages.add(Note(Level.ERROR, sentence(event.message), event.details))
