"""The row in which one setting is edited, made from its declaration."""

from html import escape
from typing import Any

from PyQt5.QtCore import QPointF, QSize, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QPainter, QPaintEvent, QPalette, QPen
from PyQt5.QtWidgets import QAbstractButton, QGridLayout, QLabel, QSizePolicy, QWidget

from aid_desktop.errors import SettingsError
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, set_role
from aid_desktop.gui.widgets.amount_editor import AmountEditor, RangeEditor, number_text
from aid_desktop.gui.widgets.channels_editor import ChannelsEditor
from aid_desktop.gui.widgets.class_weights_editor import ClassWeightsEditor
from aid_desktop.gui.widgets.features_editor import FeaturesEditor
from aid_desktop.gui.widgets.layers_editor import LayersEditor
from aid_desktop.gui.widgets.naming import name_widget
from aid_desktop.gui.widgets.value_editors import (
    ChoiceEditor,
    NumbersEditor,
    SwitchEditor,
    words_of,
)
from aid_desktop.gui.widgets.words_editor import WordsEditor
from aid_desktop.settings.field import Cost, FieldInfo, Kind, SettingsSection, field_infos, path_of
from aid_desktop.settings.snapshot import SettingsDiff

ValueEditor = AmountEditor | RangeEditor | SwitchEditor | ChoiceEditor | NumbersEditor | WordsEditor

_EDITORS: dict[Kind, type[ValueEditor]] = {
    Kind.INTEGER: AmountEditor,
    Kind.NUMBER: AmountEditor,
    Kind.INTEGER_RANGE: RangeEditor,
    Kind.NUMBER_RANGE: RangeEditor,
    Kind.SWITCH: SwitchEditor,
    Kind.CHOICE: ChoiceEditor,
    Kind.NUMBERS: NumbersEditor,
    Kind.CLASS_WEIGHTS: ClassWeightsEditor,
    Kind.CHANNELS: ChannelsEditor,
    Kind.FEATURES: FeaturesEditor,
    Kind.LAYERS: LayersEditor,
    Kind.WORDS: WordsEditor,
}
_RANGES = (Kind.INTEGER_RANGE, Kind.NUMBER_RANGE)
_AMOUNTS = (Kind.INTEGER, Kind.NUMBER, *_RANGES)
_SPACE = GRID // 2
_WIDEST = 16_777_215  # Qt's own largest size
_COSTS = {
    Cost.FREE: "Can be changed while training, at no cost.",
    Cost.RETRACE: "Can be changed while training: the training step is traced anew, about half a second.",
    Cost.RECOMPILE: "Can be changed while training: the network is compiled anew, about a second.",
    Cost.NEW_RUN: "Needs a new run.",
}


def editable_fields(section: type[SettingsSection]) -> list[str]:
    """Return the names of the settings that have something to edit, in order of declaration."""
    return [name for name, info in field_infos(section).items() if info.kind in _EDITORS and not info.is_fixed]


def make_editor(
    section: type[SettingsSection], name: str, parent: QWidget | None = None, name_prefix: str = ""
) -> "FieldEditor":
    """Return the editor of the setting `name`, showing its default."""
    return FieldEditor(section, name, parent, name_prefix)


def value_text(info: FieldInfo, value: Any) -> str:
    """Return a setting's value in words, with its unit."""
    if info.kind is Kind.SWITCH:
        return "on" if value else "off"
    if info.kind is Kind.CLASS_WEIGHTS and not isinstance(value, str):
        return "weights of single classes"
    if info.kind is Kind.CHANNELS and not isinstance(value, str):
        return " + ".join(value)
    if info.kind is Kind.FEATURES:
        return ", ".join(value) or "none"
    if info.kind is Kind.LAYERS and not isinstance(value, str):
        return "single layers"
    if info.kind is Kind.WORDS:
        return ", ".join(map(words_of, value)) or "none"
    if isinstance(value, str):
        return words_of(value)
    if info.kind is Kind.NUMBERS:
        return ", ".join(map(number_text, value)) or "as the architecture has it"
    if info.kind is Kind.COUNTS:
        return ", ".join(number_text(n) if n else "all" for n in value) or "as in the class table"
    text = " to ".join(map(number_text, value)) if info.kind in _RANGES else number_text(value)
    return f"{text} {info.unit}".rstrip()


def diff_text(diff: SettingsDiff) -> str:
    """Return in words what settings were and what they are now, one a line."""
    return "\n".join(
        f"{change.info.label}: {value_text(change.info, change.old)} → {value_text(change.info, change.new)}"
        for change in diff.changes
    )


