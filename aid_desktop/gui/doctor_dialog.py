"""What this computer is and can do, with advice; measured behind the window."""

from collections.abc import Callable
from functools import partial
from html import escape
from pathlib import Path

from PyQt5.QtCore import pyqtSlot
from PyQt5.QtGui import QGuiApplication
from PyQt5.QtWidgets import QHBoxLayout, QTextBrowser, QVBoxLayout, QWidget

from aid_desktop.doctor.report import Report, examine
from aid_desktop.gui.background import Background, Failure, JobContext
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID
from aid_desktop.gui.widgets.dialog import Dialog
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note, sentence
from aid_desktop.gui.widgets.naming import name_widget, named_button
from aid_desktop.gui.widgets.work_row import WorkRow

_TITLE = "Examine this computer"
_TRAINING = "a training is going on, and each would slow down the other"
_WAITING = "<p>Hardware, drivers and versions are read, disk and processor measured. Nothing is sent anywhere.</p>"


def examine_computer(folder: Path, is_training: bool, context: JobContext) -> Report:
    """Return the report; a job in the background. The benchmark is left out while something trains."""
    return examine(folder, lambda: context.cancelled, context.report, _TRAINING if is_training else "")


class DoctorDialog(Dialog):
    """Examines the computer as soon as it is made, and again when asked; `runs_folder` is the one whose disk counts."""

    def __init__(
        self, runs_folder: Path, is_training: Callable[[], bool], background: Background, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("doctorDialog")
        self.setAccessibleName(_TITLE)
        self.setWindowTitle(_TITLE)
        self.setModal(False)
        self.set_size(96, 80)
        self._folder = runs_folder
        self._is_training = is_training
        self._background = background
        self._report: Report | None = None
        self.messages = MessageStrip("doctorMessages", self)
        self.view = QTextBrowser(self)
        name_widget(self.view, "doctorReport", "Report", "Advice, and all that was found and measured")
        self.view.setHtml(_WAITING)
        self.work = WorkRow("doctor", "steps", "How far the examination is", "Stop; nothing is shown", self)
        self.work.running_changed.connect(self._show_state)
        self.copy_button = named_button(
            self, "&Copy report", "doctorCopy", "Copy the report as text, for a letter to somebody who helps", "copy"
        )
        self.copy_button.clicked.connect(self.copy)
        self.again_button = named_button(self, "&Examine again", "doctorAgain", "Read and measure everything anew")
        self.again_button.clicked.connect(self.start)
        self._lay_out()
        self.start()

    @property
    def report(self) -> Report | None:
        """What is on show."""
        return self._report

    @pyqtSlot()
    def start(self) -> None:
        """Examine the computer, as if the button was pressed."""
        if self.work.job is not None:
            return
        self.messages.clear()
        work = partial(examine_computer, self._folder, self._is_training())
        job = self._background.start("Examining this computer", work, self._on_examined, self._on_failed)
        self.work.follow(job, "reading…")

    @pyqtSlot()
    def copy(self) -> None:
        """Put the report into the clipboard."""
        if self._report is not None:
            required(QGuiApplication.clipboard()).setText(self._report.text())

    def _on_examined(self, report: Report) -> None:
        self._report = report
        self.view.setHtml(as_html(report))

    def _on_failed(self, failure: Failure) -> None:
        self.messages.add(Note(Level.ERROR, sentence(failure.message), failure.details))

    @pyqtSlot()
    def _show_state(self) -> None:
        is_idle = self.work.job is None
        self.again_button.setEnabled(is_idle)
        self.copy_button.setEnabled(is_idle and self._report is not None)

    def _lay_out(self) -> None:
        run = QHBoxLayout()
        run.setSpacing(GRID)
        run.addWidget(self.work, 1)
        run.addStretch()
        run.addWidget(self.copy_button)
        run.addWidget(self.again_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(self.messages)
        column.addWidget(self.view, 1)
        column.addLayout(run)


def as_html(report: Report) -> str:
    """Return the report as headings, a list and tables that a QTextBrowser shows."""
    parts = ["<h3>Advice</h3><ul>", *(f"<li>{escape(text)}</li>" for text in report.advice), "</ul>"]
    for title, rows in report.sections():
        cells = "".join(
            f'<tr><td width="28%">{escape(name)}</td><td width="72%">{escape(value)}</td></tr>' for name, value in rows
        )
        parts.append(f'<h3>{escape(title)}</h3><table width="100%" cellpadding="2">{cells}</table>')
    return "".join(parts)
