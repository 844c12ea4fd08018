"""The menus of the window."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt5.QtCore import QObject, Qt, QUrl, pyqtSlot
from PyQt5.QtGui import QDesktopServices, QKeySequence
from PyQt5.QtWidgets import QAction, QActionGroup, QMenu, QMessageBox, QPushButton, QWhatsThis, QWidget

from aid_desktop import __version__
from aid_desktop.gui.preferences import Preferences
from aid_desktop.gui.qt import required
from aid_desktop.gui.question import add_answer, message_box
from aid_desktop.gui.shortcuts import ShortcutsDialog
from aid_desktop.gui.theme import ThemeManager, ThemeName
from aid_desktop.gui.widgets.one_dialog import OneDialog
from aid_desktop.log import log_file
from aid_desktop.paths import APP_NAME, crop_cache_dir, docs_dir, log_dir

if TYPE_CHECKING:
    from aid_desktop.gui.doctor_dialog import DoctorDialog
    from aid_desktop.gui.main_window import MainWindow

_PAGES = ("data.md", "training.md", "history.md", "assessment_tab.md")
"""The page of the manual for each tab."""
_FIRST_STEPS, _WINDOW_PAGE = "first_steps.md", "window.md"


class Menus(QObject):
    """Their titles are there at once; `fill` adds what they do when the window has all its tabs."""

    def __init__(self, window: "MainWindow", themes: ThemeManager, preferences: Preferences) -> None:
        super().__init__(window)
        self._window = window
        self._themes = themes
        self._preferences = preferences
        self._manual = OneDialog(self)
        self._doctor, self._settings = OneDialog(self), OneDialog(self)
        self._theme_actions: dict[ThemeName, QAction] = {}
        preferences.changed.connect(self._show_preferences)
        self._run_actions: list[tuple[QAction, QPushButton]] = []
        bar = required(window.menuBar())
        self._file, self._edit, self._run, self._model, self._view, self._help = (
            required(bar.addMenu(title)) for title in ("&File", "&Edit", "&Run", "&Model", "&View", "&Help")
        )

    def fill(self) -> None:
        """Add the actions of the window's tabs."""
        self._fill_file_and_edit()
        self._fill_run()
        self._fill_model()
        self._fill_view()
        self._add(self._help, "Manual", "F1", self._show_manual)
        self._add(self._help, "First steps", "", self._show_first_steps)
        # Qt's own action has an icon that fits neither theme.
        whats_this = self._add(self._help, "What's this?", "Shift+F1", QWhatsThis.enterWhatsThisMode)
        whats_this.setObjectName("whatsThisAction")
        self._help.addSeparator()
        self._add(self._help, "Keyboard shortcuts", "?", self._show_shortcuts)
        self._add(self._help, "Examine this computer…", "", self._show_doctor)
        self._add(self._help, "Open the log", "", self._open_log)
        self._add(self._help, "About AID Desktop", "", self._show_about)

    def _fill_file_and_edit(self) -> None:
        window, menu = self._window, self._file
        add_folder, add_files, remove, undo, redo = window.data.sources.actions_for_menu()
        menu.addActions([add_folder, add_files])
        menu.addMenu(window.data.examples.menu)
        menu.addSeparator()
        menu.addActions(window.data.tools)
        menu.addSeparator()
        window.sessions.add_to(menu)
        menu.addSeparator()
        self._add(menu, "Open run…", "Ctrl+R", self._open_run)
        menu.addSeparator()
        self._add(menu, "Quit", "Ctrl+Q", self._quit)
        self._edit.addActions([undo, redo])
        self._edit.addSeparator()
        self._edit.addAction(remove)
        self._edit.addSeparator()
        self._add(self._edit, "Settings…", "Ctrl+,", self._show_settings)

    def _fill_run(self) -> None:
        training, session, menu = self._window.training, self._window.session, self._run
        run, queueing = training.run, training.queueing
        for button in (
            run.start_button, run.pause_button, run.stop_button, run.apply_button, run.keep_button,
            queueing.add_button, queueing.panel.several_button,
        ):  # fmt: skip
            self._run_actions.append((self._add(menu, button.text(), "", button.click), button))
        menu.aboutToShow.connect(self._show_run_state)
        menu.addSeparator()
        self._continue_action = self._add(menu, "Continue run…", "", training.continue_run)
        self._meta_action = self._add(menu, "Write meta.xlsx after this epoch", "", session.write_meta)

    def _fill_model(self) -> None:
        assessment = self._window.assessment
        for text, keys, do in (
            ("Assess", "Ctrl+Return", assessment.assess),
            ("Classify new files…", "Ctrl+K", assessment.model_actions.classify_files),
            ("Classify a large image…", "Ctrl+Shift+K", assessment.model_actions.classify_large_image),
            ("Export models…", "Ctrl+E", assessment.model_actions.ask_for_export),
            ("Inference time…", "", assessment.model_actions.inference_time.open),
        ):
            self._add(self._model, text, keys, partial(self._do_in_assessment, do))

    def _fill_view(self) -> None:
        tabs, menu = self._window.tabs, self._view
        for number in range(tabs.count()):
            self._add(menu, tabs.tabText(number), f"Ctrl+{number + 1}", self._show_tab_of_action).setData(number)
        menu.addSeparator()
        side = self._window.training.side
        self._more = self._add(menu, "More training settings", "Ctrl+M", self._toggle_settings)
        self._more.setCheckable(True)
        self._more.setChecked(not side.is_brief)
        side.brief_changed.connect(self._on_brief_changed)
        menu.addSeparator()
        for text, keys, steps in (("Larger text", ("Ctrl++", "Ctrl+="), 1), ("Smaller text", ("Ctrl+-",), -1)):
            self._add(menu, text, "", partial(self._zoom_by, steps)).setShortcuts(list(map(QKeySequence, keys)))
        self._add(menu, "Normal text", "Ctrl+0", self._reset_zoom)
        menu.addSeparator()
        self._add_themes(menu)
        menu.addSeparator()
        self._console = self._add(menu, "Python console", "", self._toggle_console)
        self._console.setCheckable(True)
        self._console.setChecked(self._preferences.console)
        self._add(menu, "Storage…", "", self._show_storage)

    def _add(self, menu: QMenu, text: str, keys: str, slot: Callable[..., None]) -> QAction:
        action = QAction(text, self._window)
        action.setShortcut(keys)
        action.setObjectName(f"{text.rstrip('…').lower().replace(' ', '_').replace(chr(39), '')}Action")
        action.triggered.connect(slot)
        menu.addAction(action)
        return action

    def _add_themes(self, menu: QMenu) -> None:
        group = QActionGroup(self)
        for name in ThemeName:
            action = QAction(f"{str(name).capitalize()} theme", self._window)
            action.setCheckable(True)
            action.setChecked(name == self._themes.name)
            action.setData(name)
            action.setObjectName(f"{name}ThemeAction")
            group.addAction(action)
            self._theme_actions[name] = action
            menu.addAction(action)
        group.triggered.connect(self._on_theme_chosen)

    @pyqtSlot()
    def _toggle_settings(self) -> None:
        self._window.tabs.setCurrentWidget(self._window.training)
        self._window.training.side.toggle()

    @pyqtSlot(bool)
    def _on_brief_changed(self, is_brief: bool) -> None:
        self._more.setChecked(not is_brief)

    @pyqtSlot()
    def _show_tab_of_action(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self._window.tabs.setCurrentIndex(action.data())

    @pyqtSlot()
    def _show_run_state(self) -> None:
        """The buttons of the Training tab know what can be done; their keys are shown, but belong to them."""
        for action, button in self._run_actions:
            keys = button.shortcut().toString()
            action.setText(f"{button.text()}\t{keys}" if keys else button.text())
            action.setEnabled(button.isEnabled())
        self._meta_action.setEnabled(self._window.session.is_running)
        self._continue_action.setEnabled(not self._window.session.is_running)

    @pyqtSlot()
    def _quit(self) -> None:
        self._window.close()

    @pyqtSlot()
    def _open_run(self) -> None:
        self._window.tabs.setCurrentWidget(self._window.history)
        self._window.history.choose_folder()

    def _do_in_assessment(self, do: Callable[[], None]) -> None:
        self._window.tabs.setCurrentWidget(self._window.assessment)
        do()

    @pyqtSlot(QAction)
    def _on_theme_chosen(self, action: QAction) -> None:
        self._preferences.theme = ThemeName(action.data())

    @pyqtSlot()
    def _show_preferences(self) -> None:
        """Use the theme and the size of text that were chosen, here or in the settings."""
        self._themes.set_zoom(self._preferences.zoom)
        self._console.setChecked(self._preferences.console)
        name = self._preferences.theme
        if name != self._themes.name:
            self._themes.set_theme(name)
        if name in self._theme_actions:
            self._theme_actions[name].setChecked(True)

    @pyqtSlot()
    def _show_settings(self) -> None:
        from aid_desktop.gui.settings_dialog import SettingsDialog

        self._settings.show(partial(SettingsDialog, self._preferences, self._window))

    @pyqtSlot()
    def _toggle_console(self) -> None:
        self._preferences.console = not self._preferences.console

    def _zoom_by(self, steps: int, checked: bool = False) -> None:
        self._themes.zoom_by(steps)
        self._preferences.zoom = self._themes.zoom

    @pyqtSlot()
    def _reset_zoom(self) -> None:
        self._preferences.zoom = 100

    @pyqtSlot()
    def _show_storage(self) -> None:
        from aid_desktop.data.cache import CropCache
        from aid_desktop.gui.storage_dialog import StorageDialog

        StorageDialog(CropCache(crop_cache_dir()), self._window.background, self._window).open()

    @pyqtSlot()
    def _show_manual(self) -> None:
        number = self._window.tabs.currentIndex()
        self._open_page(_PAGES[number] if number < len(_PAGES) else _WINDOW_PAGE)

    @pyqtSlot()
    def _show_first_steps(self) -> None:
        self._open_page(_FIRST_STEPS)

    def _open_page(self, path: str) -> None:
        from aid_desktop.gui.help.manual_dialog import ManualDialog

        self._manual.show(lambda: ManualDialog(docs_dir(), self._themes, self._window))
        dialog = self._manual.dialog
        assert isinstance(dialog, ManualDialog)
        dialog.open_page(path)

    @pyqtSlot()
    def _show_shortcuts(self) -> None:
        ShortcutsDialog(self._window).open()

    @pyqtSlot()
    def _show_doctor(self) -> None:
        self._doctor.show(self._make_doctor)

    def _make_doctor(self) -> "DoctorDialog":
        from aid_desktop.gui.doctor_dialog import DoctorDialog

        window = self._window
        folder = Path(self._preferences.runs_folder)
        return DoctorDialog(folder, lambda: window.session.is_running, window.background, window)

    @pyqtSlot()
    def _open_log(self) -> None:
        file = log_file()
        # Where no program is known for such files, their folder.
        if file is None or not QDesktopServices.openUrl(QUrl.fromLocalFile(str(file))):
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(log_dir())))

    @pyqtSlot()
    def _show_about(self) -> None:
        _about_box(self._window).open()


def _about_box(parent: QWidget) -> QMessageBox:
    details = (
        "Train, watch, assess and apply neural networks that classify images. Nothing leaves this computer.\n\n"
        "Successor of AIDeveloper: Kräter et al., Advanced Science 2021, doi 10.1002/advs.202003743.\n"
        "Licence: BSD-3-Clause."
    )
    box = message_box("aboutDialog", f"About {APP_NAME}", f"{APP_NAME} {__version__}", details, "app", parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    add_answer(box, "Close", "aboutCloseButton", QMessageBox.ButtonRole.RejectRole)
    return box
