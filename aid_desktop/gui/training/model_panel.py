"""Which network, what form of image it takes, and how much memory a run may take."""

from pathlib import Path

from PyQt5.QtCore import Qt, QUrl, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QDesktopServices
from PyQt5.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from aid_desktop.errors import AidError, ModelZooError
from aid_desktop.gui.image_settings_form import ImageSettingsForm
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.theme import GRID, icon, set_role
from aid_desktop.gui.training.weights_panel import WeightsPanel
from aid_desktop.gui.widgets.amount_editor import guard_wheel
from aid_desktop.gui.widgets.section_form import SectionForm
from aid_desktop.models.backbones import check_image
from aid_desktop.models.registry import Architecture
from aid_desktop.models.zoo import check_features, check_size, find_architecture, find_zoo, list_architectures
from aid_desktop.runs.config import ModelChoice
from aid_desktop.settings.device import DeviceSettings
from aid_desktop.settings.image import ImageSettings

_FIRST_CHOICE = "LeNet5_do"
_LOCKED = "This needs a new run: stop the one that is going on first."


class ModelPanel(QWidget):
    """The architecture list of model_zoo.py, the image settings and the memory. `changed` tells of any change."""

    changed = pyqtSignal()

    def __init__(self, notifier: Notifier, zoo: Path | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._notifier = notifier
        self._explicit_zoo = zoo
        self._architectures: tuple[Architecture, ...] = ()
        self._zoo: Path | None = None
        self._misfit = ""
        self._selector = QComboBox(self)
        self._about = QLabel(self)
        self._fits = QLabel(self)
        self.weights = WeightsPanel(self)
        self._path = QLabel(self)
        self._edit = QPushButton(icon("open"), "Edit", self)
        self._reload = QPushButton(icon("refresh"), "Reload", self)
        self.form = ImageSettingsForm(notifier, parent=self)
        self.memory = SectionForm(DeviceSettings, ("data_memory", "memory_fraction", "memory_growth", "threads"), self)
        self._lay_out()
        self.set_locked(False)
        self._selector.currentIndexChanged.connect(self._on_selected)
        self._edit.clicked.connect(self._on_edit)
        self._reload.clicked.connect(self.reload)
        self.memory.changed.connect(self.changed)
        self.weights.changed.connect(self._on_weights_changed)
        notifier.image_settings_changed.connect(self._on_image_settings_changed)
        self.reload()

    @property
    def architecture(self) -> str:
        """Name of the chosen architecture; empty when the list cannot be read."""
        return str(self._selector.currentData() or "")

    @property
    def choice(self) -> ModelChoice:
        """The architecture, with the weights it begins with, as a run configuration holds it."""
        return ModelChoice(architecture=self.architecture, weights=self.weights.weights)

    def show_choice(self, choice: ModelChoice) -> None:
        """Select architecture and weights; an unknown architecture leaves the choice as it is."""
        self.choose(choice.architecture or "")
        self.weights.choose(choice.weights)

    @property
    def zoo(self) -> Path | None:
        """The model_zoo.py that the list comes from."""
        return self._zoo

    @property
    def misfit(self) -> str:
        """Why this network cannot be built for these images; empty if it can."""
        return self._misfit

    @property
    def problem(self) -> str:
        """Why no run can be started with this choice; empty if it can."""
        return self._misfit or self.weights.problem

    def choose(self, name: str) -> None:
        """Select an architecture by name; unknown names leave the choice as it is."""
        index = self._selector.findData(name)
        if index >= 0:
            self._selector.setCurrentIndex(index)

    def set_locked(self, is_locked: bool) -> None:
        """Lock what cannot change within a run."""
        self._selector.setEnabled(not is_locked)
        self._selector.setToolTip(_LOCKED if is_locked else "Architecture of the network, from small to large")
        reason = _LOCKED if is_locked else None
        self.form.set_locked(reason)
        self.weights.set_locked(reason)
        for editor in self.memory.editors:
            editor.set_locked(reason)

    @pyqtSlot()
    def reload(self) -> None:
        """Read the list again, after the file was edited."""
        chosen = self.architecture or _FIRST_CHOICE
        try:
            self._zoo = find_zoo(self._explicit_zoo)
            self._architectures = list_architectures(self._zoo)
        except ModelZooError as error:
            self._architectures = ()
            self._check(str(error))
            return
        self._selector.blockSignals(True)
        self._selector.clear()
        for item in self._architectures:
            self._selector.addItem(item.name, item.name)
        self._selector.blockSignals(False)
        self.choose(chosen)
        self._path.setText(self._elided(str(self._zoo)))
        self._path.setToolTip(f"The list comes from {self._zoo}")
        self._check()

    def _elided(self, text: str) -> str:
        return self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideLeft, 20 * GRID)

    def _lay_out(self) -> None:
        self._selector.setObjectName("architectureSelector")
        self._selector.setAccessibleName("Architecture")
        guard_wheel(self._selector)
        for button, name, tip in (
            (
                self._edit,
                "editZooButton",
                "Open model_zoo.py in a text editor to change or add architectures",
            ),
            (self._reload, "reloadZooButton", "Read the list again after editing the file"),
        ):
            button.setObjectName(name)
            button.setAccessibleName(button.text())
            button.setToolTip(tip)
            button.setFlat(True)
        for label in (self._about, self._path):
            set_role(label, "muted")
        self._about.setWordWrap(True)
        self._fits.setWordWrap(True)
        heading, image_heading, memory_heading = (
            QLabel(text, self) for text in ("Architecture", "Image", "Memory and threads")
        )
        for label in (heading, image_heading, memory_heading):
            set_role(label, "heading")
        tools = QHBoxLayout()
        tools.addWidget(self._path, 1)
        tools.addWidget(self._edit)
        tools.addWidget(self._reload)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID, GRID, GRID)
        column.setSpacing(GRID)
        for part in (heading, self._selector, self._fits, self._about, self.weights):
            column.addWidget(part)
        column.addLayout(tools)
        column.addSpacing(GRID)
        column.addWidget(image_heading)
        column.addWidget(self.form)
        column.addSpacing(GRID)
        column.addWidget(memory_heading)
        column.addWidget(self.memory)
        column.addStretch(1)
        SectionForm.align_columns([*self.form.editors, *self.memory.editors])

    @pyqtSlot(ImageSettings)
    def _on_image_settings_changed(self, settings: ImageSettings) -> None:
        self._check()

    @pyqtSlot()
    def _on_weights_changed(self) -> None:
        self._check()

    @pyqtSlot(int)
    def _on_selected(self, index: int) -> None:
        self._check()

    @pyqtSlot()
    def _on_edit(self) -> None:
        if self._zoo is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._zoo)))

    def _check(self, problem: str = "") -> None:
        shape, n_features = self._notifier.image_settings.input_shape, len(self._notifier.image_settings.features)
        if not problem:
            try:
                item = find_architecture(self._architectures, self.architecture)
                self._about.setText(item.description)
                self.weights.set_architecture(item)
                check_size(item, shape)
                check_image(item, self._notifier.image_settings)
                check_features(item, n_features)
            except AidError as error:
                problem = str(error)
        self._misfit = problem
        parts = [f"{shape[1]} × {shape[0]} px", f"{shape[2]} {'channel' if shape[2] == 1 else 'channels'}"]
        if n_features:
            parts.append(f"{n_features} {'feature' if n_features == 1 else 'features'}")
        fits = f"Fits {', '.join(parts)} ✓"
        self._fits.setText(problem or fits)
        set_role(self._fits, "error" if problem else "muted")
        self.changed.emit()
