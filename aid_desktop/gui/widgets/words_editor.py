"""Several of some words, ticked in a menu."""

from typing import Any

from PyQt5.QtCore import QSize, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QAction, QMenu, QToolButton, QWidget

from aid_desktop.gui.widgets.value_editors import words_of
from aid_desktop.settings.field import FieldInfo

_NARROWEST = 64
_NONE = "none"


class WordsEditor(QToolButton):
    """A button that names the ticked words and opens the menu. Words that cannot be left out are locked in it."""

    value_changed = pyqtSignal()

    def __init__(self, info: FieldInfo, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(info.label)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        menu = QMenu(self)
        self._actions: dict[str, QAction] = {}
        for word in info.choices:
            action = QAction(words_of(word), menu)
            action.setObjectName(f"{name}.{word}")
            action.setCheckable(True)
            action.toggled.connect(self._on_toggled)
            menu.addAction(action)
            self._actions[word] = action
        self._always = info.always
        for word in info.always:
            self._actions[word].setChecked(True)
            self._actions[word].setEnabled(False)
        self.setMenu(menu)

    @property
    def focus_widget(self) -> QWidget:
        """What the label's keyboard shortcut goes to."""
        return self

    def minimumSizeHint(self) -> QSize:
        return QSize(_NARROWEST, super().minimumSizeHint().height())

    def value(self) -> tuple[str, ...]:
        """Return the ticked words of run.toml."""
        return tuple(word for word, action in self._actions.items() if action.isChecked())

    def set_value(self, value: Any) -> None:
        """Tick these words of run.toml."""
        for word, action in self._actions.items():
            action.setChecked(word in self._always or word in value)
        self._show_words()

    @pyqtSlot(bool)
    def _on_toggled(self, _: bool) -> None:
        self._show_words()
        self.value_changed.emit()

    def _show_words(self) -> None:
        self.setText(", ".join(map(words_of, self.value())) or _NONE)
