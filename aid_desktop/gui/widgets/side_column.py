"""A column at the side of a tab that scrolls upright alone and grows with the size of text."""

from PyQt5.QtCore import QEvent, Qt
from PyQt5.QtWidgets import QFrame, QScrollArea, QWidget

from aid_desktop.gui.qt import required


class SideColumn(QScrollArea):
    """Holds `content`; at least as wide as so many figures of its font, or exactly so if it is fixed."""

    def __init__(self, content: QWidget, figures: int, parent: QWidget, is_fixed: bool = False) -> None:
        super().__init__(parent)
        self._figures = figures
        self._is_fixed = is_fixed
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        # It has nothing to do for the keyboard: it follows what has the focus.
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._fit()

    def changeEvent(self, a0: QEvent | None) -> None:
        super().changeEvent(a0)
        if required(a0).type() == QEvent.Type.FontChange:
            self._fit()

    def _fit(self) -> None:
        width = self._figures * self.fontMetrics().horizontalAdvance("0")
        self.setMinimumWidth(width)
        if self._is_fixed:
            self.setMaximumWidth(width)
