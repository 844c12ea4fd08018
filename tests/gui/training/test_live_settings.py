"""What reaches a running training besides the fields of the forms, and what comes back from it."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from PyQt5.QtWidgets import QSlider
from pytestqt.qtbot import QtBot

from aid_desktop.data.class_table import Role
from aid_desktop.errors import SettingsError
from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.widgets.section_form import SectionForm
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.snapshot import SettingsDiff, TrainingSettings
from aid_desktop.training.events import SettingsApplied, StorageChanged

# The class of conftest.py, from which nothing can be imported.
Core = Any

WAIT_MS = 60_000
LONG = 100_000


def run_of(core: Core, window: MainWindow, qtbot: QtBot) -> None:
    """Let a run go on until it is stopped."""
    core.holds = True
    with qtbot.waitSignal(window.session.started, timeout=WAIT_MS):
        window.training.run.start_button.click()


def stop(window: MainWindow, qtbot: QtBot) -> None:
    window.training.run.stop_button.click()
    qtbot.waitUntil(lambda: not window.session.is_running, timeout=WAIT_MS)


@pytest.mark.parametrize("auto_apply", [True, False])
def test_that_a_slider_that_never_rests_costs_little_and_loses_no_value(
    ready: MainWindow, core: Core, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, auto_apply: bool
) -> None:
    settings, form = ready.training.settings, ready.training.augmentation.form
    run_of(core, ready, qtbot)
    if not auto_apply:
        settings.set_auto_apply(False)
    posted: list[TrainingSettings] = []
    monkeypatch.setattr(ready.session, "post", posted.append)
    read: list[object] = []
    values = SectionForm.values

    def count(form: SectionForm[Any]) -> Any:
        read.append(form)
        return values(form)

    monkeypatch.setattr(SectionForm, "values", count)
    slider = ready.findChild(QSlider, "augmentation.rotation.slider")
    field = form.editor("rotation")
    for step in range(1, 91):
        slider.setValue(step)
        assert field.message.text().startswith("from epoch" if auto_apply else "press Apply")
        assert field.editor.box.value() == step
    # The three forms once, to mark what has changed; the rest is for later.
    assert len(read) == 3
    # Undo and examples read them too, in their time.
    qtbot.waitUntil(lambda: len(read) > 8 or bool(posted), timeout=WAIT_MS)
    assert [each.augmentation.rotation for each in posted] == ([90] if auto_apply else [])
    ready.training.settings.post()
    assert [each.augmentation.rotation for each in posted] == [90]
    stop(ready, qtbot)


def test_that_a_field_changed_soon_after_another_one_is_marked_too(ready: MainWindow, core: Core, qtbot: QtBot) -> None:
    run_of(core, ready, qtbot)
    ready.training.settings.set_auto_apply(False)
    form = ready.training.augmentation.form
    for name in ("rotation", "shear"):
        ready.findChild(QSlider, f"augmentation.{name}.slider").setValue(5)
    qtbot.waitUntil(lambda: form.editor("shear").message.text() == "press Apply", timeout=WAIT_MS)
    assert form.editor("rotation").message.text() == "press Apply"
    stop(ready, qtbot)


@pytest.mark.keras
def test_that_it_is_said_why_nothing_is_applied(ready: MainWindow, core: Core, qtbot: QtBot) -> None:
    run_of(core, ready, qtbot)
    ready.training.settings.set_auto_apply(False)
    ready.training.hyperparameters.form.editor("dropout").editor.setText("nonsense")
    ready.training.run.apply_button.click()
    [text] = [note.text for note in ready.training.messages.notes if "Nothing was applied" in note.text]
    assert "dropout" in text
    stop(ready, qtbot)


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


def test_that_what_waited_for_the_run_can_be_taken_back(
    ready: MainWindow, core: Core, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, session = ready.training.settings, ready.session
    run_of(core, ready, qtbot)
    settings.set_auto_apply(False)
    first = settings.values()
    waited = first.with_hyperparameters(learning_rate=0.123)
    settings.set_values(waited)
    session.settings_applied.emit(SettingsApplied(1, 1, waited, SettingsDiff.between(first, waited)))
    posted: list[TrainingSettings] = []
    monkeypatch.setattr(session, "post", posted.append)
    settings.set_values(first)
    settings.apply()
    assert [each.hyperparameters.learning_rate for each in posted] == [first.hyperparameters.learning_rate]
    stop(ready, qtbot)


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
