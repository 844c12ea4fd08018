"""The manual as the program delivers it, and small ones made for the test."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PyQt5.QtCore import Qt, QUrl
from PyQt5.QtGui import QDesktopServices
from PyQt5.QtWidgets import QAction, QPushButton
from pytestqt.qtbot import QtBot

from aid_desktop.gui.help.manual_dialog import ManualDialog
from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.theme import ThemeManager, ThemeName
from aid_desktop.paths import docs_dir

INDEX = "# Manual\n\n## All\n\n- [One](one.md): about one\n- [Two](deep/two.md)\n"
ONE = "# One\n\n![wide](wide.png)\n\n[two](deep/two.md#second-part), [web](https://example.org), [away](../away.md)\n"
TWO = "# Two\n\n" + "Words of the first part.\n\n" * 80 + "## Second part\n\n" + "Words.\n\n" * 80


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    manual = tmp_path / "manual"
    (manual / "deep").mkdir(parents=True)
    for path, text in {"index.md": INDEX, "one.md": ONE, "deep/two.md": TWO}.items():
        (manual / path).write_text(text, encoding="utf-8")
    cv2.imwrite(str(manual / "wide.png"), np.zeros((10, 3000, 3), np.uint8))
    (tmp_path / "away.md").write_text("# Away", encoding="utf-8")
    return manual


@pytest.fixture
def dialog(qtbot: QtBot, themes: ThemeManager, folder: Path) -> ManualDialog:
    shown = ManualDialog(folder, themes)
    qtbot.addWidget(shown)
    shown.show()
    return shown


def test_that_a_click_on_the_contents_opens_the_page(dialog: ManualDialog) -> None:
    heading = dialog.contents.topLevelItem(0)
    dialog.contents.setCurrentItem(heading.child(1))
    assert dialog.view.page == "deep/two.md"
    assert dialog.view.toPlainText().startswith("Two\n")


def test_that_a_link_leads_to_a_heading_and_back(dialog: ManualDialog, qtbot: QtBot) -> None:
    dialog.open_page("one.md")
    dialog.view.follow(QUrl("deep/two.md#second-part"))
    assert dialog.view.page == "deep/two.md"
    assert dialog.contents.currentItem().text(0) == "Two"
    qtbot.waitUntil(lambda: dialog.view.verticalScrollBar().value() > 0)
    dialog.findChild(QPushButton, "manualBackButton").click()
    assert dialog.view.page == "one.md"
    assert dialog.contents.currentItem().text(0) == "One"
    dialog.findChild(QPushButton, "manualForwardButton").click()
    assert dialog.view.page == "deep/two.md"


def test_that_pictures_are_no_wider_than_the_page(dialog: ManualDialog, qtbot: QtBot) -> None:
    dialog.open_page("one.md")
    qtbot.waitUntil(lambda: dialog.view.horizontalScrollBar().maximum() == 0)
    dialog.resize(dialog.width() - 200, dialog.height())
    qtbot.waitUntil(lambda: dialog.view.horizontalScrollBar().maximum() == 0)
    assert dialog.view.toPlainText().count("One") == 1


def test_that_links_out_of_the_manual_are_not_followed(dialog: ManualDialog) -> None:
    dialog.open_page("one.md")
    dialog.view.follow(QUrl("../away.md"))
    dialog.view.follow(QUrl("missing.md"))
    assert dialog.view.page == "one.md"


def test_that_the_web_is_left_to_the_system(dialog: ManualDialog, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    dialog.open_page("one.md")
    dialog.view.follow(QUrl("https://example.org"))
    assert opened == ["https://example.org"]
    assert dialog.view.page == "one.md"


def test_that_a_search_lists_the_pages_and_marks_the_words(dialog: ManualDialog) -> None:
    dialog.open_page("deep/two.md")
    dialog.search.setText("first words")
    assert dialog.shown_pages() == ["deep/two.md"]
    assert len(dialog.view.extraSelections()) == 80 + 160
    dialog.search.setText("nowhere")
    assert dialog.shown_pages() == []
    assert "nowhere" in dialog.message.text()
    dialog.search.clear()
    assert dialog.shown_pages() == ["one.md", "deep/two.md"]
    assert not dialog.message.isVisible()


def test_that_the_keyboard_suffices(dialog: ManualDialog, qtbot: QtBot) -> None:
    dialog.activateWindow()
    dialog.open_page("one.md")
    qtbot.keyClick(dialog.view, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(dialog.search.hasFocus)
    qtbot.keyClicks(dialog.search, "first")
    qtbot.keyClick(dialog.search, Qt.Key.Key_Return)
    assert dialog.isVisible()
    assert dialog.view.page == "deep/two.md"
    qtbot.keyClick(dialog.view, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: dialog.view.page == "one.md")
    qtbot.keyClick(dialog.view, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_that_the_page_follows_the_theme(dialog: ManualDialog, themes: ThemeManager) -> None:
    dialog.open_page("one.md")
    themes.set_theme(ThemeName.DARK)
    assert themes.current.accent in dialog.view.toHtml()


def test_that_a_missing_manual_is_told(qtbot: QtBot, themes: ThemeManager, tmp_path: Path) -> None:
    shown = ManualDialog(tmp_path / "none", themes)
    qtbot.addWidget(shown)
    shown.open_page("one.md")
    assert str(tmp_path / "none") in shown.message.text()
    assert shown.view.page == ""


def test_that_every_page_of_the_manual_opens(qtbot: QtBot, themes: ThemeManager) -> None:
    shown = ManualDialog(docs_dir(), themes)
    qtbot.addWidget(shown)
    for path in shown.shown_pages():
        shown.open_page(path)
        assert shown.view.page == path
        title = (docs_dir() / path).read_text(encoding="utf-8").splitlines()[0].removeprefix("# ").replace("`", "")
        assert shown.view.toPlainText().startswith(title)


def test_that_f1_opens_the_page_of_the_tab(window: MainWindow) -> None:
    action = window.findChild(QAction, "manualAction")
    assert action.shortcut().toString() == "F1"
    pages = []
    for number in range(window.tabs.count()):
        window.tabs.setCurrentIndex(number)
        action.trigger()
        pages.append(window.findChild(ManualDialog).view.page)
    assert pages == ["data.md", "training.md", "history.md", "assessment_tab.md"]
    window.findChild(QAction, "first_stepsAction").trigger()
    assert window.findChild(ManualDialog).view.page == "first_steps.md"
    assert len(window.findChildren(ManualDialog)) == 1
    window.findChild(ManualDialog).reject()
