"""QApplication, crash hook, first window; TensorFlow loads behind it once it has been painted."""

import signal
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PyQt5.QtCore import QCoreApplication, Qt, QTimer
from PyQt5.QtGui import QGuiApplication
from PyQt5.QtWidgets import QApplication

from aid_desktop import __version__
from aid_desktop.gui.crash import CrashHook, crash_dialog
from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.preferences import Preferences, keep_beside_program
from aid_desktop.gui.single_instance import (
    NEW_WINDOW,
    SHOW_RUNNING,
    SingleInstance,
    bring_to_front,
    hand_over,
    is_running,
    running_dialog,
    server_name,
)
from aid_desktop.gui.theme import ThemeManager
from aid_desktop.log import CrashTrace
from aid_desktop.paths import APP_NAME, log_dir

# Python code in worker threads then lets the window have its turn after 1 ms instead of 5.
_SWITCH_INTERVAL = 0.001
_SIGNAL_POLL_MS = 300


def make_application() -> QApplication:
    """Return the application with what must be set before and after its making."""
    QCoreApplication.setOrganizationName(APP_NAME)
    QCoreApplication.setApplicationName(APP_NAME)
    QCoreApplication.setApplicationVersion(__version__)
    QApplication.setAttribute(Qt.ApplicationAttribute.AA_EnableHighDpiScaling)
    QApplication.setAttribute(Qt.ApplicationAttribute.AA_UseHighDpiPixmaps)
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    keep_beside_program()
    sys.setswitchinterval(_SWITCH_INTERVAL)
    return QApplication([APP_NAME])


def make_window(app: QApplication, model_zoo: Path | None = None, in_turns: bool = False) -> MainWindow:
    """Return the window with the user's theme, not yet shown; with `in_turns` its first tab alone."""
    preferences = Preferences()
    themes = ThemeManager(app, app)
    themes.set_zoom(preferences.zoom)
    themes.set_theme(preferences.theme)
    return MainWindow(themes, preferences, model_zoo, in_turns=in_turns)


def run_window(paths: Sequence[Path] = (), model_zoo: Path | None = None, in_new_window: bool = False) -> int:
    """Open the window with these paths dropped on it; return when it is closed.

    If one is open already, ask whether that is to be shown, unless `in_new_window`.
    """
    app = make_application()
    if not in_new_window and not _wants_window(paths):
        return 0
    hook = CrashHook(app)
    hook.install()
    trace = CrashTrace(log_dir())
    previous = trace.take_previous()
    trace.start()
    window = make_window(app, model_zoo, in_turns=True)
    window.completed.connect(window.warm_up)
    window.completed.connect(partial(_start_autosave, window))
    instance = SingleInstance(server_name(), app)
    instance.called.connect(partial(bring_to_front, window))
    instance.listen()
    window.show()
    if paths:
        window.open_paths([path.absolute() for path in paths])
    if previous:
        crash_dialog("The program ended abruptly the last time.", previous, window).open()
    _let_python_see_signals(app)
    try:
        return app.exec()
    finally:
        instance.close()
        trace.stop()
        hook.uninstall()


def _wants_window(paths: Sequence[Path]) -> bool:
    """Return whether a window is to be opened: there is none, or the user wants another one, or it does not answer."""
    name = server_name()
    if not is_running(name):
        return True
    box = running_dialog(len(paths))
    box.exec()
    chosen = box.clickedButton()
    if chosen is None or chosen.objectName() not in (SHOW_RUNNING, NEW_WINDOW):
        return False
    return chosen.objectName() == NEW_WINDOW or not hand_over(name, paths)


def _start_autosave(window: MainWindow) -> None:
    window.autosave.start()


def _let_python_see_signals(app: QApplication) -> None:
    """Close the windows on Ctrl-C: Python handles signals only when it runs, so a timer wakes it."""
    signal.signal(signal.SIGINT, lambda number, frame: app.closeAllWindows())
    timer = QTimer(app)
    timer.timeout.connect(_nothing)
    timer.start(_SIGNAL_POLL_MS)


def _nothing() -> None:
    """Run some Python."""
