"""A model that holds code is only used if the answer to the question is yes, wherever it was picked."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from aid_desktop.data.normalize import Normalization
from aid_desktop.export.formats import find_format
from aid_desktop.gui import trust_question
from aid_desktop.gui.assess.classify_dialog import ClassifyDialog
from aid_desktop.gui.assess.inference_time_dialog import InferenceTimeDialog
from aid_desktop.gui.assess.tile_map_dialog import TileMapDialog
from aid_desktop.gui.background import Failure
from aid_desktop.gui.export.export_models_dialog import ExportModelsDialog
from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.trust_question import or_ask_for_trust
from aid_desktop.models.metadata import CARD_NAME, ModelCard
from aid_desktop.models.trust import UntrustedCodeError, may_run_code
from aid_desktop.runs.folder import RunFolder
from aid_desktop.settings.image import ImageSettings

CONFIG = '{"class_name": "Sequential", "config": {"layers": [{"class_name": "Lambda", "config": {"name": "cut"}}]}}'
WAIT_MS = 60_000


@pytest.fixture
def with_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the last model of a run folder; it has a card, and is no whole model besides."""
    monkeypatch.setattr("aid_desktop.models.trust.user_config_dir", lambda: tmp_path / "config")
    card = ModelCard(("a", "b"), ImageSettings(width=6, height=6), Normalization("divide_by_255"), "Foreign", 3, 0)
    path = RunFolder(tmp_path / "run").last_model
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", CONFIG)
        archive.writestr(CARD_NAME, json.dumps(card.to_json()))
    return path


def pick_to_assess(window: MainWindow, path: Path) -> QWidget:
    window.assessment.model_row.choose(path)
    return window.assessment.model_row


def pick_to_start_from(window: MainWindow, path: Path) -> QWidget:
    window.training.model.start_from.use(path)
    return window.training.model.start_from


def pick_to_continue(window: MainWindow, path: Path) -> QWidget:
    window.training.continuing.go_on(path.parent)
    return window.training.messages


def pick_to_export(window: MainWindow, path: Path) -> QWidget:
    dialog = ExportModelsDialog([path], window.background, window)
    dialog.formats.tick([find_format("onnx").name])
    dialog.start(path.parents[1] / "out.onnx")
    return dialog


def pick_to_measure(window: MainWindow, path: Path) -> QWidget:
    dialog = InferenceTimeDialog(path, window.background, window)
    dialog.start()
    return dialog


def pick_to_classify(window: MainWindow, path: Path) -> QWidget:
    dialog = ClassifyDialog(path, None, window.background, window._themes, window)
    dialog.files.add([image_beside(path)])
    dialog.target.setText(str(path.parents[1] / "out.csv"))
    dialog.start()
    return dialog


def image_beside(path: Path) -> Path:
    image = path.parents[1] / "image.npy"
    np.save(image, np.zeros((3, 12, 12), np.uint8))
    return image


PLACES = (pick_to_assess, pick_to_start_from, pick_to_continue, pick_to_export, pick_to_measure, pick_to_classify)


def asked(qtbot: QtBot, place: QWidget) -> QMessageBox:
    qtbot.waitUntil(lambda: bool(open_questions(place)), timeout=WAIT_MS)
    (box,) = open_questions(place)
    return box


def open_questions(place: QWidget) -> list[QMessageBox]:
    return [box for box in place.findChildren(QMessageBox, "trustDialog") if box.isVisible()]


@pytest.mark.keras
@pytest.mark.parametrize("pick", PLACES, ids=[pick.__name__ for pick in PLACES])
def test_that_it_is_asked_wherever_a_model_is_picked(
    window: MainWindow, qtbot: QtBot, with_code: Path, pick: Callable[[MainWindow, Path], QWidget]
) -> None:
    place = pick(window, with_code)
    box = asked(qtbot, place)
    assert "last.keras holds code" in box.text()
    assert "Lambda cut" in box.text()
    assert box.defaultButton().objectName() == "doNotTrustButton"
    box.defaultButton().click()
    with pytest.raises(UntrustedCodeError, match="holds code"):
        may_run_code(with_code)
    place = pick(window, with_code)
    next(one for one in asked(qtbot, place).buttons() if one.objectName() == "trustButton").click()
    assert may_run_code(with_code)
    qtbot.waitUntil(lambda: window.background.n_jobs == 0, timeout=WAIT_MS)
    assert open_questions(place) == []


@pytest.mark.keras
def test_that_it_is_asked_for_a_large_image(window: MainWindow, qtbot: QtBot, with_code: Path) -> None:
    dialog = TileMapDialog(with_code, None, window.background, window)
    dialog.choose(image_beside(with_code))
    qtbot.waitUntil(lambda: dialog.start_button.isEnabled(), timeout=WAIT_MS)
    dialog.start()
    assert "last.keras holds code" in asked(qtbot, dialog).text()


def failure_of(path: Path) -> Failure:
    error = UntrustedCodeError(path, ("Lambda cut",))
    return Failure(str(error), error=error)


def test_that_no_and_escape_tell_of_the_failure(parent: QWidget, qtbot: QtBot, with_code: Path) -> None:
    told: list[Failure] = []
    again: list[bool] = []
    handle = or_ask_for_trust(told.append, lambda: again.append(True), parent)
    failure = failure_of(with_code)
    handle(failure)
    assert told == []
    asked(qtbot, parent).defaultButton().click()
    assert told == [failure]
    handle(failure)
    qtbot.keyClick(asked(qtbot, parent), Qt.Key.Key_Escape)
    assert told == [failure, failure]
    handle(failure)
    asked(qtbot, parent).close()
    assert told == [failure, failure, failure]
    assert again == []


def test_that_other_failures_are_told_without_a_question(parent: QWidget) -> None:
    told: list[Failure] = []
    failure = Failure("The disk is full.")
    or_ask_for_trust(told.append, lambda: None, parent)(failure)
    assert told == [failure]
    assert open_questions(parent) == []


def test_that_an_answer_that_cannot_be_kept_is_told(
    parent: QWidget, qtbot: QtBot, with_code: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(trust_question, "trust_code", refuse)
    told: list[Failure] = []
    again: list[bool] = []
    or_ask_for_trust(told.append, lambda: again.append(True), parent)(failure_of(with_code))
    next(one for one in asked(qtbot, parent).buttons() if one.objectName() == "trustButton").click()
    assert [failure.message for failure in told] == [
        "That last.keras is trusted cannot be remembered: Permission denied."
    ]
    assert again == []
