"""Tick the layers that learn, and say which part of their units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PyQt5.QtCore import QEvent, QObject, QSize, Qt, pyqtSlot
from PyQt5.QtWidgets import QListWidgetItem, QSpinBox, QWidget

from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID
from aid_desktop.gui.widgets.amount_editor import guard_wheel
from aid_desktop.gui.widgets.tick_dialog import TickDialog, TickTexts
from aid_desktop.numbers import grouped

_WHOLE = 100
_TEXTS = TickTexts(
    "layer",
    "Layers",
    "Layers that learn, from the first to the last, and the percentage of their units:",
    "Tick the layers that learn",
)


@dataclass(frozen=True, slots=True)
class LayerItem:
    """A layer with weights; `n_units` where a part of it can learn, else None."""

    name: str
    n_units: int | None = None


class LayersDialog(TickDialog):
    """Ticks as in a TickDialog, and beside a layer whose units can learn in part a box for the percentage that does.

    `shares` are the values of the setting that the dialog begins with: true, false or a part; unnamed layers learn.
    """

    def __init__(
        self, layers: Sequence[LayerItem], shares: Mapping[str, bool | float], parent: QWidget | None = None
    ) -> None:
        names = [layer.name for layer in layers]
        self._boxes: dict[str, QSpinBox] = {}
        super().__init__(names, [name for name in names if shares.get(name, True)], _TEXTS, parent)
        for row, layer in enumerate(layers):
            item = self.list.item(row)
            if layer.n_units is not None and item is not None:
                share = float(shares.get(layer.name, True)) or 1.0
                self._add_box(item, layer, max(1, round(_WHOLE * share)))
        self.list.itemChanged.connect(self._on_ticked)
        required(self.list.viewport()).installEventFilter(self)
        self._on_ticked()
        self.set_size(56, 60)

    def shares(self) -> tuple[tuple[str, bool | float], ...]:
        """Return for each layer whether it learns, or the part of its units that does."""
        ticked = self.ticked()
        items = (self.list.item(row) for row in range(self.list.count()))
        return tuple((item.text(), self._share(item.text(), ticked)) for item in items if item is not None)

    def _share(self, name: str, ticked: Sequence[str]) -> bool | float:
        percent = self._boxes[name].value() if name in self._boxes else _WHOLE
        return name in ticked if name not in ticked or percent == _WHOLE else percent / _WHOLE

    def _add_box(self, item: QListWidgetItem, layer: LayerItem, percent: int) -> None:
        # Not the item's widget, which would take the click on its tick. A viewport moves its children when it scrolls.
        box = QSpinBox(self.list.viewport())
        box.setRange(1, _WHOLE)
        box.setSingleStep(5)
        box.setSuffix(f" % of {grouped(layer.n_units or 0)} units")
        box.setValue(percent)
        box.setObjectName(f"layerShare.{layer.name}")
        box.setAccessibleName(f"Part of {layer.name} that learns")
        box.setToolTip("How many of the layer's units learn: the others, which are its first ones, stay as they are")
        box.setAlignment(Qt.AlignmentFlag.AlignRight)
        guard_wheel(box)
        self._boxes[layer.name] = box
        item.setSizeHint(QSize(0, box.sizeHint().height() + 2))

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        if a1 is not None and a1.type() in (QEvent.Type.Resize, QEvent.Type.Show) and a0 is self.list.viewport():
            self._place_boxes()
        return super().eventFilter(a0, a1)

    def _place_boxes(self) -> None:
        for row in range(self.list.count()):
            item = required(self.list.item(row))
            box = self._boxes.get(item.text())
            if box is not None:
                place, width = self.list.visualItemRect(item), box.sizeHint().width()
                box.setGeometry(place.right() - width - GRID // 2, place.top() + 1, width, place.height() - 2)

    @pyqtSlot()
    def _on_ticked(self) -> None:
        ticked = self.ticked()
        for name, box in self._boxes.items():
            box.setEnabled(name in ticked)
