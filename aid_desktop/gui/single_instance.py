"""One window for each user, unless the user wants more: a second start finds the first one and hands its paths over.

The first window listens on a local socket (a named pipe on Windows) that only its user may open. A start sends one
line of JSON, {"paths": [...]}, and waits for the answer.
"""

import hashlib
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from PyQt5.QtCore import QObject, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtNetwork import QAbstractSocket, QLocalServer, QLocalSocket
from PyQt5.QtWidgets import QMessageBox

from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.qt import required
from aid_desktop.gui.question import add_answer, message_box
from aid_desktop.paths import APP_NAME, user_config_dir

logger = logging.getLogger(__name__)

SHOW_RUNNING, NEW_WINDOW = "showRunningButton", "newWindowButton"
"""Names of the buttons of `running_dialog`."""

_CONNECT_MS = 500
_ANSWER_MS = 5_000
_MOST_BYTES = 2**20
_ANSWER = b"shown\n"


def server_name() -> str:
    """Return the name of this user's socket; the folder of the configuration tells users, and test runs, apart."""
    return "aid-desktop-" + hashlib.sha256(str(user_config_dir()).encode("utf-8", "replace")).hexdigest()[:16]


def is_running(name: str) -> bool:
    """Return whether a window of this user listens."""
    socket = QLocalSocket()
    socket.connectToServer(name)
    found = socket.waitForConnected(_CONNECT_MS)
    socket.abort()
    return found


def hand_over(name: str, paths: Sequence[Path]) -> bool:
    """Bring the running window to the front and open these paths there; return whether it has answered."""
    socket = QLocalSocket()
    socket.connectToServer(name)
    if not socket.waitForConnected(_CONNECT_MS):
        return False
    socket.write(json.dumps({"paths": [str(path.absolute()) for path in paths]}).encode() + b"\n")
    socket.waitForBytesWritten(_CONNECT_MS)
    # A window that is just importing TensorFlow answers a moment later.
    answered = socket.waitForReadyRead(_ANSWER_MS)
    return answered and bytes(socket.readAll()) == _ANSWER


class SingleInstance(QObject):
    """Listens for later starts. `called` carries the paths that one of them was given, a tuple of Path."""

    called = pyqtSignal(tuple)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._on_connection)

    def listen(self) -> bool:
        """Listen, unless another window of this user does; return whether this one does now."""
        # Windows would let both listen.
        if is_running(self._name):
            return False
        if self._server.listen(self._name):
            return True
        if self._server.serverError() == QAbstractSocket.SocketError.AddressInUseError and not is_running(self._name):
            # What a program that has crashed leaves behind on Linux and macOS.
            QLocalServer.removeServer(self._name)
            if self._server.listen(self._name):
                return True
        logger.info("later starts cannot find this window: %s", self._server.errorString())
        return False

    def close(self) -> None:
        """Listen no more."""
        self._server.close()

    @pyqtSlot()
    def _on_connection(self) -> None:
        while self._server.hasPendingConnections():
            socket = required(self._server.nextPendingConnection())
            socket.setReadBufferSize(_MOST_BYTES)
            socket.readyRead.connect(self._on_ready)
            socket.disconnected.connect(socket.deleteLater)
            self._read(socket)

    @pyqtSlot()
    def _on_ready(self) -> None:
        socket = self.sender()
        assert isinstance(socket, QLocalSocket)
        self._read(socket)

    def _read(self, socket: QLocalSocket) -> None:
        if not socket.canReadLine():
            return
        paths = _paths_of(bytes(socket.readLine()))
        if paths is None:
            socket.abort()
            return
        socket.write(_ANSWER)
        socket.flush()
        self.called.emit(paths)


def bring_to_front(window: MainWindow, paths: tuple[Path, ...]) -> None:
    """Show a window that may be minimized or behind others, and open paths as if they were dropped on it."""
    # PyQt5's stubs take flags for numbers.
    window.setWindowState(cast(Qt.WindowStates, window.windowState() & ~Qt.WindowState.WindowMinimized))
    window.show()
    window.raise_()
    window.activateWindow()
    if paths:
        window.open_paths(paths)


def running_dialog(n_paths: int) -> QMessageBox:
    """Return the question of a second start; its button `showRunningButton` is the easy one."""
    files = "" if not n_paths else " The file or folder opens there." if n_paths == 1 else " The files open there."
    details = f"Show its window?{files} Two windows share settings, and compete for memory and GPU."
    box = message_box("runningDialog", APP_NAME, f"{APP_NAME} is running already.", details, "help")
    show = add_answer(box, "Show that window", SHOW_RUNNING, QMessageBox.ButtonRole.AcceptRole)
    add_answer(box, "Open a new one", NEW_WINDOW, QMessageBox.ButtonRole.DestructiveRole)
    cancel = add_answer(box, "Cancel", "runningCancelButton", QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(show)
    box.setEscapeButton(cancel)
    return box


def _paths_of(line: bytes) -> tuple[Path, ...] | None:
    try:
        return tuple(Path(text) for text in json.loads(line)["paths"])
    except (ValueError, LookupError, TypeError, RecursionError):
        logger.info("something else than AID Desktop has called this window")
        return None
