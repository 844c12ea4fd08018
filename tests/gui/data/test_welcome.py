"""The empty Data tab."""

from pathlib import Path

import pytest
from PyQt5.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.recent_paths import RECENT_DATA, RECENT_SESSIONS, RecentPaths


def recent_tips(window: MainWindow) -> list[str]:
    buttons = window.data.sources.welcome.findChildren(QPushButton)
    return [b.toolTip() for b in buttons if b.objectName().startswith("recent.") and not b.isHidden()]


def fill_again(window: MainWindow) -> None:
    window.data.sources.welcome.hide()
    window.data.sources.welcome.show()


def test_that_a_first_start_offers_folder_files_and_example(window: MainWindow) -> None:
    shown = [button.text() for button in window.data.sources.welcome.findChildren(QPushButton) if button.isVisible()]
    assert shown == ["Add folder", "Add files", "Open an example"]


def test_that_what_was_added_is_offered_at_the_next_start(window: MainWindow, qtbot: QtBot, tiny_folders: Path) -> None:
    with qtbot.waitSignal(window.notifier.table_changed):
        window.open_paths([tiny_folders])
    assert RecentPaths(RECENT_DATA).paths() == (tiny_folders,)
    window.editor.stack.undo()
    assert recent_tips(window) == [str(tiny_folders)]
    with qtbot.waitSignal(window.notifier.table_changed):
        window.data.sources.welcome.findChild(QPushButton, "recent.0").click()
    assert window.notifier.table.rows


def test_that_what_could_not_be_used_is_not_remembered(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    window.open_paths([tmp_path / "empty"])
    qtbot.waitUntil(lambda: window.background.n_jobs == 0)
    assert RecentPaths(RECENT_DATA).paths() == ()


def test_that_sessions_come_before_data_and_gone_ones_are_forgotten(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    data, session = tmp_path / "gone", tmp_path / "gone.aidsession"
    RecentPaths(RECENT_DATA).add(data)
    RecentPaths(RECENT_SESSIONS).add(session)
    fill_again(window)
    assert recent_tips(window) == [str(session), str(data)]
    window.data.sources.welcome.findChild(QPushButton, "recent.1").click()
    qtbot.waitUntil(lambda: any("does not exist" in note.text for note in window.data.sources.messages.notes))
    assert RecentPaths(RECENT_DATA).paths() == ()


@pytest.mark.parametrize("n", [1, 5])
def test_that_no_more_than_three_of_each_are_offered(window: MainWindow, tmp_path: Path, n: int) -> None:
    for number in range(n):
        RecentPaths(RECENT_DATA).add(tmp_path / str(number))
    fill_again(window)
    assert len(recent_tips(window)) == min(n, 3)
