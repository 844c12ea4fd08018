"""Exporting models in the window: choices, place, proof, refusals."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QFileDialog, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from aid_desktop.data.normalize import Normalization
from aid_desktop.export.exporter import Check, Package
from aid_desktop.export.onnx_file import ONNX
from aid_desktop.gui.background import Background
from aid_desktop.gui.export import format_list
from aid_desktop.gui.export.export_models_dialog import ExportModelsDialog
from aid_desktop.gui.export.export_tool import ExportTool
from aid_desktop.gui.export.format_list import about
from aid_desktop.models.files import save_model
from aid_desktop.models.metadata import ModelCard
from aid_desktop.settings.image import ImageSettings

pytestmark = pytest.mark.keras


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a small network."""
    import keras

    keras.utils.set_random_seed(1)
    network = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(2, activation="softmax")]
    )
    card = ModelCard(("cat", "dog"), ImageSettings(width=8, height=8), Normalization("divide_by_255"), "tiny", 0, 0)
    path = tmp_path_factory.mktemp("model") / "tiny.keras"
    save_model(network, card, path)
    return path


@pytest.fixture
def background(qtbot: QtBot) -> Iterator[Background]:
    made = Background()
    yield made
    made.shut_down()


@pytest.fixture
def dialog(qtbot: QtBot, background: Background, model: Path) -> ExportModelsDialog:
    made = ExportModelsDialog([model], background)
    qtbot.addWidget(made)
    made.show()
    return made


def wait(qtbot: QtBot, dialog: ExportModelsDialog) -> None:
    qtbot.waitUntil(lambda: dialog.work.job is None, timeout=60_000)


def press(qtbot: QtBot, dialog: ExportModelsDialog, name: str) -> None:
    qtbot.mouseClick(dialog.findChild(QPushButton, name), Qt.LeftButton)


def wrong_format() -> object:
    def wrong(path: Path, inputs: object) -> np.ndarray:
        return np.eye(2, dtype=np.float32)[np.arange(64) % 2]

    return replace(ONNX, checks=(Check("Wrong runtime", Package("numpy", "numpy"), wrong),))


def test_that_one_model_in_one_format_goes_into_a_file(
    qtbot: QtBot, dialog: ExportModelsDialog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "mine"), ""))
    dialog.formats.tick(["onnx"])
    press(qtbot, dialog, "exportStart")
    wait(qtbot, dialog)
    assert (tmp_path / "mine.onnx").is_file()
    assert dialog.results.item(0, 1).text() == "ONNX"
    assert "ONNX Runtime" in dialog.results.item(0, 2).text()
    assert "largest difference to Keras" in dialog.results.item(0, 2).text()
    assert dialog.open_button.isVisible()
    assert not dialog.force_button.isVisible()


