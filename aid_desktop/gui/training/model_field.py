"""The field for the model to start from: typed, browsed for, or one of those used last."""

from pathlib import Path

from PyQt5.QtCore import pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QWidget

from aid_desktop.gui.recent_models import RecentModelsMenu
from aid_desktop.gui.theme import GRID
from aid_desktop.gui.widgets.naming import name_widget, named_button
from aid_desktop.models.files import MODEL_SUFFIXES

ARCHITECTURE_SUFFIX = ".arch"
"""Files of AIDeveloper that hold an architecture without weights."""


class ModelField(QWidget):
    """A path with buttons. `chosen` carries a model or run folder that the user wants, `emptied` that none is."""

    chosen = pyqtSignal(Path)
    emptied = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._path: Path | None = None
        self._suffixes: tuple[str, ...] = MODEL_SUFFIXES
        self.edit = QLineEdit(self)
        files = f"A file {', '.join(MODEL_SUFFIXES)}, or the folder of a run: then its best model is taken"
        name_widget(self.edit, "startFromPath", "Model to start from", files)
        self.edit.setPlaceholderText("A model file, or the folder of a run")
        # What is dropped goes to the parent; the field would insert its address as text.
        self.edit.setAcceptDrops(False)
        self.edit.editingFinished.connect(self._on_edited)
        browse = named_button(self, "Browse…", "startFromBrowseButton", "Choose a model file", "open")
        browse.clicked.connect(self.browse)
        recent = named_button(self, "Recent", "startFromRecentButton", "Models that were used last")
        self._recent = RecentModelsMenu(recent)
        self._recent.chosen.connect(self._choose)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        for widget in (self.edit, recent, browse):
            row.addWidget(widget)

    def show_path(self, path: Path) -> None:
        """Show what was chosen elsewhere."""
        self._path = path
        self.edit.setText(str(path))

    def remember(self, path: Path) -> None:
        """Put a model first among those that were used last."""
        self._recent.remember(path)

    def offer_architectures(self, is_offered: bool) -> None:
        """Let the dialog show files without weights, or not."""
        self._suffixes = (*MODEL_SUFFIXES, ARCHITECTURE_SUFFIX) if is_offered else MODEL_SUFFIXES

    @pyqtSlot()
    def browse(self) -> None:
        """Ask for a model file."""
        current = self._path or self._recent.latest or Path.home()
        patterns = " ".join(f"*{suffix}" for suffix in self._suffixes)
        name, _ = QFileDialog.getOpenFileName(
            self, "Choose a model to start from", str(current), f"Models ({patterns});;All files (*)"
        )
        if name:
            self._choose(Path(name))

    @pyqtSlot(Path)
    def _choose(self, path: Path) -> None:
        self.show_path(path)
        self.chosen.emit(path)

    @pyqtSlot()
    def _on_edited(self) -> None:
        text = self.edit.text().strip()
        path = _path_of(text) if text else None
        if path is None and self._path is not None:
            self._path = None
            self.emptied.emit()
        elif path is not None and path != self._path:
            self._choose(path)


def _path_of(text: str) -> Path:
    """Return the path that was typed, with the user's folder for ~."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        # There is no such user: as it is, which is told to be no model.
        return Path(text)
