"""How the network learns."""

import logging

from PyQt5.QtCore import pyqtSlot
from PyQt5.QtWidgets import QVBoxLayout, QWidget

from aid_desktop.errors import SettingsError
from aid_desktop.gui.theme import GRID, ThemeManager
from aid_desktop.gui.training.schedule_plot import SchedulePlot
from aid_desktop.gui.widgets.naming import named_button
from aid_desktop.gui.widgets.section_form import SectionForm
from aid_desktop.gui.widgets.value_editors import ChoiceEditor
from aid_desktop.settings.hyperparameters import OPTIMIZERS_WITH, SCHEDULES_WITH, HyperParameters

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


class HyperparameterPanel(QWidget):
    """A form over HyperParameters, in groups. Parameters that the chosen optimizer or schedule has not are hidden."""

    def __init__(self, themes: ThemeManager, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.form = SectionForm(HyperParameters, GROUPS, self)
        self.schedule = SchedulePlot(themes, self)
        self.find_rate = named_button(
            self,
            "Find a learning rate…",
            "findRateButton",
            "Try growing learning rates on a few batches, and see the loss",
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID, GRID, GRID)
        column.setSpacing(GRID)
        column.addWidget(self.form)
        column.addWidget(self.schedule)
        self.form.add_below("learning_rate", self.find_rate)
        column.addStretch(1)
        self.form.changed.connect(self._show_schedule)
        self.form.was_set.connect(self._show_schedule)
        for name in ("optimizer", "schedule", "schedule_shape"):
            self._choice(name).currentIndexChanged[int].connect(self._show_fitting)
        self._show_fitting()

    def _choice(self, name: str) -> ChoiceEditor:
        editor = self.form.editor(name).editor
        assert isinstance(editor, ChoiceEditor)
        return editor

    @pyqtSlot(float)
    def use_rate(self, rate: float) -> None:
        """Show this learning rate."""
        self._change(learning_rate=rate)

    @pyqtSlot(float, float)
    def use_span(self, low: float, high: float) -> None:
        """Show a cyclic schedule between two learning rates."""
        self._change(learning_rate=high, schedule="cyclic", schedule_low=low / high)

    def _change(self, **values: float | str) -> None:
        for name, value in values.items():
            self.form.editor(name).set_value(value)
        self.form.changed.emit()
        self._show_fitting()

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
            self.form.editor(name).setVisible(optimizer in optimizers)
        for name, schedules in SCHEDULES_WITH.items():
            self.form.editor(name).setVisible(schedule in schedules)
        if schedule == "cyclic" and self._choice("schedule_shape").value() != "exp_range":
            self.form.editor("schedule_factor").hide()
