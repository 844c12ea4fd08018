"""The row of presets: fills the forms, says why, is one step of undo."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from PyQt5.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from aid_desktop.gui.main_window import MainWindow
from aid_desktop.runs.config import ModelChoice
from aid_desktop.settings.image import ImageSettings
from aid_desktop.training.presets import Preset

Core = Any


def button(window: MainWindow, preset: Preset) -> QPushButton:
    found = window.findChild(QPushButton, f"preset.{preset}")
    assert found is not None
    return found


def reasons(window: MainWindow) -> str:
    """Return the reasons as shown, in the markup of Qt's labels; empty while they are hidden."""
    label = window.findChild(QLabel, "presetReasons")
    assert label is not None
    return label.text() if label.isVisibleTo(window.training.presets) else ""


def test_that_a_preset_fills_the_forms_and_says_why_and_undo_brings_back_what_was_there(ready: MainWindow) -> None:
    training = ready.training
    before = training.settings.values()
    button(ready, Preset.BEST).click()
    shown = training.settings.values()
    assert training.model.architecture == "ResNet_small"
    assert (shown.hyperparameters.schedule, shown.augmentation.random_erasing) == ("cosine", 0.25)
    assert "<b>Architecture: ResNet_small.</b>" in reasons(ready)
    assert "untick it for digits" in reasons(ready)
    training.undo.stack.undo()
    assert training.settings.values() == before
    assert training.model.architecture == "MLP_8_8_8"
    training.undo.stack.redo()
    assert training.settings.values() == shown


def test_that_the_reasons_can_be_hidden_and_the_settings_stay(ready: MainWindow) -> None:
    button(ready, Preset.QUICK).click()
    shown = ready.training.settings.values()
    hide = ready.findChild(QPushButton, "presetHideButton")
    assert hide is not None
    hide.click()
    assert reasons(ready) == ""
    assert ready.training.settings.values() == shown


def test_that_presets_wait_for_images(window: MainWindow) -> None:
    assert not any(button(window, preset).isEnabled() for preset in Preset)
    assert window.training.presets.note == "Add training images on the Data tab first."
    assert button(window, Preset.BEST).toolTip() == window.training.presets.note


def test_that_presets_wait_for_the_end_of_a_run(ready: MainWindow, core: Core, qtbot: QtBot) -> None:
    core.holds = True
    ready.training.run.start_button.click()
    qtbot.waitUntil(lambda: ready.session.is_running)
    assert not any(button(ready, preset).isEnabled() for preset in Preset)
    assert ready.training.presets.note == "Wait for the run to end, or stop it."
    ready.training.run.stop_button.click()
    qtbot.waitUntil(lambda: not ready.session.is_running)
    assert all(button(ready, preset).isEnabled() for preset in Preset)
    assert ready.training.presets.note == ""


def test_that_undo_of_a_preset_leaves_what_was_changed_since(ready: MainWindow) -> None:
    training = ready.training
    button(ready, Preset.QUICK).click()
    ready.notifier.set_image_settings(ImageSettings(width=14, height=12))
    training.undo.stack.undo()
    assert training.model.architecture == "MLP_8_8_8"
    assert ready.notifier.image_settings == ImageSettings(width=14, height=12)


def test_that_undo_during_a_run_leaves_the_network_that_trains(ready: MainWindow, core: Core, qtbot: QtBot) -> None:
    training = ready.training
    before = training.settings.values()
    session = training.all_settings.values()
    image = ImageSettings(width=14, height=12)
    training.all_settings.change(replace(session, image=image), "Open a session")
    button(ready, Preset.QUICK).click()
    trained = training.model.architecture
    core.holds = True
    training.run.start_button.click()
    qtbot.waitUntil(lambda: ready.session.is_running)
    training.undo.stack.undo()
    training.undo.stack.undo()
    assert training.model.architecture == trained != "MLP_8_8_8"
    assert ready.notifier.image_settings == image
    assert training.settings.values() == before
    assert "network and images stay" in training.messages.notes[-1].text
    training.run.stop_button.click()
    qtbot.waitUntil(lambda: not ready.session.is_running)


def test_that_the_reasons_go_with_their_step_and_their_images(ready: MainWindow) -> None:
    table = ready.notifier.table
    button(ready, Preset.QUICK).click()
    ready.training.undo.stack.undo()
    assert reasons(ready) == ""
    button(ready, Preset.QUICK).click()
    assert reasons(ready) != ""
    ready.notifier.set_table(table.removed([0]))
    assert reasons(ready) == ""


def test_that_a_preset_says_that_a_model_is_not_used(ready: MainWindow, tmp_path: Path) -> None:
    button(ready, Preset.QUICK).click()
    assert "Start from" not in reasons(ready)
    ready.training.model.start_from.show_choice(ModelChoice(start_from=tmp_path / "learnt.keras"))
    button(ready, Preset.QUICK).click()
    assert "A new network is trained; the model learnt is not used." in reasons(ready)
