"""What reaches a running training besides the fields of the forms, and what comes back from it."""

import dataclasses
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from aid_desktop.data.class_table import Role
from aid_desktop.errors import SettingsError
from aid_desktop.gui.main_window import MainWindow
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.snapshot import SettingsDiff, TrainingSettings
from aid_desktop.training.events import SettingsApplied, StorageChanged

WAIT_MS = 60_000
LONG = 100_000


@pytest.mark.keras
def test_that_images_per_epoch_of_the_class_table_count_from_a_later_epoch_on(ready: MainWindow, qtbot: QtBot) -> None:
    session = ready.session
    steps: list[int] = []
    session.progressed.connect(lambda event: steps.append(event.n_steps))
    ready.training.settings.set_values(TrainingSettings(hyperparameters=HyperParameters(epochs=LONG, batch_size=8)))
    with qtbot.waitSignal(session.epoch_finished, timeout=WAIT_MS):
        ready.training.run.start_button.click()
    table = ready.notifier.table
    place = next(number for number, row in enumerate(table.rows) if row.role is Role.TRAINING)
    with qtbot.waitSignal(session.settings_applied, timeout=WAIT_MS) as applied:
        ready.notifier.set_table(table.set_images_per_epoch([place], 2))
    assert applied.args[0].settings.images_per_epoch == (2, 0)
    qtbot.waitUntil(lambda: steps[-1] == (2 + 24 + 7) // 8, timeout=WAIT_MS)
    assert steps[0] == 6
    # Other data are for the next run.
    with qtbot.assertNotEmitted(session.settings_applied, wait=400):
        ready.notifier.set_table(table.removed([place]))
    ready.training.run.stop_button.click()
    qtbot.waitUntil(lambda: not session.is_running, timeout=WAIT_MS)


def test_that_what_the_run_itself_has_changed_is_shown_with_its_reason(window: MainWindow) -> None:
    tab = window.training
    before = tab.settings.values()
    after = before.with_hyperparameters(batch_size=before.hyperparameters.batch_size // 2)
    event = SettingsApplied(3, 1, after, SettingsDiff.between(before, after), "The device has too little memory.")
    window.session.settings_applied.emit(event)
    assert tab.settings.values() == after
    assert [note.text for note in tab.messages.notes] == [event.reason]


def test_that_another_folder_is_told_and_shown(window: MainWindow, tmp_path: Path) -> None:
    event = StorageChanged(tmp_path, "The disk is full. The run goes on elsewhere.", is_fallback=True)
    window.session.storage_changed.emit(event)
    assert [note.text for note in window.training.messages.notes][:1] == [event.message]
    assert window.notifier.run == tmp_path


def test_that_models_cannot_be_saved_by_a_metric_that_is_not_measured(window: MainWindow) -> None:
    form = window.training.hyperparameters.saving
    form.set_values(dataclasses.replace(form.values(), improvement=("val_auc",)))
    with pytest.raises(SettingsError, match="auc is not measured"):
        window.training.settings.values()
    assert "auc is not measured" in form.editor("improvement").error