class FieldEditor(QWidget):
    """Label, editor, unit, and a dot that is shown while the value differs from the default.

    The part that the user acts on is named by the setting's path in run.toml, after `name_prefix` where a
    setting has a second editor. `value_changed` tells what the user did, the dot included; `set_value` emits nothing.
    """

    value_changed = pyqtSignal()

    def __init__(
        self,
        section: type[SettingsSection],
        name: str,
        parent: QWidget | None = None,
        name_prefix: str = "",
    ) -> None:
        super().__init__(parent)
        self.name = name
        self.path = path_of(section, name)
        self._widget_name = f"{name_prefix}{self.path}"
        self.info = field_infos(section)[name]
        self._section = section
        self._value = self._default = getattr(section(), name)
        self._pending = self._error = ""
        self._told: tuple[str, str] | None = None
        self._tidied: tuple[Any, Any] = None, None
        self._is_quiet = self._is_stacked = False
        self._has_unit_column = bool(self.info.unit) or self.info.kind in _AMOUNTS
        self._columns = (0, 0)
        self._grid = QGridLayout(self)
        self.setObjectName(f"{self._widget_name}.field")
        self.editor = _EDITORS[self.info.kind](self.info, self._widget_name, self)
        self.label = QLabel(self.info.label, self)
        self.unit = QLabel(self.info.unit, self)
        self.dot = ResetDot(self)
        self.message = QLabel(self)
        self._lay_out()
        self.set_locked(None)
        self.editor.value_changed.connect(self._on_edited)
        self.dot.clicked.connect(self.reset)
        self.set_value(self._value)

    def value(self) -> Any:
        """Return the value as the settings class has it. Raises SettingsError if it is not valid."""
        try:
            raw = self.editor.value()
        except ValueError as error:
            raise SettingsError(self.path, str(error)) from None
        # Boxes show a rounded number; a value that nobody touched stays as exact as it came.
        if raw == self._shown:
            return self._value
        if raw != self._tidied[0]:
            self._tidied = raw, self._tidy(raw)
        return self._tidied[1]

    def set_value(self, value: Any) -> None:
        """Show a value, without a signal. Raises SettingsError if it is not valid."""
        self._value = self._tidy(value)
        self._is_quiet = True
        self.editor.set_value(self._value)
        self._is_quiet = False
        self._shown = self.editor.value()
        self._tidied = self._shown, self._value
        self._refresh()

    @property
    def is_changed(self) -> bool:
        """Whether the value differs from the default, or is not valid."""
        return not self.dot.isHidden()

    def set_locked(self, reason: str | None) -> None:
        """Take the field out of the user's hands, with the reason in its tooltip, or give it back."""
        self.editor.setEnabled(reason is None)
        self.label.setEnabled(reason is None)
        self.unit.setEnabled(reason is None)
        self.dot.setEnabled(reason is None)
        facts = _facts(self.info, self._default)
        parts = [escape(reason)] if reason else []
        tooltip = "".join(f"<p>{part}</p>" for part in [*parts, escape(self.info.help), *map(escape, facts)])
        for widget in (self, self.label, *self._inputs()):
            widget.setToolTip(tooltip)

    def set_error(self, text: str | None) -> None:
        """Show what is wrong below the field, or nothing."""
        self._error = text or ""
        self._show_message()

    @property
    def error(self) -> str:
        """The message shown below the field; empty if the value is valid."""
        return self._error

    def set_pending(self, text: str | None) -> None:
        """Say when the value will be taken, for example `from epoch 13`, or nothing."""
        self._pending = text or ""
        self._show_message()

    def set_column_widths(self, label: int, unit: int) -> None:
        """Align this row with others; widths in pixels."""
        self._columns = (label, unit)
        self.set_stacked(self._is_stacked)

    @property
    def one_row_width(self) -> int:
        """Width in pixels from which label, editor and unit fit side by side."""
        columns = sum(self._columns) if self._has_unit_column else self._columns[0]
        return columns + self.editor.minimumSizeHint().width() + self.dot.sizeHint().width() + 3 * _SPACE

    def set_stacked(self, stacked: bool) -> None:
        """Put the editor below its label, for narrow panels, or beside it."""
        self._is_stacked = stacked
        grid = self._grid
        for part in (self.label, self.editor, self.unit, self.dot, self.message):
            grid.removeWidget(part)
        label, unit = (0, 0) if stacked else self._columns
        self.label.setMinimumWidth(label)
        self.label.setMaximumWidth(label or _WIDEST)
        self.unit.setMinimumWidth(unit)
        self.unit.setMaximumWidth(unit or _WIDEST)
        side = Qt.AlignmentFlag.AlignRight if stacked else Qt.AlignmentFlag.AlignLeft
        self.unit.setAlignment(Qt.Alignment(side) | Qt.AlignmentFlag.AlignVCenter)
        span = 1 if self._has_unit_column else 2
        if stacked and self.info.kind is not Kind.SWITCH:
            grid.addWidget(self.label, 0, 0, 1, 2)
            grid.addWidget(self.editor, 1, 0, 1, 4)
            grid.addWidget(self.message, 2, 0, 1, 4)
        else:
            grid.addWidget(self.label, 0, 0)
            grid.addWidget(self.editor, 0, 1, 1, span)
            grid.addWidget(self.message, 1, 0 if stacked else 1, 1, 4 if stacked else 3)
        if self._has_unit_column:
            grid.addWidget(self.unit, 0, 2)
        grid.addWidget(self.dot, 0, 3)

    def minimumSizeHint(self) -> QSize:
        # Also while the parts stand side by side: whoever makes the form narrower makes it stacked.
        beside = self.unit.sizeHint().width() + self.dot.sizeHint().width() + 2 * _SPACE
        head = self.label.minimumSizeHint().width() + beside
        width = max(head, self.editor.minimumSizeHint().width())
        return QSize(width, super().minimumSizeHint().height())

    @pyqtSlot()
    def reset(self) -> None:
        """Go back to the default, as the dot does."""
        self.editor.focus_widget.setFocus()
        self.set_value(self._default)
        self.value_changed.emit()

    def _lay_out(self) -> None:
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(_SPACE)
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnStretch(1, 1)
        self.label.setBuddy(self.editor.focus_widget)
        self.label.setWordWrap(True)
        self.unit.setWordWrap(True)
        set_role(self.unit, "muted")
        self.unit.setVisible(self._has_unit_column)
        self.message.setWordWrap(True)
        self.message.setObjectName(f"{self._widget_name}.message")
        self.message.hide()
        default = value_text(self.info, self._default)
        name_widget(
            self.dot, f"{self._widget_name}.reset", f"{self.info.label}: reset to {default}", f"Reset to {default}"
        )
        facts = " ".join(_facts(self.info, self._default))
        help_text = "".join(f"<p>{escape(text)}</p>" for text in (self.info.help, facts))
        for widget in (self, self.label, *self._inputs()):
            widget.setWhatsThis(f"<b>{escape(self.info.label)}</b>{help_text}")
        self.set_column_widths(self.label.sizeHint().width(), self.unit.sizeHint().width())

    def _inputs(self) -> list[QWidget]:
        parts = [self.editor, *self.editor.findChildren(QWidget)]
        return [part for part in parts if part.objectName().startswith(self._widget_name)]

    @pyqtSlot()
    def _on_edited(self) -> None:
        if self._is_quiet:
            return
        self._refresh()
        self.value_changed.emit()

    def _refresh(self) -> None:
        try:
            is_changed, message = self.value() != self._default, ""
        except SettingsError as error:
            is_changed, message = True, error.message
        self.set_error(message)
        self.dot.setVisible(is_changed)

    def _show_message(self) -> None:
        # Forms ask for it with every step of a slider, of all their fields.
        if self._told == (self._error, self._pending):
            return
        self._told = self._error, self._pending
        text = self._error or self._pending
        set_role(self.message, "error" if self._error else "muted")
        self.message.setText(text)
        self.message.setVisible(bool(text))
        self.editor.focus_widget.setAccessibleDescription(text or self.info.help)
        if self.editor.property("invalid") != bool(self._error):
            self.editor.setProperty("invalid", bool(self._error))
            style = required(self.editor.style())
            style.unpolish(self.editor)
            style.polish(self.editor)

    def _tidy(self, value: Any) -> Any:
        return getattr(self._section(**{self.name: value}), self.name)


class ResetDot(QAbstractButton):
    """A small dot that keeps its place while hidden."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        policy = QSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        policy.setRetainSizeWhenHidden(True)
        self.setSizePolicy(policy)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.hide()

    def sizeHint(self) -> QSize:
        return QSize(2 * GRID, 2 * GRID)

    def paintEvent(self, e: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        color = self.palette().color(QPalette.Highlight if self.isEnabled() else QPalette.Mid)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        center = QPointF(self.width() / 2, self.height() / 2)
        radius = 4.5 if self.underMouse() else 3.5
        painter.drawEllipse(center, radius, radius)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(color, 1.5))
            painter.drawEllipse(center, 6.5, 6.5)


def _facts(info: FieldInfo, default: Any) -> list[str]:
    facts = []
    if info.low is not None and info.high is not None and info.kind is not Kind.CLASS_WEIGHTS:
        limits = f"{number_text(info.low)} to {number_text(info.high)} {info.unit}".rstrip()
        facts.append(f"Allowed: {limits}. Default: {value_text(info, default)}.")
    else:
        facts.append(f"Default: {value_text(info, default)}.")
    return [*facts, _COSTS[info.cost]]
