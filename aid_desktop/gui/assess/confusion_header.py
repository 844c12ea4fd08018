"""The names above the columns of the confusion matrix, upright where there is no room for them side by side."""

from PyQt5.QtCore import QModelIndex, QRect, QSize, Qt
from PyQt5.QtGui import QColor, QPainter, QResizeEvent
from PyQt5.QtWidgets import QHeaderView, QStyle, QStyleOptionHeader, QWidget

from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, current_theme

# Longer names that stand upright lose their middle; the rows below need room too.
_SHORTEST, _LONGEST, _SHARE = 8 * GRID, 18 * GRID, 0.4


class NamesHeader(QHeaderView):
    """Turns all names by 90 degrees, to be read from bottom to top, when one of them is wider than its column."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setSectionsClickable(True)
        self._was_upright = False
        self.sectionResized.connect(self._look)

    @property
    def is_upright(self) -> bool:
        """Whether the names are turned; never where each column is as narrow as a line is high."""
        line = self.fontMetrics().height()
        widths = [self.sectionSize(section) for section in range(self.count())]
        return bool(widths) and line <= min(widths) < self._widest() + GRID

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        table = self.parentWidget()
        room = _SHARE * table.height() if table is not None else _LONGEST
        height = max(_SHORTEST, min(_LONGEST, room, self._widest() + 2 * GRID))
        return QSize(hint.width(), round(height)) if self.is_upright else hint

    def resizeEvent(self, e: QResizeEvent | None) -> None:
        super().resizeEvent(e)
        self._look()

    def paintSection(self, painter: QPainter | None, rect: QRect, logicalIndex: int) -> None:
        if not self.is_upright:
            super().paintSection(painter, rect, logicalIndex)
            return
        pen, model = required(painter), required(self.model())
        option = QStyleOptionHeader()
        self.initStyleOption(option)
        option.rect, option.section = rect, logicalIndex
        pen.save()
        required(self.style()).drawControl(QStyle.ControlElement.CE_HeaderSection, option, pen, self)
        room = QRect(0, 0, rect.height() - GRID, rect.width())
        text = str(model.headerData(logicalIndex, Qt.Orientation.Horizontal))
        pen.setPen(QColor(current_theme().text))
        pen.translate(rect.left(), rect.bottom() - GRID // 2)
        pen.rotate(-90)
        elided = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, room.width())
        pen.drawText(room, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), elided)
        pen.restore()

    def _widest(self) -> int:
        model, metrics = self.model(), self.fontMetrics()
        if model is None:
            return 0
        names = (model.headerData(n, Qt.Orientation.Horizontal) for n in range(model.columnCount(QModelIndex())))
        return max((metrics.horizontalAdvance(str(name)) for name in names), default=0)

    def _look(self) -> None:
        """Let the table make room for names that turn."""
        if self.is_upright != self._was_upright:
            self._was_upright = self.is_upright
            self.geometriesChanged.emit()
