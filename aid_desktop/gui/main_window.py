"""The window: menus, tabs, wiring; no logic."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PyQt5.QtCore import QByteArray, QSize, QUrl, pyqtSlot
from PyQt5.QtGui import QCloseEvent, QDesktopServices, QIcon
from PyQt5.QtWidgets import (
    QAction,
    QActionGroup,
    QMainWindow,
    QMenu,
    QMessageBox,
    QPushButton,
    QTabWidget,
    QUndoStack,
    QWidget,
)

from aid_desktop import __version__
from aid_desktop.data.cache import CropCache
from aid_desktop.gui.assess.assess_tab import AssessTab
from aid_desktop.gui.autosave import Autosave
from aid_desktop.gui.background import Background, Failure
from aid_desktop.gui.data.data_tab import DataTab
from aid_desktop.gui.data.loading import SourceLoader
from aid_desktop.gui.data.table_checks import TableChecks
from aid_desktop.gui.data.undo import TableEditor
from aid_desktop.gui.drag_text import drag_text, plan_text, sorted_paths
from aid_desktop.gui.history.history_tab import HistoryTab
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.plotting.plot_tool import FeaturePlotTool
from aid_desktop.gui.preferences import Preferences
from aid_desktop.gui.qt import required
from aid_desktop.gui.question import ask
from aid_desktop.gui.session_files import PROGRAM, SessionFiles
from aid_desktop.gui.shortcuts import ShortcutsDialog
from aid_desktop.gui.status_bar import StatusBar
from aid_desktop.gui.storage_dialog import StorageDialog
from aid_desktop.gui.theme import GRID, ThemeManager, ThemeName, icon
from aid_desktop.gui.training.queueing import closing_question
from aid_desktop.gui.training.session import TrainingSession
from aid_desktop.gui.training.training_tab import TrainingTab
from aid_desktop.gui.widgets.drop_area import DropArea, DropOverlay
from aid_desktop.models.devices import list_devices, warm_up
from aid_desktop.paths import crop_cache_dir, log_dir
from aid_desktop.runs.autosave import AutosaveFolder
from aid_desktop.training.events import RunFailed, RunFinished

_SIZE = QSize(1280, 720)
_TAB_ICONS = ("data", "training", "history", "assessment")
_TAB_TITLES = ("Data", "Training", "History", "Assessment")


class MainWindow(QMainWindow):
    """Makes the collaborators, gives them to the panels and connects the panels."""

    def __init__(
        self,
        themes: ThemeManager,
        preferences: Preferences,
        model_zoo: Path | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("mainWindow")
        self.setWindowTitle(PROGRAM)
        self.setWindowIcon(_window_icon())
        self._themes = themes
        self._preferences = preferences
        self._closing = False
        self._run_actions: list[tuple[QAction, QPushButton]] = []
        self.notifier = Notifier(self)
        self.background = Background(self)
        self.session = TrainingSession(self)
        self.editor = TableEditor(self.notifier, QUndoStack(self))
        self._loader = SourceLoader(self.editor, self.background, self)
        checks = TableChecks(self.notifier, self.background, self)
        self.data = DataTab(self.notifier, self.editor, self._loader, checks, self.background, preferences, self)
        self.plots = FeaturePlotTool(self.notifier, self.editor, self.background, themes, self.data.sources)
        self.data.add_tool(self.plots.action, "Plot…")
        self.training = TrainingTab(
            self.notifier, self.session, checks, self.background, themes, preferences, model_zoo, self
        )
        self.history = HistoryTab(self.notifier, self.background, themes, self)
        self.assessment = AssessTab(self.notifier, self.background, themes, self, self.editor)
        messages = self.data.sources.messages
        self.sessions = SessionFiles(
            self.notifier, self.editor, self.training.all_settings, self.session, self.background, messages,
            preferences, self,
        )  # fmt: skip
        self.autosave = Autosave(AutosaveFolder.of_user(), self.sessions, self.background, messages, parent=self)
        self.tabs = QTabWidget(self)
        self._status = StatusBar(self.background, self)
        self._overlay = DropOverlay(self, drag_text)
        self._lay_out()
        self._make_menus()
        self._connect()

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Do with paths what dropping them on the window does.

        Runs go to History, a session replaces what the tabs Data and Training hold, the rest goes to the class table.
        """
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
        self.background.start("Loading TensorFlow", lambda context: (warm_up(), list_devices()), self._on_warm)

    def closeEvent(self, a0: QCloseEvent | None) -> None:
        event = required(a0)
        if not self._closing and (self.session.is_running or self.training.queueing.queue.n_waiting):
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
        panels = (self.data, self.training, self.history, self.assessment)
        for panel, title, name in zip(panels, _TAB_TITLES, _TAB_ICONS, strict=True):
            self.tabs.addTab(panel, icon(name), title)
        for number, title in enumerate(_TAB_TITLES):
            self.tabs.setTabToolTip(number, f"{title} (Ctrl+{number + 1})")
        self.setCentralWidget(self.tabs)
        self.setStatusBar(self._status)
        self.tabs.setFocus()
        self.resize(_SIZE)
        self.setMinimumSize(120 * GRID, 70 * GRID)
        geometry = self._preferences.window_geometry
        if geometry is not None:
            self.restoreGeometry(geometry)

    def _make_menus(self) -> None:
        bar = required(self.menuBar())
        add_folder, add_files, remove, undo, redo = self.data.sources.actions_for_menu()
        file_menu = required(bar.addMenu("&File"))
        file_menu.addActions([add_folder, add_files])
        file_menu.addSeparator()
        file_menu.addActions(self.data.tools)
        file_menu.addSeparator()
        self.sessions.add_to(file_menu)
        file_menu.addSeparator()
        self._add(file_menu, "Open run…", "Ctrl+R", self._open_run)
        file_menu.addSeparator()
        self._add(file_menu, "Quit", "Ctrl+Q", self._quit)
        edit_menu = required(bar.addMenu("&Edit"))
        edit_menu.addActions([undo, redo])
        edit_menu.addSeparator()
        edit_menu.addAction(remove)
        run_menu = required(bar.addMenu("&Run"))
        run, queueing = self.training.run, self.training.queueing
        for button in (
            run.start_button, run.pause_button, run.stop_button, run.apply_button, run.keep_button,
            queueing.add_button, queueing.panel.several_button,
        ):  # fmt: skip
            self._run_actions.append((self._add(run_menu, button.text(), "", button.click), button))
        run_menu.aboutToShow.connect(self._show_run_state)
        run_menu.addSeparator()
        self._continue_action = self._add(run_menu, "Continue run…", "", self.training.continue_run)
        self._meta_action = self._add(run_menu, "Write meta.xlsx after this epoch", "", self.session.write_meta)
        model_menu = required(bar.addMenu("&Model"))
        for text, keys, do in (
            ("Assess", "Ctrl+Return", self.assessment.assess),
            ("Classify new files…", "Ctrl+K", self.assessment.model_actions.classify_files),
            ("Classify a large image…", "Ctrl+Shift+K", self.assessment.model_actions.classify_large_image),
            ("Inference time…", "", self.assessment.model_actions.inference_time.open),
        ):
            self._add(model_menu, text, keys, partial(self._do_in_assessment, do))
        view_menu = required(bar.addMenu("&View"))
        for number, title in enumerate(_TAB_TITLES):
            self._add(view_menu, title, f"Ctrl+{number + 1}", self._show_tab_of_action).setData(number)
        view_menu.addSeparator()
        self._add_themes(view_menu)
        view_menu.addSeparator()
        self._add(view_menu, "Storage…", "", self._show_storage)
        help_menu = required(bar.addMenu("&Help"))
        self._add(help_menu, "Keyboard shortcuts", "?", self._show_shortcuts)
        self._add(help_menu, "Open the log folder", "", self._open_log)
        self._add(help_menu, "About AID Desktop", "", self._show_about)

    def _add(self, menu: QMenu, text: str, keys: str, slot: Callable[..., None]) -> QAction:
        action = QAction(text, self)
        action.setShortcut(keys)
        action.setObjectName(f"{text.rstrip('…').lower().replace(' ', '_').replace(chr(39), '')}Action")
        action.triggered.connect(slot)
        menu.addAction(action)
        return action

    def _add_themes(self, menu: QMenu) -> None:
        group = QActionGroup(self)
        for name in ThemeName:
            action = QAction(f"{str(name).capitalize()} theme", self)
            action.setCheckable(True)
            action.setChecked(name == self._themes.name)
            action.setData(name)
            action.setObjectName(f"{name}ThemeAction")
            group.addAction(action)
            menu.addAction(action)
        group.triggered.connect(self._on_theme_chosen)

    def _connect(self) -> None:
        self._overlay.paths_dragged.connect(self._on_paths_dragged)
        self._overlay.paths_dropped.connect(self.open_paths)
        # What is dropped there is told by the overlay and may be a run or a session too.
        required(self.data.findChild(DropArea)).setAcceptDrops(False)
        self.training.check.check_wanted.connect(self.data.check.start)
        self.training.check.rows_chosen.connect(self.data.sources.view.select_places)
        self.training.check.rows_chosen.connect(self._show_data)
        self.training.queueing.runs_chosen.connect(self.open_paths)
        self.sessions.opened.connect(self._show_data)
        self.background.failed.connect(self._on_job_failed)
        self.session.started.connect(self.history.on_run_started)
        self.session.epoch_finished.connect(self.history.on_epoch_finished)
        self.session.settings_applied.connect(self.history.on_settings_applied)
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

    @pyqtSlot(RunFinished)
    def _on_run_finished(self, event: RunFinished) -> None:
        # Not under the hands of somebody who is at work there.
        if event.best_model is not None and self.tabs.currentWidget() is not self.assessment:
            self.notifier.choose_model(event.best_model)

    @pyqtSlot(RunFailed)
    def _on_run_failed(self, event: RunFailed) -> None:
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
        self.tabs.setTabText(1, "Training ●" if running else "Training")
        if self._closing and not running:
            self.close()

    @pyqtSlot(Failure)
    def _on_job_failed(self, failure: Failure) -> None:
        self.data.sources.show_failure(failure)

    def _on_warm(self, result: tuple[str, dict[str, Any]]) -> None:
        versions, devices = result
        gpus = len(devices["gpus"])
        self._status.set_state(f"{versions}  ·  trains on {f'{gpus} GPU' if gpus else 'the CPU'}")
        self.training.run.set_devices(devices["choices"])
        self.training.model.costs.allow()

    def _ask_before_closing(self) -> None:
        question = closing_question(self.session.is_running, self.training.queueing.queue.n_waiting)
        ask(question, self._stop_and_close, self)

    @pyqtSlot()
    def _stop_and_close(self) -> None:
        self._closing = True
        self.session.stop()
        if not self.session.is_running:
            self.close()

    @pyqtSlot()
    def _show_tab_of_action(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.tabs.setCurrentIndex(action.data())

    @pyqtSlot()
    def _show_run_state(self) -> None:
        """The buttons of the Training tab know what can be done; their keys are shown, but belong to them."""
        for action, button in self._run_actions:
            keys = button.shortcut().toString()
            action.setText(f"{button.text()}\t{keys}" if keys else button.text())
            action.setEnabled(button.isEnabled())
        self._meta_action.setEnabled(self.session.is_running)
        self._continue_action.setEnabled(not self.session.is_running)

    @pyqtSlot()
    def _quit(self) -> None:
        self.close()

    @pyqtSlot()
    def _open_run(self) -> None:
        self.tabs.setCurrentWidget(self.history)
        self.history.choose_folder()

    def _do_in_assessment(self, do: Callable[[], None]) -> None:
        self.tabs.setCurrentWidget(self.assessment)
        do()

    @pyqtSlot(QAction)
    def _on_theme_chosen(self, action: QAction) -> None:
        self._preferences.theme = ThemeName(action.data())
        self._themes.set_theme(ThemeName(action.data()))

    @pyqtSlot()
    def _show_storage(self) -> None:
        StorageDialog(CropCache(crop_cache_dir()), self.background, self).open()

    @pyqtSlot()
    def _show_shortcuts(self) -> None:
        ShortcutsDialog(self).open()

    @pyqtSlot()
    def _open_log(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(log_dir())))

    @pyqtSlot()
    def _show_about(self) -> None:
        _about_box(self).open()


def _about_box(parent: QWidget) -> QMessageBox:
    box = QMessageBox(parent)
    box.setWindowTitle(f"About {PROGRAM}")
    box.setText(f"{PROGRAM} {__version__}")
    box.setInformativeText(
        "Train, watch, assess and apply neural networks that classify images.\n\n"
        "Nothing leaves this computer. BSD-3-Clause."
    )
    return box


def _window_icon() -> QIcon:
    return icon("app")
