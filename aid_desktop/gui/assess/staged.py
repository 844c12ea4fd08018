"""A place that says what belongs there until it is there."""

from collections.abc import Callable

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QLabel, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from aid_desktop.gui.theme import GRID, set_role


class Staged(QStackedWidget):
    """Shows either a widget or, while there is nothing for it, a text and perhaps a button.

    The button's object name is `name` with `.action` behind it.
    """

    def __init__(self, name: str, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._act: Callable[[], None] | None = None
        self._text = QLabel(self)
        self._text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._text.setWordWrap(True)
        set_role(self._text, "muted")
        self._button = QPushButton(self)
        self._button.setObjectName(f"{name}.action")
        self._button.setAccessibleName("No action")
        self._button.clicked.connect(self._on_clicked)
        empty = QWidget(self)
        column = QVBoxLayout(empty)
        column.setSpacing(2 * GRID)
        column.addStretch(1)
        column.addWidget(self._text)
        column.addWidget(self._button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        self.addWidget(empty)
        self.addWidget(content)

    @property
    def empty_text(self) -> str:
        """What is said while there is no content; "" while there is."""
        return self._text.text() if self.currentIndex() == 0 else ""

    def show_empty(self, text: str, button: str = "", act: Callable[[], None] | None = None) -> None:
        """Say what belongs here, with a button that calls `act`, if there is one."""
        self._text.setText(text)
        self._button.setText(button)
        self._button.setAccessibleName(button or "No action")
        self._button.setToolTip(text)
        self._button.setVisible(act is not None)
        self._act = act
        self.setCurrentIndex(0)

    def show_content(self) -> None:
        """Show the widget."""
        self.setCurrentIndex(1)

    def _on_clicked(self) -> None:
        if self._act is not None:
            self._act()
