"""A second start finds the window that is open."""

import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt5.QtCore import QSettings
from PyQt5.QtNetwork import QLocalServer, QLocalSocket
from PyQt5.QtWidgets import QPushButton

from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.preferences import Preferences
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
from aid_desktop.gui.theme import ThemeName

WAIT_MS = 60_000


@pytest.fixture
def name() -> Iterator[str]:
    chosen = f"aid-desktop-test-{uuid.uuid4().hex[:12]}"
    yield chosen
    QLocalServer.removeServer(chosen)


@pytest.fixture
def first(qapp, name: str) -> Iterator[SingleInstance]:
    instance = SingleInstance(name)
    assert instance.listen()
    yield instance
    instance.close()


def test_that_a_later_start_hands_its_paths_over(qtbot, first: SingleInstance, name: str, tmp_path: Path) -> None:
    answers: list[bool] = []
    paths = [tmp_path / "a ü.rtdc", Path("relative.png")]
    start = threading.Thread(target=lambda: answers.append(hand_over(name, paths)))
    with qtbot.waitSignal(first.called, timeout=WAIT_MS) as called:
        start.start()
    start.join()
    assert called.args[0] == (paths[0], Path.cwd() / "relative.png")
    assert answers == [True]


def test_that_only_one_of_two_instances_listens_until_it_is_closed(first: SingleInstance, name: str) -> None:
    second = SingleInstance(name)
    assert is_running(name)
    assert not second.listen()
    first.close()
    assert not is_running(name)
    assert not hand_over(name, [])
    assert second.listen()
    second.close()


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes of Windows go with their process")
def test_that_the_socket_of_a_crashed_program_is_taken_over(qapp, name: str) -> None:
    code = f"""
import os
from PyQt5.QtCore import QCoreApplication
from PyQt5.QtNetwork import QLocalServer
app = QCoreApplication([])
server = QLocalServer()
assert server.listen({name!r})
print(server.fullServerName(), flush=True)
os._exit(1)
"""
    crashed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert Path(crashed.stdout.strip()).exists(), crashed.stderr
    instance = SingleInstance(name)
    assert instance.listen()
    instance.close()


@pytest.mark.parametrize("line", [b"no json\n", b"[]\n", b'{"paths": 7}\n', b'{"paths": [7]}\n'])
def test_that_callers_who_speak_otherwise_are_ignored(qtbot, first: SingleInstance, name: str, line: bytes) -> None:
    socket = QLocalSocket()
    with qtbot.assertNotEmitted(first.called), qtbot.waitSignal(socket.disconnected, timeout=WAIT_MS):
        socket.connectToServer(name)
        assert socket.waitForConnected(1000)
        socket.write(line)


def test_that_a_minimized_window_comes_back_and_opens_what_it_is_given(
    qtbot, window: MainWindow, tiny_folders: Path
) -> None:
    window.showMinimized()
    with qtbot.waitSignal(window.notifier.table_changed, timeout=WAIT_MS):
        bring_to_front(window, (tiny_folders,))
    assert window.isVisible()
    assert not window.isMinimized()


def test_that_showing_the_running_window_is_the_easy_answer(qtbot) -> None:
    box = running_dialog(1)
    qtbot.addWidget(box)
    assert box.defaultButton().objectName() == SHOW_RUNNING
    assert box.findChild(QPushButton, NEW_WINDOW) is not None
    assert "opens there" in box.informativeText()


SECOND_START = """
import sys
from pathlib import Path
from PyQt5.QtCore import QTimer
from PyQt5.QtWidgets import QApplication, QPushButton
from aid_desktop.gui import app

make = app.make_application

def with_answer():
    made = make()
    def answer():
        for widget in QApplication.topLevelWidgets():
            for button in widget.findChildren(QPushButton, "showRunningButton"):
                button.click()
    timer = QTimer(made)
    timer.timeout.connect(answer)
    timer.start(50)
    return made

app.make_application = with_answer
sys.exit(app.run_window([Path(sys.argv[1])]))
"""


def test_that_a_second_process_shows_the_first_window_and_ends(qtbot, tmp_path: Path) -> None:
    first = SingleInstance(server_name())
    assert first.listen()
    second = subprocess.Popen([sys.executable, "-c", SECOND_START, str(tmp_path)], env=dict(os.environ))
    try:
        with qtbot.waitSignal(first.called, timeout=WAIT_MS) as called:
            pass
        assert called.args[0] == (tmp_path,)
        assert second.wait(60) == 0
    finally:
        second.kill()
        second.wait()
        first.close()


CHANGE_THEME = """
import sys
from PyQt5.QtCore import QSettings
from aid_desktop.gui.preferences import Preferences
from aid_desktop.gui.theme import ThemeName
settings = QSettings(sys.argv[1], QSettings.IniFormat)
Preferences(settings).theme = ThemeName.DARK
settings.sync()
"""


def test_that_two_windows_keep_what_the_other_one_has_changed(qapp, tmp_path: Path) -> None:
    path = str(tmp_path / "shared.ini")
    settings = QSettings(path, QSettings.IniFormat)
    here = Preferences(settings)
    here.data_folder = "before"
    settings.sync()
    subprocess.run([sys.executable, "-c", CHANGE_THEME, path], check=True, timeout=60)
    here.runs_folder = "after"
    settings.sync()
    assert here.theme is ThemeName.DARK
    code = f"from PyQt5.QtCore import QSettings as S; s = S({path!r}, S.IniFormat); "
    code += "print(s.value('theme'), s.value('runs_folder'))"
    read = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert read.stdout.split() == ["dark", "after"]
