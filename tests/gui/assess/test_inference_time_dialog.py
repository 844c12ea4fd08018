"""The dialog that measures the inference time: start, progress, cancel, table, copy, save."""

import csv
import threading
from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QApplication, QFileDialog, QLabel, QMessageBox, QPushButton, QWidget

from aid_desktop.errors import ModelError
from aid_desktop.gui.assess import inference_time_dialog
from aid_desktop.gui.assess.inference_time_dialog import InferenceTimeDialog, InferenceTimeTool, measure_model
from aid_desktop.gui.background import JobContext
from aid_desktop.gui.widgets.message_strip import Level, Note
from aid_desktop.models.files import save_model
from aid_desktop.models.timing import Timing, TimingChoice, TimingReport

ENGINES = ("ONNX Runtime, 1 thread", "compiled Keras function")


def fake_report(choice: TimingChoice, notes: tuple[str, ...] = ()) -> TimingReport:
    timings = [
        Timing(engine, "cpu", size, np.full(choice.calls, 0.002)) for size in (1, choice.batch) for engine in ENGINES
    ]
    return TimingReport("cat.keras", "a processor, 2 cores", tuple(timings), notes)


@pytest.fixture
def asked(monkeypatch) -> list[tuple[Path, TimingChoice]]:
    """Return what is measured; nothing really is."""
    seen = []

    def measure(path, choice, context):
        seen.append((path, choice))
        context.report(choice.calls, choice.calls)
        return fake_report(choice)

    monkeypatch.setattr(inference_time_dialog, "measure_model", measure)
    return seen


@pytest.fixture
def dialog(qtbot, background, tmp_path) -> InferenceTimeDialog:
    made = InferenceTimeDialog(tmp_path / "cat.keras", background)
    qtbot.addWidget(made)
    made.show()
    return made


def cells(dialog: InferenceTimeDialog) -> list[list[str]]:
    model = dialog.view.model()
    return [
        [model.index(row, column).data() for column in range(model.columnCount())] for row in range(model.rowCount())
    ]


def test_that_the_table_shows_what_was_asked_for(qtbot, dialog, asked, idle):
    assert not dialog.save_button.isEnabled()
    dialog.calls_box.setValue(40)
    dialog.batch_box.setValue(8)
    qtbot.mouseClick(dialog.start_button, Qt.LeftButton)
    assert not dialog.start_button.isEnabled()
    dialog.start()
    idle()
    assert [choice for _, choice in asked] == [TimingChoice(40, 8)]
    assert cells(dialog)[0] == ["ONNX Runtime, 1 thread", "cpu", "1", "40", "2.00", "2.00", "2.00", "500"]
    assert [row[2] for row in cells(dialog)] == ["1", "1", "8", "8"]
    assert dialog.findChild(QLabel, "inferenceTimeMachine").text() == "a processor, 2 cores"
    assert dialog.start_button.isEnabled()
    assert dialog.save_button.isEnabled()


def test_that_the_table_can_be_copied_and_saved(qtbot, dialog, asked, idle, tmp_path, monkeypatch):
    dialog.start()
    idle()
    qtbot.mouseClick(dialog.copy_button, Qt.LeftButton)
    lines = QApplication.clipboard().text().splitlines()
    assert lines[0] == "cat.keras\ta processor, 2 cores"
    assert lines[1].startswith("engine\tdevice\timages")
    assert len(lines) == 6
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "times"), ""))
    qtbot.mouseClick(dialog.save_button, Qt.LeftButton)
    idle()
    with (tmp_path / "times.csv").open(encoding="utf-8", newline="") as file:
        assert [row["engine"] for row in csv.DictReader(file)] == [*ENGINES, *ENGINES]


def test_that_saving_replaces_no_file_that_nobody_was_asked_about(dialog, asked, idle, tmp_path, monkeypatch):
    (tmp_path / "lenet_0.csv").write_text("precious", encoding="utf-8")
    dialog.start()
    idle()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "lenet_0.95"), ""))
    dialog.save()
    idle()
    assert (tmp_path / "lenet_0.csv").read_text(encoding="utf-8") == "precious"
    assert (tmp_path / "lenet_0.95.csv").exists()
    dialog.save()
    idle()
    assert dialog.findChild(QMessageBox, "replaceQuestion") is not None


