"""A legend in one row beside a plot, where one inside would hide the curves."""

from collections.abc import Sequence

from PyQt5.QtCore import QPointF, QSize, Qt
from PyQt5.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import QSizePolicy, QWidget

from aid_desktop.gui.plots.plot_style import plot_font
from aid_desktop.gui.theme import GRID

_LINE = 2 * GRID + GRID // 2
_MARGIN = GRID // 2


class LineLegend(QWidget):
    """Lines with their names; names that do not fit are shortened, and stand in the tooltip."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self._entries: tuple[tuple[str, QPen], ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """The names from left to right."""
        return tuple(text for text, _ in self._entries)

    def set_entries(self, entries: Sequence[tuple[str, QPen]]) -> None:
        """Show these names, each beside a line of its pen."""
        self._entries = tuple(entries)
        words = ", ".join(self.texts)
        self.setToolTip(words)
        self.setAccessibleName(f"Legend: {words}")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(plot_font())
        width = sum(self._width(metrics, text) for text in self.texts)
        return QSize(width, metrics.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(0, QFontMetrics(plot_font()).height())

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        # That of the plot's axes, which follows the theme.
        painter.setFont(plot_font())
        metrics, middle, left = QFontMetrics(plot_font()), self.height() / 2, 0
        for text, pen in self._entries:
            painter.setPen(pen)
            painter.drawLine(QPointF(left, middle), QPointF(left + _LINE, middle))
            start = left + _LINE + _MARGIN
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(0, self.width() - start))
            painter.setPen(self.palette().windowText().color())
            painter.drawText(start, 0, self.width() - start, self.height(), Qt.AlignmentFlag.AlignVCenter, shown)
            left += self._width(metrics, text)

    @staticmethod
    def _width(metrics: QFontMetrics, text: str) -> int:
        return _LINE + _MARGIN + metrics.horizontalAdvance(text) + 3 * _MARGIN
