"""A real run in the real window: live settings, pause, stop, closing, failing."""

import json
from pathlib import Path

import pytest
from PyQt5.QtWidgets import QLabel, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from aid_desktop.gui.main_window import MainWindow
from aid_desktop.paths import speeds_file
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.history import read_history
from aid_desktop.runs.settings_log import read_revisions
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.snapshot import TrainingSettings
from aid_desktop.training.checkpoints import BestSoFar

pytestmark = pytest.mark.keras

LONG = 100_000
WAIT_MS = 60_000


def set_epochs(window: MainWindow, epochs: int) -> None:
    window.training.settings.set_values(
        TrainingSettings(AugmentationSettings(rotation=5), HyperParameters(epochs=epochs, batch_size=16))
    )


def wait_for_epochs(window: MainWindow, number: int, qtbot: QtBot) -> None:
    seen: list[object] = []
    window.session.epoch_finished.connect(seen.append)
    qtbot.waitUntil(lambda: len(seen) >= number, timeout=WAIT_MS)
    window.session.epoch_finished.disconnect(seen.append)


def move_slider(window: MainWindow, name: str, value: object) -> None:
    editor = window.training.augmentation.form.editor(name)
    editor.set_value(value)
    editor.value_changed.emit()


def stop(window: MainWindow, qtbot: QtBot) -> None:
    window.training.run.stop_button.click()
    qtbot.waitUntil(lambda: not window.session.is_running, timeout=WAIT_MS)


def test_that_a_run_shows_its_curves_and_leaves_a_complete_folder(ready: MainWindow, qtbot: QtBot) -> None:
    set_epochs(ready, 3)
    with qtbot.waitSignal(ready.session.finished, timeout=WAIT_MS) as finished:
        ready.training.run.start_button.click()
        assert not ready.training.run.start_button.isEnabled()
    qtbot.waitUntil(lambda: not ready.session.is_running)
    folder = RunFolder(finished.args[0].folder)
    history = read_history(folder.history_csv)
    assert [record.epoch for record in history.records] == [0, 1, 2]
    for path in (
        folder.run_toml,
        folder.settings_jsonl,
        folder.last_model,
        folder.meta_xlsx,
        folder.log,
        folder.model_zoo,
    ):
        assert path.is_file()
    # Curves are drawn a moment after their epoch.
    qtbot.waitUntil(lambda: {"accuracy", "val_accuracy"} <= set(ready.training.plot.columns))
    assert "Epoch 2" in ready.training.log.toPlainText()
    assert ready.notifier.run == folder.path
    assert ready.training.run.start_button.isEnabled()


def test_that_memory_and_time_are_told_before_a_run_and_its_device_meanwhile(ready: MainWindow, qtbot: QtBot) -> None:
    # Of the runs of other tests.
    speeds_file().unlink(missing_ok=True)
    estimate = ready.training.estimate
    ready.training.model.costs.allow()
    qtbot.waitUntil(lambda: "of memory" in estimate.text(), timeout=WAIT_MS)
    set_epochs(ready, LONG)
    qtbot.waitUntil(lambda: " h in all" in estimate.text(), timeout=WAIT_MS)
    assert "roughly" in estimate.text()
    usage = ready.statusBar().findChild(QLabel, "usage")
    assert "training on" not in usage.text()
    ready.training.run.device.choose("cpu")
    ready.training.run.start_button.click()
    wait_for_epochs(ready, 2, qtbot)
    assert "training on cpu" in usage.text()
    assert not estimate.isVisible()
    stop(ready, qtbot)
    assert "training on" not in usage.text()
    qtbot.waitUntil(lambda: estimate.isVisible() and ", about " in estimate.text(), timeout=WAIT_MS)


def test_that_a_slider_moved_while_training_changes_a_later_epoch(ready: MainWindow, qtbot: QtBot) -> None:
    set_epochs(ready, LONG)
    ready.training.run.start_button.click()
    wait_for_epochs(ready, 1, qtbot)
    with qtbot.waitSignal(ready.session.settings_applied, timeout=WAIT_MS) as applied:
        move_slider(ready, "rotation", 20.0)
        assert ready.training.augmentation.form.editor("rotation").path == "augmentation.rotation"
    event = applied.args[0]
    wait_for_epochs(ready, 1, qtbot)
    folder = RunFolder(ready.session.folder)
    stop(ready, qtbot)
    revisions = read_revisions(folder.settings_jsonl)
    assert [item.settings.augmentation.rotation for item in revisions] == [5.0, 20.0]
    assert revisions[1].epoch == event.epoch > 0
    records = read_history(folder.history_csv).records
    assert {record.revision for record in records if record.epoch >= event.epoch} == {1}
    assert {record.revision for record in records if record.epoch < event.epoch} == {0}
    assert "uses revision 1: augmentation.rotation 5 → 20" in ready.training.log.toPlainText()


def test_that_without_auto_apply_changes_wait_for_the_button(ready: MainWindow, qtbot: QtBot) -> None:
    ready.training.run.auto_apply.setChecked(False)
    set_epochs(ready, LONG)
    ready.training.run.start_button.click()
    wait_for_epochs(ready, 1, qtbot)
    move_slider(ready, "zoom", 0.3)
    wait_for_epochs(ready, 3, qtbot)
    folder = RunFolder(ready.session.folder)
    assert len(read_revisions(folder.settings_jsonl)) == 1
    with qtbot.waitSignal(ready.session.settings_applied, timeout=WAIT_MS):
        ready.training.run.apply_button.click()
    stop(ready, qtbot)
    assert read_revisions(folder.settings_jsonl)[1].settings.augmentation.zoom == 0.3


