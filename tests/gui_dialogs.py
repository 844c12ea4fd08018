"""Makes every dialog of the window, for tests that walk them and for `tests/screenshots.py`."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
from PyQt5.QtWidgets import QAbstractButton, QAction, QComboBox, QDialog, QLabel, QSizePolicy, QTabBar, QWidget

from aid_desktop.data.cache import CropCache
from aid_desktop.data.check import check_table
from aid_desktop.data.class_table import ClassRow, ClassTable, Role
from aid_desktop.data.drops import DropItem
from aid_desktop.data.formats import open_source
from aid_desktop.data.normalize import Normalization
from aid_desktop.data.relink import ContentMethod, Found, Sought, State
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.data.source import PartNeededError, SourceKind
from aid_desktop.evaluation.assessment import Assessment
from aid_desktop.evaluation.confusion import ConfusionMatrix
from aid_desktop.evaluation.metrics import score
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.gui.assess.classify_dialog import ClassifyDialog
from aid_desktop.gui.assess.export_dialog import ExportDialog
from aid_desktop.gui.assess.facts_dialog import FactsDialog
from aid_desktop.gui.assess.image_dialog import ImageDialog
from aid_desktop.gui.assess.inference_time_dialog import InferenceTimeDialog
from aid_desktop.gui.assess.model_choice import UnknownModel
from aid_desktop.gui.assess.predicted_images import Order, PredictedImages
from aid_desktop.gui.assess.tile_map_dialog import TileMapDialog
from aid_desktop.gui.background import JobContext
from aid_desktop.gui.crash import crash_dialog
from aid_desktop.gui.data.check_dialog import CheckDialog
from aid_desktop.gui.data.import_dialog import ImportDialog
from aid_desktop.gui.data.loading import PartQuestion
from aid_desktop.gui.data.part_dialog import PartDialog
from aid_desktop.gui.data.table_checks import CheckedTable
from aid_desktop.gui.data.tile_dialog import TileDialog
from aid_desktop.gui.doctor_dialog import DoctorDialog
from aid_desktop.gui.export.export_models_dialog import ExportModelsDialog
from aid_desktop.gui.help.manual_dialog import ManualDialog
from aid_desktop.gui.main_window import MainWindow
from aid_desktop.gui.missing_dialog import MissingDialog
from aid_desktop.gui.plotting.feature_plot_dialog import FeaturePlotDialog, PlotMemory
from aid_desktop.gui.plotting.gate_list import GateList
from aid_desktop.gui.preferences import Preferences
from aid_desktop.gui.question import Question, ask
from aid_desktop.gui.session_opening import settings_question
from aid_desktop.gui.settings_dialog import SettingsDialog
from aid_desktop.gui.shortcuts import ShortcutsDialog
from aid_desktop.gui.single_instance import running_dialog
from aid_desktop.gui.storage_dialog import StorageDialog
from aid_desktop.gui.theme import ThemeManager
from aid_desktop.gui.training.comparison_dialog import ComparedSeries, ComparisonDialog
from aid_desktop.gui.training.leak_dialog import LeakDialog
from aid_desktop.gui.training.queueing import closing_question
from aid_desktop.gui.training.rate_finder import RateFinderDialog
from aid_desktop.gui.trust_question import question_of
from aid_desktop.gui.widgets.class_weights_editor import ClassWeightsDialog
from aid_desktop.gui.widgets.layers_dialog import LayerItem, LayersDialog
from aid_desktop.models.facts import NetworkShape
from aid_desktop.models.metadata import ModelCard
from aid_desktop.models.trust import UntrustedCodeError
from aid_desktop.paths import docs_dir
from aid_desktop.runs.comparison import Comparison, Measure, RunResult, RunState, Summary
from aid_desktop.runs.config import ModelChoice, RunConfig
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.records import EpochRecord
from aid_desktop.runs.series import Series
from aid_desktop.settings.field import field_infos
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.image import ImageSettings
from aid_desktop.training.range_test import RangeTest
from aid_desktop.training.run import TrainingRun

ARROW = 28
"""Pixels of a box that its arrow and margins take."""

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

    assessed = window.assessment.assessment or _assessed(model, rows)

    def found(name: str, do: Callable[[], None]) -> QDialog:
        do()
        dialog = window.findChild(QDialog, name)
        assert dialog is not None
        return dialog

    def asked(question: Question) -> QDialog:
        return found(question.name, lambda: ask(question, lambda: None, window))

    def manual() -> QDialog:
        dialog = ManualDialog(docs_dir(), themes, window)
        dialog.open_page("first_steps.md")
        return dialog

    def large_image() -> QDialog:
        dialog = ImageDialog(background, window)
        dialog.show_image(
            PredictedImages(
                assessed, np.flatnonzero(assessed.matrix.actual != assessed.matrix.predicted), Order.MOST_CERTAIN
            ),
            0,
        )
        return dialog

    untrusted = UntrustedCodeError(folder / "foreign.keras", ("Lambda “scale”",))
    about, several = window.findChild(QAction, "about_aid_desktopAction"), window.training.queueing.panel.several_button
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
        "several-runs": lambda: found("seriesDialog", several.click),
        "rate-finder": lambda: _PlayedFinder(_run(folder), background, themes, window),
        "comparison": lambda: ComparisonDialog(_compared(folder), window),
        "class-weights": lambda: ClassWeightsDialog({"cat": 1200, "dog": 300}, {"dog": 4.0}, info, window),
        "layers": lambda: LayersDialog(layers, {"conv_1": False, "conv_2": 0.5}, window),
        "classify": lambda: ClassifyDialog(model, None, background, themes, window),
        "classify-large": lambda: TileMapDialog(model, None, background, window),
        "export-models": lambda: ExportModelsDialog([model], background, window),
        "inference-time": lambda: InferenceTimeDialog(model, background, window),
        "facts": lambda: FactsDialog(_unknown_model(), background, window),
        "large-image": large_image,
        "export-images": lambda: ExportDialog(assessed, np.arange(assessed.matrix.n), background, window),
        "settings": lambda: SettingsDialog(Preferences(), window),
        "doctor": lambda: DoctorDialog(folder, lambda: False, background, window),
        "about": lambda: found("aboutDialog", about.trigger),
        "crash": lambda: crash_dialog("ZeroDivisionError: division by zero", "Traceback …\n" * 9, window),
        "session-settings": lambda: settings_question(window),
        "running-already": lambda: running_dialog(1),
        "question-download": lambda: found("downloadExampleQuestion", window.data.examples.open_fashion),
        "question-trust": lambda: asked(question_of(untrusted)),
        "question-close": lambda: asked(closing_question(is_running=True, n_waiting=2)),
    }


class _PlayedFinder(RateFinderDialog):
    """Shows losses that nobody has measured: no network is needed."""

    def _measure(self, context: JobContext) -> RangeTest:
        rates = np.geomspace(1e-6, 1.0, 120)
        losses = np.interp(np.log10(rates), [-6, -4.5, -2.5, -1.2, 0], [2.3, 2.28, 1.1, 1.0, 4.0])
        return RangeTest(rates, losses + np.random.default_rng(2).normal(0, 0.04, len(rates)))


def _run(folder: Path) -> TrainingRun:
    config = RunConfig(ImageSettings(), ModelChoice("LeNet5_do"), data=())
    return TrainingRun(config, RunFolder(folder / "run"), folder / "model_zoo.py")


def _compared(folder: Path) -> ComparedSeries:
    """Return two architectures of three runs each, of which the last one is not begun."""
    runs, summaries = [], []
    for architecture, best in (("LeNet5_do", 0.941), ("TinyResNet", 0.963)):
        scores = [best - 0.006, best, best + 0.004]
        for seed, value in enumerate(scores, 1):
            metrics = (
                ("accuracy", value + 0.01),
                ("loss", 1.1 - value),
                ("val_accuracy", value),
                ("val_loss", 1.2 - value),
            )
            name = f"{len(runs) + 1:03d}_{architecture}_seed{seed}"
            result = RunResult(
                name, RunFolder(folder / name), architecture, seed, None, RunState.FINISHED, 50, 61.5 + seed,
                EpochRecord(40 + seed, 0, 0.001, metrics, 1.2),
            )  # fmt: skip
            runs.append(result)
        names = runs[-1].values
        measures = {name: Measure.of([run.values[name] for run in runs[-3:]]) for name in names}
        summaries.append(Summary(architecture, 3, measures))
    runs[-1] = dataclasses.replace(runs[-1], state=RunState.NOT_BEGUN, n_epochs=0, seconds=0.0, best=None)
    return ComparedSeries(Series(folder / "cells, two networks", ()), Comparison(tuple(runs), tuple(summaries)))


def _assessed(model: Path, rows: tuple[ClassRow, ...]) -> Assessment:
    """Return what a model that is right four times of five would say about the images of the rows."""
    names = tuple(dict.fromkeys(row.class_name for row in rows))
    counts = [row.source.n_images for row in rows]
    labels = np.repeat([names.index(row.class_name) for row in rows], counts)
    rng = np.random.default_rng(3)
    predicted = np.where(rng.random(len(labels)) < 0.8, labels, rng.integers(0, len(names), len(labels)))
    probabilities = np.full((len(labels), len(names)), 0.2 / max(1, len(names) - 1), np.float32)
    probabilities[np.arange(len(labels)), predicted] = 0.8
    index = np.concatenate([np.arange(count) for count in counts])
    sources = tuple(row.source for row in rows)
    made = Predictions(
        names, sources, (1.0,) * len(rows), np.repeat(np.arange(len(rows)), counts), index, probabilities, labels
    )
    card = ModelCard(names, ImageSettings(width=16, height=16), Normalization("divide_by_255"), "LeNet5_do", 11, 0)
    return Assessment(model, card, Role.TEST, made, ConfusionMatrix.from_predictions(made), score(made))


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


def clipped(top: QWidget) -> list[str]:
    """Return the names and texts of what does not get the room in `top` that its text needs.

    Whose width does not follow the text (paths, contracts) elides it on purpose and has it in its tooltip.
    """
    found = []
    for widget in [*top.findChildren(QLabel), *top.findChildren(QAbstractButton), *top.findChildren(QComboBox)]:
        text = widget.currentText() if isinstance(widget, QComboBox) else widget.text()
        if not text or not widget.isVisibleTo(top) or widget.sizePolicy().horizontalPolicy() == QSizePolicy.Ignored:
            continue
        if isinstance(widget, QLabel) and widget.wordWrap():
            lacks = widget.heightForWidth(widget.width()) > widget.height()
        elif isinstance(widget, QComboBox):
            lacks = widget.fontMetrics().horizontalAdvance(text) + ARROW > widget.width()
        else:
            hint = widget.minimumSizeHint()
            lacks = widget.width() < hint.width() or widget.height() < hint.height()
        if lacks:
            found.append(f"{type(widget).__name__} {widget.objectName()}: {text[:60]}")
    for bar in [bar for bar in top.findChildren(QTabBar) if bar.isVisibleTo(top)]:
        for number in range(bar.count()):
            if (
                bar.isTabVisible(number)
                and bar.fontMetrics().horizontalAdvance(bar.tabText(number)) > bar.tabRect(number).width()
            ):
                found.append(f"tab {bar.tabText(number)}")
    return found
