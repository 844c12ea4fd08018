"""Editors of values that are not amounts: switches, choices, lists of numbers, class weights."""

import re
from typing import Any

from PyQt5.QtCore import QSize, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QPaintEvent
from PyQt5.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLineEdit,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QWidget,
)

from aid_desktop.gui.qt import required
from aid_desktop.gui.widgets.amount_editor import guard_wheel, number_text
from aid_desktop.settings.field import FieldInfo
from aid_desktop.settings.image import NORMALIZATIONS

_FEWEST_CHARACTERS = 8


def words_of(choice: str) -> str:
    """Return a word of run.toml as people write it: `divide_by_255` as `divide by 255`."""
    base = choice.removeprefix("val_")
    return f"{'validation ' if base != choice else ''}{base.replace('_', ' ')}"


def with_words(text: str) -> str:
    """Return a sentence about images in which their settings are called as the form calls them."""
    text = re.sub(r" \(image\.\w+\)", "", text)
    for method in NORMALIZATIONS:
        text = re.sub(rf"\b{method}\b", words_of(method), text) if "_" in method else text
    return text


class SwitchEditor(QCheckBox):
    """On or off."""

    value_changed = pyqtSignal()

    def __init__(self, info: FieldInfo, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(info.label)
        self.toggled.connect(self._on_toggled)

    @property
    def focus_widget(self) -> QWidget:
        """What the label's keyboard shortcut goes to."""
        return self

    def value(self) -> bool:
        """Return whether it is on."""
        return self.isChecked()

    def set_value(self, value: Any) -> None:
        """Switch on or off."""
        self.setChecked(value)

    @pyqtSlot(bool)
    def _on_toggled(self, _: bool) -> None:
        self.value_changed.emit()


class ChoiceEditor(QComboBox):
    """One of several words. The data of an item is the word of run.toml; what does not fit ends in `…`."""

    value_changed = pyqtSignal()

    def __init__(self, info: FieldInfo, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(info.label)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(_FEWEST_CHARACTERS)
        for word in info.choices:
            self.addItem(words_of(word), word)
        guard_wheel(self)
        self.currentIndexChanged[int].connect(self._on_index_changed)

    @property
    def focus_widget(self) -> QWidget:
        """What the label's keyboard shortcut goes to."""
        return self

    def value(self) -> Any:
        """Return the word of run.toml."""
        return self.currentData()

    def set_value(self, value: Any) -> None:
        """Choose a word of run.toml."""
        self.setCurrentIndex(self.findData(value))

    def showPopup(self) -> None:
        view = required(self.view())
        view.setMinimumWidth(view.sizeHintForColumn(0) + 2 * _FEWEST_CHARACTERS)
        super().showPopup()

    def paintEvent(self, e: QPaintEvent | None) -> None:
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        style = required(self.style())
        field = style.subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
        )
        option.currentText = option.fontMetrics.elidedText(
            option.currentText, Qt.TextElideMode.ElideRight, field.width()
        )
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    @pyqtSlot(int)
    def _on_index_changed(self, _: int) -> None:
        self.value_changed.emit()


class NumbersEditor(QLineEdit):
    """Any number of numbers, typed as `0.2, 0.5`."""

    value_changed = pyqtSignal()

    def __init__(self, info: FieldInfo, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(info.label)
        self.setPlaceholderText("as the architecture has it")
        self.textChanged.connect(self._on_text_changed)

    @property
    def focus_widget(self) -> QWidget:
        """What the label's keyboard shortcut goes to."""
        return self

    def minimumSizeHint(self) -> QSize:
        return QSize(64, super().minimumSizeHint().height())

    def value(self) -> tuple[float, ...]:
        """Return the numbers. Raises ValueError naming what is none."""
        numbers = []
        for part in self.text().replace(";", ",").split(","):
            for word in part.split():
                try:
                    numbers.append(float(word))
                except ValueError:
                    raise ValueError(f"got {word!r}, expected numbers such as 0.2, 0.5") from None
        return tuple(numbers)

    def set_value(self, value: Any) -> None:
        """Show numbers."""
        self.setText(", ".join(map(number_text, value)))

    @pyqtSlot(str)
    def _on_text_changed(self, _: str) -> None:
        self.value_changed.emit()
