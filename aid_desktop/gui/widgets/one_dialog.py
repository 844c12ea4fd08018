"""A dialog beside the window that is open once at most."""

from collections.abc import Callable

from PyQt5.QtCore import QObject, Qt, pyqtSlot
from PyQt5.QtWidgets import QDialog


class OneDialog(QObject):
    """Opens a dialog that leaves the window usable; while it is open, asking again brings it to the front."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._dialog: QDialog | None = None

    @property
    def dialog(self) -> QDialog | None:
        """The dialog while it is open."""
        return self._dialog

    def show(self, make: Callable[[], QDialog]) -> None:
        """Show the dialog that `make` returns, or the one that is open already."""
        if self._dialog is None:
            self._dialog = make()
            self._dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self._dialog.finished.connect(self._on_closed)
            self._dialog.show()
        self._dialog.raise_()
        self._dialog.activateWindow()

    @pyqtSlot()
    def _on_closed(self) -> None:
        self._dialog = None
