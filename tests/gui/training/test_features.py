"""Networks of image and features in the real window."""

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.data.formats import open_source
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.training.layer_names import items_of
from aid_desktop.gui.training.series_dialog import SeriesDialog
from aid_desktop.gui.widgets.features_editor import FeaturesEditor
from aid_desktop.gui.widgets.field_editor import FieldEditor
from aid_desktop.models.files import load_model
from aid_desktop.models.zoo import list_architectures, load_zoo
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.history import read_history
from aid_desktop.settings.image import ImageSettings

WAIT_MS = 60_000
NET = "MLP_MultiIn_3Lay_24"


def write_cells(path: Path, label: int, n: int, **others: object) -> Path:
    rng = np.random.default_rng(n + label)
    write_rtdc(path, rng.integers(100, 110, (n, 12, 12), np.uint8))
    with h5py.File(path, "a") as file:
        file["events/deform"] = 0.1 * label + rng.uniform(0, 0.03, n)
        for name, values in others.items():
            file[f"events/{name}"] = values
    return path


@pytest.fixture
def cells(tmp_path: Path) -> ClassTable:
    """Return a table of cells that only their deformation tells apart."""
    items = []
    for role, n in ((Role.TRAINING, 40), (Role.VALIDATION, 10)):
        for label, name in enumerate(("round", "long")):
            path = write_cells(tmp_path / f"{role}_{name}.rtdc", label, n)
            items.append((open_source(path).source, name, role))
    return ClassTable().add_sources(items)


def field_of(window: MainWindow) -> FieldEditor:
    return window.training.model.form.editor("features")


def offered(window: MainWindow) -> FeaturesEditor:
    editor = field_of(window).editor
    assert isinstance(editor, FeaturesEditor)
    return editor


def choose(window: MainWindow, *names: str) -> None:
    offered(window).set_value(names)


def test_that_features_of_all_rows_are_offered_and_the_reason_is_told_where_there_are_none(
    window: MainWindow, cells: ClassTable, tmp_path: Path
) -> None:
    assert not offered(window).isEnabled()
    assert "Add .rtdc files on the Data tab" in offered(window).toolTip()
    window.notifier.set_table(cells)
    assert offered(window).isEnabled()
    assert "deform" in offered(window).available
    write_cells(tmp_path / "more.rtdc", 0, 6, area_um=np.arange(6.0))
    more = cells.add_sources([(open_source(tmp_path / "more.rtdc").source, "round", Role.TRAINING)])
    window.notifier.set_table(more)
    assert "deform" in offered(window).available
    assert "area_um" not in offered(window).available
    np.save(tmp_path / "bare.npy", np.zeros((3, 12, 12), np.uint8))
    bare = more.add_sources([(open_source(tmp_path / "bare.npy").source, "round", Role.TRAINING)])
    window.notifier.set_table(bare)
    assert not offered(window).isEnabled()
    assert "bare.npy has images alone: features come with .rtdc files" in offered(window).toolTip()


def test_that_a_choice_that_no_image_has_can_be_taken_back(window: MainWindow, cells: ClassTable) -> None:
    window.notifier.set_table(cells)
    choose(window, "deform")
    assert window.notifier.image_settings.features == ("deform",)
    window.notifier.set_table(ClassTable())
    assert offered(window).isEnabled()
    choose(window)
    assert window.notifier.image_settings.features == ()
    assert not offered(window).isEnabled()


def test_that_the_selector_says_why_network_and_features_do_not_go_together(
    window: MainWindow, cells: ClassTable
) -> None:
    window.notifier.set_table(cells)
    model = window.training.model
    model.choose(NET)
    assert f"{NET} takes features besides the image, none are chosen: choose some, or another" in model.problem
    choose(window, "deform")
    assert model.problem == ""
    assert "1 feature\N{NO-BREAK SPACE}✓" in model._fits.text()
    model.choose("TinyResNet")
    assert "TinyResNet takes images alone, 1 feature is chosen" in model.problem


def test_that_mixing_images_with_features_keeps_a_run_from_starting(window: MainWindow, cells: ClassTable) -> None:
    window.notifier.set_table(cells)
    choose(window, "deform")
    window.training.model.choose(NET)
    settings = window.training.settings.values()
    window.training.settings.set_values(replace(settings, augmentation=replace(settings.augmentation, mixup=0.2)))
    window.training.run.start_button.click()
    assert not window.session.is_running
    [note] = window.training.messages.notes
    assert "images cannot be mixed where the network takes features of each (deform)" in note.text


def test_that_a_series_offers_networks_that_take_the_features(
    window: MainWindow, cells: ClassTable, qtbot: QtBot
) -> None:
    window.notifier.set_table(cells)
    choose(window, "deform")
    window.training.model.choose(NET)
    zoo = window.training.model.zoo
    assert zoo is not None
    config = window.training.config()
    dialog = SeriesDialog(config, list_architectures(zoo), lambda has_split: [])
    qtbot.addWidget(dialog)
    items = [dialog.architectures.item(row) for row in range(dialog.architectures.count())]
    enabled = {item.text() for item in items if item.flags()}
    assert {"MLP_MultiIn_3Lay_24", "MLP_MultiIn_3Lay_64", "MLP_MultiIn_4Lay_72"} <= enabled
    assert "MLP_8_8_8" not in enabled


@pytest.mark.keras
def test_that_a_run_with_features_is_trained_in_the_window(window: MainWindow, cells: ClassTable, qtbot: QtBot) -> None:
    window.notifier.set_table(cells)
    window.notifier.set_image_settings(ImageSettings(width=12, height=12, features=("deform",)))
    window.training.model.choose(NET)
    zoo = window.training.model.zoo
    assert zoo is not None
    assert len(items_of(load_zoo(zoo).build(NET, (12, 12, 1), 2, 1))) == 4
    settings = window.training.settings.values().with_hyperparameters(epochs=8, batch_size=16, learning_rate=0.01)
    window.training.settings.set_values(settings)
    with qtbot.waitSignal(window.session.finished, timeout=WAIT_MS) as finished:
        window.training.run.start_button.click()
    qtbot.waitUntil(lambda: not window.session.is_running)
    folder = RunFolder(finished.args[0].folder)
    assert read_history(folder.history_csv).records[-1].metric("val_accuracy") == 1.0
    assert load_model(folder.last_model).card.features.names == ("deform",)
    choose(window)
    start_from = window.training.model.start_from
    start_from.use(folder.last_model)
    qtbot.waitUntil(lambda: start_from.problem == "", timeout=WAIT_MS)
    assert window.notifier.image_settings.features == ("deform",)
    assert not offered(window).isEnabled()
    assert "As the model to start from has it" in offered(window).toolTip()
    assert "features deform" in start_from._contract.text()


def test_that_features_that_a_model_decides_stay_locked(window: MainWindow, cells: ClassTable) -> None:
    window.notifier.set_table(cells)
    form = window.training.model.form
    form.lock_settled(("features",))
    window.notifier.set_image_settings(replace(window.notifier.image_settings, width=20))
    assert not form.editor("features").editor.isEnabled()
    form.set_locked(None)
    assert form.editor("features").editor.isEnabled()
