"""What belongs into a list or table, said in its middle while it is empty."""

from PyQt5.QtCore import Qt, pyqtSlot
from PyQt5.QtWidgets import QAbstractItemView, QLabel, QVBoxLayout

from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import set_role


class EmptyHint(QLabel):
    """Stands in `view`, which has its model already, as long as that has no rows."""

    def __init__(self, text: str, view: QAbstractItemView) -> None:
        super().__init__(text, view)
        viewport = required(view.viewport())
        self._model = required(view.model())
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setWordWrap(True)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        set_role(self, "muted")
        QVBoxLayout(viewport).addWidget(self)
        for changed in (self._model.rowsInserted, self._model.rowsRemoved, self._model.modelReset):
            changed.connect(self._show_or_hide)
        self._show_or_hide()

    @pyqtSlot()
    def _show_or_hide(self) -> None:
        self.setVisible(not self._model.rowCount())
