"""Settings of the program as a whole, to be searched, changed and reset; they act at once."""

from PyQt5.QtCore import Qt, pyqtSlot
from PyQt5.QtGui import QKeySequence
from PyQt5.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QShortcut,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.gui.preference_rows import PREFERENCES, PortableRow, PreferenceRow, all_keys
from aid_desktop.gui.preferences import Preferences, make_portable
from aid_desktop.gui.question import Question, ask
from aid_desktop.gui.theme import GRID, set_role
from aid_desktop.gui.widgets.dialog import Dialog
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note
from aid_desktop.gui.widgets.naming import name_widget, named_button
from aid_desktop.paths import portable_mark

_TITLE = "Settings"
_NOT_STANDALONE = "Only the standalone program can do this; this one runs in an installed Python."
_QUESTION = Question(
    "resetSettingsDialog",
    _TITLE,
    "Make all settings what they are at first?",
    "Recent files and the choices of dialogs are forgotten, too. No file is removed.",
    ("Reset all", "resetSettingsYes"),
    ("Cancel", "resetSettingsNo"),
)


class SettingsDialog(Dialog):
    """A row for each preference, with a search above them."""

    def __init__(self, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("settingsDialog")
        self.setAccessibleName(_TITLE)
        self.setWindowTitle(_TITLE)
        self.setModal(False)
        self.set_size(88, 76)
        self._preferences = preferences
        self.search = QLineEdit(self)
        self.search.setPlaceholderText("Search settings")
        self.search.setClearButtonEnabled(True)
        name_widget(self.search, "settingsSearch", "Search settings", "Show settings with these words only (Ctrl+F)")
        self.messages = MessageStrip("settingsMessages", self)
        self.rows: list[PreferenceRow | PortableRow] = [PreferenceRow(one, preferences, self) for one in PREFERENCES]
        mark = portable_mark()
        is_portable = mark is not None and mark.is_file()
        self.portable = PortableRow(is_portable, "" if mark is not None else _NOT_STANDALONE, self)
        self.rows.append(self.portable)
        self._nothing = QLabel("No setting has these words.", self)
        set_role(self._nothing, "muted")
        self._nothing.hide()
        self._reset = named_button(self, "Reset all…", "settingsResetAll", "Make all settings what they are at first")
        self._close = named_button(self, "Close", "settingsClose", "Close this dialog; what was chosen is in force")
        self._lay_out()
        self._reset.clicked.connect(self._on_reset_all)
        self._close.clicked.connect(self.accept)
        self.search.textChanged.connect(self._on_searched)
        self.portable.box.toggled.connect(self._on_portable)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self, self.search.setFocus)
        self.search.setFocus()

    def _lay_out(self) -> None:
        inner = QWidget(self)
        rows = QVBoxLayout(inner)
        rows.setContentsMargins(0, 0, GRID, 0)
        rows.setSpacing(GRID)
        for row in self.rows:
            rows.addWidget(row)
        rows.addWidget(self._nothing)
        rows.addStretch(1)
        area = QScrollArea(self)
        area.setWidget(inner)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        buttons = QHBoxLayout()
        buttons.addWidget(self._reset)
        buttons.addStretch(1)
        buttons.addWidget(self._close)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(self.search)
        column.addWidget(self.messages)
        column.addWidget(area, 1)
        column.addLayout(buttons)

    @pyqtSlot(str)
    def _on_searched(self, text: str) -> None:
        words = text.lower().split()
        fitting = [row for row in self.rows if row.matches(words)]
        for row in self.rows:
            row.setVisible(row in fitting)
        self._nothing.setVisible(not fitting)

    @pyqtSlot()
    def _on_reset_all(self) -> None:
        ask(_QUESTION, self._reset_all, self)

    def _reset_all(self) -> None:
        self._preferences.reset(*all_keys())

    @pyqtSlot(bool)
    def _on_portable(self, is_portable: bool) -> None:
        self.messages.clear()
        try:
            make_portable(is_portable)
        except OSError as error:
            self.messages.add(
                Note(Level.ERROR, f"The program's folder cannot be written to: {error.strerror or error}.")
            )
            box = self.portable.box
            box.blockSignals(True)
            box.setChecked(not is_portable)
            box.blockSignals(False)
            return
        self.messages.add(Note(Level.INFO, "This acts when the program is started the next time."))
