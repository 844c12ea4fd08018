"""The form of the Learning tab."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtWidgets import QLabel, QSpinBox
from pytestqt.qtbot import QtBot

from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.theme import ThemeManager
from aid_desktop.gui.training.hyperparameter_panel import HyperparameterPanel
from aid_desktop.gui.widgets.class_weights_editor import ClassWeightsDialog
from aid_desktop.gui.widgets.tick_dialog import TickDialog
from aid_desktop.runs.records import EpochRecord
from aid_desktop.settings.hyperparameters import OPTIMIZERS_WITH, SCHEDULES_WITH, HyperParameters
from aid_desktop.settings.image import ImageSettings
from aid_desktop.training.events import EpochFinished


@pytest.fixture
def panel(themes: ThemeManager, qtbot: QtBot) -> HyperparameterPanel:
    panel = HyperparameterPanel(Notifier(), themes)
    qtbot.addWidget(panel)
    return panel


@pytest.mark.parametrize(
    ("optimizer", "expected"),
    [
        ("sgd", {"momentum", "nesterov"}),
        ("adam", {"beta_1", "beta_2"}),
        ("rmsprop", {"momentum", "rho"}),
        ("adagrad", set()),
    ],
)
def test_that_only_parameters_of_the_chosen_optimizer_are_shown(
    panel: HyperparameterPanel, optimizer: str, expected: set[str]
) -> None:
    panel.form.set_values(HyperParameters(optimizer=optimizer))
    assert {name for name in OPTIMIZERS_WITH if not panel.form.editor(name).isHidden()} == expected


@pytest.mark.parametrize(
    ("schedule", "shape", "expected"),
    [
        ("constant", "triangular", set()),
        ("cosine", "triangular", {"schedule_epochs", "schedule_low"}),
        ("cyclic", "triangular", {"schedule_epochs", "schedule_low", "schedule_shape"}),
        ("cyclic", "exp_range", set(SCHEDULES_WITH)),
    ],
)
def test_that_only_parameters_of_the_chosen_schedule_are_shown(
    panel: HyperparameterPanel, schedule: str, shape: str, expected: set[str]
) -> None:
    panel.form.set_values(HyperParameters(schedule=schedule, schedule_shape=shape))
    assert {name for name in SCHEDULES_WITH if not panel.form.editor(name).isHidden()} == expected


def test_that_a_schedule_is_plotted_before_it_is_used(panel: HyperparameterPanel) -> None:
    assert panel.schedule.isHidden()
    panel.form.set_values(HyperParameters(schedule="exponential", epochs=20, schedule_epochs=5))
    assert not panel.schedule.isHidden()
    epochs, rates = panel.schedule.curve.getData()
    assert (epochs[0], rates[0]) == (0, 0.001)
    assert epochs[-1] == pytest.approx(20, abs=0.1)
    assert np.interp(10, epochs, rates) == pytest.approx(0.00025)
    box = panel.findChild(QSpinBox, "training.epochs")
    box.setValue(9000)
    assert len(panel.schedule.curve.getData()[0]) <= 4000
    panel.form.set_values(HyperParameters(schedule="reduce_on_plateau"))
    assert panel.schedule.frame.isHidden()
    assert not panel.schedule.note.isHidden()


@pytest.mark.keras
def test_that_the_layers_of_the_chosen_network_are_offered(window: MainWindow, qtbot: QtBot) -> None:
    window.notifier.set_image_settings(ImageSettings(width=16, height=16))
    window.training.model.choose("MLP_8_8_8")
    editor = window.training.layer_names._editor
    qtbot.waitUntil(lambda: window.training.model.zoo is not None)
    editor.names_wanted.emit()
    qtbot.waitUntil(lambda: window.findChild(TickDialog, "layerDialog") is not None, timeout=60_000)
    dialog = window.findChild(TickDialog, "layerDialog")
    assert len(dialog.ticked()) == 4
    dialog.reject()


def test_that_a_list_that_cannot_be_read_is_told(window: MainWindow, tmp_path: Path) -> None:
    window.notifier.set_image_settings(ImageSettings(width=4, height=4))
    window.training.model.choose("LeNet5_do")
    window.training.layer_names.ask()
    assert "16 × 16" in window.training.messages.notes[-1].text


def test_that_weights_are_asked_for_with_the_images_of_the_table(
    window: MainWindow, drop: Callable[..., None], tiny_folders: Path, qtbot: QtBot
) -> None:
    panel = window.training.hyperparameters
    field = panel.form.editor("class_weights")
    panel._weights.counts_wanted.emit()
    assert "no training images yet" in field.error
    with qtbot.waitSignal(window.notifier.table_changed, timeout=30_000):
        drop(window, [tiny_folders])
    panel._weights.counts_wanted.emit()
    dialog = window.findChild(ClassWeightsDialog)
    assert dialog is not None
    assert dialog.weights() == (("circle", 1.0), ("square", 1.0))
    dialog.reject()


def test_that_the_size_of_saved_models_is_told(panel: HyperparameterPanel) -> None:
    record = EpochRecord(0, 0, 0.1, (), 1.0, "m.keras")
    panel.show_saved(EpochFinished(record, 5, (), 1, 1_234_567))
    assert panel.findChild(QLabel, "savedModels").text() == "1 model saved: 1.2 MB"
    panel.show_saved(EpochFinished(record, 5, (), 1200, 45_600_000))
    assert panel.findChild(QLabel, "savedModels").text() == "1\N{NO-BREAK SPACE}200 models saved: 46 MB"
