"""Makes every dialog of the window, for tests that walk them and for `tests/screenshots.py`."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
from PyQt5.QtWidgets import QDialog

from aid_desktop.data.cache import CropCache
from aid_desktop.data.check import check_table
from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.data.drops import DropItem
from aid_desktop.data.formats import open_source
from aid_desktop.data.relink import ContentMethod, Found, Sought, State
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.data.source import PartNeededError, SourceKind
from aid_desktop.gui.assess.classify_dialog import ClassifyDialog
from aid_desktop.gui.assess.facts_dialog import FactsDialog
from aid_desktop.gui.assess.inference_time_dialog import InferenceTimeDialog
from aid_desktop.gui.assess.model_choice import UnknownModel
from aid_desktop.gui.assess.tile_map_dialog import TileMapDialog
from aid_desktop.gui.data.check_dialog import CheckDialog
from aid_desktop.gui.data.import_dialog import ImportDialog
from aid_desktop.gui.data.loading import PartQuestion
from aid_desktop.gui.data.part_dialog import PartDialog
from aid_desktop.gui.data.table_checks import CheckedTable
from aid_desktop.gui.data.tile_dialog import TileDialog
from aid_desktop.gui.export.export_models_dialog import ExportModelsDialog
from aid_desktop.gui.help.manual_dialog import ManualDialog
from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.missing_dialog import MissingDialog
from aid_desktop.gui.plotting.feature_plot_dialog import FeaturePlotDialog, PlotMemory
from aid_desktop.gui.plotting.gate_list import GateList
from aid_desktop.gui.shortcuts import ShortcutsDialog
from aid_desktop.gui.storage_dialog import StorageDialog
from aid_desktop.gui.theme import ThemeManager
from aid_desktop.gui.training.leak_dialog import LeakDialog
from aid_desktop.gui.widgets.class_weights_editor import ClassWeightsDialog
from aid_desktop.gui.widgets.layers_dialog import LayerItem, LayersDialog
from aid_desktop.models.facts import NetworkShape
from aid_desktop.paths import docs_dir
from aid_desktop.settings.field import field_infos
from aid_desktop.settings.hyperparameters import HyperParameters

Make = Callable[[], QDialog]


def makers(window: MainWindow, themes: ThemeManager, model: Path, cells: Path, folder: Path) -> dict[str, Make]:
    """Return what makes each dialog, by name.

    `window` has a class table, `model` may be missing, `cells` is an .rtdc file with features; files that are needed
    besides are written to `folder`.
    """
    background = window.background
    rows = window.notifier.table.rows
    info = field_infos(HyperParameters)["class_weights"]
    layers = (LayerItem("conv_1", 8), LayerItem("conv_2", 16), LayerItem("dense", 32), LayerItem("out"))
    plotted = ClassTable().add_sources([(open_source(cells).source, "blood", Role.TRAINING)])

    def several_runs() -> QDialog:
        window.training.queueing.panel.several_button.click()
        dialog = window.findChild(QDialog, "seriesDialog")
        assert dialog is not None
        return dialog

    def manual() -> QDialog:
        dialog = ManualDialog(docs_dir(), themes, window)
        dialog.open_page("first_steps.md")
        return dialog

    return {
        "shortcuts": lambda: ShortcutsDialog(window),
        "manual": manual,
        "storage": lambda: StorageDialog(CropCache(folder / "cache"), background, window),
        "convert": lambda: ImportDialog(rows, background, window),
        "tile": lambda: TileDialog([rows[0].source], background, window),
        "check": lambda: CheckDialog(_checked(folder), background, window),
        "leak": lambda: LeakDialog(_checked(folder), background, window),
        "part": lambda: PartDialog(_question(folder), window),
        "missing": lambda: MissingDialog("monday.aidsession", _missing(folder), background, window),
        "plot": lambda: FeaturePlotDialog(plotted, GateList(window), PlotMemory(), background, themes, window),
        "several-runs": several_runs,
        "class-weights": lambda: ClassWeightsDialog({"cat": 1200, "dog": 300}, {"dog": 4.0}, info, window),
        "layers": lambda: LayersDialog(layers, {"conv_1": False, "conv_2": 0.5}, window),
        "classify": lambda: ClassifyDialog(model, None, background, themes, window),
        "classify-large": lambda: TileMapDialog(model, None, background, window),
        "export-models": lambda: ExportModelsDialog([model], background, window),
        "inference-time": lambda: InferenceTimeDialog(model, background, window),
        "facts": lambda: FactsDialog(_unknown_model(), background, window),
    }


def _unknown_model() -> UnknownModel:
    missing = ("class_names", "normalization", "size", "channels")
    return UnknownModel(Path("old.h5"), NetworkShape((None, None, 2), 2), missing)


def _checked(folder: Path) -> CheckedTable:
    """Return the check of a table that has the same images in training and validation."""
    rng = np.random.default_rng(5)
    items = []
    for name in ("cat", "dog"):
        images = rng.integers(0, 255, (30, 16, 16)).astype(np.uint8)
        for role, first in ((Role.TRAINING, 0), (Role.VALIDATION, 20)):
            path = folder / "checked" / str(role) / f"{name}.rtdc"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_rtdc(path, images[first : first + 25])
            items.append((open_source(path).source, name, role))
    table = ClassTable().add_sources(items)
    return CheckedTable(table, None, check_table(table))


def _question(folder: Path) -> PartQuestion:
    path = folder / "stacks.h5"
    with h5py.File(path, "w") as file:
        file["first"] = np.zeros((3, 8, 9), np.uint16)
        file["second"] = np.ones((5, 8, 9), np.uint16)
    try:
        open_source(path)
    except PartNeededError as error:
        return PartQuestion(DropItem(path, "stacks", Role.TRAINING), error.parts)
    raise AssertionError("a file of two stacks was opened without a question")


def _missing(folder: Path) -> dict[Sought, Found]:
    names = {"cat.rtdc": State.MISSING, "dog.rtdc": State.MISSING}
    return {
        Sought(name, str(folder / name), (folder / name,), ContentMethod(SourceKind.RTDC), "0"): Found(state)
        for name, state in names.items()
    }
