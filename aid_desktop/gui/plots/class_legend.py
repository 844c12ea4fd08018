"""The classes of a picture with their colours; a click hides one."""

from collections.abc import Mapping, Sequence

from PyQt5.QtCore import QSize, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QColor, QIcon, QPixmap
from PyQt5.QtWidgets import QCheckBox, QWidget

from aid_desktop.gui.theme import GRID, class_color
from aid_desktop.gui.widgets.flow_layout import FlowLayout
from aid_desktop.numbers import grouped

_SWATCH = 12


class ClassLegend(QWidget):
    """Check boxes `<name>.0`, `<name>.1`, … in the order of the classes; `changed` tells of a click."""

    changed = pyqtSignal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._boxes: tuple[QCheckBox, ...] = ()
        self._names: tuple[str, ...] = ()
        self._colors: tuple[QColor, ...] = ()
        self._flow = FlowLayout(self, 2 * GRID)

    @property
    def shown(self) -> tuple[bool, ...]:
        """Whether each class is to be seen."""
        return tuple(box.isChecked() for box in self._boxes)

    @property
    def text(self) -> str:
        """All that is written in the legend."""
        return ", ".join(box.text() for box in self._boxes)

    def set_counts(self, counts: Mapping[str, int], colors: Sequence[QColor] | None = None) -> None:
        """Show classes in order with their numbers; the same classes as before stay hidden or shown.

        `colors` are those of other things than classes.
        """
        inks = tuple(class_color(index) for index in range(len(counts))) if colors is None else tuple(colors)
        if (tuple(counts), inks) != (self._names, self._colors):
            self._colors = inks
            self._make_boxes(tuple(counts))
        for box, (name, number) in zip(self._boxes, counts.items(), strict=True):
            box.setText(f"{name}  {grouped(number)}")
            box.setAccessibleName(f"Show {name}")
        self.updateGeometry()

    def _make_boxes(self, names: tuple[str, ...]) -> None:
        while self._flow.takeAt(0) is not None:
            pass
        for old in self._boxes:
            old.hide()
            old.deleteLater()
        self._names = names
        self._boxes = tuple(self._make_box(index, name) for index, name in enumerate(names))
        for box in self._boxes:
            self._flow.addWidget(box)

    def _make_box(self, index: int, name: str) -> QCheckBox:
        box = QCheckBox(self)
        box.setObjectName(f"{self.objectName()}.{index}")
        box.setToolTip(f"Show or hide {name}")
        swatch = QPixmap(_SWATCH, _SWATCH)
        swatch.fill(self._colors[index])
        box.setIcon(QIcon(swatch))
        box.setIconSize(QSize(_SWATCH, _SWATCH))
        box.setChecked(True)
        box.toggled.connect(self._on_toggled)
        box.show()
        return box

    @pyqtSlot()
    def _on_toggled(self) -> None:
        self.changed.emit()
