"""A slider with two handles."""

from PyQt5.QtCore import QEvent, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QWheelEvent,
)
from PyQt5.QtWidgets import QSizePolicy, QWidget

from aid_desktop.gui.qt import required

_RADIUS = 7.0
_LINE = 4.0
_KEY_STEPS = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Down: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Up: 1,
    Qt.Key.Key_PageDown: -10,
    Qt.Key.Key_PageUp: 10,
}


class RangeSlider(QWidget):
    """Choose a smallest and a largest value by mouse or keyboard.

    Tab goes to the lower, then to the upper handle; arrows, Page up/down, Home and End move it. Handles move
    in steps and cannot pass each other. `range_changed(low, high)` is emitted for what the user does only.
    """

    range_changed = pyqtSignal(float, float)

    def __init__(self, low: float, high: float, step: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._low, self._step = low, step
        self._last = max(1, round((high - low) / step))
        self._positions = [0, self._last]
        self._handle = 0
        self._is_dragging = False
        self._is_undecided = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._describe()

    def values(self) -> tuple[float, float]:
        """Return the values at which the handles stand."""
        return self._value(self._positions[0]), self._value(self._positions[1])

    def set_values(self, low: float, high: float) -> None:
        """Put the handles on the steps nearest to two values, without a signal."""
        self._positions = [self._nearest_position(low), self._nearest_position(high)]
        self._describe()
        self.update()

    def nearest(self, value: float) -> float:
        """Return the step nearest to `value`, where its handle stands."""
        return self._value(self._nearest_position(value))

    def handle_center(self, handle: int) -> QPointF:
        """Return the middle of a handle (0 lower, 1 upper) in this widget's pixels."""
        return QPointF(self._x(self._positions[handle]), self.height() / 2)

    def sizeHint(self) -> QSize:
        return QSize(120, 20)

    def minimumSizeHint(self) -> QSize:
        return QSize(64, 20)

    def focusNextPrevChild(self, next: bool) -> bool:
        if self.hasFocus() and self._handle == (0 if next else 1):
            self._choose(1 if next else 0)
            return True
        return super().focusNextPrevChild(next)

    def focusInEvent(self, a0: QFocusEvent | None) -> None:
        reason = required(a0).reason()
        if reason in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self._choose(0 if reason == Qt.FocusReason.TabFocusReason else 1)
        super().focusInEvent(a0)
        self.update()

    def focusOutEvent(self, a0: QFocusEvent | None) -> None:
        super().focusOutEvent(a0)
        self.update()

    def keyPressEvent(self, a0: QKeyEvent | None) -> None:
        key = required(a0).key()
        if key in _KEY_STEPS:
            self._move(self._positions[self._handle] + _KEY_STEPS[Qt.Key(key)])
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self._move(0 if key == Qt.Key.Key_Home else self._last)
        else:
            super().keyPressEvent(a0)

    def wheelEvent(self, a0: QWheelEvent | None) -> None:
        turn = required(a0).angleDelta().y()
        self._move(self._positions[self._handle] + (turn > 0) - (turn < 0))
        required(a0).accept()

    def mousePressEvent(self, a0: QMouseEvent | None) -> None:
        event = required(a0)
        if event.button() != Qt.MouseButton.LeftButton:
            return
        x = event.localPos().x()
        distances = [abs(x - self._x(position)) for position in self._positions]
        # Of two handles on one spot, the direction of the move tells which is meant.
        self._is_undecided = self._positions[0] == self._positions[1]
        if self._is_undecided:
            self._choose(0 if x < self._x(self._positions[0]) else 1)
        else:
            self._choose(0 if distances[0] <= distances[1] else 1)
        self._is_dragging = True
        if min(distances) > _RADIUS:
            self._is_undecided = False
            self._move(self._position_at(x))

    def mouseMoveEvent(self, a0: QMouseEvent | None) -> None:
        if not self._is_dragging:
            return
        position = self._position_at(required(a0).localPos().x())
        if self._is_undecided and position != self._positions[0]:
            self._choose(1 if position > self._positions[0] else 0)
            self._is_undecided = False
        self._move(position)

    def mouseReleaseEvent(self, a0: QMouseEvent | None) -> None:
        self._is_dragging = False

    def changeEvent(self, a0: QEvent | None) -> None:
        super().changeEvent(a0)
        self.update()

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        palette = self.palette()
        accent = palette.color(QPalette.Highlight if self.isEnabled() else QPalette.Mid)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        top = self.height() / 2 - _LINE / 2
        painter.setBrush(palette.color(QPalette.Midlight))
        painter.drawRoundedRect(QRectF(0, top, self.width(), _LINE), _LINE / 2, _LINE / 2)
        left, right = (self._x(position) for position in self._positions)
        painter.setBrush(accent)
        painter.drawRect(QRectF(left, top, right - left, _LINE))
        for handle in (0, 1) if self._handle else (1, 0):
            has_focus = self.hasFocus() and handle == self._handle
            painter.setPen(QPen(palette.color(QPalette.Text) if has_focus else accent, 1.25))
            painter.setBrush(accent if has_focus else palette.color(QPalette.Base))
            painter.drawEllipse(self.handle_center(handle), _RADIUS - 1, _RADIUS - 1)

    def _choose(self, handle: int) -> None:
        self._handle = handle
        self._describe()
        self.update()

    def _move(self, position: int) -> None:
        lower, upper = (0, self._positions[1]) if self._handle == 0 else (self._positions[0], self._last)
        position = min(max(position, lower), upper)
        if position == self._positions[self._handle]:
            return
        self._positions[self._handle] = position
        self._describe()
        self.update()
        self.range_changed.emit(*self.values())

    def _describe(self) -> None:
        low, high = self.values()
        which = "largest" if self._handle else "smallest"
        self.setAccessibleDescription(f"{low:g} to {high:g}; arrow keys move the {which}, Tab changes over")

    def _value(self, position: int) -> float:
        return round(self._low + position * self._step, 9)

    def _nearest_position(self, value: float) -> int:
        return min(max(round((value - self._low) / self._step), 0), self._last)

    def _x(self, position: int) -> float:
        return _RADIUS + (self.width() - 2 * _RADIUS) * position / self._last

    def _position_at(self, x: float) -> int:
        return round((x - _RADIUS) / max(1.0, self.width() - 2 * _RADIUS) * self._last)
