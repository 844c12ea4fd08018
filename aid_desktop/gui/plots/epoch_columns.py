"""How the lines of a history look, and the buttons to choose its columns."""

from collections.abc import Callable, Sequence
from functools import partial

from PyQt5.QtCore import QSize, Qt, pyqtSignal
from PyQt5.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PyQt5.QtWidgets import QCheckBox, QWidget

from aid_desktop.gui.models.epoch_names import base_of, in_order, is_validation, title_of
from aid_desktop.gui.theme import GRID, Theme, class_color, line_style
from aid_desktop.gui.widgets.flow_layout import FlowLayout

# Places in the palette: thin lines need the darker blue and orange on light grounds, the lighter ones on dark.
_COLORS = {"accuracy": 4, "loss": 5, "learning_rate": 2, "seconds": 6}
_COLORS_ON_DARK = _COLORS | {"accuracy": 1, "loss": 0}
_OTHER_COLORS = (7, 8, 10, 11, 13, 14, 16, 17)
SAMPLE = QSize(22, 12)
"""Size of the sample of a line."""


def column_color(column: str, columns: Sequence[str], theme: Theme) -> QColor:
    """Return the colour of a metric's lines among all `columns` of the run."""
    base = base_of(column)
    if base in _COLORS:
        return class_color((_COLORS_ON_DARK if theme.is_dark else _COLORS)[base])
    others = list(dict.fromkeys(name for name in map(base_of, in_order(columns)) if name not in _COLORS))
    place = others.index(base) if base in others else len(others)
    return class_color(_OTHER_COLORS[place % len(_OTHER_COLORS)])


def column_style(column: str) -> Qt.PenStyle:
    """Return the dash: training solid, validation dashed."""
    return line_style(1 if is_validation(column) else 0)


class ColumnChooser(QWidget):
    """One check button for each column, with a sample of its line. `chosen` carries the checked columns.

    Buttons are named `<name>.<column>`.
    """

    chosen = pyqtSignal(tuple)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName("Columns in the plot")
        self._buttons: dict[str, QCheckBox] = {}
        self._row = FlowLayout(self, GRID)
        self._row.setContentsMargins(0, GRID // 2, 0, 0)

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that can be chosen."""
        return tuple(self._buttons)

    def set_columns(self, columns: Sequence[str], checked: Sequence[str], pen_of: Callable[[str], QPen]) -> None:
        """Offer columns, with samples of their lines, and check some; emits nothing."""
        if tuple(in_order(columns)) != self.columns:
            self._rebuild(columns)
        for name, button in self._buttons.items():
            button.setIcon(line_icon(pen_of(name)))
            button.blockSignals(True)
            button.setChecked(name in checked)
            button.blockSignals(False)

    def _rebuild(self, columns: Sequence[str]) -> None:
        while self._row.takeAt(0) is not None:
            pass
        for button in self._buttons.values():
            button.hide()
            button.deleteLater()
        self._buttons = {}
        for name in in_order(columns):
            button = QCheckBox(title_of(name), self)
            button.setIconSize(SAMPLE)
            button.setObjectName(f"{self.objectName()}.{name}")
            button.setAccessibleName(f"Show {title_of(name)}")
            button.setToolTip(f"Show or hide the curve of {title_of(name)}")
            button.toggled.connect(partial(self._on_toggled, name))
            self._row.addWidget(button)
            self._buttons[name] = button
        self.updateGeometry()

    def _on_toggled(self, _name: str, _checked: bool) -> None:
        self.chosen.emit(tuple(name for name, button in self._buttons.items() if button.isChecked()))


def line_icon(pen: QPen) -> QIcon:
    """Return a sample of a line."""
    pixmap = QPixmap(2 * SAMPLE)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(pen.color(), 2, pen.style(), Qt.PenCapStyle.FlatCap))
    painter.drawLine(0, SAMPLE.height() // 2, SAMPLE.width(), SAMPLE.height() // 2)
    painter.end()
    return QIcon(pixmap)
