"""Which network, what form of image it takes, and how much memory a run may take."""

from pathlib import Path

from PyQt5.QtCore import Qt, QUrl, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QDesktopServices
from PyQt5.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from aid_desktop.data.class_table import ClassTable
from aid_desktop.errors import AidError, ModelZooError
from aid_desktop.gui.background import Background
from aid_desktop.gui.image_settings_form import ImageSettingsForm
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.theme import GRID, set_role
from aid_desktop.gui.training.architecture_selector import FAMILY_NAMES, ArchitectureSelector
from aid_desktop.gui.training.network_costs import Counted, Network, NetworkCosts
from aid_desktop.gui.training.session import TrainingSession
from aid_desktop.gui.training.settings_side import SettingsPanel
from aid_desktop.gui.training.start_from import StartFrom
from aid_desktop.gui.training.weights_panel import WeightsPanel
from aid_desktop.gui.widgets.naming import named_button
from aid_desktop.gui.widgets.section_form import SectionForm
from aid_desktop.gui.widgets.value_editors import with_words
from aid_desktop.models.backbones import check_takes
from aid_desktop.models.cost import Cost
from aid_desktop.models.registry import Architecture
from aid_desktop.models.zoo import (
    find_architecture,
    find_zoo,
    list_architectures,
    read_digest,
)
from aid_desktop.numbers import grouped
from aid_desktop.runs.config import ModelChoice
from aid_desktop.settings.device import DeviceSettings
from aid_desktop.settings.image import ImageSettings

_FIRST_CHOICE = "LeNet5_do"
_FEWEST_CLASSES = 2
_FITS = "\N{NO-BREAK SPACE}✓"
_LOCKED = "This needs a new run: stop the one that is going on first."


