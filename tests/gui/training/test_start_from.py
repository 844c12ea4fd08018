"""Starting from a model in the window."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PyQt5.QtWidgets import QCheckBox, QComboBox, QFileDialog, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from aid_desktop.data.normalize import Normalization
from aid_desktop.gui.image_settings_form import LOCKED_BY_MODEL
from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.training import origins
from aid_desktop.gui.training.origins import Wish
from aid_desktop.gui.training.session import TrainingSession
from aid_desktop.gui.training.start_from import StartFrom
from aid_desktop.gui.widgets.tick_dialog import TickDialog
from aid_desktop.models.files import save_model
from aid_desktop.models.metadata import ModelCard, read_card
from aid_desktop.models.seeding import making_network
from aid_desktop.runs.config import ModelChoice
from aid_desktop.settings.image import ImageSettings
from aid_desktop.training.origin import Origin

pytestmark = pytest.mark.keras

IMAGE = ImageSettings(width=12, height=12, normalization="standardize_each_image")


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that saves a network of dense layers with a card for these classes."""

    def make(*class_names: str, data: tuple[tuple[str, str], ...] = (), image: ImageSettings = IMAGE) -> Path:
        import keras
        from keras import layers

        n = len(class_names)
        model = keras.Sequential(
            [
                keras.Input(image.input_shape),
                layers.Flatten(),
                layers.Dense(4, name="hidden"),
                layers.Dense(n, activation="softmax", name="out"),
            ]
        )
        path = tmp_path / f"{'_'.join(class_names)}{image.normalization if image != IMAGE else ''}.keras"
        normalization = Normalization(image.normalization)
        save_model(model, ModelCard(class_names, image, normalization, "MyNet", 3, 0, data=data), path)
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
    there = ready.data.image_form.form
    assert not there.editor("channels").editor.isEnabled()
    assert LOCKED_BY_MODEL in there.editor("channels").toolTip()
    assert there.editor("width").editor.isEnabled()
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
    assert "choose that size, tick “Let layers that do not fit begin anew”, or start from" in outcome(ready)
    assert "=" not in outcome(ready)
    assert (
        ready.findChild(QLabel, "startProblems").text() == "The model to start from cannot be used as it is: see Model"
    )
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
    with making_network():
        ready.training.layer_names.ask()
        qtbot.wait(500)
        assert ready.background.n_jobs == 1
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
    qtbot.waitUntil(lambda: not ready.session.is_running)
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


OTHER = ImageSettings(width=12, height=12, normalization="divide_by_255")
LEGACY = Path(__file__).parents[2] / "models" / "legacy_files"


def settle(window: MainWindow, qtbot: QtBot) -> None:
    """Wait until nothing is read or looked at any more."""
    qtbot.waitUntil(lambda: "being looked at" not in window.training.model.start_from.problem, timeout=60_000)


def activate(window: MainWindow, row: int) -> None:
    """Choose how to start as a user does."""
    selector = window.findChild(QComboBox, "startFromSelector")
    selector.setCurrentIndex(row)
    selector.activated[int].emit(row)


def type_path(window: MainWindow, text: str) -> None:
    edit = window.findChild(QLineEdit, "startFromPath")
    edit.setText(text)
    edit.editingFinished.emit()


def test_that_showing_a_choice_takes_no_settings_of_a_model_chosen_earlier(
    ready: MainWindow, qtbot: QtBot, save: Callable[..., Path]
) -> None:
    first, second = save("circle", "square"), save("circle", "square", image=OTHER)
    part(ready).use(second)
    wait(ready, qtbot, "are kept")
    session = ready.training.all_settings.values()
    part(ready).use(first)
    wait(ready, qtbot, "are kept")
    part(ready).show_choice(None)
    ready.training.all_settings.change(session, "Open a session")
    wait(ready, qtbot, "are kept")
    assert ready.notifier.image_settings == OTHER
    assert ready.training.config().model.start_from == second
    # A user who comes back to the model wants what its weights mean.
    activate(ready, 0)
    ready.notifier.set_image_settings(replace(OTHER, normalization="none"))
    activate(ready, 1)
    assert ready.notifier.image_settings == OTHER


