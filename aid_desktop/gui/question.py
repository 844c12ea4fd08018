"""Ask before something that cannot be taken back; the answer that changes nothing is the easy one."""

from collections.abc import Callable
from dataclasses import dataclass

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QMessageBox, QWidget

from aid_desktop.gui.qt import required


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
    box = QMessageBox(parent)
    box.setObjectName(question.name)
    box.setWindowTitle(question.title)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setText(question.text)
    box.setInformativeText(question.details)
    yes = required(box.addButton(question.yes[0], QMessageBox.ButtonRole.AcceptRole))
    yes.setObjectName(question.yes[1])
    no = required(box.addButton(question.no[0], QMessageBox.ButtonRole.RejectRole))
    no.setObjectName(question.no[1])
    box.setDefaultButton(no)
    box.setEscapeButton(no)
    yes.clicked.connect(on_yes)
    if on_no is not None:
        box.rejected.connect(on_no)
    box.open()