class ModelPanel(SettingsPanel):
    """The architecture list of model_zoo.py, the image settings and the memory. `changed` tells of any change.

    `settled` carries the names of the image settings that a model to start from decides.
    """

    changed = pyqtSignal()
    settled = pyqtSignal(tuple)

    def __init__(
        self,
        notifier: Notifier,
        background: Background,
        session: TrainingSession,
        zoo: Path | None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.start_from = StartFrom(notifier, background, session, self)
        self._lock: str | None = None
        self._is_brief = False
        self._notifier = notifier
        self._explicit_zoo = zoo
        self._architectures: tuple[Architecture, ...] = ()
        self._zoo: Path | None = None
        self._file_problem = ""
        self._problem = ""
        self._counted: Counted | None = None
        self._gone = ""
        self.selector = ArchitectureSelector(self)
        self._about = QLabel(self)
        self._fits = QLabel(self)
        self._cost = QLabel(self)
        self.weights = WeightsPanel(self)
        self._path = QLabel(self)
        self._edit = named_button(
            self, "Edit", "editZooButton", "Open model_zoo.py in a text editor to change or add architectures", "open"
        )
        self._reload = named_button(
            self, "Reload", "reloadZooButton", "Read the list again after editing the file", "refresh"
        )
        self.form = ImageSettingsForm(notifier, parent=self)
        self.memory = SectionForm(DeviceSettings, ("data_memory", "memory_fraction", "memory_growth", "threads"), self)
        self.costs = NetworkCosts(background, session, self.memory.values, self)
        # What belongs to a new network only.
        self._of_architecture = QWidget(self)
        self._lay_out_architecture()
        self._lay_out()
        self.set_locked(False)
        self.reload()
        self.selector.changed.connect(self._on_selected)
        self._edit.clicked.connect(self._on_edit)
        self._reload.clicked.connect(self.reload)
        self.memory.changed.connect(self.changed)
        self.weights.changed.connect(self._on_weights_changed)
        self.costs.counted.connect(self._check)
        notifier.image_settings_changed.connect(self._on_image_settings_changed)
        notifier.table_changed.connect(self._on_table_changed)
        self.start_from.changed.connect(self._on_start_changed)

    @property
    def architecture(self) -> str:
        """Name of the chosen architecture; empty when the list cannot be read."""
        return self.selector.name

    @property
    def n_classes(self) -> int:
        """How many classes a network made now would tell apart."""
        return max(_FEWEST_CLASSES, self._notifier.table.n_classes)

    @property
    def architectures(self) -> tuple[Architecture, ...]:
        """All architectures of the list; none when it cannot be read."""
        return self._architectures

    @property
    def choice(self) -> ModelChoice:
        """The architecture with the weights it begins with, or the model to start from.

        Raises SettingsError where neither is chosen.
        """
        return self.start_from.choice or ModelChoice(architecture=self.architecture, weights=self.weights.weights)

    @property
    def zoo(self) -> Path | None:
        """The model_zoo.py that the list comes from."""
        return self._zoo

    @property
    def cost(self) -> Cost | None:
        """What the chosen architecture costs; None until that is counted, and for a model to start from."""
        return None if self._counted is None or self.start_from.is_used else self._counted.cost

    @property
    def misfit(self) -> str:
        """Why this network cannot be built for these images; empty if it can."""
        return self._problem

    @property
    def name(self) -> str:
        """What runs of this choice are called."""
        return self.start_from.name if self.start_from.is_used else self.architecture

    @property
    def problem(self) -> str:
        """Why no run can be started with this choice; empty if it can."""
        if self.start_from.is_used:
            return self.start_from.problem
        return self._problem or self.weights.problem

    @property
    def short_problem(self) -> str:
        """The same for the foot of the tab, in a few words where this panel tells the rest."""
        return self.start_from.short_problem if self.start_from.is_used else self.problem

    def choose(self, name: str) -> None:
        """Select an architecture by name; unknown names leave the choice as it is."""
        self.selector.choose(name)

    def show_choice(self, choice: ModelChoice) -> None:
        """Show an architecture, or a model to start from, as it was chosen elsewhere; unknown names change nothing."""
        self.start_from.show_choice(choice)
        self.choose(choice.architecture or "")
        if choice.architecture == self.architecture and not self.weights.isHidden():
            self.weights.choose(choice.weights)

    def set_brief(self, is_brief: bool) -> None:
        self._is_brief = is_brief
        for part in (*self._headings, self.form, self.memory, self._about, self._path, self._edit, self._reload):
            part.setHidden(is_brief)
        self.start_from.setHidden(is_brief and not self.start_from.is_used)
        self._cost.setVisible(bool(self._cost.text()) and not is_brief)

    def n_hidden_changes(self) -> int:
        return sum(editor.is_changed for editor in self.memory.editors) if self._is_brief else 0

    def set_locked(self, is_locked: bool) -> None:
        """Lock what cannot change within a run."""
        self._lock = reason = _LOCKED if is_locked else None
        self.selector.set_locked(reason)
        self._lock_image_form()
        self.start_from.set_locked(reason)
        self.weights.set_locked(reason)
        for editor in self.memory.editors:
            editor.set_locked(reason)

    def _lock_image_form(self) -> None:
        self.form.set_locked(self._lock)
        if self._lock is None:
            self.form.lock_settled(self.start_from.settled)
        self.settled.emit(self.start_from.settled)

    @pyqtSlot()
    def _on_start_changed(self) -> None:
        self._of_architecture.setHidden(self.start_from.is_used)
        self.start_from.setHidden(self._is_brief and not self.start_from.is_used)
        self._lock_image_form()
        self.changed.emit()

    @pyqtSlot()
    def reload(self) -> None:
        """Read the list again, after the file was edited."""
        before = self.architecture
        self._file_problem = self._gone = ""
        try:
            self._zoo = find_zoo(self._explicit_zoo)
            self._architectures = list_architectures(self._zoo)
        except ModelZooError as error:
            self._file_problem = str(error)
            self._check()
            return
        self.selector.set_architectures(self._architectures)
        self.choose(before or _FIRST_CHOICE)
        if before not in ("", self.architecture):
            self._gone = f"There is no {before} in the file any more. "
        self._path.setText(self._elided(str(self._zoo)))
        self._path.setToolTip(f"The list comes from {self._zoo}")
        self._grey_out()
        self._check()

    def _elided(self, text: str) -> str:
        return self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideLeft, 20 * GRID)

    def _lay_out(self) -> None:
        for button in (self._edit, self._reload):
            button.setFlat(True)
        for label in (self._about, self._cost, self._path):
            set_role(label, "muted")
        self._fits.setObjectName("architectureFits")
        self._cost.setObjectName("architectureCost")
        self._cost.setWordWrap(True)
        self._about.setWordWrap(True)
        self._fits.setWordWrap(True)
        self._headings = image_heading, memory_heading = QLabel("Image", self), QLabel("Memory and threads", self)
        for label in self._headings:
            set_role(label, "heading")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID, GRID, GRID)
        column.setSpacing(GRID)
        column.addWidget(self.start_from)
        column.addWidget(self._of_architecture)
        column.addSpacing(GRID)
        column.addWidget(image_heading)
        column.addWidget(self.form)
        column.addSpacing(GRID)
        column.addWidget(memory_heading)
        column.addWidget(self.memory)
        column.addStretch(1)
        SectionForm.align_columns([*self.form.editors, *self.memory.editors])

    def _lay_out_architecture(self) -> None:
        heading = QLabel("Architecture", self)
        set_role(heading, "heading")
        tools = QHBoxLayout()
        tools.addWidget(self._path, 1)
        tools.addWidget(self._edit)
        tools.addWidget(self._reload)
        column = QVBoxLayout(self._of_architecture)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        for part in (heading, self.selector, self._fits, self._cost, self._about, self.weights):
            column.addWidget(part)
        column.addLayout(tools)

    @pyqtSlot(ImageSettings)
    def _on_image_settings_changed(self, settings: ImageSettings) -> None:
        self._grey_out()
        self._check()

    @pyqtSlot()
    def _on_weights_changed(self) -> None:
        self._check()

    @pyqtSlot(ClassTable)
    def _on_table_changed(self, table: ClassTable) -> None:
        self._check()

    @pyqtSlot()
    def _on_selected(self) -> None:
        self._gone = ""
        self._check()

    @pyqtSlot()
    def _on_edit(self) -> None:
        if self._zoo is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._zoo)))

    def _grey_out(self) -> None:
        self.selector.set_image(self._notifier.image_settings)

    @pyqtSlot()
    def _check(self) -> None:
        """Show what is chosen, and find out what keeps it from being trained."""
        image = self._notifier.image_settings
        item, counted = None, None
        try:
            if self._file_problem:
                raise ModelZooError(self._file_problem)
            item = find_architecture(self._architectures, self.architecture)
            self.weights.set_architecture(item)
            check_takes(item, image)
            counted = self.costs.of(self._network(image))
            self._problem = counted.problem if counted else ""
        except AidError as error:
            self._problem = with_words(str(error))
            self.costs.of(None)
        self._counted = counted
        self._about.setText(item.description if item else "")
        self._cost.setText(_cost_text(counted))
        self._cost.setVisible(bool(self._cost.text()) and not self._is_brief)
        self._fits.setText(self._gone + (self._problem or _fits_text(item, image)))
        set_role(self._fits, "error" if self._problem else "muted")
        self.changed.emit()

    def _network(self, image: ImageSettings) -> Network | None:
        if self._zoo is None:
            return None
        sizes = image.input_shape, self.n_classes, len(image.features)
        return Network(self._zoo, read_digest(self._zoo), self.architecture, *sizes)


def _fits_text(item: Architecture | None, image: ImageSettings) -> str:
    if item is None:
        return ""
    family = FAMILY_NAMES[item.family]
    n_channels, n_features = image.n_channels, len(image.features)
    parts = [f"{image.width} × {image.height} px", f"{n_channels} {'channel' if n_channels == 1 else 'channels'}"]
    if n_features:
        parts.append(f"{n_features} {'feature' if n_features == 1 else 'features'}")
    text = f"{family}. Takes {item.min_size} × {item.min_size} px and more; fits {', '.join(parts)}{_FITS}"
    # A size stays in one line.
    return text.replace(" × ", "\u00a0×\u00a0").replace(" px", "\u00a0px")


def _cost_text(counted: Counted | None) -> str:
    if counted is None or counted.cost is None:
        return ""
    cost = counted.cost
    times = "unknown number of" if cost.multiply_adds is None else grouped(cost.multiply_adds)
    return f"{grouped(cost.parameters)} parameters, {times} multiply-adds for each image"
