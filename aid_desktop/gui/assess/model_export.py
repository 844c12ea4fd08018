"""Save a copy of a model under another name."""

from functools import partial
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSlot
from PyQt5.QtWidgets import QFileDialog, QWidget

from aid_desktop.gui.assess.assessment import copy_model
from aid_desktop.gui.background import Background, Failure
from aid_desktop.gui.saving import save_as
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note, sentence


class ModelExport(QObject):
    """Asks for a name and copies in the background; says in `messages` what came of it."""

    def __init__(self, background: Background, messages: MessageStrip, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self._background = background
        self._messages = messages

    @pyqtSlot(Path)
    def ask(self, model: Path, proposed: str = "") -> None:
        """Ask where a copy of a model is to be saved, and save it; as `proposed` or the model's own name at first."""
        start = str(Path.home() / f"{proposed or model.stem}.keras")
        name, _ = QFileDialog.getSaveFileName(self._window, "Export model", start, "Keras (*.keras)")
        if name:
            save_as(name, ".keras", partial(self._export, model), self._window)

    def _export(self, model: Path, target: Path) -> None:
        copy = partial(copy_model, model, target)
        job = self._background.start("Exporting the model", copy, self._on_exported, self._on_failed)
        self.destroyed.connect(job.cancel)

    def _on_exported(self, path: Path) -> None:
        self._messages.add(Note(Level.INFO, f"The model is in {path}"))

    def _on_failed(self, failure: Failure) -> None:
        self._messages.add(Note(Level.ERROR, sentence(failure.message), failure.details))
