"""Numbers and pairs of numbers: boxes to type into, with sliders beside them."""

import re
from typing import Any

from PyQt5.QtCore import QEvent, QLocale, QObject, QSize, Qt, QTimer, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QValidator
from PyQt5.QtWidgets import (
    QAbstractSpinBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.gui.qt import required
from aid_desktop.gui.widgets.range_slider import RangeSlider
from aid_desktop.settings.field import FieldInfo, Kind

MOST_SLIDER_STEPS = 1200
"""With more steps than this, one pixel of a slider is too much, and a box stands alone."""

_TYPING_PAUSE_MS = 700
_SPREAD = 10_000
_DECIMALS = 12
_BUTTONS = 36  # pixels: arrows, borders and the cursor
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?")
_START_OF_NUMBER = re.compile(r"[+-]?\d*\.?\d*(e[+-]?\d*)?")


def guard_wheel(widget: QWidget) -> None:
    """Let the mouse wheel scroll what lies behind `widget` unless `widget` has the focus."""
    widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    widget.installEventFilter(_WheelGuard(widget))


class _WheelGuard(QObject):
    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        event = required(event)
        is_unwanted = event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus()
        if is_unwanted:
            event.ignore()
        return is_unwanted


class IntegerBox(QSpinBox):
    """A whole number within limits; what is typed counts after a pause, Enter or leaving the box."""

    def __init__(self, low: int, high: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setRange(low, high)
        self._characters = max(4, len(str(low)), len(str(high)))
        _prepare(self)

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()

    def minimumSizeHint(self) -> QSize:
        return _room_for(self._characters, self, super().minimumSizeHint())


class NumberBox(QDoubleSpinBox):
    """A number within limits, shown with as many digits as it has: 0.001, not 0.0010000.

    Takes point or comma and `1e-4`. Limits above 0 that lie far apart make a step go through 1, 2, 5, 10, ...
    """

    def __init__(self, low: float, high: float, step: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setLocale(QLocale.c())
        self.setDecimals(_DECIMALS)
        self.setRange(low, high)
        self.setSingleStep(step)
        self._is_logarithmic = low > 0 and high / low > _SPREAD
        longest = max(map(len, map(number_text, (low, high, low + step))))
        self._characters = 7 if self._is_logarithmic else max(4, longest)
        _prepare(self)

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()

    def minimumSizeHint(self) -> QSize:
        return _room_for(self._characters, self, super().minimumSizeHint())

    def textFromValue(self, v: float) -> str:
        return number_text(v)

    def valueFromText(self, text: str | None) -> float:
        text = _plain(text)
        return float(text) if _NUMBER.fullmatch(text) else self.minimum()

    def validate(self, input: str | None, pos: int) -> tuple[QValidator.State, str, int]:
        text = _plain(input)
        state = QValidator.State.Invalid
        if _NUMBER.fullmatch(text) and self.minimum() <= float(text) <= self.maximum():
            state = QValidator.State.Acceptable
        elif _START_OF_NUMBER.fullmatch(text):
            state = QValidator.State.Intermediate
        return state, input or "", pos

    def stepBy(self, steps: int) -> None:
        if not self._is_logarithmic:
            super().stepBy(steps)
            return
        value = self.value()
        for _ in range(abs(steps)):
            value = _next_in_series(value, up=steps > 0)
        self.setValue(value)
        self.selectAll()


class AmountEditor(QWidget):
    """One number: a slider and a box that follow each other, or a box alone where a slider is too coarse.

    The box is named `name`, the slider `<name>.slider`.
    """

    value_changed = pyqtSignal()

    def __init__(self, info: FieldInfo, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.box = _box(info, name, info.label, self)
        self.slider: QSlider | None = None
        self._low, _, self._step = _limits(info)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        if _steps(info) <= MOST_SLIDER_STEPS:
            self.slider = self._make_slider(info, name)
            row.addWidget(self.slider, 1)
            self.box.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        row.addWidget(self.box, 0 if self.slider else 1)
        self.box.valueChanged.connect(self._on_box_changed)

    @property
    def focus_widget(self) -> QWidget:
        """What the label's keyboard shortcut goes to."""
        return self.box

    def value(self) -> float:
        """Return the number; what is being typed counts."""
        _settle(self.box)
        return self.box.value()

    def set_value(self, value: Any) -> None:
        """Show a number."""
        self.box.setValue(value)

    def _make_slider(self, info: FieldInfo, name: str) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal, self)
        slider.setObjectName(f"{name}.slider")
        slider.setAccessibleName(f"{info.label}, slider")
        slider.setMinimumWidth(48)
        slider.setRange(0, _steps(info))
        slider.setPageStep(max(1, _steps(info) // 10))
        slider.setValue(self._position(self.box.value()))
        guard_wheel(slider)
        slider.valueChanged.connect(self._on_slider_changed)
        return slider

    def _position(self, value: float) -> int:
        return round((value - self._low) / self._step)

    @pyqtSlot(int)
    def _on_slider_changed(self, position: int) -> None:
        if position != self._position(self.box.value()):
            self.set_value(_on_grid(self._low + position * self._step, self.box))

    @pyqtSlot(int)
    @pyqtSlot(float)
    def _on_box_changed(self, value: float) -> None:
        if self.slider is not None:
            # The slider's own answer is dropped in _on_slider_changed: a number between two steps stays.
            self.slider.setValue(self._position(value))
        self.value_changed.emit()


class RangeEditor(QWidget):
    """A pair (smallest, largest): two boxes, and below them a slider with two handles.

    Named `name`, the parts `<name>.low`, `<name>.high` and `<name>.slider`. A number that passes the other
    one takes it along.
    """

    value_changed = pyqtSignal()

    def __init__(self, info: FieldInfo, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(info.label)
        low, high, step = _limits(info)
        self.low_box = _box(info, f"{name}.low", f"{info.label}, smallest", self)
        self.high_box = _box(info, f"{name}.high", f"{info.label}, largest", self)
        self.slider = RangeSlider(low, high, step, self)
        self.slider.setObjectName(f"{name}.slider")
        self.slider.setAccessibleName(f"{info.label}, slider")
        guard_wheel(self.slider)
        self._is_moving = False
        self._lay_out()
        self.low_box.valueChanged.connect(self._on_low_changed)
        self.high_box.valueChanged.connect(self._on_high_changed)
        self.slider.range_changed.connect(self._on_slider_changed)

    def _lay_out(self) -> None:
        dash = QLabel("–", self)
        boxes = QHBoxLayout()
        boxes.setSpacing(4)
        for widget, stretch in ((self.low_box, 1), (dash, 0), (self.high_box, 1)):
            boxes.addWidget(widget, stretch)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(boxes)
        column.addWidget(self.slider)

    @property
    def focus_widget(self) -> QWidget:
        """What the label's keyboard shortcut goes to."""
        return self.low_box

    def value(self) -> tuple[float, float]:
        """Return (smallest, largest); what is being typed counts."""
        _settle(self.low_box)
        _settle(self.high_box)
        return self.low_box.value(), self.high_box.value()

    def set_value(self, value: Any) -> None:
        """Show a pair, smallest first."""
        before = self.low_box.value(), self.high_box.value()
        self._is_moving = True
        self.low_box.setValue(value[0])
        self.high_box.setValue(value[1])
        self.slider.set_values(self.low_box.value(), self.high_box.value())
        self._is_moving = False
        if before != (self.low_box.value(), self.high_box.value()):
            self.value_changed.emit()

    @pyqtSlot(int)
    @pyqtSlot(float)
    def _on_low_changed(self, low: float) -> None:
        self._take(low, max(low, self.high_box.value()))

    @pyqtSlot(int)
    @pyqtSlot(float)
    def _on_high_changed(self, high: float) -> None:
        self._take(min(high, self.low_box.value()), high)

    @pyqtSlot(float, float)
    def _on_slider_changed(self, low: float, high: float) -> None:
        # A handle that was not moved may stand for a number between two of its steps.
        shown = self.slider.nearest(self.low_box.value()), self.slider.nearest(self.high_box.value())
        self._take(
            self.low_box.value() if low == shown[0] else _on_grid(low, self.low_box),
            self.high_box.value() if high == shown[1] else _on_grid(high, self.high_box),
        )

    def _take(self, low: Any, high: Any) -> None:
        if self._is_moving:
            return
        self._is_moving = True
        self.low_box.setValue(low)
        self.high_box.setValue(high)
        self.slider.set_values(low, high)
        self._is_moving = False
        self.value_changed.emit()


def number_text(value: float) -> str:
    """Return a number as it is typed: up to ten digits, no trailing zeros; tiny ones as 1e-06."""
    text = f"{value:.10g}"
    return f"{value:.10f}".rstrip("0") if "e-05" in text and value == round(value, 10) else text


def _prepare(box: QAbstractSpinBox) -> None:
    """Make a box calm: no value for each key, no wheel without focus, no wider than it needs to be."""
    box.setKeyboardTracking(False)
    box.setAccelerated(True)
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    guard_wheel(box)
    timer = QTimer(box)
    timer.setSingleShot(True)
    timer.setInterval(_TYPING_PAUSE_MS)
    timer.timeout.connect(_Typing(box).take)
    required(box.lineEdit()).textEdited.connect(timer.start)


def _settle(box: IntegerBox | NumberBox) -> None:
    """Take what is being typed; a number that is only shown keeps the digits that are not."""
    if box.text() != _shown(box, box.value()):
        box.interpretText()


def _shown(box: IntegerBox | NumberBox, value: float) -> str:
    return number_text(value) if isinstance(box, NumberBox) else box.textFromValue(int(value))


def _room_for(characters: int, box: QWidget, hint: QSize) -> QSize:
    return QSize(box.fontMetrics().horizontalAdvance("0") * characters + _BUTTONS, hint.height())


class _Typing(QObject):
    """Takes what was typed when the keys rest, unless the box would rewrite it under the user's hands."""

    def __init__(self, box: QAbstractSpinBox) -> None:
        super().__init__(box)
        self._box = box

    @pyqtSlot()
    def take(self) -> None:
        box = self._box
        if isinstance(box, IntegerBox | NumberBox) and box.hasAcceptableInput():
            text = box.text()
            if text == _shown(box, box.valueFromText(text)):
                box.interpretText()


def _box(info: FieldInfo, name: str, label: str, parent: QWidget) -> IntegerBox | NumberBox:
    low, high, step = _limits(info)
    if info.kind in (Kind.INTEGER, Kind.INTEGER_RANGE):
        box: IntegerBox | NumberBox = IntegerBox(int(low), int(high), parent)
    else:
        box = NumberBox(low, high, step, parent)
    box.setObjectName(name)
    box.setAccessibleName(label)
    return box


def _limits(info: FieldInfo) -> tuple[float, float, float]:
    if info.low is None or info.high is None:
        raise ValueError(f"{info.label}: a number needs limits")
    return info.low, info.high, info.step or 1


def _steps(info: FieldInfo) -> int:
    low, high, step = _limits(info)
    return round((high - low) / step)


def _on_grid(value: float, box: IntegerBox | NumberBox) -> Any:
    return round(value) if isinstance(box, IntegerBox) else round(value, 9)


def _plain(text: str | None) -> str:
    return (text or "").strip().lower().replace(",", ".").replace("−", "-")


def _next_in_series(value: float, *, up: bool) -> float:
    """Return the neighbour of `value` in ..., 0.001, 0.002, 0.005, 0.01, ..."""
    series = [float(f"{digit}e{power}") for power in range(-_DECIMALS, 7) for digit in (1, 2, 5)]
    if up:
        return next((number for number in series if number > value * (1 + 1e-9)), value)
    return next((number for number in reversed(series) if number < value * (1 - 1e-9)), value)
