"""Which grey levels of deep images are shown as black and white."""

from PyQt5.QtCore import pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QComboBox, QDoubleSpinBox, QHBoxLayout, QWidget

from aid_desktop.gui.assess.predicted_images import Levels
from aid_desktop.gui.theme import GRID
from aid_desktop.gui.widgets.amount_editor import guard_wheel
from aid_desktop.gui.widgets.naming import name_widget

_LARGEST = 1e9
_EACH, _SAME = "grey levels of each image", "same grey levels for all"


class LevelsEditor(QWidget):
    """Chooses between the range of each image and one range for all; hidden unless offered.

    `changed` tells of another choice, `wanted` that a range for all is to be found, see `set_levels`.
    """

    changed = pyqtSignal()
    wanted = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ways = QComboBox(self)
        self._ways.addItems([_EACH, _SAME])
        tip = "Images of more than 8 bits: stretch each one to its own grey levels, or all to the same ones"
        name_widget(self._ways, "galleryLevels", "Display range", tip)
        guard_wheel(self._ways)
        self._boxes = (self._box("Low", "black"), self._box("High", "white"))
        self._ways.currentIndexChanged.connect(self._on_way)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID // 2)
        for widget in (self._ways, *self._boxes):
            row.addWidget(widget)
        self._show_boxes()
        self.hide()

    @property
    def levels(self) -> Levels | None:
        """The grey levels of black and white; None for those of each image."""
        low, high = (box.value() for box in self._boxes)
        is_same = self._ways.currentText() == _SAME and not self.isHidden()
        return (low, high) if is_same and high > low else None

    def set_offered(self, offered: bool) -> None:
        """Show the choice, or hide it: the images have 8 bits, which are shown as they are."""
        self.setVisible(offered)

    def set_levels(self, levels: Levels) -> None:
        """Put a range into the boxes."""
        for box, value in zip(self._boxes, levels, strict=True):
            box.blockSignals(True)
            box.setDecimals(0 if max(levels) > 10 else 3)
            box.setValue(value)
            box.blockSignals(False)
        self.changed.emit()

    @pyqtSlot()
    def _on_way(self) -> None:
        self._show_boxes()
        if self._ways.currentText() == _SAME:
            self.wanted.emit()
        else:
            self.changed.emit()

    def _show_boxes(self) -> None:
        for box in self._boxes:
            box.setVisible(self._ways.currentText() == _SAME)

    def _box(self, name: str, shown: str) -> QDoubleSpinBox:
        box = QDoubleSpinBox(self)
        box.setRange(-_LARGEST, _LARGEST)
        box.setKeyboardTracking(False)
        box.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
        box.setMaximumWidth(9 * GRID)
        name_widget(box, f"galleryLevels.{name.lower()}", f"{name} grey level", f"Grey level that is shown as {shown}")
        box.valueChanged.connect(self.changed)
        guard_wheel(box)
        return box