def test_that_no_network_is_made_while_others_make_one_or_a_run_has_begun(
    ready: MainWindow, qtbot: QtBot, save: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Wish] = []
    monkeypatch.setattr(origins, "fitted", lambda wish: made.append(wish) or (None, Origin("MyNet")))
    with making_network():
        part(ready).use(save("circle", "square"))
        qtbot.waitUntil(lambda: ready.background.n_jobs == 1 and part(ready).wish is not None, timeout=60_000)
        qtbot.wait(500)
        assert made == []
        monkeypatch.setattr(TrainingSession, "is_running", True)
    qtbot.waitUntil(lambda: not ready.background.n_jobs, timeout=60_000)
    assert made == []
    monkeypatch.setattr(TrainingSession, "is_running", False)
    part(ready).set_locked(None)
    qtbot.waitUntil(lambda: len(made) == 1, timeout=60_000)


@pytest.mark.parametrize("name", ["skip.arch", "skip.model"])
def test_that_an_architecture_of_aideveloper_is_enough_to_restart(
    ready: MainWindow, qtbot: QtBot, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes((LEGACY / name).read_bytes())
    part(ready).use(path)
    settle(ready, qtbot)
    assert part(ready).problem != ""
    activate(ready, 2)
    wait(ready, qtbot, "Only the architecture is used")
    assert part(ready).problem == ""
    assert ready.training.config().model == ModelChoice(start_from=path, mode="restart")


def test_that_the_dialog_offers_architectures_where_no_weights_are_wanted(
    ready: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *words: (asked.append(words[3]), ("", ""))[1])
    for row in (1, 2):
        activate(ready, row)
        ready.findChild(QPushButton, "startFromBrowseButton").click()
    assert ["*.arch" in text for text in asked] == [False, True]


def test_that_an_emptied_field_means_no_model(ready: MainWindow, qtbot: QtBot, save: Callable[..., Path]) -> None:
    part(ready).use(save("circle", "square"))
    wait(ready, qtbot, "are kept")
    type_path(ready, " ")
    assert ready.training.model.problem == "Choose a model to start from"
    assert part(ready).choice is None
    assert not ready.training.run.start_button.isEnabled()
    type_path(ready, str(save("circle", "square")))
    wait(ready, qtbot, "are kept")


def test_that_the_home_folder_can_be_typed_as_a_tilde(
    ready: MainWindow, qtbot: QtBot, save: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save("circle", "square")
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(path.parent))
    activate(ready, 1)
    type_path(ready, f"~/{path.name}")
    wait(ready, qtbot, "are kept")
    assert ready.training.config().model.start_from == path


def test_that_a_model_can_be_dropped(
    ready: MainWindow, qtbot: QtBot, save: Callable[..., Path], drop: Callable[..., None]
) -> None:
    path = save("circle", "square")
    drop(part(ready), [path])
    wait(ready, qtbot, "are kept")
    edit = ready.findChild(QLineEdit, "startFromPath")
    assert edit.text() == str(path)
    assert not edit.acceptDrops()
    drop(part(ready), [LEGACY / "skip.arch"])
    wait(ready, qtbot, "Only the architecture is used")


def test_that_what_is_locked_has_no_problem(ready: MainWindow, qtbot: QtBot, save: Callable[..., Path]) -> None:
    ready.notifier.set_image_settings(IMAGE)
    part(ready).show_choice(ModelChoice(start_from=save("circle", "square")))
    assert "being looked at" in ready.training.model.problem
    ready.training.model.set_locked(True)
    assert ready.training.model.problem == ""
    qtbot.waitUntil(lambda: part(ready).wish is not None, timeout=60_000)
    assert (ready.training.model.problem, outcome(ready)) == ("", "")
    ready.training.model.set_locked(False)
    wait(ready, qtbot, "are kept")
    assert not ready.data.image_form.form.editor("channels").editor.isEnabled()
    part(ready).show_choice(None)
    assert ready.data.image_form.form.editor("channels").editor.isEnabled()


def test_that_a_waiting_run_is_named_by_the_architecture_of_its_model(
    ready: MainWindow, qtbot: QtBot, save: Callable[..., Path]
) -> None:
    part(ready).use(save("circle", "square"))
    wait(ready, qtbot, "are kept")
    ready.training.queueing.add_button.click()
    queue = ready.training.queueing.queue
    qtbot.waitUntil(lambda: len(queue.entries) == 1, timeout=60_000)
    assert queue.entries[0].run.name == "MyNet"
    queue.remove({entry.number for entry in queue.entries})
