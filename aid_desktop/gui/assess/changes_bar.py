"""The strip that tells how many labels of the assessed images were changed, and what to do about it."""

from pathlib import Path

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from aid_desktop.gui.assess.relabelling import Relabelling
from aid_desktop.gui.theme import GRID
from aid_desktop.gui.widgets.naming import named_button
from aid_desktop.numbers import grouped


class ChangesBar(QFrame):
    """Shows the number of changed images; hidden while there are none.

    `train_requested` carries the model that is to learn from them, `excluded_asked` asks for the excluded images.
    """

    train_requested = pyqtSignal(Path)
    excluded_asked = pyqtSignal()

    def __init__(self, relabelling: Relabelling, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._relabelling = relabelling
        self.setObjectName("changedLabels")
        self.setProperty("role", "note")
        self.setProperty("level", "info")
        self._text = QLabel(self)
        self._text.setObjectName("changedLabels.text")
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        tip = "Show the images that were excluded below; there they can be included again"
        self._excluded = named_button(self, "Show excluded", "changedLabels.excluded", tip)
        self._excluded.clicked.connect(self.excluded_asked)
        undo = named_button(self, "Undo", "changedLabels.undo", "Take the last change of the class table back", "undo")
        undo.clicked.connect(relabelling.undo)
        tip = "Show the Training tab, where a run starts from this model and learns from the changed labels"
        train = named_button(self, "Train on from this model…", "changedLabels.train", tip, "training")
        train.clicked.connect(self._on_train)
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID, GRID // 2, GRID // 2, GRID // 2)
        row.setSpacing(GRID)
        row.addWidget(self._text, 1)
        row.addWidget(self._excluded)
        row.addWidget(undo)
        row.addWidget(train)
        relabelling.changed.connect(self._look)
        self._look()

    @property
    def text(self) -> str:
        """What is said; "" while it is hidden."""
        return "" if self.isHidden() else self._text.text()

    @pyqtSlot()
    def _on_train(self) -> None:
        if self._relabelling.model is not None:
            self.train_requested.emit(self._relabelling.model)

    @pyqtSlot()
    def _look(self) -> None:
        n = self._relabelling.n_changed
        what = "1 image has" if n == 1 else f"{grouped(n)} images have"
        self._text.setText(
            f"{what} another label or role in the class table than when assessed, or none; no file was touched."
        )
        self.setAccessibleName(self._text.text())
        n_excluded = len(self._relabelling.excluded)
        self._excluded.setText(f"Show {grouped(n_excluded)} excluded")
        self._excluded.setVisible(n_excluded > 0)
        self.setVisible(n > 0)
