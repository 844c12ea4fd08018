"""Few settings for a beginner, all of them on demand."""

from pathlib import Path

import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QAction, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from aid_desktop.errors import SettingsError
from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.preferences import Preferences
from aid_desktop.gui.theme import ThemeManager
from aid_desktop.gui.widgets.field_editor import FieldEditor
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.snapshot import TrainingSettings

SIX = [
    "architectureSelector",
    "training.epochs",
    "training.batch_size",
    "training.learning_rate",
    "augmentation.horizontal_flip",
    "augmentation.rotation",
]


@pytest.fixture
def training(window: MainWindow) -> MainWindow:
    window.tabs.setCurrentWidget(window.training)
    return window


def shown_fields(window: MainWindow) -> list[str]:
    return [f.path for f in window.training.side.findChildren(FieldEditor) if f.isVisibleTo(window.training)]


def test_that_a_beginner_sees_six_controls(training: MainWindow) -> None:
    assert training.training.side.is_brief
    assert [*SIX[:1], *shown_fields(training)] == SIX
    assert training.findChild(QWidget, "architectureSelector").isVisible()
    assert not training.training.side.tabs.isVisible()
    assert not training.training.model.start_from.isVisible()
    assert not training.training.hyperparameters.find_rate.isVisible()


def test_that_the_button_shows_all_and_the_choice_is_remembered(
    training: MainWindow, qtbot: QtBot, themes: ThemeManager
) -> None:
    side = training.training.side
    side.more_button.setFocus()
    qtbot.keyClick(side.more_button, Qt.Key.Key_Space)
    assert side.tabs.isVisible()
    assert "fewer" in side.more_button.accessibleName().lower()
    for number in range(3):
        side.tabs.setCurrentIndex(number)
        assert side.tabs.currentWidget().widget().isVisible()
    assert len(shown_fields(training)) > 15
    assert Preferences().all_settings
    qtbot.keyClick(side.more_button, Qt.Key.Key_Space)
    assert [*SIX[:1], *shown_fields(training)] == SIX
    assert not Preferences().all_settings


def test_that_a_new_window_shows_what_was_chosen(preferences: Preferences, themes: ThemeManager, qtbot: QtBot) -> None:
    preferences.all_settings = True
    window = MainWindow(themes, preferences)
    qtbot.addWidget(window)
    assert not window.training.side.is_brief
    assert window.findChild(QAction, "more_training_settingsAction").isChecked()
    window.session.shut_down()


def test_that_the_menu_changes_it_by_a_key(training: MainWindow) -> None:
    action = training.findChild(QAction, "more_training_settingsAction")
    assert action.shortcut().toString() == "Ctrl+M"
    training.tabs.setCurrentIndex(0)
    action.trigger()
    assert training.tabs.currentWidget() is training.training
    assert not training.training.side.is_brief
    assert action.isChecked()
    training.training.side.toggle()
    assert not action.isChecked()


def test_that_hidden_settings_keep_their_values_and_are_counted(training: MainWindow) -> None:
    side, settings = training.training.side, training.training.settings
    wanted = TrainingSettings(
        AugmentationSettings(rotation=5, zoom=0.1), HyperParameters(epochs=3, weight_decay=0.01, label_smoothing=0.1)
    )
    settings.set_values(wanted)
    assert settings.values() == wanted
    assert side.more_button.text() == "More settings ▸  (3 changed)"
    side.toggle()
    assert side.more_button.text() == "◂ Fewer settings"
    assert settings.values() == wanted


def test_that_a_hidden_setting_with_an_error_is_shown(training: MainWindow) -> None:
    form = training.training.hyperparameters.form
    form.findChild(QLineEdit, "training.dropout").setText("0.2, much")
    with pytest.raises(SettingsError):
        form.values()
    assert form.editor("dropout").isVisible()


@pytest.mark.parametrize("is_brief", [True, False])
def test_that_a_model_to_start_from_is_brought_into_view(training: MainWindow, tmp_path: Path, is_brief: bool) -> None:
    if not is_brief:
        training.training.side.toggle()
        training.training.side.tabs.setCurrentIndex(2)
    training.training.start_from(tmp_path / "nothing.keras")
    assert training.training.model.start_from.isVisible()


def test_that_the_schedule_is_not_plotted_without_its_fields(training: MainWindow) -> None:
    panel = training.training.hyperparameters
    panel.form.set_values(HyperParameters(schedule="cosine"))
    assert panel.schedule.isHidden()
    training.training.side.toggle()
    assert not panel.schedule.isHidden()