def test_that_a_paused_run_makes_no_progress_until_resumed(ready: MainWindow, qtbot: QtBot) -> None:
    set_epochs(ready, LONG)
    ready.training.run.start_button.click()
    wait_for_epochs(ready, 1, qtbot)
    with qtbot.waitSignal(ready.session.paused, timeout=WAIT_MS):
        ready.training.run.pause_button.click()
    assert ready.training.run.pause_button.text() == "Resume"
    history = RunFolder(ready.session.folder).history_csv
    qtbot.wait(50)
    size = history.stat().st_size
    qtbot.wait(300)
    assert history.stat().st_size == size
    with qtbot.waitSignal(ready.session.epoch_finished, timeout=WAIT_MS):
        ready.training.run.pause_button.click()
    stop(ready, qtbot)


def test_that_this_epochs_model_is_kept_on_demand(ready: MainWindow, qtbot: QtBot) -> None:
    # So slow that after the first epoch hardly any is saved for its own sake.
    slow = HyperParameters(epochs=LONG, batch_size=16, learning_rate=1e-9)
    ready.training.settings.set_values(TrainingSettings(hyperparameters=slow))
    ready.training.run.start_button.click()
    wait_for_epochs(ready, 3, qtbot)
    ready.training.run.keep_button.click()
    wait_for_epochs(ready, 3, qtbot)
    folder = RunFolder(ready.session.folder)
    stop(ready, qtbot)
    best = BestSoFar()
    records = read_history(folder.history_csv).records
    unasked = [record for record in records if record.model and not best.improves(dict(record.metrics), record.epoch)]
    assert len(unasked) == 1


def test_that_closing_while_training_asks_and_can_go_on(ready: MainWindow, qtbot: QtBot) -> None:
    set_epochs(ready, LONG)
    ready.training.run.start_button.click()
    wait_for_epochs(ready, 1, qtbot)
    assert not ready.close()
    question = ready.findChild(QMessageBox, "closeQuestion")
    question.findChild(QPushButton, "keepTrainingButton").click()
    assert ready.isVisible()
    assert ready.session.is_running
    assert not ready.close()
    question = ready.findChildren(QMessageBox, "closeQuestion")[-1]
    folder = RunFolder(ready.session.folder)
    question.findChild(QPushButton, "stopAndCloseButton").click()
    qtbot.waitUntil(lambda: not ready.isVisible(), timeout=WAIT_MS)
    assert not ready.session.is_running
    state = json.loads(folder.last_state.read_text())
    assert state["epoch"] == read_history(folder.history_csv).records[-1].epoch


def test_that_a_network_too_large_for_the_images_cannot_be_started(ready: MainWindow) -> None:
    ready.training.model.choose("LeNet5_do")
    assert "16 × 16" in ready.findChild(QLabel, "startProblems").text()
    assert not ready.training.run.start_button.isEnabled()
    ready.training.model.choose("MLP_8_8_8")
    assert ready.training.run.start_button.isEnabled()


def test_that_a_folder_that_cannot_be_written_is_reported_and_everything_goes_on(
    ready: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    ready._preferences.runs_folder = str(file / "runs")
    with qtbot.waitSignal(ready.session.failed, timeout=WAIT_MS):
        ready.training.run.start_button.click()
    qtbot.waitUntil(lambda: not ready.session.is_running)
    assert "cannot be written" in ready.training.messages.notes[0].text
    assert not ready.training.messages.notes[0].details
    ready._preferences.runs_folder = str(tmp_path / "runs")
    set_epochs(ready, 1)
    with qtbot.waitSignal(ready.session.finished, timeout=WAIT_MS):
        ready.training.run.start_button.click()
    qtbot.waitUntil(lambda: not ready.session.is_running)


def test_that_the_preview_is_drawn_by_the_functions_of_training(ready: MainWindow, qtbot: QtBot) -> None:
    strip = ready.training.preview.strip
    qtbot.waitUntil(lambda: len(strip.images) == 8)
    plain = strip.images
    move_slider(ready, "brightness_add", (100, 100))
    qtbot.waitUntil(lambda: float(strip.images[0].mean()) > float(plain[0].mean()) + 50)
    assert strip.images[0].shape == (12, 12, 1)


def test_that_settings_can_be_undone_and_a_drag_is_one_step(ready: MainWindow, qtbot: QtBot) -> None:
    for value in (5.0, 9.0, 20.0):
        move_slider(ready, "rotation", value)
    stack = ready.training.undo.stack
    qtbot.waitUntil(lambda: stack.count() == 1)
    move_slider(ready, "zoom", 0.2)
    qtbot.waitUntil(lambda: stack.count() == 2)
    stack.undo()
    stack.undo()
    augmentation = ready.training.settings.values().augmentation
    assert (augmentation.rotation, augmentation.zoom) == (0.0, 0.0)
    stack.redo()
    assert ready.training.settings.values().augmentation.rotation == 20.0
    qtbot.wait(600)
    assert stack.count() == 2
