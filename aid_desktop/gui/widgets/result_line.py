"""What a dialog's work has come to, with a button that shows it in the file manager."""

from pathlib import Path

from PyQt5.QtCore import Qt, QUrl, pyqtSlot
from PyQt5.QtGui import QDesktopServices
from PyQt5.QtWidgets import QHBoxLayout, QLabel, QWidget

from aid_desktop.gui.widgets.naming import name_widget, named_button


class ResultLine(QWidget):
    """A text that can be selected, and *Open folder* once there is something to show.

    The parts are named `result_name` and `button_name`; the tooltips say what each tells or shows.
    """

    def __init__(
        self, result_name: str, result_tip: str, button_name: str, button_tip: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._folder: Path | None = None
        self._text = QLabel(self)
        name_widget(self._text, result_name, "Result", result_tip)
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._open = named_button(self, "Open folder", button_name, button_tip, "folder")
        self._open.clicked.connect(self._open_folder)
        self._open.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._text, 1)
        row.addWidget(self._open, 0, Qt.AlignmentFlag.AlignTop)

    def clear(self) -> None:
        """Say nothing."""
        self._folder = None
        self._text.clear()
        self._open.hide()

    def show_result(self, text: str, folder: Path) -> None:
        """Say what was done, and offer to show a folder."""
        self._folder = folder
        self._text.setText(text)
        self._open.show()

    @pyqtSlot()
    def _open_folder(self) -> None:
        if self._folder is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder)))
