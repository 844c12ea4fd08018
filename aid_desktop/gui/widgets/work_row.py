"""The line of a dialog in which its work is seen and can be stopped."""

from typing import Any

from PyQt5.QtCore import pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QWidget

from aid_desktop.gui.background import Job
from aid_desktop.gui.theme import GRID, set_role
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note
from aid_desktop.gui.widgets.naming import name_widget, named_button
from aid_desktop.numbers import grouped

CONVERTING = "converting the network…"
"""What the row says while images wait for it."""


class WorkRow(QWidget):
    """Follows one job at a time: what it does, how far it is, and a button that stops it; hidden without one.

    The parts are named `<name>Status`, `<name>Progress` and `<name>Cancel`; `unit` is what the job counts. A total of 0
    means that nobody knows how long it takes. `running_changed` tells when work begins and ends, `cancelled` that the
    user wants it to end; a job that is still under way is stopped with the row.
    """

    running_changed = pyqtSignal(bool)
    cancelled = pyqtSignal()

    def __init__(self, name: str, unit: str, tip: str, cancel_tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._unit = unit
        self._job: Job[Any] | None = None
        self._was_cancelled = False
        self._endless = ""
        self._status = QLabel(self)
        self._status.setObjectName(f"{name}Status")
        set_role(self._status, "muted")
        self._progress = QProgressBar(self)
        self._progress.setTextVisible(False)
        name_widget(self._progress, f"{name}Progress", "Progress", tip)
        self._cancel = named_button(self, "Cancel", f"{name}Cancel", cancel_tip, "stop")
        self._cancel.clicked.connect(self.cancel)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        row.addWidget(self._status)
        row.addWidget(self._progress, 1)
        row.addWidget(self._cancel)
        self.hide()

    @property
    def job(self) -> Job[Any] | None:
        """The job under way."""
        return self._job

    @property
    def was_cancelled(self) -> bool:
        """Whether the last job was stopped."""
        return self._was_cancelled

    def lets_close(self, messages: MessageStrip, what: str) -> bool:
        """Return whether nothing is under way; else say of `what`, say "The export", that Cancel ends it."""
        if self._job is None:
            return True
        messages.clear()
        messages.add(Note(Level.INFO, f"{what} is under way: press Cancel first to end it."))
        return False

    def follow(self, job: Job[Any], text: str, endless: str = "working…") -> None:
        """Show a job that was just started.

        `text` says what it does before it tells its progress, `endless` while its total is 0.
        """
        self._job = job
        self._endless = endless
        self._progress.setRange(0, 0)
        self._status.setText(text)
        self._cancel.setEnabled(True)
        self.show()
        job.follow(self._on_progress)
        job.ended.connect(self._on_ended)
        self.destroyed.connect(job.cancel)
        self.running_changed.emit(True)

    @pyqtSlot()
    def cancel(self) -> None:
        """Stop the work under way."""
        if self._job is not None:
            self._job.cancel()
            self._cancel.setEnabled(False)
            self._progress.setRange(0, 0)
            self._status.setText("stopping…")
            self.cancelled.emit()

    @pyqtSlot(int, int)
    def _on_progress(self, done: int, total: int) -> None:
        if self._job is not None and not self._job.context.cancelled:
            self._progress.setRange(0, total)
            self._progress.setValue(done)
            self._status.setText(f"{grouped(done)} of {grouped(total)} {self._unit}" if total else self._endless)

    @pyqtSlot()
    def _on_ended(self) -> None:
        self._was_cancelled = self._job is not None and self._job.context.cancelled
        self._job = None
        self.hide()
        self.running_changed.emit(False)
