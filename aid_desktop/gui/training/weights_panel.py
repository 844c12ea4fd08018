"""What a pretrained network begins with: ImageNet weights, a file, or random weights."""

from pathlib import Path

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from aid_desktop.gui.theme import GRID, set_role
from aid_desktop.gui.widgets.amount_editor import guard_wheel
from aid_desktop.gui.widgets.naming import name_widget, named_button
from aid_desktop.models.backbones import backbone_of, local_file
from aid_desktop.models.registry import Architecture
from aid_desktop.settings.pretrained import IMAGENET, RANDOM

_FILE = "file"
_CHOICES = (("ImageNet", IMAGENET), ("From a file…", _FILE), ("Random: nothing learnt before", RANDOM))
_TIP = (
    "What the network knows before it has seen your images. ImageNet: what was learnt from many photographs, "
    "which helps most when there are few images of your own"
)
_FILES = "Weights and models (*.h5 *.weights.h5 *.keras)"


class WeightsPanel(QWidget):
    """The choice of weights; hidden for architectures that take none.

    `changed` tells of another choice, `download_wanted` of the wish to fetch the weights of the architecture,
    `plan_wanted` of the wish for the settings of a fine-tuning.
    """

    changed = pyqtSignal()
    download_wanted = pyqtSignal(Architecture)
    plan_wanted = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._architecture: Architecture | None = None
        self._file: Path | None = None
        self._file_of = ""
        self._chosen = IMAGENET
        self._selector = QComboBox(self)
        name_widget(self._selector, "weightsSelector", "Weights", _TIP)
        guard_wheel(self._selector)
        for text, word in _CHOICES:
            self._selector.addItem(text, word)
        self._state = QLabel(self)
        self._state.setObjectName("weightsState")
        self._state.setWordWrap(True)
        self._download = named_button(
            self, "Download…", "downloadWeightsButton", "Ask, then fetch these weights from Keras' server", "down"
        )
        self._plan = named_button(
            self,
            "Fine-tuning plan",
            "fineTuningButton",
            "Fill in settings that suit a pretrained network: the last layer learns first, the others join it",
            "settings",
        )
        self._lay_out()
        self._selector.activated[int].connect(self._on_activated)
        self._download.clicked.connect(self._on_download)
        self._plan.clicked.connect(self.plan_wanted)
        self.set_architecture(None)

    @property
    def weights(self) -> str | Path | None:
        """The choice as a run configuration holds it; None for architectures that take no weights."""
        if self.isHidden():
            return None
        return self._file if self._chosen == _FILE else self._chosen

    @property
    def problem(self) -> str:
        """Why no run can begin with this choice; empty if it can."""
        weights = self.weights
        if weights == IMAGENET and self._is_missing():
            missing = f"The ImageNet weights of {self._name} are not on this computer"
            return f"{missing}: download them, or choose other weights"
        if isinstance(weights, Path) and not weights.is_file():
            return f"There is no file {weights}: choose other weights"
        return ""

    @property
    def _name(self) -> str:
        return self._architecture.name if self._architecture is not None else ""

    def set_architecture(self, architecture: Architecture | None) -> None:
        """Show the weights of an architecture; a file fits the one that it was chosen for.

        Raises ModelZooError if it names unknown ones.
        """
        self._architecture = architecture
        is_pretrained = architecture is not None and backbone_of(architecture) is not None
        if is_pretrained and self._chosen == _FILE and self._file_of != self._name:
            self._chosen = IMAGENET
            self._selector.setCurrentIndex(self._selector.findData(IMAGENET))
        self.setVisible(is_pretrained)
        self._show_state()

    def choose(self, weights: str | Path | None) -> None:
        """Show a choice; None is ImageNet."""
        if isinstance(weights, Path):
            self._file, self._file_of, self._chosen = weights, self._name, _FILE
        else:
            self._chosen = weights or IMAGENET
        self._show_choice()

    def set_locked(self, reason: str | None) -> None:
        """Lock the choice for a reason, or unlock it."""
        self._selector.setEnabled(reason is None)
        self._selector.setToolTip(reason or _TIP)

    def set_downloading(self, is_downloading: bool) -> None:
        """Keep a download from being begun twice; once it has ended, look for the file."""
        self._download.setEnabled(not is_downloading)
        self._show_choice()

    def _lay_out(self) -> None:
        heading = QLabel("Weights", self)
        set_role(heading, "heading")
        buttons = QHBoxLayout()
        buttons.addWidget(self._download)
        buttons.addWidget(self._plan)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID, 0, 0)
        column.setSpacing(GRID)
        for part in (heading, self._selector, self._state):
            column.addWidget(part)
        column.addLayout(buttons)

    def _show_choice(self) -> None:
        self._selector.setCurrentIndex(self._selector.findData(self._chosen))
        self._show_state()
        self.changed.emit()

    def _show_state(self) -> None:
        is_missing = self._chosen == IMAGENET and self._is_missing()
        self._download.setVisible(is_missing)
        self._plan.setVisible(self._chosen != RANDOM)
        self._state.setText(self._text(is_missing))
        self._state.setToolTip(str(self._file or "") if self._chosen == _FILE else "")
        set_role(self._state, "error" if self.problem else "muted")

    def _text(self, is_missing: bool) -> str:
        backbone = backbone_of(self._architecture) if self._architecture else None
        if backbone is None or self._chosen == RANDOM:
            return "All layers begin with random weights"
        if self._chosen == _FILE:
            name = self._file.name if self._file else ""
            return self.fontMetrics().elidedText(f"Begins with {name}", Qt.TextElideMode.ElideMiddle, 40 * GRID)
        if is_missing:
            return f"Not on this computer yet: about {backbone.megabytes:.0f} MB to download"
        return "On this computer"

    def _is_missing(self) -> bool:
        backbone = backbone_of(self._architecture) if self._architecture else None
        return backbone is not None and local_file(backbone) is None

    @pyqtSlot(int)
    def _on_activated(self, index: int) -> None:
        word = str(self._selector.itemData(index))
        if word == _FILE:
            folder = str(self._file.parent) if self._file else ""
            path, _ = QFileDialog.getOpenFileName(self, "Weights to begin with", folder, _FILES)
            if not path:
                self._show_choice()
                return
            self._file, self._file_of = Path(path), self._name
        self._chosen = word
        self._show_choice()

    @pyqtSlot()
    def _on_download(self) -> None:
        if self._architecture is not None:
            self.download_wanted.emit(self._architecture)
