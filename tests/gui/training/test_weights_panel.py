"""What a pretrained network begins with, in the real window."""

import hashlib
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QComboBox, QFileDialog, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.qt import required
from aid_desktop.gui.training.series_dialog import PlannedSeries, SeriesDialog
from aid_desktop.models.backbones import BACKBONES, Backbone
from aid_desktop.runs.config import ModelChoice
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.pretrained import FINE_TUNING


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return Keras' folder of models for this test."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras" / "models"


@pytest.fixture
def chosen(home: Path, ready: MainWindow) -> MainWindow:
    """The window with MobileNetV2 chosen, whose weights are not here."""
    ready.notifier.set_image_settings(ImageSettings(width=32, height=32))
    ready.training.model.choose("mobilenet_v2")
    return ready


def button(window: MainWindow, name: str) -> QPushButton:
    found = window.findChild(QPushButton, name)
    assert found is not None
    return found


def select(window: MainWindow, row: int) -> None:
    selector = window.findChild(QComboBox, "weightsSelector")
    assert selector is not None
    selector.setCurrentIndex(row)
    selector.activated[int].emit(row)


def test_that_only_pretrained_networks_have_a_choice_of_weights(ready: MainWindow, home: Path) -> None:
    model = ready.training.model
    assert model.weights.isHidden()
    assert model.choice == ModelChoice("MLP_8_8_8")
    ready.notifier.set_image_settings(ImageSettings(width=32, height=32))
    model.choose("vgg16")
    assert not model.weights.isHidden()
    assert model.choice == ModelChoice("vgg16", weights="imagenet")


def test_that_missing_weights_keep_a_run_from_starting_and_random_ones_do_not(chosen: MainWindow) -> None:
    model = chosen.training.model
    assert "mobilenet_v2 are not on this computer: download them" in model.problem
    assert model.misfit == ""
    assert button(chosen, "fineTuningButton").isVisibleTo(model)
    assert button(chosen, "downloadWeightsButton").isVisibleTo(model)
    select(chosen, 2)
    assert model.problem == ""
    assert not button(chosen, "downloadWeightsButton").isVisibleTo(model)
    assert not button(chosen, "fineTuningButton").isVisibleTo(model)
    assert chosen.training.config().model == ModelChoice("mobilenet_v2", weights="none")


def test_that_another_form_of_images_is_refused(chosen: MainWindow) -> None:
    select(chosen, 2)
    chosen.notifier.set_image_settings(ImageSettings(width=32, height=32, normalization="none"))
    assert "choose divide by 255" in chosen.training.model.problem
    chosen.notifier.set_image_settings(ImageSettings(width=31, height=32))
    assert "at least 32 × 32 px" in chosen.training.model.problem


def test_that_a_file_can_be_chosen_and_a_dialog_that_is_left_changes_nothing(
    chosen: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, path = chosen.training.model, tmp_path / "own.weights.h5"
    path.touch()
    answers = ["", str(path)]
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (answers.pop(0), ""))
    select(chosen, 1)
    assert model.choice.weights == "imagenet"
    select(chosen, 1)
    assert model.choice.weights == path
    assert model.problem == ""
    path.unlink()
    select(chosen, 2)
    model.show_choice(ModelChoice("mobilenet_v2", weights=path))
    assert "There is no file" in model.problem