def test_that_cancelling_shows_nothing(qtbot, dialog, idle, monkeypatch):
    begun = threading.Event()

    def measure(path, choice, context):
        context.report(3, 100)
        begun.set()
        while not context.cancelled:
            threading.Event().wait(0.001)
        return fake_report(choice)

    monkeypatch.setattr(inference_time_dialog, "measure_model", measure)
    dialog.start()
    assert begun.wait(20)
    qtbot.waitUntil(lambda: dialog.findChild(QLabel, "inferenceTimeStatus").text() == "3 of 100 calls")
    qtbot.mouseClick(dialog.findChild(QPushButton, "inferenceTimeCancel"), Qt.LeftButton)
    idle()
    assert dialog.report is None
    assert cells(dialog) == []
    assert dialog.start_button.isEnabled()


def test_that_notes_and_failures_stand_in_the_dialog(qtbot, dialog, idle, monkeypatch):
    monkeypatch.setattr(
        inference_time_dialog, "measure_model", lambda path, choice, context: fake_report(choice, ("one is missing",))
    )
    dialog.start()
    idle()
    assert any(label.text() == "one is missing" for label in dialog.messages.findChildren(QLabel))
    for number in range(3):
        dialog.messages.add(Note(Level.INFO, f"message {number}"))
    hint = next(label for label in dialog.findChildren(QLabel) if label.text().startswith("The time of one call"))
    qtbot.waitUntil(lambda: dialog.view.geometry().bottom() < hint.y())
    assert dialog.view.viewport().height() >= 6 * dialog.view.verticalHeader().defaultSectionSize()

    def fail(path, choice, context):
        raise ModelError("there is no model at cat.keras")

    monkeypatch.setattr(inference_time_dialog, "measure_model", fail)
    dialog.start()
    idle()
    texts = [label.text() for label in dialog.messages.findChildren(QLabel) if label.isVisible()]
    assert any("There is no model at cat.keras" in text for text in texts)
    assert dialog.start_button.isEnabled()


def test_that_the_tab_opens_one_dialog_for_its_model(qtbot, tab, notifier, model_file, idle):
    button = tab.findChild(QPushButton, "inferenceTimeButton")
    qtbot.mouseClick(button, Qt.LeftButton)
    assert tab.model_actions.inference_time.dialog is None
    assert any("No model is chosen" in label.text() for label in tab.messages.findChildren(QLabel))
    notifier.choose_model(model_file)
    idle()
    qtbot.mouseClick(button, Qt.LeftButton)
    first = tab.model_actions.inference_time.dialog
    tab.model_actions.inference_time.open()
    assert first is tab.model_actions.inference_time.dialog is not None
    assert str(model_file) in [label.text().removeprefix("Model: ") for label in first.findChildren(QLabel)]
    first.close()


def test_that_another_model_gets_a_dialog_of_its_own(qtbot, background, tmp_path):
    window, chosen = QWidget(), [tmp_path / "first.keras"]
    qtbot.addWidget(window)
    window.show()
    tool = InferenceTimeTool(lambda: chosen[-1], background, pytest.fail, window)
    tool.open()
    first = tool.dialog
    chosen.append(tmp_path / "second.keras")
    with qtbot.waitSignal(first.destroyed):
        tool.open()
    assert tool.dialog.measured_model == tmp_path / "second.keras"
    tool.dialog.close()


@pytest.mark.keras
def test_that_a_saved_model_is_measured_until_it_is_cancelled(tmp_path, card):
    import keras

    model = keras.Sequential([keras.Input((6, 6, 1)), keras.layers.Flatten(), keras.layers.Dense(2, "softmax")])
    save_model(model, card, tmp_path / "cat.keras")
    told = []
    report = measure_model(tmp_path / "cat.keras", TimingChoice(3, 4), JobContext(lambda *pair: told.append(pair)))
    assert (report.model, {len(one.seconds) for one in report.timings}) == ("cat.keras", {3})
    assert told[-1][0] == told[-1][1] == 3 * len(report.timings)
    context = JobContext(lambda *_: None)
    context.cancel()
    assert measure_model(tmp_path / "cat.keras", TimingChoice(3, 4), context).timings == ()
