"""The list of changes, and the way back in the real window."""

from pathlib import Path

import pytest
from PyQt5.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.training.timeline import Timeline
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.history import read_history
from aid_desktop.runs.settings_log import Revision, read_revisions
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.snapshot import TrainingSettings

WAIT_MS = 60_000
LONG = 100_000


def row(timeline: Timeline, number: int) -> list[str]:
    items = (timeline.table.item(number, column) for column in range(3))
    return [item.text() if item is not None else "" for item in items]


def test_that_changes_are_listed_in_words_and_only_kept_networks_can_be_gone_back_to(
    qtbot: QtBot, tmp_path: Path
) -> None:
    timeline = Timeline()
    qtbot.addWidget(timeline)
    first = TrainingSettings()
    second = first.with_hyperparameters(learning_rate=0.01, batch_size=32)
    third = TrainingSettings(AugmentationSettings(rotation=10), second.hyperparameters, images_per_epoch=(100, 0))
    folder = RunFolder(tmp_path)
    folder.points.mkdir()
    folder.point(6).touch()
    times = ("2026-01-02T03:04:05+00:00", "then")
    timeline.show_run(tmp_path, [Revision(0, 0, times[0], first), Revision(1, 3, times[1], second)])
    timeline.add(Revision.now(2, 7, third))
    assert [item.revision for item in timeline.revisions] == [0, 1, 2]
    assert row(timeline, 0)[::2] == ["0", "start of the run"]
    assert row(timeline, 1) == ["3", "then", "Batch size: 64 images → 32 images\nLearning rate: 0.001 → 0.01"]
    assert row(timeline, 2)[2] == "Rotation: 0 ° → 10 °\nImages per epoch: as in the class table → 100, all"
    hints = []
    for number in range(3):
        timeline.table.selectRow(number)
        hints.append((timeline.undo_button.isEnabled(), timeline.hint.partition(":")[0]))
    assert hints == [
        (False, "The run was started with these settings"),
        (False, "The network before this change is not kept"),
        (True, ""),
    ]
    with qtbot.waitSignal(timeline.undo_wanted) as wanted:
        timeline.undo_button.click()
    assert wanted.args == [7]
    timeline.move_to(tmp_path / "elsewhere")
    assert not timeline.undo_button.isEnabled()


def test_that_the_answer_does_not_concern_a_run_that_began_meanwhile(
    ready: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped: list[bool] = []
    monkeypatch.setattr(type(ready.session), "is_running", True)
    monkeypatch.setattr(type(ready.session), "folder", Path("first"))
    monkeypatch.setattr(ready.session, "stop", lambda: stopped.append(True))
    ready.training.timeline.undo_wanted.emit(12)
    monkeypatch.setattr(type(ready.session), "folder", Path("second"))
    question = ready.findChild(QPushButton, "undoToPointYes")
    assert question is not None
    question.click()
    assert not stopped
    assert any("another run has begun" in note.text for note in ready.training.messages.notes)
    monkeypatch.undo()


@pytest.mark.keras
def test_that_a_run_goes_back_to_before_a_change_and_on_from_there(ready: MainWindow, qtbot: QtBot) -> None:
    tab, session = ready.training, ready.session
    start = TrainingSettings(hyperparameters=HyperParameters(epochs=LONG, batch_size=16, learning_rate=0.02))
    tab.settings.set_values(start)
    with qtbot.waitSignal(session.epoch_finished, timeout=WAIT_MS):
        tab.run.start_button.click()
    with qtbot.waitSignal(session.settings_applied, timeout=WAIT_MS) as applied:
        editor = tab.hyperparameters.form.editor("learning_rate")
        editor.set_value(0.5)
        editor.value_changed.emit()
    change = applied.args[0].epoch
    with qtbot.waitSignal(session.epoch_finished, timeout=WAIT_MS):
        tab.timeline.table.selectRow(1)
    folder = session.folder
    assert folder is not None
    tab.timeline.undo_button.click()
    question = ready.findChild(QPushButton, "undoToPointYes")
    assert question is not None
    with qtbot.waitSignal(session.started, timeout=WAIT_MS) as started:
        question.click()
    assert (started.args[0].folder, started.args[0].first_epoch) == (folder, change)
    assert [item.revision for item in tab.timeline.revisions] == [0]
    assert tab.settings.values() == start
    with qtbot.waitSignal(session.epoch_finished, timeout=WAIT_MS) as finished:
        pass
    assert finished.args[0].record.learning_rate == pytest.approx(0.02)
    tab.run.stop_button.click()
    qtbot.waitUntil(lambda: not session.is_running, timeout=WAIT_MS)
    files = RunFolder(folder)
    assert [item.revision for item in read_revisions(files.settings_jsonl)] == [0]
    undone = RunFolder(folder / "undone_01")
    assert read_history(undone.history_csv).records[change].learning_rate == pytest.approx(0.5)
    assert any("undone_01" in note.text for note in tab.messages.notes)
