"""The window: tabs and their wiring; no logic.

The first tab is painted before the modules of the others are loaded.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PyQt5.QtCore import QByteArray, QSize, QTimer, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QCloseEvent, QPaintEvent
from PyQt5.QtWidgets import QMainWindow, QTabWidget, QUndoStack, QWidget

from aid_desktop.gui.background import Background, Failure
from aid_desktop.gui.data.data_tab import DataTab
from aid_desktop.gui.data.loading import SourceLoader
from aid_desktop.gui.data.table_checks import TableChecks
from aid_desktop.gui.data.undo import TableEditor
from aid_desktop.gui.drag_text import drag_text, plan_text, sorted_paths
from aid_desktop.gui.menus import Menus
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.preferences import Preferences
from aid_desktop.gui.qt import required
from aid_desktop.gui.question import ask
from aid_desktop.gui.status_bar import StatusBar
from aid_desktop.gui.tab_order import move_focus
from aid_desktop.gui.theme import GRID, ThemeManager, icon
from aid_desktop.gui.whats_this import explain
from aid_desktop.gui.widgets.drop_area import DropOverlay
from aid_desktop.gui.widgets.work_row import WorkRow
from aid_desktop.paths import APP_NAME

if TYPE_CHECKING:
    from aid_desktop.gui.assess.assess_tab import AssessTab
    from aid_desktop.gui.autosave import Autosave
    from aid_desktop.gui.history.history_tab import HistoryTab
    from aid_desktop.gui.plotting.plot_tool import FeaturePlotTool
    from aid_desktop.gui.session_files import SessionFiles
    from aid_desktop.gui.training.session import TrainingSession
    from aid_desktop.gui.training.training_tab import TrainingTab
    from aid_desktop.models.nvml import Nvml
    from aid_desktop.training.events import RunFailed, RunFinished

_SIZE = QSize(1280, 720)
_FRAME_MS = 20
"""For so long nothing else is done once the window is painted, so that the screen shows it."""
_TAB_ICONS = ("data", "training", "history", "assessment")
TAB_TITLES = ("Data", "Training", "History", "Assessment")
_LATER_MODULES = (
    "pyqtgraph",
    "aid_desktop.gui.session_files",
    "aid_desktop.gui.plotting.plot_tool",
    "aid_desktop.gui.history.history_tab",
    "aid_desktop.gui.training.training_tab",
    "aid_desktop.gui.assess.assess_tab",
)
"""Loaded one after the other between turns of the event loop."""


class MainWindow(QMainWindow):
    """Makes the collaborators, gives them to the panels and connects the panels.

    With `in_turns` only the Data tab is there at first; the rest is made behind it once the window has been painted.
    """

    completed = pyqtSignal()

    session: "TrainingSession"
    training: "TrainingTab"
    history: "HistoryTab"
    assessment: "AssessTab"
    plots: "FeaturePlotTool"
    sessions: "SessionFiles"
    autosave: "Autosave"

    def __init__(
        self,
        themes: ThemeManager,
        preferences: Preferences,
        model_zoo: Path | None = None,
        parent: QWidget | None = None,
        in_turns: bool = False,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("mainWindow")
        self.setWindowTitle(APP_NAME)
        self.setWindowIcon(icon("app"))
        self._themes = themes
        self._preferences = preferences
        self._model_zoo = model_zoo
        self._closing = False
        self._n_gpus = 0
        self.notifier = Notifier(self)
        self.background = Background(self)
        self.editor = TableEditor(self.notifier, QUndoStack(self))
        self._loader = SourceLoader(self.editor, self.background, self)
        self._checks = TableChecks(self.notifier, self.background, self)
        self.data = DataTab(self.notifier, self.editor, self._loader, self._checks, self.background, preferences, self)
        self.tabs = QTabWidget(self)
        self._status = StatusBar(self.background, self)
        self._overlay = DropOverlay(self, drag_text)
        self._menus = Menus(self, themes, preferences)
        self._lay_out()
        self._overlay.paths_dropped.connect(self.open_paths)
        self._paths_to_open: list[Path] = []
        self._steps = self._make_rest()
        self._waits_for_paint = in_turns
        self._is_complete = False
        if not in_turns:
            while not self._is_complete:
                self._do_step()

    def complete_in_turns(self) -> None:
        """Make what is lacking behind the painted window, a step in a turn of the event loop; then tell `completed`."""
        self._status.set_state("loading …")
        self._do_steps_in_turns()

    @pyqtSlot()
    def _do_steps_in_turns(self) -> None:
        if self._closing:
            return
        self._do_step()
        if self._is_complete:
            self.completed.emit()
        else:
            QTimer.singleShot(0, self._do_steps_in_turns)

    def _do_step(self) -> None:
        self._is_complete = next(self._steps, self) is self
        if self._is_complete and self._paths_to_open:
            self.open_paths(self._paths_to_open)

    def _make_rest(self) -> Iterator[None]:
        """Load the other tabs, make them, and yield after each step; what ties them together comes last.

        Not in another thread: modules of Qt that are loaded there while this one shows widgets end the process.
        """
        for name in _LATER_MODULES:
            import_module(name)
            yield
        from aid_desktop.gui.assess.assess_tab import AssessTab
        from aid_desktop.gui.autosave import Autosave
        from aid_desktop.gui.console import ConsoleSwitch
        from aid_desktop.gui.history.history_tab import HistoryTab
        from aid_desktop.gui.plotting.plot_tool import FeaturePlotTool
        from aid_desktop.gui.session_files import SessionFiles
        from aid_desktop.gui.training.session import TrainingSession
        from aid_desktop.gui.training.training_tab import TrainingTab
        from aid_desktop.runs.autosave import AutosaveFolder

        background, themes, preferences = self.background, self._themes, self._preferences
        self.session = TrainingSession(self)
        self.plots = FeaturePlotTool(self.notifier, self.editor, background, themes, self.data.sources)
        self.data.add_tool(self.plots.action, "Plot…")
        yield
        self.training = TrainingTab(
            self.notifier, self.session, self._checks, background, themes, preferences, self._model_zoo, self
        )
        self._place(1, self.training)
        yield
        self.history = HistoryTab(self.notifier, background, themes, self)
        self._place(2, self.history)
        yield
        self.assessment = AssessTab(self.notifier, background, themes, self, self.editor)
        self._place(3, self.assessment)
        yield
        messages = self.data.sources.messages
        self.sessions = SessionFiles(
            self.notifier, self.editor, self.training.all_settings, self.session, background, messages, preferences,
            self,
        )  # fmt: skip
        self.autosave = Autosave(AutosaveFolder.of_user(), self.sessions, background, messages, parent=self)
        self._menus.fill()
        ConsoleSwitch(self, preferences)
        self._connect()
        explain(self)

    def _place(self, number: int, panel: QWidget) -> None:
        """Put a tab in the place that is kept for it; it stays the current one if it was."""
        current = self.tabs.currentIndex()
        empty = required(self.tabs.widget(number))
        self.tabs.insertTab(number, panel, icon(_TAB_ICONS[number]), TAB_TITLES[number])
        self.tabs.setTabToolTip(number, _tab_tip(number))
        self.tabs.removeTab(number + 1)
        empty.deleteLater()
        self.tabs.setCurrentIndex(current)

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Do with paths what dropping them on the window does.

        Runs go to History, a session replaces what the tabs Data and Training hold, the rest goes to the class table.
        While tabs are lacking the paths wait for them.
        """
        if not self._is_complete:
            self._paths_to_open += paths
            return
        sessions, runs, data = sorted_paths(paths)
        if runs:
            self.history.show_dropped(tuple(runs))
        if runs and not data and not sessions:
            self.tabs.setCurrentWidget(self.history)
        if sessions:
            self.tabs.setCurrentWidget(self.data)
            self.sessions.open(sessions[0], is_alone=len(sessions) + len(data) == 1)
        elif data:
            self.tabs.setCurrentWidget(self.data)
            self._loader.add(data)
            if self.session.is_running:
                self.data.sources.tell("The run that is going on keeps the images that it began with.")

    def warm_up(self) -> None:
        """Load TensorFlow behind the window, so that its first use does not wait."""
        self._status.set_state("loading TensorFlow …")
        self.background.start("Loading TensorFlow", lambda context: _warm(), self._on_warm)

    def focusNextPrevChild(self, next: bool) -> bool:
        return move_focus(self, forward=next)

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        super().paintEvent(a0)
        if self._waits_for_paint:
            self._waits_for_paint = False
            QTimer.singleShot(_FRAME_MS, self.complete_in_turns)

    def closeEvent(self, a0: QCloseEvent | None) -> None:
        event = required(a0)
        if not self._is_complete:
            self._closing = True
            self.background.shut_down()
            event.accept()
            return
        if not self._closing and (self.session.is_running or self.training.queueing.queue.n_waiting or self._works()):
            event.ignore()
            self._ask_before_closing()
            return
        self._preferences.window_geometry = QByteArray(self.saveGeometry())
        # The user need not watch the background jobs come to their end.
        self.hide()
        self.session.shut_down()
        self.background.shut_down()
        self.sessions.finish()
        self.autosave.stop()
        event.accept()

    def _lay_out(self) -> None:
        self.tabs.setObjectName("mainTabs")
        self.tabs.setAccessibleName("Stations of the work")
        self.tabs.setDocumentMode(True)
        self.tabs.setIconSize(QSize(20, 20))
        for number, title in enumerate(TAB_TITLES):
            self.tabs.addTab(QWidget(self) if number else self.data, icon(_TAB_ICONS[number]), title)
            self.tabs.setTabToolTip(number, _tab_tip(number))
        self.setCentralWidget(self.tabs)
        self.setStatusBar(self._status)
        self.tabs.setFocus()
        self.resize(_SIZE)
        self.setMinimumSize(120 * GRID, 70 * GRID)
        geometry = self._preferences.window_geometry
        if geometry is not None:
            self.restoreGeometry(geometry)

    def _connect(self) -> None:
        self._overlay.paths_dragged.connect(self._on_paths_dragged)
        # What is dropped there is told by the overlay and may be a run or a session too.
        self.data.sources.welcome.setAcceptDrops(False)
        self.data.sources.welcome.recent_chosen.connect(self.open_paths)
        self.training.check.check_wanted.connect(self.data.check.start)
        self.training.check.rows_chosen.connect(self.data.sources.view.select_places)
        self.training.check.rows_chosen.connect(self._show_data)
        self.training.queueing.runs_chosen.connect(self.open_paths)
        self.sessions.opened.connect(self._show_data)
        self.background.failed.connect(self._on_job_failed)
        self.session.started.connect(self.history.on_run_started)
        self.session.epoch_finished.connect(self.history.on_epoch_finished)
        self.session.settings_applied.connect(self.history.on_settings_applied)
        self.session.storage_changed.connect(self.history.on_run_started)
        self.session.finished.connect(self._on_run_finished)
        self.session.failed.connect(self._on_run_failed)
        self.session.running_changed.connect(self._on_running_changed)
        self.session.running_changed.connect(self.data.image_form.set_locked)
        self.training.model.settled.connect(self.data.image_form.set_settled)
        self.history.epoch.assess_requested.connect(self._show_assessment)
        self.history.epoch.train_requested.connect(self._train_further)
        self.assessment.changes.train_requested.connect(self._train_further)

    @pyqtSlot(tuple)
    def _on_paths_dragged(self, paths: tuple[Path, ...]) -> None:
        tell_more = partial(self._overlay.tell_more, paths)
        # What cannot be read is told when it is dropped.
        self.background.start("Looking at what is dragged", partial(plan_text, paths), tell_more, lambda _: None)

    @pyqtSlot()
    def _show_data(self) -> None:
        self.tabs.setCurrentWidget(self.data)

    @pyqtSlot(object)
    def _on_run_finished(self, event: "RunFinished") -> None:
        # Not under the hands of somebody who is at work there.
        if event.best_model is not None and self.tabs.currentWidget() is not self.assessment:
            self.notifier.choose_model(event.best_model)

    @pyqtSlot(object)
    def _on_run_failed(self, event: "RunFailed") -> None:
        self.tabs.setCurrentWidget(self.training)

    @pyqtSlot()
    def _show_assessment(self) -> None:
        self.tabs.setCurrentWidget(self.assessment)

    @pyqtSlot(Path)
    def _train_further(self, model: Path) -> None:
        self.tabs.setCurrentWidget(self.training)
        self.training.start_from(model)

    @pyqtSlot(bool)
    def _on_running_changed(self, running: bool) -> None:
        from aid_desktop.models.strategies import device_in_use

        self.tabs.setTabText(1, "Training ●" if running else "Training")
        config = self.session.config if running else None
        self._status.set_training(device_in_use(config.device.strategy, self._n_gpus) if config else "")
        if self._closing and not running:
            self.close()

    @pyqtSlot(Failure)
    def _on_job_failed(self, failure: Failure) -> None:
        self.data.sources.show_failure(failure)

    def _on_warm(self, result: "tuple[str, dict[str, Any], Nvml | None]") -> None:
        from aid_desktop.models.nvml import smallest_memory

        versions, devices, nvml = result
        self._n_gpus = gpus = len(devices["gpus"])
        self._status.watch_gpus(nvml)
        self.training.estimate.set_gpus(gpus, smallest_memory(nvml))
        self._status.set_state(f"{versions}  ·  trains on {f'{gpus} GPU' if gpus else 'the CPU'}")
        self.training.run.set_devices(devices["choices"])
        self.training.model.costs.allow()

    def _ask_before_closing(self) -> None:
        from aid_desktop.gui.training.queueing import closing_question

        question = closing_question(self.session.is_running, self.training.queueing.queue.n_waiting, self._works())
        ask(question, self._stop_and_close, self)

    def _works(self) -> list[str]:
        """Return what the user has started in dialogs and tabs, and would be lost."""
        return sorted(row.job.title for row in self.findChildren(WorkRow) if row.job is not None)

    @pyqtSlot()
    def _stop_and_close(self) -> None:
        self._closing = True
        self.session.stop()
        if not self.session.is_running:
            self.close()


def _warm() -> "tuple[str, dict[str, Any], Nvml | None]":
    from aid_desktop.models.devices import list_devices, warm_up
    from aid_desktop.models.nvml import open_nvml

    return warm_up(), list_devices(), open_nvml()


def _tab_tip(number: int) -> str:
    return f"{TAB_TITLES[number]} (Ctrl+{number + 1})"