def test_that_nothing_is_downloaded_until_the_user_agrees(
    chosen: MainWindow, tmp_path: Path, home: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"weights" * 1000
    (tmp_path / "w.h5").write_bytes(content)
    offered = Backbone((tmp_path / "w.h5").as_uri(), "w.h5", hashlib.md5(content).hexdigest(), 2_257_984)
    monkeypatch.setitem(BACKBONES, "MobileNetV2", offered)
    asked: list[str] = []
    opened = urllib.request.urlopen

    def urlopen(url: str, **words: Any) -> Any:
        asked.append(url)
        return opened(url, **words)

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    button(chosen, "downloadWeightsButton").click()
    question = chosen.findChild(QMessageBox, "downloadWeightsQuestion")
    assert question is not None
    assert "mobilenet_v2, about 9 MB" in question.text()
    assert offered.url in question.informativeText()
    assert str(home) in question.informativeText()
    assert asked == []
    with qtbot.waitSignal(chosen.training.model.weights.changed, timeout=20_000):
        button(chosen, "downloadWeightsYes").click()
        assert not button(chosen, "downloadWeightsButton").isEnabled()
        qtbot.waitUntil(lambda: (home / "w.h5").is_file(), timeout=20_000)
    qtbot.waitUntil(lambda: bool(chosen.training.messages.notes), timeout=20_000)
    assert chosen.training.model.problem == ""
    assert asked == [offered.url]
    assert str(home / "w.h5") in chosen.training.messages.notes[-1].text


def test_that_a_download_that_fails_is_told_and_can_be_tried_again(
    chosen: MainWindow, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BACKBONES, "MobileNetV2", Backbone((tmp_path / "gone.h5").as_uri(), "w.h5", "", 9))
    button(chosen, "downloadWeightsButton").click()
    button(chosen, "downloadWeightsYes").click()
    qtbot.waitUntil(lambda: bool(chosen.training.messages.notes), timeout=20_000)
    assert "could not be downloaded" in chosen.training.messages.notes[-1].text
    qtbot.waitUntil(button(chosen, "downloadWeightsButton").isEnabled, timeout=20_000)


def test_that_the_fine_tuning_plan_is_filled_in_told_and_undone(chosen: MainWindow, qtbot: QtBot) -> None:
    before, n_steps = chosen.training.settings.values().hyperparameters, chosen.training.undo.stack.count()
    button(chosen, "fineTuningButton").click()
    after = chosen.training.settings.values().hyperparameters
    assert {name: getattr(after, name) for name in FINE_TUNING} == dict(FINE_TUNING)
    assert "only the last layer learns at first" in chosen.training.messages.notes[-1].text
    qtbot.waitUntil(lambda: chosen.training.undo.stack.count() > n_steps)
    chosen.training.undo.stack.undo()
    assert chosen.training.settings.values().hyperparameters == before


def test_that_sessions_and_runs_show_their_weights_again(chosen: MainWindow, tmp_path: Path) -> None:
    select(chosen, 2)
    settings = chosen.training.all_settings.values()
    assert settings.model == ModelChoice("mobilenet_v2", weights="none")
    chosen.training.model.choose("LeNet5_do")
    select(chosen, 0)
    assert chosen.training.all_settings.change(settings, "Open a session") == ()
    assert chosen.training.model.choice == settings.model


def test_that_showing_a_model_to_start_from_leaves_the_weights_of_the_architecture(
    chosen: MainWindow, tmp_path: Path
) -> None:
    select(chosen, 2)
    model = chosen.training.model
    for choice in (ModelChoice(start_from=tmp_path / "m.keras"), ModelChoice("LeNet5_do")):
        model.show_choice(choice)
    model.start_from.show_choice(None)
    model.choose("mobilenet_v2")
    assert model.choice == ModelChoice("mobilenet_v2", weights="none")


def test_that_a_file_of_weights_stays_with_its_architecture(chosen: MainWindow, tmp_path: Path) -> None:
    model, path = chosen.training.model, tmp_path / "own.weights.h5"
    path.touch()
    model.show_choice(ModelChoice("mobilenet_v2", weights=path))
    model.choose("LeNet5_do")
    model.choose("mobilenet_v2")
    assert model.choice.weights == path
    model.choose("vgg16")
    assert model.choice == ModelChoice("vgg16", weights="imagenet")
    selector = chosen.findChild(QComboBox, "weightsSelector")
    assert selector is not None
    assert selector.currentData() == "imagenet"


def test_that_only_runs_that_can_begin_are_offered_as_several(chosen: MainWindow, home: Path, tmp_path: Path) -> None:
    def offered() -> dict[str, tuple[bool, str]]:
        select(chosen, 2)
        button(chosen, "severalRunsButton").click()
        dialog = chosen.findChildren(SeriesDialog)[-1]
        box = dialog.architectures
        items = [required(box.item(row)) for row in range(box.count())]
        dialog.reject()
        return {one.text(): (bool(one.flags() & Qt.ItemFlag.ItemIsEnabled), one.toolTip()) for one in items}

    # Random weights need no file, whatever the architecture.
    assert offered()["vgg16"][0]
    chosen.training.model.choose("LeNet5_do")
    is_offered, reason = offered()["mobilenet_v2"]
    assert (is_offered, "not on this computer" in reason) == (False, True)
    chosen.notifier.set_image_settings(ImageSettings(width=32, height=32, normalization="none"))
    is_offered, reason = offered()["mobilenet_v2"]
    assert (is_offered, "choose divide by 255" in reason) == (False, True)
    assert offered()["LeNet5_do"][0]


def test_that_several_runs_can_start_from_a_model(chosen: MainWindow, tmp_path: Path) -> None:
    config = replace(chosen.training.config(), model=ModelChoice(start_from=tmp_path / "m.keras"))
    dialog = SeriesDialog(config, chosen.training.model.architectures, lambda has_split: [], chosen)
    assert dialog.text == "Started from the model m.keras: 1 run."
    assert dialog.train_button.isEnabled()
    dialog.repetitions.setValue(2)
    assert dialog.text.startswith("Started from the model m.keras × 2 seeds")
    planned: list[PlannedSeries] = []
    dialog.planned.connect(planned.append)
    dialog.train_button.click()
    assert [run.config.model.start_from for run in planned[0].runs] == [tmp_path / "m.keras"] * 2
