"""A Python console with what the window holds, for those who ask for it."""

import platform
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PyQt5.QtCore import QObject, pyqtSlot
from PyQt5.QtWidgets import QVBoxLayout, QWidget

from aid_desktop.data.class_table import ClassTable
from aid_desktop.gui.preferences import Preferences
from aid_desktop.gui.theme import GRID, icon
from aid_desktop.gui.widgets.naming import name_widget
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.history import History, read_history
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.snapshot import TrainingSettings

if TYPE_CHECKING:
    from aid_desktop.evaluation.assessment import Assessment
    from aid_desktop.gui.main_window import MainWindow

_TITLE = "Console"
_HELP = """Python {version}. aid has what the window holds:
    aid.table          the class table           aid.image_settings   what images look like to the network
    aid.training       the settings shown        aid.run_folder       the folder of the newest run, or None
    aid.history        its epochs                aid.assessment       images, labels and probabilities, or None
    aid.window         the window itself         np                   NumPy
Commands run in the window's own thread: it waits for long ones. What they change cannot be undone.
"""


class SessionObjects:
    """What the console calls `aid`: always as the window has it at the moment."""

    def __init__(self, window: "MainWindow") -> None:
        self.window = window

    @property
    def table(self) -> ClassTable:
        """The class table."""
        return self.window.notifier.table

    @property
    def image_settings(self) -> ImageSettings:
        """What images look like to the network."""
        return self.window.notifier.image_settings

    @property
    def training(self) -> TrainingSettings:
        """The settings that the Training tab shows."""
        return self.window.training.settings.values()

    @property
    def run_folder(self) -> Path | None:
        """The folder of the run that was started last, None before."""
        return self.window.session.folder

    @property
    def history(self) -> History:
        """The epochs of that run. Raises RunError if its history.csv cannot be read."""
        folder = self.run_folder
        return History() if folder is None else read_history(RunFolder(folder).history_csv)

    @property
    def assessment(self) -> "Assessment | None":
        """What the Assessment tab shows."""
        return self.window.assessment.assessment


class ConsoleTab(QWidget):
    """The console of pyqtgraph; errors of commands are printed in it."""

    def __init__(self, window: "MainWindow") -> None:
        # Only for those who want it.
        from pyqtgraph.console import ConsoleWidget

        super().__init__(window)
        name_widget(self, "consoleTab", _TITLE, "Python, with what the window holds")
        text = _HELP.format(version=platform.python_version())
        self.console = ConsoleWidget(self, {"aid": SessionObjects(window), "np": np}, text=text)
        name_widget(self.console.input, "consoleInput", "Command", "A line of Python; Up and Down bring earlier ones")
        name_widget(self.console.output, "consoleOutput", "Output", "What the commands have printed")
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, GRID)
        column.addWidget(self.console)


class ConsoleSwitch(QObject):
    """Adds the tab behind the others when the user wants it, and takes it away again."""

    def __init__(self, window: "MainWindow", preferences: Preferences) -> None:
        super().__init__(window)
        self._window = window
        self._preferences = preferences
        self._tab: ConsoleTab | None = None
        preferences.changed.connect(self._show_or_hide)
        self._show_or_hide()

    @pyqtSlot()
    def _show_or_hide(self) -> None:
        if self._preferences.console == (self._tab is not None):
            return
        tabs = self._window.tabs
        if self._tab is None:
            self._tab = ConsoleTab(self._window)
            tabs.addTab(self._tab, icon("console"), _TITLE)
            return
        tabs.removeTab(tabs.indexOf(self._tab))
        self._tab.deleteLater()
        self._tab = None
