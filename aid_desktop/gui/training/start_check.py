"""The check of the images before a run: once for each state of the class table, and never in the way for long."""

from PyQt5.QtCore import QObject, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QWidget

from aid_desktop.data.check import CheckReport, Finding
from aid_desktop.gui.background import Background, Failure
from aid_desktop.gui.data.table_checks import CheckedTable, TableChecks
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.training.check_row import CheckRow
from aid_desktop.gui.training.leak_dialog import LeakDialog
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note, sentence
from aid_desktop.numbers import grouped

MOST_IMAGES = 100_000
"""With more images the run does not wait for a check, which takes about a second for 3 600 images."""

_CHECK_THEM = "Check them"


class StartCheck(QObject):
    """Decides whether a run that the user wants begins: `passed` says so.

    `rows_chosen` carries the places of rows that the user wants to look at instead, `check_wanted` asks for the tool
    Check. `parent` shows the warning.
    """

    passed = pyqtSignal()
    rows_chosen = pyqtSignal(tuple)
    check_wanted = pyqtSignal()

    def __init__(
        self,
        notifier: Notifier,
        checks: TableChecks,
        background: Background,
        row: CheckRow,
        messages: MessageStrip,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._notifier = notifier
        self._checks = checks
        self._background = background
        self._row = row
        self._messages = messages
        self._parent = parent
        self._accepted: CheckReport | None = None
        self._offer: Note | None = None
        self.dialog: LeakDialog | None = None
        row.skip_wanted.connect(self._on_skipped)
        messages.action_chosen.connect(self._on_action_chosen)

    @pyqtSlot()
    def begin(self) -> None:
        """Let the run begin at once, after a check, or after a warning."""
        if self._row.is_busy or self.dialog is not None:
            return
        known = self._checks.current
        n_images = sum(row.source.n_images for row in self._notifier.table.rows)
        if known is not None:
            self._judge(known)
        elif n_images > MOST_IMAGES:
            self.passed.emit()
            text = f"The {grouped(n_images)} images were not compared with each other before this run."
            self._offer = Note(Level.INFO, text, action=_CHECK_THEM)
            self._messages.add(self._offer)
        else:
            self._row.follow(self._checks.start(self._on_checked, self._on_failed))

    def _judge(self, checked: CheckedTable) -> None:
        leaks = checked.report.leaks
        if not leaks:
            self.passed.emit()
        elif checked.report is self._accepted:
            self._pass_with(leaks)
        else:
            self.dialog = LeakDialog(checked, self._background, self._parent)
            self.dialog.rows_chosen.connect(self.rows_chosen)
            self.dialog.finished.connect(self._on_closed)
            self.dialog.train_wanted.connect(self._on_train_wanted)
            self.dialog.open()

    def _pass_with(self, leaks: tuple[Finding, ...]) -> None:
        self.passed.emit()
        more = f" And {len(leaks) - 1} more." if len(leaks) > 1 else ""
        text = f"The results of this run may look too good. {leaks[0].message}{more}"
        details = "\n".join(leak.message for leak in leaks) if more else ""
        self._messages.add(Note(Level.WARNING, text, details))

    def _on_checked(self, checked: CheckedTable) -> None:
        if checked is self._checks.current:
            self._judge(checked)
        else:
            self._messages.add(Note(Level.INFO, "The data have changed during the check: start the run again."))

    def _on_failed(self, failure: Failure) -> None:
        # What keeps the images from being read the run will tell itself.
        self.passed.emit()
        self._messages.add(Note(Level.WARNING, f"The check failed. {sentence(failure.message)}", failure.details))

    @pyqtSlot()
    def _on_train_wanted(self) -> None:
        checked = self._checks.current
        if checked is not None:
            self._accepted = checked.report
            self._pass_with(checked.report.leaks)

    @pyqtSlot()
    def _on_skipped(self) -> None:
        self._row.give_up()
        self.passed.emit()

    @pyqtSlot()
    def _on_closed(self) -> None:
        self.dialog = None

    @pyqtSlot(Note)
    def _on_action_chosen(self, note: Note) -> None:
        if note is self._offer:
            self._messages.remove(note)
            self.check_wanted.emit()
