"""What all dialogs have in common."""

from PyQt5.QtWidgets import QDialog

from aid_desktop.gui.qt import required
from aid_desktop.gui.tab_order import move_focus
from aid_desktop.gui.theme import GRID

_USUAL_LINE = 2 * GRID


class Dialog(QDialog):
    """Tab goes through it as it is read, and it is larger where text is."""

    def set_size(self, width: int, height: int) -> None:
        """Be so many times GRID wide and high, and larger with large text as far as the screen has room."""
        factor = max(1.0, self.fontMetrics().height() / _USUAL_LINE)
        screen = required(self.screen()).availableSize()
        sides = (width * GRID, screen.width()), (height * GRID, screen.height())
        self.resize(*(max(usual, min(round(factor * usual), most - 6 * GRID)) for usual, most in sides))

    def focusNextPrevChild(self, next: bool) -> bool:
        return move_focus(self, forward=next)
