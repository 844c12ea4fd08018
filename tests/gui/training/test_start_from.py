"""Starting from a model in the window."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PyQt5.QtWidgets import QCheckBox, QComboBox, QLabel, QWidget
from pytestqt.qtbot import QtBot

from aid_desktop.data.normalize import Normalization
from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.training.start_from import LOCKED_BY_MODEL, StartFrom
from aid_desktop.gui.widgets.tick_dialog import TickDialog
from aid_desktop.models.files import save_model
from aid_desktop.models.metadata import ModelCard, read_card
from aid_desktop.runs.config import ModelChoice
from aid_desktop.settings.image import ImageSettings

pytestmark = pytest.mark.keras

IMAGE = ImageSettings(width=12, height=12, normalization="standardize_each_image")


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that saves a network of dense layers with a card for these classes."""

    def make(*class_names: str, data: tuple[tuple[str, str], ...] = ()) -> Path:
        import keras
        from keras import layers

        n = len(class_names)
        model = keras.Sequential(
            [
                keras.Input((12, 12, 1)),
                layers.Flatten(),
                layers.Dense(4, name="hidden"),
                layers.Dense(n, activation="softmax", name="out"),
            ]
        )
        path = tmp_path / f"{'_'.join(class_names)}.keras"
        normalization = Normalization(IMAGE.normalization)
        save_model(model, ModelCard(class_names, IMAGE, normalization, "MyNet", 3, 0, data=data), path)
        return path

    return make


def part(window: MainWindow) -> StartFrom:
    return window.training.model.start_from


def outcome(window: MainWindow) -> str:
    return str(window.findChild(QLabel, "startFromOutcome").text())


def wait(window: MainWindow, qtbot: QtBot, text: str) -> None:
    """Wait until it is known what will be kept."""
    qtbot.waitUntil(lambda: text in outcome(window), timeout=60_000)


def test_that_a_model_brings_its_image_settings_and_says_what_is_kept(
    ready: MainWindow, qtbot: QtBot, save: Callable[..., Path]
) -> None:
    selector = ready.findChild(QComboBox, "startFromSelector")
    assert [selector.itemData(row) for row in range(selector.count())] == ["new", "continue", "restart"]
    selector.setCurrentIndex(1)
    assert ready.training.model.problem == "Choose a model to start from"
    part(ready).use(save("square", "star"))
    assert "being looked at" in ready.training.model.problem
    wait(ready, qtbot, "square kept; circle new; star dropped")
    assert outcome(ready).startswith("The weights of 1 layer are kept.")
    assert ready.training.model.problem == ""
    assert ready.notifier.image_settings == IMAGE
    form = ready.training.model.form
    assert not form.editor("normalization").editor.isEnabled()
    assert LOCKED_BY_MODEL in form.editor("normalization").toolTip()
    assert form.editor("width").editor.isEnabled()
    assert not ready.findChild(QWidget, "architectureSelector").isVisible()
    config = ready.training.config()
    assert config.model == ModelChoice(start_from=save("square", "star"))
    assert ready.training.new_folder().name.endswith("MyNet")


def test_that_another_size_offers_to_let_layers_begin_anew(
    ready: MainWindow, qtbot: QtBot, save: Callable[..., Path]
) -> None:
    path = save("circle", "square")
    part(ready).use(path)
    wait(ready, qtbot, "The weights of 2 layers are kept.")
    ready.notifier.set_image_settings(replace(IMAGE, width=10))
    wait(ready, qtbot, "The weights of layer hidden belong to images of 12 × 12 pixels")
    assert "hidden" in ready.training.model.problem
    assert not ready.training.run.start_button.isEnabled()
    renew = ready.findChild(QCheckBox, "startFromRenew")
    assert renew.isVisible()
    renew.setChecked(True)
    wait(ready, qtbot, "hidden begins with new weights.")
    assert ready.training.config().model.renew_layers is True
    ready.findChild(QComboBox, "startFromSelector").setCurrentIndex(2)
    wait(ready, qtbot, "Only the architecture is used")
    assert ready.training.config().model.mode == "restart"
    assert ready.training.model.form.editor("normalization").editor.isEnabled()


def test_that_layers_to_tick_are_those_of_the_model(ready: MainWindow, qtbot: QtBot, save: Callable[..., Path]) -> None:
    part(ready).use(save("circle", "square"))
    wait(ready, qtbot, "are kept")
    ready.training.layer_names.ask()
    qtbot.waitUntil(lambda: ready.findChild(TickDialog, "layerDialog") is not None, timeout=60_000)
    dialog = ready.findChild(TickDialog, "layerDialog")
    assert dialog.ticked() == ("hidden", "out")
    dialog.reject()


def test_that_images_that_a_model_knows_are_told(ready: MainWindow, qtbot: QtBot, save: Callable[..., Path]) -> None:
    rows = [row for row in ready.notifier.table.rows if row.role != "training"]
    part(ready).use(save("circle", "square", data=tuple((row.source.path.name, row.source.digest) for row in rows)))
    wait(ready, qtbot, "are kept")
    assert f"trained on {rows[0].source.n_images} of the {rows[0].source.n_images} images" in outcome(ready)


def test_that_a_run_from_a_model_trains_and_a_session_shows_it_again(
    ready: MainWindow, qtbot: QtBot, save: Callable[..., Path]
) -> None:
    path = save("circle", "square")
    part(ready).use(path)
    wait(ready, qtbot, "are kept")
    settings = ready.training.all_settings.values()
    ready.training.settings.set_values(settings.training.with_hyperparameters(epochs=1))
    with qtbot.waitSignal(ready.session.finished, timeout=60_000) as caught:
        ready.training.start()
    assert read_card(caught.args[0].best_model).architecture == "MyNet"
    assert "The weights of 2 layers are kept." in ready.training.log.toPlainText()
    part(ready).show_choice(None)
    assert ready.training.config().model.architecture == "MLP_8_8_8"
    assert ready.training.all_settings.change(settings, "Open a session") == ()
    wait(ready, qtbot, "are kept")
    assert ready.training.config().model == ModelChoice(start_from=path)
    ready.training.undo.stack.undo()
    assert ready.training.config().model.architecture == "MLP_8_8_8"


def test_that_a_file_that_is_no_model_is_told(ready: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "no.keras"
    path.write_text("nothing", encoding="utf-8")
    part(ready).use(path)
    wait(ready, qtbot, "no.keras is not a model")
    assert "no.keras" in ready.training.model.problem


def test_that_history_starts_a_run_from_an_epoch(ready: MainWindow, qtbot: QtBot, save: Callable[..., Path]) -> None:
    ready.history.epoch.train_requested.emit(save("circle", "square"))
    assert ready.tabs.currentWidget() is ready.training
    wait(ready, qtbot, "are kept")
    assert part(ready).goes_on
