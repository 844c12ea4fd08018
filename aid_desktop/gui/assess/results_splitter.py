"""How the Assessment tab shares its height between the results and the images below them."""

from PyQt5.QtCore import Qt, pyqtSlot
from PyQt5.QtGui import QResizeEvent
from PyQt5.QtWidgets import QSplitter, QWidget

from aid_desktop.gui.theme import GRID

_SHARE = 4 / 7
_READABLE = 49 * GRID
"""Height in which curves of 220 pixels between their axes, and ten classes, can be read."""
_LEAST_BELOW = 19 * GRID
"""Height of the row of buttons, and of a line of small images with their captions."""


class ResultsSplitter(QSplitter):
    """Holds the results above the images; once the user has moved the handle, the parts keep their shares.

    Until then the results get four sevenths of the height, and on a small screen more: what they need to be read, as
    far as a line of small images is left.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self.setChildrenCollapsible(False)
        self.setHandleWidth(GRID)
        self._is_moved = False
        self.splitterMoved.connect(self._on_moved)

    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        super().resizeEvent(a0)
        if not self._is_moved:
            height = self.height() - self.handleWidth()
            above = max(round(_SHARE * height), min(_READABLE, height - _LEAST_BELOW))
            self.setSizes([above, height - above])

    @pyqtSlot()
    def _on_moved(self) -> None:
        self._is_moved = True
