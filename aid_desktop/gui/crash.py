"""What happens when the program itself goes wrong: log, then one dialog with a copy button."""

import logging
import sys
import threading
import traceback
from types import TracebackType

from PyQt5.QtCore import QObject, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QApplication, QMessageBox, QPushButton, QWidget

from aid_desktop import __version__
from aid_desktop.gui.qt import required
from aid_desktop.gui.question import add_answer, message_box
from aid_desktop.log import log_file

logger = logging.getLogger(__name__)


class CrashHook(QObject):
    """Installed as sys.excepthook.

    PyQt5 calls the hook in the thread that failed, and ends the process if there is none. So the hook only logs
    and emits a signal, which opens the dialog in the main thread; no second one while one is open.
    """

    caught = pyqtSignal(str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._dialog: QMessageBox | None = None
        self._previous = sys.excepthook
        self._previous_threads = threading.excepthook
        self.caught.connect(self._show)

    def install(self) -> None:
        """Catch what nobody else caught, in any thread."""
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread_exception

    def uninstall(self) -> None:
        """Put the former hooks back."""
        sys.excepthook = self._previous
        threading.excepthook = self._previous_threads

    @property
    def dialog(self) -> QMessageBox | None:
        """The dialog while it is open."""
        return self._dialog

    def _on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            self._previous(kind, error, trace)
            return
        text = "".join(traceback.format_exception(kind, error, trace))
        logger.error("unexpected error\n%s", text)
        self.caught.emit(f"{kind.__name__}: {error}", text)

    def _on_thread_exception(self, arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            self._on_exception(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)

    @pyqtSlot(str, str)
    def _show(self, message: str, details: str) -> None:
        if self._dialog is not None:
            return
        file = log_file()
        self._dialog = crash_dialog(message, details if file is None else f"{details}\nLog: {file}")
        self._dialog.finished.connect(self._on_closed)
        self._dialog.open()

    @pyqtSlot(int)
    def _on_closed(self, result: int) -> None:
        self._dialog = None


def crash_dialog(message: str, details: str, parent: QWidget | None = None) -> QMessageBox:
    """Return the dialog that tells of an unexpected error; *Copy report* puts the traceback on the clipboard."""
    text = "Something went wrong that should not. A training that is going on is not affected."
    parent = parent or QApplication.activeWindow()
    box = message_box("crashDialog", "AID Desktop: unexpected error", text, message, "warning", parent)
    box.setDetailedText(details)
    required(box.findChild(QPushButton)).setObjectName("crashDetailsButton")
    copy = add_answer(box, "Copy report", "copyReportButton", QMessageBox.ButtonRole.ActionRole)
    # An action button of a message box closes it; here it must not.
    copy.clicked.disconnect()
    copy.clicked.connect(_Copier(f"AID Desktop {__version__}\n{details}", box).copy)
    box.setDefaultButton(add_answer(box, "Close", "crashCloseButton", QMessageBox.ButtonRole.RejectRole))
    return box


class _Copier(QObject):
    def __init__(self, text: str, parent: QObject) -> None:
        super().__init__(parent)
        self._text = text

    @pyqtSlot()
    def copy(self) -> None:
        required(QApplication.clipboard()).setText(self._text)
