"""The line that tells a result and shows its folder."""

from pathlib import Path

import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtGui import QDesktopServices
from PyQt5.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from aid_desktop.gui.widgets.result_line import ResultLine


def test_that_a_result_is_told_and_its_folder_opened(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    line = ResultLine("testResult", "What was done", "testOpen", "Show it")
    qtbot.addWidget(line)
    line.show()
    text, button = line.findChild(QLabel, "testResult"), line.findChild(QPushButton, "testOpen")
    assert text is not None
    assert button is not None
    assert (text.text(), button.isVisible()) == ("", False)
    line.show_result("2 files <b>", tmp_path)
    assert (text.text(), button.isVisible()) == ("2 files <b>", True)
    assert text.textFormat() == Qt.TextFormat.PlainText
    qtbot.mouseClick(button, Qt.LeftButton)
    assert opened == [str(tmp_path)]
    line.clear()
    assert (text.text(), button.isVisible()) == ("", False)
    button.click()
    assert opened == [str(tmp_path)]
