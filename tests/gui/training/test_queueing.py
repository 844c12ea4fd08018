"""Several runs in the real window, played instead of trained."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtGui import QGuiApplication
from PyQt5.QtWidgets import QAbstractButton, QFileDialog, QMessageBox, QPushButton, QTableView, QTabWidget
from pytestqt.qtbot import QtBot

from aid_desktop.data.class_table import Role
from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.models.queue_model import EntryState
from aid_desktop.gui.training.comparison_dialog import ComparisonDialog
from aid_desktop.gui.training.leak_dialog import LeakDialog
from aid_desktop.gui.training.run_queue import RunQueue
from aid_desktop.gui.training.series_dialog import SeriesDialog
from aid_desktop.runs.series import read_series
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.snapshot import TrainingSettings
from aid_desktop.settings.split import SplitSettings

WAIT_MS = 10_000
Core = Any
"""The loop that plays runs, see conftest.py."""


@pytest.fixture
def able(ready: MainWindow, core: Core) -> Iterator[MainWindow]:
    """The window with all that a run needs, set to two epochs."""
    show(ready, epochs=2)
    yield ready
    queue = ready.training.queueing.queue
    queue.remove({entry.number for entry in queue.entries})


def show(window: MainWindow, epochs: int, rotation: float = 0.0) -> None:
    hyperparameters = HyperParameters(epochs=epochs, batch_size=16)
    window.training.settings.set_values(TrainingSettings(AugmentationSettings(rotation=rotation), hyperparameters))


def queue_of(window: MainWindow) -> RunQueue:
    return window.training.queueing.queue


def states(window: MainWindow) -> list[str]:
    return [str(entry.state) for entry in queue_of(window).entries]


def button(window: MainWindow, name: str) -> QAbstractButton:
    found = window.findChild(QAbstractButton, name)
    assert found is not None
    return found


def add(window: MainWindow, qtbot: QtBot) -> None:
    """Press Add to queue and wait for the check of the images."""
    n = len(queue_of(window).entries)
    button(window, "addToQueueButton").click()
    qtbot.waitUntil(lambda: len(queue_of(window).entries) == n + 1, timeout=WAIT_MS)


def choose(window: MainWindow, *rows: int) -> None:
    table = window.findChild(QTableView, "queueTable")
    table.clearSelection()
    table.setSelectionMode(QTableView.SelectionMode.MultiSelection)
    for row in rows:
        table.selectRow(row)
    table.setSelectionMode(QTableView.SelectionMode.ExtendedSelection)


def rest(window: MainWindow, qtbot: QtBot) -> None:
    queue = queue_of(window)
    qtbot.waitUntil(lambda: not (queue.is_going or window.session.is_running), timeout=WAIT_MS)


def plan(window: MainWindow, *names: str, repetitions: int = 1, folds: int = 1) -> SeriesDialog:
    """Open Several runs… and fill it in."""
    button(window, "severalRunsButton").click()
    dialog = window.findChild(SeriesDialog)
    assert dialog is not None
    box = dialog.architectures
    for item in (box.item(row) for row in range(box.count())):
        if item.flags() & Qt.ItemFlag.ItemIsEnabled:
            item.setCheckState(Qt.CheckState.Checked if item.text() in names else Qt.CheckState.Unchecked)
    dialog.repetitions.setValue(repetitions)
    dialog.folds.setValue(folds)
    return dialog


def comparison(window: MainWindow, qtbot: QtBot) -> ComparisonDialog:
    qtbot.waitUntil(lambda: window.findChild(ComparisonDialog) is not None, timeout=WAIT_MS)
    return window.findChild(ComparisonDialog)


def cells(view: QTableView, row: int) -> list[str]:
    model = view.model()
    return [model.index(row, column).data() for column in range(model.columnCount())]


# --- the queue --------------------------------------------------------------------------------------------


def test_that_an_empty_queue_says_what_belongs_there_and_offers_it(able: MainWindow) -> None:
    able.findChild(QTabWidget, "examplesTabs").setCurrentWidget(able.training.queueing.panel)
    assert button(able, "emptyQueueSeveralButton").isVisible()
    assert not able.findChild(QTableView, "queueTable").isVisible()
    button(able, "emptyQueueSeveralButton").click()
    able.findChild(SeriesDialog).reject()


def test_that_runs_wait_as_they_were_shown_and_train_in_turn(able: MainWindow, core: Core, qtbot: QtBot) -> None:
    add(able, qtbot)
    show(able, epochs=3, rotation=20)
    add(able, qtbot)
    assert able.findChild(QTabWidget, "examplesTabs").currentWidget() is able.training.queueing.panel
    assert able.training.queueing.panel.status == "2 runs wait until you press Start the queue."
    assert states(able) == ["waiting", "waiting"]
    assert core.begun == []
    button(able, "queueGoOnButton").click()
    rest(able, qtbot)
    assert [run.config.training.hyperparameters.epochs for run in core.begun] == [2, 3]
    assert [entry.state_text for entry in queue_of(able).entries] == ["finished, best 0.610", "finished, best 0.620"]
    folders = [run.folder.path for run in core.begun]
    assert len(set(folders)) == 2
    assert {folder.parent for folder in folders} == {Path(able.training._preferences.runs_folder)}


def test_that_a_run_that_is_added_while_another_one_trains_follows_it(
    able: MainWindow, core: Core, qtbot: QtBot
) -> None:
    core.holds = True
    with qtbot.waitSignal(able.session.epoch_finished, timeout=WAIT_MS):
        able.training.run.start_button.click()
    add(able, qtbot)
    assert states(able) == ["waiting"]
    assert able.training.queueing.panel.status == "1 run waits, and the next one starts by itself."
    core.go()
    qtbot.waitUntil(lambda: states(able) == ["training"], timeout=WAIT_MS)
    core.go()
    rest(able, qtbot)
    assert states(able) == ["finished"]
    assert len(core.begun) == 2


def test_that_stop_ends_the_run_in_hand_and_holds_the_queue(able: MainWindow, core: Core, qtbot: QtBot) -> None:
    core.holds = True
    for _ in range(2):
        add(able, qtbot)
    button(able, "queueGoOnButton").click()
    qtbot.waitUntil(lambda: queue_of(able).entries[0].epoch == 1, timeout=WAIT_MS)
    assert queue_of(able).entries[0].state_text == "epoch 1 of 2, best 0.600"
    able.training.run.stop_button.click()
    rest(able, qtbot)
    assert [entry.state_text for entry in queue_of(able).entries] == ["stopped after 1 epoch, best 0.600", "waiting"]
    assert able.training.queueing.panel.status == "1 run waits until you press Go on."
    core.go()
    button(able, "queueGoOnButton").click()
    rest(able, qtbot)
    assert states(able) == ["stopped", "finished"]


def test_that_a_run_that_fails_is_marked_and_the_next_one_starts(able: MainWindow, core: Core, qtbot: QtBot) -> None:
    core.failing, core.diverging = {"MLP_8_8_8"}, {"MLP_24_16_24"}
    for name in ("MLP_8_8_8", "MLP_24_16_24", "MLP_64_32_16"):
        able.training.model.choose(name)
        add(able, qtbot)
    button(able, "queueGoOnButton").click()
    rest(able, qtbot)
    texts = [entry.state_text for entry in queue_of(able).entries]
    assert texts == ["failed: MLP_8_8_8 cannot be built", "failed: Done.", "finished, best 0.610"]


def test_that_the_order_of_waiting_runs_can_be_changed(able: MainWindow, core: Core, qtbot: QtBot) -> None:
    core.holds = True
    for _ in range(4):
        add(able, qtbot)
    queue = queue_of(able)
    one, two, three, four = (entry.number for entry in queue.entries)

    def order() -> list[int]:
        return [entry.number for entry in queue.entries]

    choose(able, 2, 3)
    button(able, "queueUpButton").click()
    assert order() == [one, three, four, two]
    assert [entry.number for entry in able.training.queueing.panel.chosen()] == [three, four]
    table = able.findChild(QTableView, "queueTable")
    table.setFocus()
    qtbot.keyClick(table, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert order() == [one, two, three, four]
    queue.go_on()
    qtbot.waitUntil(lambda: states(able)[0] == "training", timeout=WAIT_MS)
    choose(able, 1)
    button(able, "queueUpButton").click()
    assert order() == [one, two, three, four]
    choose(able, 0, 1)
    button(able, "queueRemoveButton").click()
    assert order() == [one, three, four]
    able.session.stop()
    rest(able, qtbot)
    choose(able, 1)
    qtbot.keyClick(table, Qt.Key.Key_Delete)
    assert order() == [one, four]
    button(able, "queueClearButton").click()
    assert order() == [four]


def test_that_a_double_click_opens_a_run_in_history(able: MainWindow, core: Core, qtbot: QtBot) -> None:
    add(able, qtbot)
    choose(able, 0)
    able.training.queueing.panel._on_activated()
    assert able.tabs.currentWidget() is able.training
    queue_of(able).go_on()
    rest(able, qtbot)
    table = able.findChild(QTableView, "queueTable")
    table.show()
    with qtbot.waitSignal(able.notifier.run_opened):
        table.doubleClicked.emit(table.model().index(0, 0))
    assert able.tabs.currentWidget() is able.history
    assert able.notifier.run == core.begun[0].folder.path


def test_that_the_forms_follow_the_run_that_trains_and_come_back(able: MainWindow, core: Core, qtbot: QtBot) -> None:
    core.holds = True
    add(able, qtbot)
    able.training.model.choose("MLP_24_16_24")
    show(able, epochs=5, rotation=30)
    shown = able.training.settings.values()
    queue_of(able).go_on()
    qtbot.waitUntil(lambda: queue_of(able).entries[0].epoch == 1, timeout=WAIT_MS)
    assert able.training.settings.values().hyperparameters.epochs == 2
    assert able.training.model.architecture == "MLP_8_8_8"
    assert core.begun[0].mailbox.take() is None
    core.go()
    rest(able, qtbot)
    assert able.training.settings.values() == shown
    assert able.training.model.architecture == "MLP_24_16_24"


def test_that_what_is_set_up_without_applying_it_comes_back_after_the_queue(
    able: MainWindow, core: Core, qtbot: QtBot
) -> None:
    core.holds = True
    for _ in range(2):
        add(able, qtbot)
    able.training.settings.set_auto_apply(False)
    queue_of(able).go_on()
    qtbot.waitUntil(lambda: queue_of(able).entries[0].epoch == 1, timeout=WAIT_MS)
    show(able, epochs=333)
    core.go()
    qtbot.waitUntil(lambda: queue_of(able).entries[1].epoch == 1, timeout=WAIT_MS)
    assert able.training.settings.values().hyperparameters.epochs == 2
    assert any("come back when the queue rests" in note.text for note in able.training.messages.notes)
    core.go()
    rest(able, qtbot)
    assert able.training.settings.values().hyperparameters.epochs == 333


def test_that_a_change_by_hand_concerns_the_run_in_hand_and_stays(able: MainWindow, core: Core, qtbot: QtBot) -> None:
    core.holds = True
    for _ in range(2):
        add(able, qtbot)
    queue_of(able).go_on()
    for number in (0, 1):
        qtbot.waitUntil(lambda number=number: queue_of(able).entries[number].epoch == 1, timeout=WAIT_MS)
        editor = able.training.augmentation.form.editor("rotation")
        assert editor.value() == 0
        editor.set_value(10.0 + number)
        editor.value_changed.emit()
        taken: list[float] = []

        def take(number: int = number, taken: list[float] = taken) -> bool:
            stamped = core.begun[number].mailbox.take()
            if stamped is not None:
                taken.append(stamped.settings.augmentation.rotation)
            return bool(taken)

        qtbot.waitUntil(take, timeout=WAIT_MS)
        assert taken == [10.0 + number]
        core.go()
    rest(able, qtbot)
    assert able.training.settings.values().augmentation.rotation == 11


def test_that_a_run_keeps_the_images_per_epoch_that_it_was_planned_with(
    able: MainWindow, core: Core, qtbot: QtBot
) -> None:
    core.holds = True
    add(able, qtbot)
    rows = [place for place, row in enumerate(able.notifier.table.rows) if row.role is Role.TRAINING]
    able.notifier.set_table(able.notifier.table.set_images_per_epoch(rows, 7))
    queue_of(able).go_on()
    qtbot.waitUntil(lambda: queue_of(able).entries[0].epoch == 1, timeout=WAIT_MS)
    assert core.begun[0].mailbox.take() is None
    assert {row.images_per_epoch for row in core.begun[0].config.data} == {None}
    core.go()
    rest(able, qtbot)


def test_that_the_queue_waits_for_the_learning_rate_finder(
    able: MainWindow, core: Core, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(able, qtbot)
    monkeypatch.setattr(queue_of(able), "_obstacle", lambda: "A learning rate is being sought.")
    button(able, "queueGoOnButton").click()
    rest(able, qtbot)
    assert states(able) == ["waiting"]
    assert able.training.messages.notes[-1].text == "A learning rate is being sought."
    assert core.begun == []


def test_that_images_in_two_roles_are_warned_of_before_a_run_waits(able: MainWindow, qtbot: QtBot) -> None:
    table = able.notifier.table
    train = next(row for row in table.rows if row.role is Role.TRAINING)
    twice = table.add_sources([(train.source, train.class_name, Role.VALIDATION)])
    able.notifier.set_table(twice)
    button(able, "addToQueueButton").click()
    qtbot.waitUntil(lambda: able.training.queueing.check.dialog is not None, timeout=WAIT_MS)
    dialog = able.training.queueing.check.dialog
    assert isinstance(dialog, LeakDialog)
    assert queue_of(able).entries == ()
    dialog.train_wanted.emit()
    dialog.close()
    assert states(able) == ["waiting"]


def test_that_closing_with_waiting_runs_asks(able: MainWindow, qtbot: QtBot) -> None:
    add(able, qtbot)
    assert not able.close()
    question = able.findChild(QMessageBox, "closeQuestion")
    assert question.text() == "Close without training them?"
    assert question.windowTitle() == "1 run waits"
    question.findChild(QPushButton, "keepTrainingButton").click()
    assert able.isVisible()
    assert not able.close()
    able.findChildren(QMessageBox, "closeQuestion")[-1].findChild(QPushButton, "stopAndCloseButton").click()
    assert not able.isVisible()


def test_that_closing_stops_the_run_in_hand_and_starts_no_other(able: MainWindow, core: Core, qtbot: QtBot) -> None:
    core.holds = True
    for _ in range(2):
        add(able, qtbot)
    queue_of(able).go_on()
    qtbot.waitUntil(lambda: queue_of(able).entries[0].epoch == 1, timeout=WAIT_MS)
    assert not able.close()
    question = able.findChild(QMessageBox, "closeQuestion")
    assert question.windowTitle() == "A network is being trained and 1 run waits"
    question.findChild(QPushButton, "stopAndCloseButton").click()
    qtbot.waitUntil(lambda: not able.isVisible(), timeout=WAIT_MS)
    assert len(core.begun) == 1


# --- series -----------------------------------------------------------------------------------------------


def test_that_a_series_is_planned_trained_and_compared(able: MainWindow, core: Core, qtbot: QtBot) -> None:
    dialog = plan(able, "MLP_8_8_8", "MLP_24_16_24", repetitions=2)
    assert dialog.text == "2 architectures × 2 seeds (1 to 2): 4 runs, one after the other."
    assert dialog.train_button.text() == "Train these 4 runs"
    dialog.train_button.click()
    shown = comparison(able, qtbot)
    assert states(able) == ["finished"] * 4
    assert [(run.config.model.architecture, run.config.seed) for run in core.begun] == [
        ("MLP_8_8_8", 1), ("MLP_24_16_24", 1), ("MLP_8_8_8", 2), ("MLP_24_16_24", 2),
    ]  # fmt: skip
    assert cells(shown.summary_view, 0)[:3] == ["MLP_8_8_8", "2", "0.6600 ± 0.0707"]
    assert shown.runs_view.model().rowCount() == 4
    series = core.begun[0].folder.path.parent
    with (series / "comparison.csv").open(encoding="utf-8", newline="") as file:
        assert [row["kind"] for row in csv.DictReader(file)] == ["architecture"] * 2 + ["run"] * 4
    assert shown.findChild(QPushButton, "comparisonGoOnButton").isHidden()
    shown.findChild(QPushButton, "comparisonCopyButton").click()
    assert "0.6600 ± 0.0707" in QGuiApplication.clipboard().text()
    shown.runs_view.selectRow(1)
    shown.runs_view.doubleClicked.emit(shown.runs_view.model().index(1, 0))
    assert able.notifier.run == core.begun[1].folder.path
    assert able.tabs.currentWidget() is able.history
    shown.close()
    qtbot.waitUntil(lambda: able.findChild(ComparisonDialog) is None)
    choose(able, 0)
    button(able, "queueCompareButton").click()
    comparison(able, qtbot).close()


def test_that_a_comparison_is_saved_where_the_user_wants(
    able: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plan(able, "MLP_8_8_8", repetitions=2).train_button.click()
    shown = comparison(able, qtbot)
    chosen = tmp_path / "mine.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(chosen), ""))
    shown.findChild(QPushButton, "comparisonSaveButton").click()
    assert chosen.read_text(encoding="utf-8").startswith("kind,name,architecture")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "none" / "x.csv"), ""))
    shown.findChild(QPushButton, "comparisonSaveButton").click()
    assert "cannot be written" in shown.messages.notes[0].text
    shown.close()


def test_that_folds_need_no_validation_rows_and_share_a_grouping(able: MainWindow, core: Core, qtbot: QtBot) -> None:
    table = able.notifier.table
    validation = [place for place, row in enumerate(table.rows) if row.role is Role.VALIDATION]
    able.notifier.set_table(table.set_role(validation, Role.TRAINING))
    assert not button(able, "addToQueueButton").isEnabled()
    dialog = plan(able, "MLP_8_8_8")
    assert "validation" in dialog.text
    assert not dialog.train_button.isEnabled()
    assert dialog.group_by.isHidden()
    dialog.folds.setValue(3)
    assert dialog.text == "1 architecture × 3 folds: 3 runs, one after the other."
    dialog.group_by.set_value("file")
    dialog.train_button.click()
    comparison(able, qtbot).close()
    assert [run.config.split for run in core.begun] == [
        SplitSettings(group_by="file", folds=3, fold=fold, seed=1) for fold in range(3)
    ]
    assert [entry.run.config.seed for entry in queue_of(able).entries] == [1, 1, 1]


def test_that_one_run_of_several_is_no_series(able: MainWindow, core: Core, qtbot: QtBot) -> None:
    dialog = plan(able, "MLP_24_16_24")
    assert dialog.train_button.text() == "Train this run"
    dialog.train_button.click()
    qtbot.waitUntil(lambda: states(able) == ["finished"], timeout=WAIT_MS)
    assert core.begun[0].config.model.architecture == "MLP_24_16_24"
    assert queue_of(able).entries[0].series is None
    assert core.begun[0].folder.path.parent == Path(able.training._preferences.runs_folder)


def test_that_a_perceptron_of_ones_own_layers_can_be_ticked_when_it_is_chosen(able: MainWindow) -> None:
    able.training.model.choose("MLP_5_4")
    dialog = plan(able)
    names = [dialog.architectures.item(row).text() for row in range(dialog.architectures.count())]
    assert "MLP_5_4" in names
    assert "MLP_*" not in names
    assert plan(able, "MLP_5_4").choice().architectures == ("MLP_5_4",)


def test_that_the_dialog_says_what_cannot_be(able: MainWindow) -> None:
    dialog = plan(able)
    assert dialog.text == "Tick at least one architecture"
    assert not dialog.train_button.isEnabled()
    too_large = dialog.architectures.findItems("LeNet5_do", Qt.MatchFlag.MatchExactly)[0]
    assert not too_large.flags() & Qt.ItemFlag.ItemIsEnabled
    assert "needs images of at least" in too_large.toolTip()
    dialog.folds.setValue(2)
    assert "Rows with the role validation" in dialog.text
    dialog.reject()


def test_that_a_stopped_series_is_opened_again_and_goes_on(
    able: MainWindow, core: Core, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    core.holds = True
    plan(able, "MLP_8_8_8", repetitions=3).train_button.click()
    core.go()
    qtbot.waitUntil(lambda: len(core.begun) == 2 and queue_of(able).entries[1].epoch == 1, timeout=WAIT_MS)
    able.session.stop()
    rest(able, qtbot)
    folder = core.begun[0].folder.path.parent
    qtbot.waitUntil(lambda: (folder / "comparison.csv").exists(), timeout=WAIT_MS)
    assert able.findChild(ComparisonDialog) is None
    queue = queue_of(able)
    queue.remove({entry.number for entry in queue.entries if entry.state is EntryState.WAITING})
    core.holds = False
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    button(able, "queueOpenButton").click()
    shown = comparison(able, qtbot)
    go_on = shown.findChild(QPushButton, "comparisonGoOnButton")
    assert go_on.text() == "Train the other 2"
    go_on.click()
    qtbot.waitUntil(lambda: read_series(folder).unfinished() == (), timeout=WAIT_MS)
    rest(able, qtbot)
    assert states(able) == ["finished"] * 3
    assert [run.resume for run in core.begun] == [False, False, True, False]
    qtbot.waitUntil(lambda: cells(shown.summary_view, 0)[1] == "3", timeout=WAIT_MS)
    shown.close()


def test_that_a_folder_without_a_series_is_told(
    able: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    button(able, "emptyQueueOpenButton").click()
    qtbot.waitUntil(lambda: bool(able.training.messages.notes), timeout=WAIT_MS)
    assert "holds no series of runs" in able.training.messages.notes[0].text


@pytest.mark.keras
def test_that_a_cross_validation_is_trained_by_one_dialog(ready: MainWindow, qtbot: QtBot) -> None:
    show(ready, epochs=1)
    plan(ready, "MLP_8_8_8", folds=2).train_button.click()
    qtbot.waitUntil(lambda: ready.findChild(ComparisonDialog) is not None, timeout=180_000)
    shown = ready.findChild(ComparisonDialog)
    assert cells(shown.summary_view, 0)[:2] == ["MLP_8_8_8", "2"]
    assert "±" in cells(shown.summary_view, 0)[2]
    shown.close()
    rest(ready, qtbot)
