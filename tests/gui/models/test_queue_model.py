from dataclasses import replace
from pathlib import Path

from PyQt5.QtCore import Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from aid_desktop.data.class_table import Role
from aid_desktop.gui.models.comparison_model import ComparisonModel
from aid_desktop.gui.models.queue_model import EntryState, QueueColumn, QueueEntry, QueueModel
from aid_desktop.runs.comparison_table import TextTable
from aid_desktop.runs.config import DataRow, ModelChoice, RunConfig
from aid_desktop.runs.series import SeriesChoice, plan_runs
from aid_desktop.settings.image import ImageSettings

CONFIG = RunConfig(ImageSettings(), ModelChoice("A"), data=(DataRow(Path("a.rtdc"), "a", Role.TRAINING),), seed=7)


def entries() -> tuple[QueueEntry, ...]:
    runs = plan_runs(CONFIG, SeriesChoice(folds=3))
    return tuple(QueueEntry(number, run, Path("model_zoo.py")) for number, run in enumerate(runs, start=1))


def test_that_the_queue_keeps_qts_rules(qtmodeltester: ModelTester) -> None:
    model = QueueModel()
    qtmodeltester.check(model)
    model.set_entries(entries())
    qtmodeltester.check(model)
    first = [model.index(0, column).data() for column in QueueColumn]
    assert first == ["waiting", "1_A_fold1of3", "A", "7", "1 of 3"]
    titles = [model.headerData(column, Qt.Orientation.Horizontal) for column in QueueColumn]
    assert titles == ["state", "run", "architecture", "seed", "fold"]


def test_that_a_change_of_one_run_keeps_the_others_as_they_are(qtbot: QtBot) -> None:
    model, one = QueueModel(), entries()
    model.set_entries(one)
    resets: list[object] = []
    model.modelReset.connect(lambda: resets.append(1))
    training = replace(one[1], state=EntryState.TRAINING, epoch=3, epochs=20, best=0.9312)
    with qtbot.waitSignal(model.dataChanged) as changed:
        model.set_entries((one[0], training, one[2]))
    assert (changed.args[0].row(), changed.args[1].row()) == (1, 1)
    assert model.index(1, QueueColumn.STATE).data() == "epoch 3 of 20, best 0.931"
    assert resets == []
    model.set_entries((one[0], one[2], training))
    assert resets == [1]
    assert model.entry(2) is training


def test_that_each_state_is_told_in_words() -> None:
    entry = entries()[0]
    texts = [
        replace(entry, state=EntryState.TRAINING).state_text,
        replace(entry, state=EntryState.STOPPED, epoch=4, epochs=9, best=0.5).state_text,
        replace(entry, state=EntryState.FAILED, message="the disk is full").state_text,
    ]
    assert texts == ["preparing", "stopped after 4 epochs, best 0.500", "failed: the disk is full"]


def test_that_a_comparison_keeps_qts_rules(qtmodeltester: ModelTester) -> None:
    model = ComparisonModel(TextTable(("architecture", "val_accuracy"), (("A", "0.9"),), 1))
    qtmodeltester.check(model)
    assert model.headerData(1, Qt.Orientation.Horizontal) == "validation accuracy"
    alignments = [model.index(0, column).data(Qt.ItemDataRole.TextAlignmentRole) for column in (0, 1)]
    sides = (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight)
    assert alignments == [int(side | Qt.AlignmentFlag.AlignVCenter) for side in sides]
    model.set_table(TextTable(("a",), (), 1))
    assert (model.rowCount(), model.columnCount()) == (0, 1)
