"""The tool Check: compares all images in the background and shows what was found."""

from typing import TYPE_CHECKING

from PyQt5.QtCore import QObject, pyqtSlot
from PyQt5.QtWidgets import QAction

from aid_desktop.gui.background import Background, Job
from aid_desktop.gui.data.sources_panel import SourcesPanel
from aid_desktop.gui.data.table_checks import CheckedTable, TableChecks
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.widgets.message_strip import Level, Note
from aid_desktop.numbers import grouped

if TYPE_CHECKING:
    from aid_desktop.data.check import CheckReport
    from aid_desktop.gui.data.check_dialog import CheckDialog


class CheckTool(QObject):
    """Starts one check at a time; `panel` is its parent, shows the dialog, and a note after any check of the table."""

    def __init__(self, notifier: Notifier, checks: TableChecks, background: Background, panel: SourcesPanel) -> None:
        super().__init__(panel)
        self._notifier = notifier
        self._checks = checks
        self._background = background
        self._panel = panel
        self._note: Note | None = None
        self._job: Job[CheckReport] | None = None
        self.dialog: CheckDialog | None = None
        self.action = QAction("Check", self)
        self.action.setObjectName("checkAction")
        self.action.setToolTip(
            "Compare all images: the same ones in two roles, contradictory classes, blank and saturated ones"
        )
        self.action.triggered.connect(self.start)
        checks.checked.connect(self._on_checked)
        notifier.table_changed.connect(self._show_state)
        self._show_state()

    @pyqtSlot()
    def start(self) -> None:
        """Check the class table as it is now, unless a check is under way."""
        if self._job is None:
            self._job = self._checks.start(self._show)
            self._job.ended.connect(self._on_ended)
            self._show_state()

    def _show(self, checked: CheckedTable) -> None:
        # Not before the window is painted.
        from aid_desktop.gui.data.check_dialog import CheckDialog

        self.dialog = CheckDialog(checked, self._background, self._panel)
        self.dialog.rows_chosen.connect(self._panel.view.select_places)
        self.dialog.finished.connect(self._on_closed)
        self.dialog.open()

    @pyqtSlot(CheckedTable)
    def _on_checked(self, checked: CheckedTable) -> None:
        if self._note is not None:
            self._panel.messages.remove(self._note)
            self._note = None
        report = checked.report
        if report.findings:
            number = len(report.findings)
            found = "1 thing" if number == 1 else f"{number} things"
            text = f"Check found {found} in {grouped(report.n_images)} images."
            details = "\n".join(finding.message for finding in report.findings)
            self._note = Note(Level.WARNING, text, details)
            self._panel.messages.add(self._note)

    @pyqtSlot()
    def _on_closed(self) -> None:
        self.dialog = None

    @pyqtSlot()
    def _on_ended(self) -> None:
        self._job = None
        self._show_state()

    @pyqtSlot()
    def _show_state(self) -> None:
        self.action.setEnabled(self._job is None and bool(self._notifier.table.rows))
