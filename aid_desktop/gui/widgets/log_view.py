"""A plain log of what happened, newest line last."""

from datetime import datetime

from PyQt5.QtWidgets import QPlainTextEdit, QWidget

_MOST_LINES = 5000


class LogView(QPlainTextEdit):
    """Read-only lines with the time of day; old ones go when there are very many."""

    def __init__(self, name: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setToolTip(title)
        self.setReadOnly(True)
        self.setMaximumBlockCount(_MOST_LINES)
        self.setPlaceholderText("What happens during training is written here.")

    def add(self, text: str) -> None:
        """Append a line."""
        self.appendPlainText(f"{datetime.now().astimezone():%H:%M:%S}  {text}")