def test_that_several_formats_go_into_a_folder_and_choices_are_remembered(
    qtbot: QtBot, dialog: ExportModelsDialog, background: Background, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    dialog.formats.tick(["onnx", "keras"])
    dialog.raw_box.setChecked(True)
    press(qtbot, dialog, "exportStart")
    wait(qtbot, dialog)
    assert (tmp_path / "tiny_onnx" / "tiny.onnx").is_file()
    report = json.loads((tmp_path / "tiny_keras" / "export_report.json").read_text(encoding="utf-8"))
    assert report["preprocessing_included"] is True
    later = ExportModelsDialog([], background)
    qtbot.addWidget(later)
    assert [target.name for target in later.formats.ticked] == ["onnx", "keras"]
    assert later.raw_box.isChecked()


def test_that_files_in_a_folder_are_replaced_only_when_the_user_says_so(
    qtbot: QtBot, dialog: ExportModelsDialog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    there = tmp_path / "tiny_onnx" / "tiny.onnx"
    there.parent.mkdir()
    there.write_bytes(b"of somebody")
    dialog.formats.tick(["onnx", "keras"])
    press(qtbot, dialog, "exportStart")
    question = dialog.findChild(QMessageBox, "replaceExportsQuestion")
    assert question.text() == "One of the files is there already."
    assert "tiny.onnx" in question.informativeText()
    qtbot.mouseClick(question.findChild(QPushButton, "replaceExportsNo"), Qt.LeftButton)
    assert dialog.work.job is None
    press(qtbot, dialog, "exportStart")
    question = dialog.findChild(QMessageBox, "replaceExportsQuestion")
    qtbot.mouseClick(question.findChild(QPushButton, "replaceExportsYes"), Qt.LeftButton)
    wait(qtbot, dialog)
    assert there.read_bytes() != b"of somebody"


def test_that_the_dialog_stays_open_while_it_exports(qtbot: QtBot, dialog: ExportModelsDialog, tmp_path: Path) -> None:
    dialog.formats.tick(["onnx"])
    dialog.start(tmp_path / "net.onnx")
    dialog.reject()
    assert dialog.isVisible()
    assert "press Cancel first" in dialog.messages.notes[-1].text
    wait(qtbot, dialog)
    dialog.reject()
    assert not dialog.isVisible()


def test_that_a_refused_file_is_written_only_when_the_user_insists(
    qtbot: QtBot, background: Background, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(format_list, "FORMATS", (wrong_format(),))
    dialog = ExportModelsDialog([model], background)
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.formats.tick(["onnx"])
    dialog.start(tmp_path / "net.onnx")
    wait(qtbot, dialog)
    assert not (tmp_path / "net.onnx").exists()
    assert "computes other numbers than Keras" in dialog.results.item(0, 2).text()
    press(qtbot, dialog, "exportForce")
    question = dialog.findChild(QMessageBox, "forceExportQuestion")
    qtbot.mouseClick(question.findChild(QPushButton, "forceExportYes"), Qt.LeftButton)
    wait(qtbot, dialog)
    assert (tmp_path / "net.onnx").is_file()
    assert "because it was forced" in dialog.results.item(0, 2).text()
    assert dialog.results.rowCount() == 1
    assert not dialog.force_button.isVisible()


def test_that_what_cannot_be_exported_is_told_in_plain_words(
    qtbot: QtBot, dialog: ExportModelsDialog, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.keras"
    broken.write_bytes(b"no model")
    dialog.models.add([broken])
    dialog.formats.tick(["onnx"])
    dialog.start(tmp_path / "out")
    wait(qtbot, dialog)
    assert "broken.keras" in dialog.results.item(1, 2).text()
    assert dialog.messages.notes[0].text == "1 of 2 files not exported, see below."
    assert not (tmp_path / "out" / "broken_onnx").exists()


def test_that_export_needs_a_model_and_a_format(dialog: ExportModelsDialog) -> None:
    dialog.formats.tick([])
    assert not dialog.start_button.isEnabled()
    dialog.formats.tick(["onnx"])
    assert dialog.start_button.isEnabled()
    dialog.models.list.selectAll()
    dialog.models.remove_chosen()
    assert not dialog.start_button.isEnabled()


def test_that_a_stop_is_told(qtbot: QtBot, dialog: ExportModelsDialog, tmp_path: Path) -> None:
    dialog.formats.tick(["onnx"])
    dialog.start(tmp_path / "net.onnx")
    dialog.work.cancel()
    wait(qtbot, dialog)
    assert dialog.messages.notes[0].text.startswith("Stopped.")


def test_that_a_format_says_what_it_lacks(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = replace(ONNX, needs=(Package("no_such_module", "no-such-package"),))
    assert "pip install no-such-package" in about(lacking)
    monkeypatch.setattr(format_list, "FORMATS", (lacking,))
    formats = format_list.FormatList()
    qtbot.addWidget(formats)
    formats.tick(["onnx"])
    assert formats.ticked == ()
    assert "needs no-such-package" in formats.list.item(0).text()


def test_that_asking_again_adds_the_model_to_the_open_dialog(
    qtbot: QtBot, background: Background, model: Path, tmp_path: Path
) -> None:
    from PyQt5.QtWidgets import QWidget

    window = QWidget()
    qtbot.addWidget(window)
    tool = ExportTool(background, window)
    tool.ask(model)
    tool.ask(tmp_path)
    assert tool.dialog is not None
    assert tool.dialog.models.paths == (model, tmp_path)
    tool.dialog.close()
