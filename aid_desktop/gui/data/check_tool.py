"""The tool Check: compares all images in the background and shows what was found."""

from functools import partial

from PyQt5.QtCore import QObject, pyqtSlot
from PyQt5.QtWidgets import QAction

from aid_desktop.data.check import CheckReport, check_table
from aid_desktop.data.class_table import ClassTable
from aid_desktop.gui.background import Background, JobContext
from aid_desktop.gui.data.check_dialog import CheckDialog
from aid_desktop.gui.data.sources_panel import SourcesPanel
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.widgets.message_strip import Level, Note


def run_check(table: ClassTable, group_by: str | None, context: JobContext) -> CheckReport:
    """Check a table; leave when the job is cancelled."""
    return check_table(table, group_by, context.report, lambda: context.cancelled)


class CheckTool(QObject):
    """Starts one check at a time; `panel` is its parent and shows the dialog and a note."""

    def __init__(self, notifier: Notifier, background: Background, panel: SourcesPanel) -> None:
        super().__init__(panel)
        self._notifier = notifier
        self._background = background
        self._panel = panel
        self._note: Note | None = None
        self.dialog: CheckDialog | None = None
        self.action = QAction("Check", self)
        self.action.setObjectName("checkAction")
        self.action.setToolTip(
            "Compare all images: the same ones in two roles, contradictory classes, blank and saturated ones"
        )
        self.action.triggered.connect(self.start)
        notifier.table_changed.connect(self._on_table_changed)
        self._on_table_changed(notifier.table)

    @pyqtSlot()
    def start(self) -> None:
        """Check the class table as it is now."""
        table, split = self._notifier.table, self._notifier.split
        self.action.setEnabled(False)
        job = self._background.start(
            "Comparing images",
            partial(run_check, table, None if split is None else split.group_by),
            partial(self._show, table),
            is_cancellable=True,
        )
        job.ended.connect(self._on_ended)

    def _show(self, table: ClassTable, report: CheckReport) -> None:
        self.dialog = CheckDialog(report, table, self._background, self._panel)
        self.dialog.rows_chosen.connect(self._on_rows_chosen)
        self.dialog.finished.connect(self._on_closed)
        self.dialog.open()
        if self._note is not None:
            self._panel.messages.remove(self._note)
            self._note = None
        if report.findings:
            number = len(report.findings)
            text = f"Check found {'1 thing' if number == 1 else f'{number} things'} in {report.n_images:,} images."
            details = "\n".join(finding.message for finding in report.findings)
            self._note = Note(Level.WARNING, text, details)
            self._panel.messages.add(self._note)

    @pyqtSlot()
    def _on_closed(self) -> None:
        self.dialog = None

    @pyqtSlot()
    def _on_ended(self) -> None:
        self._on_table_changed(self._notifier.table)

    @pyqtSlot(tuple)
    def _on_rows_chosen(self, places: tuple[int, ...]) -> None:
        self._panel.view.select_places(places)

    @pyqtSlot(ClassTable)
    def _on_table_changed(self, table: ClassTable) -> None:
        self.action.setEnabled(bool(table.rows))
