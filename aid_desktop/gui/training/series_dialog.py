"""The dialog Several runs…: which architectures, how often, and how many folds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.data.class_table import Role
from aid_desktop.errors import ModelZooError
from aid_desktop.gui.data.group_by_editor import GroupByEditor
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, set_primary, set_role
from aid_desktop.gui.widgets.dialog import Dialog
from aid_desktop.gui.widgets.message_strip import sentence
from aid_desktop.gui.widgets.naming import name_widget, named_button
from aid_desktop.gui.widgets.value_editors import with_words
from aid_desktop.models.backbones import check_takes, local_file, takes_imagenet
from aid_desktop.models.registry import Architecture
from aid_desktop.models.zoo import find_architecture
from aid_desktop.runs.config import MAX_SEED, RunConfig
from aid_desktop.runs.series import MOST_REPETITIONS, PlannedRun, SeriesChoice, model_of, plan_runs
from aid_desktop.settings.split import MOST_FOLDS, SplitSettings

_WITHOUT_FOLDS = 1
_VALIDATION_ROWS = (
    "Rows with the role validation are validated on in each fold too: give them the role training to let them take "
    "part."
)


@dataclass(frozen=True, slots=True)
class PlannedSeries:
    """The runs that the user wants."""

    runs: tuple[PlannedRun, ...]


class SeriesDialog(Dialog):
    """Plans runs of a configuration; `planned` carries a PlannedSeries.

    `problems` tells why nothing can be trained, without or with images that are held out.
    """

    planned = pyqtSignal(PlannedSeries)

    def __init__(
        self,
        config: RunConfig,
        architectures: Sequence[Architecture],
        problems: Callable[[bool], list[str]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("seriesDialog")
        self.setAccessibleName("Several runs")
        self.setWindowTitle("Several runs")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.set_size(60, 56)
        self._config = config
        self._problems = problems
        self.architectures = self._list(architectures)
        self.repetitions = _spin_box(
            "seriesRepetitions",
            "Repetitions",
            (1, MOST_REPETITIONS),
            "How often each architecture is trained, with one seed after the other. The held-out images stay the same; "
            "with folds, each repetition deals them anew.",
        )
        self.folds = _spin_box(
            "seriesFolds",
            "Folds",
            (_WITHOUT_FOLDS, MOST_FOLDS),
            "Cross-validation: the training images are dealt into this many parts, and each run holds out another one "
            "for validation, so that every image is validated on once.",
        )
        self.folds.setSpecialValueText("off")
        self.group_by = GroupByEditor(self, "series.")
        self.group_by.set_value((config.split or SplitSettings()).group_by)
        self._sum = QLabel(self)
        self._warning = QLabel(self)
        self.train_button = named_button(
            self, "", "seriesTrainButton", "Add the runs to the queue; they start unless another one trains"
        )
        self._lay_out()
        self.architectures.itemChanged.connect(self._show)
        self.repetitions.valueChanged[int].connect(self._show)
        self.folds.valueChanged[int].connect(self._show)
        self.group_by.changed.connect(self._show)
        self.train_button.clicked.connect(self._on_accepted)
        self._show()

    @property
    def text(self) -> str:
        """How many runs that makes, or what keeps them from starting, as shown."""
        return f"{self._sum.text()} {self._warning.text()}".strip()

    def choice(self) -> SeriesChoice:
        """Return what is chosen."""
        items = (required(self.architectures.item(row)) for row in range(self.architectures.count()))
        ticked = tuple(item.text() for item in items if item.checkState() == Qt.CheckState.Checked)
        folds = self.folds.value()
        return SeriesChoice(ticked, self.repetitions.value(), 0 if folds == _WITHOUT_FOLDS else folds)

    def _list(self, architectures: Sequence[Architecture]) -> QListWidget:
        box = QListWidget(self)
        name_widget(box, "seriesArchitectures", "Architectures", "Tick the architectures to be trained in turn")
        for one in _offered(architectures, self._config.model.architecture or ""):
            item = QListWidgetItem(one.name, box)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setToolTip(one.description)
            is_shown = one.name == self._config.model.architecture
            try:
                check_takes(one, self._config.image)
                _check_weights(one, model_of(self._config, one.name).weights)
            except ModelZooError as error:
                item.setToolTip(with_words(str(error)))
                item.setFlags(Qt.ItemFlag.NoItemFlags)
                is_shown = False
            item.setCheckState(Qt.CheckState.Checked if is_shown else Qt.CheckState.Unchecked)
        return box

    def _lay_out(self) -> None:
        set_primary(self.train_button)
        self.train_button.setDefault(True)
        cancel = named_button(self, "Cancel", "seriesCancelButton", "Add no run")
        cancel.clicked.connect(self.reject)
        self._sum.setObjectName("seriesSum")
        self._warning.setObjectName("seriesWarning")
        for label in (self._sum, self._warning):
            label.setWordWrap(True)
        set_role(self._warning, "warning")
        heading = QLabel("Architectures", self)
        set_role(heading, "heading")
        form = QFormLayout()
        form.setVerticalSpacing(GRID)
        form.setHorizontalSpacing(GRID // 2)
        for box in (self.repetitions, self.folds):
            label = QLabel(box.accessibleName(), self)
            label.setBuddy(box)
            label.setMinimumWidth(self.group_by.label_width)
            form.addRow(label, box)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(heading)
        column.addWidget(self.architectures, 1)
        column.addLayout(form)
        for part in (self.group_by, self._sum, self._warning):
            column.addWidget(part)
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID)
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.train_button)
        column.addLayout(buttons)

    @pyqtSlot()
    def _show(self) -> None:
        choice = self.choice()
        self.group_by.setVisible(bool(choice.folds))
        problems = self._problems(bool(choice.folds) or self._config.split is not None)
        start = self._config.model.start_from
        if not choice.architectures and start is None:
            problems = ["Tick at least one architecture", *problems]
        self._sum.setText(_sum_text(choice, self._config.seed, start))
        has_rows = choice.folds and any(row.role is Role.VALIDATION for row in self._config.data)
        notes = [_VALIDATION_ROWS] if has_rows else []
        self._warning.setText("\n".join([*map(sentence, problems), *notes]))
        self._warning.setVisible(bool(self._warning.text()))
        self.train_button.setText("Train this run" if choice.n_runs == 1 else f"Train these {choice.n_runs} runs")
        self.train_button.setAccessibleName(self.train_button.text())
        self.train_button.setEnabled(not problems and (not choice.folds or self.group_by.is_valid))

    @pyqtSlot()
    def _on_accepted(self) -> None:
        choice, config = self.choice(), self._config
        if choice.folds:
            split = replace(config.split or SplitSettings(), group_by=self.group_by.value)
            config = replace(config, split=split)
        self.planned.emit(PlannedSeries(plan_runs(config, choice)))
        self.accept()


def _offered(architectures: Sequence[Architecture], chosen: str) -> list[Architecture]:
    """Return what can be ticked: all that are written out, and the chosen one if it comes from a name with a star."""
    offered = [one for one in architectures if not one.is_pattern]
    try:
        made = find_architecture(architectures, chosen)
    except ModelZooError:
        # A run that starts from a model, or numbers that are still being typed.
        return offered
    return sorted([*offered, made], key=lambda one: one.line) if made.numbers else offered


def _check_weights(architecture: Architecture, weights: str | Path | None) -> None:
    """Raise ModelZooError where the weights that a run would begin with are not here."""
    backbone = takes_imagenet(architecture, weights)
    if backbone is not None and local_file(backbone) is None:
        raise ModelZooError(
            f"The ImageNet weights of {architecture.name} are not on this computer: choose it on the panel Model and "
            "download them"
        )
    if isinstance(weights, Path) and not weights.is_file():
        raise ModelZooError(f"There is no file {weights}: choose other weights on the panel Model")


def _spin_box(name: str, title: str, limits: tuple[int, int], tip: str) -> QSpinBox:
    box = QSpinBox()
    box.setRange(*limits)
    name_widget(box, name, title, tip)
    return box


def _sum_text(choice: SeriesChoice, seed: int, start: Path | None) -> str:
    """Return for example "2 architectures × 3 seeds (1 to 3) × 5 folds: 30 runs, one after the other."."""
    n = len(choice.architectures)
    if not n and start is None:
        return ""
    parts = [f"{n} architecture{'' if n == 1 else 's'}"] if n else [f"Started from the model {start and start.name}"]
    if choice.repetitions > 1:
        last = (seed + choice.repetitions - 1) % (MAX_SEED + 1)
        parts.append(f"{choice.repetitions} seeds ({seed} to {last})")
    if choice.folds:
        parts.append(f"{choice.folds} folds")
    runs = "1 run" if choice.n_runs == 1 else f"{choice.n_runs} runs, one after the other"
    return f"{' × '.join(parts)}: {runs}."
