"""The settings of the program: shown, searched, changed, reset, kept beside the program."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt5.QtCore import QSettings
from PyQt5.QtWidgets import (
    QAction,
    QApplication,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from aid_desktop import paths
from aid_desktop.gui import preferences as preferences_module
from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.preference_rows import all_keys
from aid_desktop.gui.preferences import Preferences, keep_beside_program
from aid_desktop.gui.settings_dialog import SettingsDialog
from aid_desktop.gui.theme import ThemeName

GUI = Path(preferences_module.__file__).parent


@pytest.fixture
def preferences(qapp: QApplication) -> Preferences:
    return Preferences()


@pytest.fixture
def dialog(qtbot: QtBot, preferences: Preferences) -> SettingsDialog:
    made = SettingsDialog(preferences)
    qtbot.addWidget(made)
    made.show()
    return made


def child(dialog: QWidget, kind: type, name: str):
    found = dialog.findChild(kind, name)
    assert found is not None, name
    return found


def test_that_every_key_that_is_remembered_is_in_the_list() -> None:
    texts = [path.read_text(encoding="utf-8") for path in GUI.rglob("*.py")]
    patterns = (
        r'_settings\.value\("(\w+)"',
        r'_words\("(\w+)"',
        r'_is_on\("(\w+)"',
        r'RecentPaths\("(\w+)"',
        r'RECENT_\w+ = "(\w+)"',
    )
    kept = {key for text in texts for pattern in patterns for key in re.findall(pattern, text)}
    assert kept - {"schema_version"} == set(all_keys())


def test_that_what_is_chosen_is_in_force_at_once_and_can_be_reset(
    dialog: SettingsDialog, preferences: Preferences, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not any(preferences.is_set(key) for key in all_keys())
    reset = child(dialog, QPushButton, "settings.runs_folder.reset")
    assert not reset.isEnabled()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    child(dialog, QPushButton, "settings.runs_folder.choose").click()
    assert preferences.runs_folder == str(tmp_path)
    assert child(dialog, QLineEdit, "settings.runs_folder").text() == str(tmp_path)
    reset.click()
    assert preferences.runs_folder == str(paths.runs_dir())
    assert not reset.isEnabled()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    child(dialog, QPushButton, "settings.runs_folder.choose").click()
    assert not preferences.is_set("runs_folder")
    child(dialog, QCheckBox, "settings.auto_apply").click()
    assert not preferences.auto_apply


def test_that_what_is_remembered_can_be_forgotten(dialog: SettingsDialog, preferences: Preferences) -> None:
    preferences.classify_choices = {"format": "csv"}
    preferences.reset()
    forget = child(dialog, QPushButton, "settings.classify_choices.reset")
    assert forget.text() == "Forget"
    forget.click()
    assert preferences.classify_choices == {}
    assert not forget.isEnabled()


def test_that_the_search_shows_rows_with_all_words_or_says_that_there_are_none(dialog: SettingsDialog) -> None:
    dialog.search.setText("folder RUNS")
    shown = [row for row in dialog.rows if row.isVisible()]
    assert [row.preference.label for row in shown if row is not dialog.portable] == ["Folder for runs"]
    assert dialog.portable in shown
    dialog.search.setText("nonsense")
    assert not any(row.isVisible() for row in dialog.rows)
    assert dialog._nothing.isVisible()
    dialog.search.clear()
    assert all(row.isVisible() for row in dialog.rows)


def test_that_reset_all_asks_first(dialog: SettingsDialog, preferences: Preferences) -> None:
    preferences.theme = ThemeName.DARK
    preferences.auto_apply = False
    child(dialog, QPushButton, "settingsResetAll").click()
    box = child(dialog, QMessageBox, "resetSettingsDialog")
    assert preferences.theme is ThemeName.DARK
    child(box, QPushButton, "resetSettingsYes").click()
    assert (preferences.theme, preferences.auto_apply) == (ThemeName.SYSTEM, True)
    assert child(dialog, QComboBox, "settings.theme").currentText() == "system"
    assert child(dialog, QCheckBox, "settings.auto_apply").isChecked()


def test_that_the_window_follows_and_the_menu_opens_the_dialog_once(window: MainWindow, tmp_path: Path) -> None:
    action = child(window, QAction, "settingsAction")
    assert action.shortcut().toString() == "Ctrl+,"
    action.trigger()
    action.trigger()
    (dialog,) = window.findChildren(SettingsDialog)
    box = child(dialog, QComboBox, "settings.theme")
    box.activated[int].emit(box.findText("dark"))
    assert child(window, QAction, "darkThemeAction").isChecked()
    assert window._themes.name is ThemeName.DARK
    child(window, QAction, "lightThemeAction").trigger()
    assert box.currentText() == "light"
    zoom = child(dialog, QComboBox, "settings.zoom")
    zoom.activated[int].emit(zoom.findText("125 %"))
    assert window._themes.zoom == 125
    child(dialog, QPushButton, "settings.zoom.reset").click()
    assert window._themes.zoom == 100
    child(dialog, QCheckBox, "settings.all_settings").click()
    assert not window.training.side.is_brief
    window.training.side.toggle()
    assert not child(dialog, QCheckBox, "settings.all_settings").isChecked()
    child(dialog, QCheckBox, "settings.auto_apply").click()
    assert not window.training.run.auto_apply.isChecked()
    child(dialog, QPushButton, "settings.auto_apply.reset").click()
    assert window.training.run.auto_apply.isChecked()
    assert not window._preferences.is_set("auto_apply")
    window._preferences.runs_folder = str(tmp_path / "elsewhere")
    assert child(window, QPushButton, "runsFolderButton").text() == "elsewhere"
    dialog.close()


def test_that_portable_mode_is_for_the_standalone_program(dialog: SettingsDialog) -> None:
    assert not dialog.portable.box.isEnabled()
    assert "Only the standalone program" in dialog.portable.box.toolTip()


@pytest.fixture
def standalone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Let this be the standalone program; return its folder."""
    folder = tmp_path / "program"
    folder.mkdir()
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(paths, "program_dir", lambda: folder)
    paths.portable_dir.cache_clear()
    yield folder
    paths.portable_dir.cache_clear()


