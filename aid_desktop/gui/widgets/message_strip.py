"""Notes that stand where something happened, until they are read."""

from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from PyQt5.QtCore import QSize, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QFontDatabase
from PyQt5.QtWidgets import (
    QApplication,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, icon


class Level(StrEnum):
    """How serious a note is."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Note:
    """One sentence or two for the user; `details` (a traceback, a list of files) only on demand.

    `action` is the text of a button that does something about it, see MessageStrip.action_chosen.
    """

    level: Level
    text: str
    details: str = ""
    action: str = ""


def sentence(text: str) -> str:
    """Return an error's text as a sentence of its own: with a capital, unless it begins with a name."""
    first = text.split(maxsplit=1)[0] if text.strip() else ""
    return text[:1].upper() + text[1:] if first.isalpha() else text


class MessageStrip(QWidget):
    """A list of notes, oldest first; hidden while there are none.

    `name` is its object name; the buttons of the n-th note (from 0, counting all that ever came) are
    `<name>.n.action`, `<name>.n.details`, `<name>.n.copy` and `<name>.n.close`. `action_chosen` tells of which note
    the action is wanted, `closed` which note the user closed.
    """

    action_chosen = pyqtSignal(Note)
    closed = pyqtSignal(Note)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName("Messages")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._rows: dict[Note, NoteRow] = {}
        self._count = 0
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(GRID // 2)
        self.hide()

    @property
    def notes(self) -> tuple[Note, ...]:
        """What is shown, oldest first."""
        return tuple(self._rows)

    def add(self, note: Note) -> None:
        """Show a note; the same note is not shown twice."""
        if note in self._rows:
            return
        row = NoteRow(note, f"{self.objectName()}.{self._count}", self)
        self._count += 1
        row.action_chosen.connect(partial(self.action_chosen.emit, note))
        row.closed.connect(partial(self._on_closed, note))
        self._rows[note] = row
        self._column.addWidget(row)
        self.show()

    def remove(self, note: Note) -> None:
        """Take a note away, if it is shown."""
        row = self._rows.pop(note, None)
        if row is not None:
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.setVisible(bool(self._rows))

    def clear(self) -> None:
        """Take all notes away."""
        for note in self.notes:
            self.remove(note)

    def _on_closed(self, note: Note) -> None:
        self.remove(note)
        self.closed.emit(note)


class NoteRow(QFrame):
    """One note with its buttons."""

    action_chosen = pyqtSignal()
    closed = pyqtSignal()

    def __init__(self, note: Note, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._note = note
        self.setObjectName(name)
        self.setAccessibleName(f"{note.level.value}: {note.text}")
        self.setProperty("role", "note")
        self.setProperty("level", note.level.value)
        self._text = QLabel(note.text, self)
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._text.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._text.setContentsMargins(0, GRID - 2, 0, GRID - 2)
        self._details = QLabel(note.details, self)
        self._details.setTextFormat(Qt.TextFormat.PlainText)
        self._details.setWordWrap(True)
        self._details.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._details.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._details.hide()
        self._lay_out(name)

    @pyqtSlot(bool)
    def show_details(self, shown: bool) -> None:
        """Show or hide the details."""
        self._details.setVisible(shown)

    @pyqtSlot()
    def copy(self) -> None:
        """Copy text and details to the clipboard."""
        text = "\n\n".join(filter(None, (self._note.text, self._note.details)))
        required(QApplication.clipboard()).setText(text)

    @pyqtSlot()
    def _on_action(self) -> None:
        self.action_chosen.emit()

    def _lay_out(self, name: str) -> None:
        picture = QToolButton(self)  # unlike a label, it draws the icon anew in another theme
        picture.setIcon(icon(self._note.level.value, "muted" if self._note.level is Level.INFO else self._note.level))
        picture.setIconSize(QSize(20, 20))
        picture.setAutoRaise(True)
        picture.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        picture.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        picture.setObjectName(f"{name}.level")
        picture.setAccessibleName(self._note.level.value)
        action = QPushButton(self._note.action, self)
        action.setToolTip(self._note.action)
        action.setVisible(bool(self._note.action))
        action.clicked.connect(self._on_action)
        details = QPushButton("Details", self)
        details.setCheckable(True)
        details.setFlat(True)
        details.setToolTip("Show what lies behind this message")
        details.setVisible(bool(self._note.details))
        details.toggled.connect(self.show_details)
        copy = QPushButton(icon("copy"), "Copy", self)
        copy.setFlat(True)
        copy.setToolTip("Copy this message with its details")
        copy.clicked.connect(self.copy)
        close = QToolButton(self)
        close.setIcon(icon("close"))
        close.setAutoRaise(True)
        close.setToolTip("Close this message")
        close.clicked.connect(self.closed)
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID // 2)
        parts = ((action, "action"), (details, "details"), (copy, "copy"), (close, "close"))
        for button, part in parts:
            button.setObjectName(f"{name}.{part}")
            button.setAccessibleName(f"{button.text() or part.capitalize()}: {self._note.text}")
            buttons.addWidget(button)
        grid = QGridLayout(self)
        grid.setContentsMargins(GRID // 2, GRID // 2, GRID // 2, GRID // 2)
        grid.setColumnStretch(1, 1)
        grid.addWidget(picture, 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self._text, 0, 1)
        grid.addLayout(buttons, 0, 2, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self._details, 1, 1, 1, 2)
