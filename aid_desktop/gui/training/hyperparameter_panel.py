"""How the network learns."""

import logging

from PyQt5.QtCore import pyqtSlot
from PyQt5.QtWidgets import QLabel, QVBoxLayout, QWidget

from aid_desktop.errors import SettingsError
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.theme import GRID, ThemeManager, set_role
from aid_desktop.gui.training.schedule_plot import SchedulePlot
from aid_desktop.gui.training.settings_side import SettingsPanel, brief_title
from aid_desktop.gui.widgets.class_weights_editor import ClassWeightsEditor
from aid_desktop.gui.widgets.naming import named_button
from aid_desktop.gui.widgets.section_form import SectionForm
from aid_desktop.gui.widgets.value_editors import ChoiceEditor
from aid_desktop.numbers import grouped, megabytes
from aid_desktop.settings.hyperparameters import OPTIMIZERS_WITH, SCHEDULES_WITH, HyperParameters
from aid_desktop.settings.pretrained import FINE_TUNING
from aid_desktop.settings.saving import SavingSettings
from aid_desktop.training.events import EpochFinished

logger = logging.getLogger(__name__)

GROUPS = {
    "Learning": ("epochs", "batch_size", "learning_rate", "precision"),
    "Schedule of the learning rate": (
        "schedule",
        "schedule_shape",
        "schedule_epochs",
        "schedule_factor",
        "schedule_low",
    ),
    "Optimizer": (
        "optimizer",
        "momentum",
        "nesterov",
        "beta_1",
        "beta_2",
        "rho",
        "weight_decay",
        "clip_norm",
    ),
    "Goal": ("loss", "label_smoothing", "class_weights", "metrics"),
    "Layers": ("trainable", "unfreeze_after"),
    "Against overfitting": ("dropout", "weight_average", "early_stopping"),
}


ESSENTIAL = ("epochs", "batch_size", "learning_rate")
"""What a first run needs."""

SAVING_GROUPS = {"Saving of models": ("improvement", "every", "keep_best", "undo_points", "tensorboard")}


class HyperparameterPanel(SettingsPanel):
    """Forms over HyperParameters, in groups, and SavingSettings.

    Parameters that the chosen optimizer or schedule has not are hidden.
    """

    def __init__(self, notifier: Notifier, themes: ThemeManager, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._notifier = notifier
        self.form = SectionForm(HyperParameters, GROUPS, self)
        self.saving = SectionForm(SavingSettings, SAVING_GROUPS, self)
        SectionForm.align_columns([*self.form.editors, *self.saving.editors])
        self.schedule = SchedulePlot(themes, self)
        self.find_rate = named_button(
            self,
            "Find a learning rate…",
            "findRateButton",
            "Try growing learning rates on a few batches, and see the loss",
        )
        self._brief_title = brief_title("Learning", self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID, GRID, GRID)
        column.setSpacing(GRID)
        column.addWidget(self._brief_title)
        column.addWidget(self.form)
        self._saved = QLabel(self)
        self._saved.setObjectName("savedModels")
        set_role(self._saved, "muted")
        self._saved.hide()
        column.addSpacing(GRID)
        column.addWidget(self.saving)
        column.addWidget(self._saved)
        self.form.add_below("learning_rate", self.find_rate)
        self.form.add_below("schedule_low", self.schedule)
        column.addStretch(1)
        self.form.changed.connect(self._show_schedule)
        self.form.was_set.connect(self._show_schedule)
        weights = self.form.editor("class_weights").editor
        assert isinstance(weights, ClassWeightsEditor)
        self._weights = weights
        weights.counts_wanted.connect(self._on_counts_wanted)
        for name in ("optimizer", "schedule", "schedule_shape"):
            self._choice(name).currentIndexChanged[int].connect(self._show_fitting)
        self._show_fitting()

    def _choice(self, name: str) -> ChoiceEditor:
        editor = self.form.editor(name).editor
        assert isinstance(editor, ChoiceEditor)
        return editor

    def set_brief(self, is_brief: bool) -> None:
        self.form.show_only(ESSENTIAL if is_brief else None)
        self.saving.show_only(() if is_brief else None)
        self.saving.setHidden(is_brief and not any(editor.error for editor in self.saving.editors))
        self._brief_title.setVisible(is_brief)
        self.find_rate.setHidden(is_brief)
        self.schedule.set_wanted(not is_brief)

    def n_hidden_changes(self) -> int:
        return self.form.n_hidden_changes() + self.saving.n_hidden_changes()

    @pyqtSlot(EpochFinished)
    def show_saved(self, event: EpochFinished) -> None:
        """Say how many models the run in hand has saved, and how large they are."""
        models = "model" if event.n_models == 1 else "models"
        self._saved.setText(f"{grouped(event.n_models)} {models} saved: {megabytes(event.model_bytes)}")
        self._saved.show()

    @pyqtSlot(float)
    def use_rate(self, rate: float) -> None:
        """Show this learning rate."""
        self._change(learning_rate=rate)

    @pyqtSlot(float, float)
    def use_span(self, low: float, high: float) -> None:
        """Show a cyclic schedule between two learning rates."""
        self._change(learning_rate=high, schedule="cyclic", schedule_low=low / high)

    def use_fine_tuning(self) -> None:
        """Show the settings that suit a pretrained network."""
        self._change(**FINE_TUNING)

    def _change(self, **values: object) -> None:
        for name, value in values.items():
            self.form.editor(name).set_value(value)
        self.form.changed.emit()
        self._show_fitting()

    @pyqtSlot()
    def _on_counts_wanted(self) -> None:
        table = self._notifier.table
        names = {row.class_index: row.class_name for row in table.rows}
        counts = {names[index]: n_images for index, n_images in sorted(table.drawn_by_class().items())}
        if counts:
            self._weights.ask(counts)
        else:
            self.form.editor("class_weights").set_error("there are no training images yet: add them on the Data tab")

    @pyqtSlot()
    def _show_schedule(self) -> None:
        try:
            self.schedule.show_schedule(self.form.values())
        except SettingsError as error:
            # The form has marked the field; the plot stays as it was.
            logger.debug("the schedule is not plotted: %s", error)

    @pyqtSlot()
    def _show_fitting(self) -> None:
        optimizer, schedule = self._choice("optimizer").value(), self._choice("schedule").value()
        for name, optimizers in OPTIMIZERS_WITH.items():
            self.form.set_fit(name, optimizer in optimizers)
        for name, schedules in SCHEDULES_WITH.items():
            self.form.set_fit(name, schedule in schedules)
        if schedule == "cyclic" and self._choice("schedule_shape").value() != "exp_range":
            self.form.set_fit("schedule_factor", False)
