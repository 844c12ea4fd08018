"""Short messages and questions; before something that cannot be taken back the answer that changes nothing is easy."""

from collections.abc import Callable
from dataclasses import dataclass

from PyQt5.QtCore import QSize, Qt
from PyQt5.QtWidgets import QMessageBox, QPushButton, QWidget

from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, icon


@dataclass(frozen=True, slots=True)
class Question:
    """A question with two answers, each a text and an object name; `name` is that of the dialog."""

    name: str
    title: str
    text: str
    details: str
    yes: tuple[str, str]
    no: tuple[str, str]


def ask(
    question: Question, on_yes: Callable[[], None], parent: QWidget, on_no: Callable[[], None] | None = None
) -> None:
    """Open the question over `parent` unless it is open there already; Enter and Escape mean no."""
    earlier = parent.findChild(QMessageBox, question.name)
    if earlier is not None and earlier.isVisible():
        return
    box = message_box(question.name, question.title, question.text, question.details, "help", parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    yes = add_answer(box, *question.yes, QMessageBox.ButtonRole.AcceptRole)
    no = add_answer(box, *question.no, QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(no)
    box.setEscapeButton(no)
    yes.clicked.connect(on_yes)
    if on_no is not None:
        box.rejected.connect(on_no)
    box.open()


def message_box(
    name: str, title: str, text: str, details: str, symbol: str, parent: QWidget | None = None
) -> QMessageBox:
    """Return a box without answers that has the icon `symbol` of the program."""
    box = QMessageBox(parent)
    box.setObjectName(name)
    box.setWindowTitle(title)
    box.setText(text)
    box.setInformativeText(details)
    box.setIconPixmap(icon(symbol, "accent").pixmap(QSize(4 * GRID, 4 * GRID)))
    box.setContentsMargins(GRID, GRID, GRID // 2, GRID // 2)
    return box


def add_answer(box: QMessageBox, text: str, name: str, role: QMessageBox.ButtonRole) -> QPushButton:
    """Add a button with a text and an object name, and return it."""
    button = required(box.addButton(text, role))
    button.setObjectName(name)
    return button
