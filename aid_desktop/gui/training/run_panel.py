"""Start, pause and stop a run; how far it is and how long it will take."""

import time
from pathlib import Path

from PyQt5.QtCore import QTimer, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.gui.preferences import Preferences
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, icon, set_primary, set_role
from aid_desktop.gui.training.check_row import CheckRow
from aid_desktop.gui.training.device_selector import DeviceSelector
from aid_desktop.gui.training.session import TrainingSession
from aid_desktop.gui.widgets.flow_layout import FlowLayout
from aid_desktop.gui.widgets.message_strip import sentence
from aid_desktop.runs.history import History
from aid_desktop.runs.records import EpochRecord
from aid_desktop.training.events import (
    BatchProgress,
    EpochFinished,
    RunFailed,
    RunFinished,
    RunPaused,
    RunResumed,
    RunStarted,
    StageChanged,
)
from aid_desktop.training.progress import duration_text, remaining_seconds

_PROGRESS_STEPS = 1000
_MOST_PROBLEMS = 5


class RunPanel(QWidget):
    """The bar at the foot of the Training tab. `start_wanted` asks for a run; the tab knows its settings."""

    start_wanted = pyqtSignal()
    apply_wanted = pyqtSignal()
    auto_apply_changed = pyqtSignal(bool)

    def __init__(self, session: TrainingSession, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._preferences = preferences
        self._seconds: list[float] = []
        self._epochs = 0
        self._epoch = 0
        self._best: EpochRecord | None = None
        self._can_start = False
        self._started_at: float | None = None
        self.start_button = _button("startButton", "start", "Start", "Start a new run (F5)", "accent_text")
        self.pause_button = _button("pauseButton", "pause", "Pause", "Let the run wait after the batches in hand (F6)")
        self.stop_button = _button(
            "stopButton", "stop", "Stop", "End the run after the batches in hand, and hold the queue (F7)"
        )
        self.apply_button = _button(
            "applyButton", "apply", "Apply", "Use the settings as they are shown from the next epoch on (F8)"
        )
        self.keep_button = _button(
            "keepModelButton", "save", "Keep this epoch's model", "Save the model after the epoch in hand"
        )
        self.auto_apply = QCheckBox("Apply changes at the next epoch", self)
        self.device = DeviceSelector(self)
        self.check_row = CheckRow(self)
        self._folder = QPushButton(icon("folder"), "", self)
        self._progress = QWidget(self)
        self._epoch_bar = QProgressBar(self)
        self._batch_bar = QProgressBar(self)
        self._text = QLabel(self)
        self._reason = QLabel(self)
        self._clock = QTimer(self)
        self._clock.setInterval(1000)
        self._set_up()
        self._lay_out()
        self._connect()
        self._on_running_changed(False)

    def set_problems(self, problems: list[str]) -> None:
        """Say why no run can be started; nothing when one can."""
        lines = [sentence(problem) for problem in problems[:_MOST_PROBLEMS]]
        if len(problems) > len(lines):
            lines.append(f"And {len(problems) - len(lines)} more; see the Data tab.")
        self._reason.setText("\n".join(lines))
        self._reason.setVisible(bool(problems) and not self._session.is_running)
        self._can_start = not problems
        self._show_start()

    def add_beside_start(self, button: QPushButton) -> None:
        """Put another button behind Start."""
        self._buttons.insert_widget(1, button)

    def add_to_progress(self, label: QLabel) -> None:
        """Put a label behind the text on how far the run is."""
        required(self._progress.layout()).addWidget(label)

    @property
    def text(self) -> str:
        """How far the run is, as shown."""
        return self._text.text()

    def set_devices(self, choices: list[dict[str, str]]) -> None:
        """Offer the devices of this machine, once TensorFlow has told them."""
        self.device.set_choices(choices)

    def _set_up(self) -> None:
        set_primary(self.start_button)
        for button, keys in (
            (self.start_button, "F5"),
            (self.pause_button, "F6"),
            (self.stop_button, "F7"),
            (self.apply_button, "F8"),
        ):
            button.setShortcut(keys)
        self.auto_apply.setObjectName("autoApplyCheck")
        self.auto_apply.setAccessibleName(self.auto_apply.text())
        self.auto_apply.setToolTip("Use changed settings by themselves from the next epoch on; off: press Apply")
        self._folder.setObjectName("runsFolderButton")
        self._folder.setAccessibleName("Folder for runs")
        self._folder.setFlat(True)
        for bar, name, title in (
            (self._epoch_bar, "trainingProgress", "Progress of the run"),
            (self._batch_bar, "batchProgress", "Progress of the epoch"),
        ):
            bar.setObjectName(name)
            bar.setAccessibleName(title)
            bar.setToolTip(title)
            bar.setTextVisible(False)
            bar.setFixedHeight(GRID)
        self._batch_bar.setMaximumWidth(18 * GRID)
        set_role(self._reason, "warning")
        self._reason.setWordWrap(True)
        self._reason.setObjectName("startProblems")
        self._show_preferences()

    def _lay_out(self) -> None:
        self._buttons = FlowLayout(spacing=GRID, line_spacing=GRID // 2)
        for button in (self.start_button, self.pause_button, self.stop_button, self.keep_button, self.apply_button):
            self._buttons.addWidget(button)
        self._buttons.addWidget(self.auto_apply)
        upper = QHBoxLayout()
        upper.setSpacing(GRID)
        upper.addLayout(self._buttons, 1)
        upper.addWidget(self._folder)
        device_label = QLabel("Device", self)
        set_role(device_label, "muted")
        upper.addWidget(device_label)
        upper.addWidget(self.device)
        upper.addWidget(self.device.choose_gpus)
        lower = QHBoxLayout(self._progress)
        lower.setContentsMargins(0, 0, 0, 0)
        lower.setSpacing(GRID)
        lower.addWidget(self._epoch_bar, 1)
        lower.addWidget(self._batch_bar)
        lower.addWidget(self._text)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self._reason)
        column.addLayout(upper)
        column.addWidget(self._progress)
        column.addWidget(self.check_row)

    def _connect(self) -> None:
        self.start_button.clicked.connect(self.start_wanted)
        self.pause_button.clicked.connect(self._on_pause)
        self.stop_button.clicked.connect(self._on_stop)
        self.keep_button.clicked.connect(self._on_keep)
        self.apply_button.clicked.connect(self.apply_wanted)
        self.auto_apply.toggled.connect(self._on_auto_apply)
        self._folder.clicked.connect(self._on_choose_folder)
        self._clock.timeout.connect(self._show_text)
        self._preferences.changed.connect(self._show_preferences)
        self.check_row.busy_changed.connect(self._show_start)
        self.check_row.shown_changed.connect(self._progress.setHidden)
        session = self._session
        session.running_changed.connect(self._on_running_changed)
        session.stage_changed.connect(self._on_stage)
        session.started.connect(self._on_started)
        session.progressed.connect(self._on_progress)
        session.epoch_finished.connect(self._on_epoch)
        session.paused.connect(self._on_pause_changed)
        session.resumed.connect(self._on_pause_changed)
        session.finished.connect(self._on_finished)
        session.failed.connect(self._on_failed)

    @pyqtSlot(bool)
    def _on_running_changed(self, running: bool) -> None:
        self.pause_button.setEnabled(running)
        self.stop_button.setEnabled(running)
        self.keep_button.setEnabled(running)
        self.apply_button.setEnabled(running)
        self.device.setEnabled(not running)
        self.device.choose_gpus.setEnabled(not running)
        self._folder.setEnabled(not running)
        self._show_pause(False)
        self._show_start()
        if running:
            self._reason.hide()
            self._seconds = []
            self._best = None
            # Until it is known how many this run has, the text is its stage.
            self._epochs = self._epoch = 0
            self._started_at = time.monotonic()
            self._epoch_bar.setRange(0, 0)
            self._clock.start()
        else:
            self._clock.stop()
            self._batch_bar.reset()
            if self._epoch_bar.maximum() == 0:
                self._epoch_bar.setRange(0, 1)
                self._epoch_bar.reset()

    @pyqtSlot()
    def _show_start(self) -> None:
        is_busy = self._session.is_running or self.check_row.is_busy
        self.start_button.setEnabled(self._can_start and not is_busy)

    @pyqtSlot(StageChanged)
    def _on_stage(self, event: StageChanged) -> None:
        self._text.setText(f"{event.text} …")

    @pyqtSlot(RunStarted)
    def _on_started(self, event: RunStarted) -> None:
        self._epochs = event.settings.hyperparameters.epochs
        self._epoch = event.first_epoch
        self._show_epoch(0.0)
        self._show_text()

    @pyqtSlot(BatchProgress)
    def _on_progress(self, event: BatchProgress) -> None:
        self._epoch = event.epoch
        self._batch_bar.setRange(0, event.n_steps)
        self._batch_bar.setValue(event.step)
        self._show_epoch(event.step / event.n_steps)

    @pyqtSlot(EpochFinished)
    def _on_epoch(self, event: EpochFinished) -> None:
        self._seconds.append(event.record.seconds)
        self._epochs = event.epochs
        self._epoch = event.record.epoch + 1
        self._best = History((*self._best_record(), event.record)).best()
        self._show_epoch(0.0)
        self._show_text()

    @pyqtSlot(RunPaused)
    @pyqtSlot(RunResumed)
    def _on_pause_changed(self, event: RunPaused | RunResumed) -> None:
        self._show_pause(isinstance(event, RunPaused))
        self._show_text()

    @pyqtSlot(RunFinished)
    def _on_finished(self, event: RunFinished) -> None:
        self._text.setText(f"{event.reason}  {self._best_text()}".strip())

    @pyqtSlot(RunFailed)
    def _on_failed(self, event: RunFailed) -> None:
        self._text.setText("The run has failed.")

    @pyqtSlot()
    def _on_pause(self) -> None:
        if self._session.is_paused:
            self._session.resume()
            self._show_pause(False)
        else:
            self._session.pause()
            self._show_pause(True)

    @pyqtSlot()
    def _on_stop(self) -> None:
        self.stop_button.setEnabled(False)
        self._session.stop()
        self._text.setText("Stopping …")

    @pyqtSlot()
    def _on_keep(self) -> None:
        self._session.keep_model()

    @pyqtSlot(bool)
    def _on_auto_apply(self, on: bool) -> None:
        self._preferences.auto_apply = on
        self.auto_apply_changed.emit(on)

    @pyqtSlot()
    def _on_choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder for new runs", self._preferences.runs_folder)
        if folder:
            self._preferences.runs_folder = folder

    def _best_record(self) -> tuple[EpochRecord, ...]:
        return (self._best,) if self._best else ()

    def _best_text(self) -> str:
        return f"best {self._best.metric('val_accuracy'):.3f} (epoch {self._best.epoch})" if self._best else ""

    @pyqtSlot()
    def _show_preferences(self) -> None:
        self.auto_apply.setChecked(self._preferences.auto_apply)
        folder = Path(self._preferences.runs_folder)
        self._folder.setText(folder.name)
        self._folder.setToolTip(f"New runs are kept in {folder}. Click to choose another folder.")

    def _show_pause(self, paused: bool) -> None:
        # As wide as the longer word needs: the buttons beside it must not move under the mouse.
        self.pause_button.setText("Resume")
        self.pause_button.setMinimumWidth(self.pause_button.sizeHint().width())
        self.pause_button.setText("Resume" if paused else "Pause")
        self.pause_button.setIcon(icon("resume" if paused else "pause"))
        self.pause_button.setAccessibleName("Resume" if paused else "Pause")
        self.pause_button.setShortcut("F6")

    def _show_epoch(self, part: float) -> None:
        self._epoch_bar.setRange(0, _PROGRESS_STEPS)
        self._epoch_bar.setValue(round(_PROGRESS_STEPS * min(1.0, (self._epoch + part) / max(1, self._epochs))))

    @pyqtSlot()
    def _show_text(self) -> None:
        if self._started_at is None or not self._session.is_running or not self._epochs:
            return
        if self._session.stop_requested:
            self._text.setText("Stopping …")
            return
        parts = [f"{min(self._epoch, self._epochs)} of {self._epochs} epochs"]
        parts.append(duration_text(time.monotonic() - self._started_at))
        left = remaining_seconds(self._seconds, self._epochs - self._epoch)
        if left is not None:
            parts[-1] += f", about {duration_text(left)} left"
        if self._session.is_paused:
            parts.append("paused")
        if self._best:
            parts.append(self._best_text())
        self._text.setText(" · ".join(parts))


def _button(name: str, icon_name: str, text: str, tooltip: str, ink: str = "text") -> QPushButton:
    button = QPushButton(icon(icon_name, ink), text)
    button.setObjectName(name)
    button.setAccessibleName(text)
    button.setToolTip(tooltip)
    return button
