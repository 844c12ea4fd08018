"""Opens the export of models from wherever a model is shown."""

from collections.abc import Sequence
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSlot
from PyQt5.QtWidgets import QWidget

from aid_desktop.gui.background import Background
from aid_desktop.gui.export.export_models_dialog import ExportModelsDialog
from aid_desktop.gui.widgets.one_dialog import OneDialog


class ExportTool(QObject):
    """Shows one dialog; models that are asked for while it is open are added to its list."""

    def __init__(self, background: Background, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self._background = background
        self._dialog = OneDialog(self)

    @property
    def dialog(self) -> ExportModelsDialog | None:
        """The dialog while it is open."""
        found = self._dialog.dialog
        return found if isinstance(found, ExportModelsDialog) else None

    @pyqtSlot(Path)
    def ask(self, model: Path) -> None:
        """Show the dialog with a model, or the best one of a run folder."""
        self.ask_for([model])

    def ask_for(self, models: Sequence[Path]) -> None:
        """Show the dialog with these models, or the best ones of run folders."""
        self._dialog.show(lambda: ExportModelsDialog((), self._background, self._window))
        if self.dialog is not None:
            self.dialog.models.add(models)