def test_that_portable_mode_copies_the_settings_and_acts_at_the_next_start(
    standalone: Path, qtbot: QtBot, preferences: Preferences
) -> None:
    preferences.theme = ThemeName.DARK
    dialog = SettingsDialog(preferences)
    qtbot.addWidget(dialog)
    dialog.portable.box.click()
    assert [note.text for note in dialog.messages.notes] == ["This acts when the program is started the next time."]
    assert (standalone / "portable.txt").is_file()
    (copied,) = (standalone / "portable" / "config").rglob("*.ini")
    assert QSettings(str(copied), QSettings.Format.IniFormat).value("theme") == "dark"
    dialog.portable.box.click()
    assert not (standalone / "portable.txt").exists()
    assert copied.is_file()


def test_that_a_portable_program_reads_its_own_settings(
    standalone: Path, preferences: Preferences, monkeypatch: pytest.MonkeyPatch
) -> None:
    preferences.theme = ThemeName.DARK
    preferences_module.make_portable(True)
    preferences.theme = ThemeName.LIGHT
    monkeypatch.setattr(preferences_module, "portable_dir", lambda: standalone / "portable")
    keep_beside_program()
    assert Preferences().theme is ThemeName.DARK


def test_that_a_folder_that_cannot_be_written_to_is_told_and_the_tick_goes(
    standalone: Path, qtbot: QtBot, preferences: Preferences
) -> None:
    (standalone / "portable").write_text("in the way", encoding="utf-8")
    dialog = SettingsDialog(preferences)
    qtbot.addWidget(dialog)
    dialog.portable.box.click()
    assert "cannot be written to" in dialog.messages.notes[0].text
    assert not dialog.portable.box.isChecked()
