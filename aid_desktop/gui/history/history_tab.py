"""The History tab: runs on the left, curves and table in the middle, one epoch on the right."""

from datetime import UTC, datetime
from pathlib import Path

from PyQt5.QtCore import Qt, pyqtSlot
from PyQt5.QtGui import QShowEvent
from PyQt5.QtWidgets import QFrame, QScrollArea, QSplitter, QVBoxLayout, QWidget

from aid_desktop.gui.background import Background, Failure, Job
from aid_desktop.gui.history.curves_panel import CurvesPanel
from aid_desktop.gui.history.epoch_panel import EpochPanel
from aid_desktop.gui.history.opened_run import OpenedRun, RunFiles, read_run, run_folder_of
from aid_desktop.gui.history.runs_panel import RunsPanel
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.plots.history_plot import EMPTY_TEXT
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, ThemeManager
from aid_desktop.gui.widgets.drop_area import DropOverlay
from aid_desktop.gui.widgets.field_editor import diff_text
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note, sentence
from aid_desktop.runs.records import EpochRecord
from aid_desktop.runs.settings_log import Revision
from aid_desktop.training.events import EpochFinished, RunStarted, SettingsApplied

_NO_RUN = "Open the folder of a run, or drop it here"
_NO_EPOCHS = "This run has no epochs to show"
_SIDE_WIDTHS = (27 * GRID, 96 * GRID, 34 * GRID)


class HistoryTab(QWidget):
    """How did it go? Shows the run that `notifier` opens, and the one that is being trained as it grows."""

    def __init__(
        self, notifier: Notifier, background: Background, themes: ThemeManager, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("historyTab")
        self._notifier = notifier
        self._background = background
        self._run: OpenedRun | None = None
        self._job: Job[RunFiles] | None = None
        self._loading: Path | None = None
        self._live: Path | None = None
        self._waiting: list[EpochFinished | SettingsApplied] = []
        self._chosen: int | None = None
        self._is_stale = False
        self.messages = MessageStrip("historyMessages", self)
        self.runs = RunsPanel(background, self)
        self.curves = CurvesPanel(themes, self)
        self.epoch = EpochPanel(self)
        self._overlay = DropOverlay(self, _describe_drop)
        self._overlay.setObjectName("historyDropOverlay")
        self.curves.plot.set_empty_text(_NO_RUN)
        self._lay_out()
        self.runs.run_chosen.connect(notifier.open_run)
        self.runs.refresh_requested.connect(self.refresh)
        self.curves.epoch_chosen.connect(self._on_epoch_chosen)
        self.epoch.assess_requested.connect(notifier.choose_model)
        self._overlay.paths_dropped.connect(self._on_paths_dropped)
        notifier.run_opened.connect(self._open)

    @property
    def run(self) -> OpenedRun | None:
        """The run on show; None before the first one is read."""
        return self._run

    @pyqtSlot()
    def choose_folder(self) -> None:
        """Ask for the folder of a run and open it."""
        self.runs.choose_folder()

    @pyqtSlot()
    def refresh(self) -> None:
        """Read the files of the run on show again."""
        folder = self._run.folder if self._run is not None else self._notifier.run
        if folder is not None:
            self._open(folder)

    def follow(self, folder: Path) -> None:
        """Show a run that begins now and add its epochs as they are told."""
        self._live = folder
        if self._loading != folder:
            self._open(folder)

    @pyqtSlot(RunStarted)
    def on_run_started(self, event: RunStarted) -> None:
        """Follow a run from its first event on."""
        self.follow(event.folder)

    @pyqtSlot(EpochFinished)
    def on_epoch_finished(self, event: EpochFinished) -> None:
        """Add an epoch of the run that is followed."""
        self._on_live_event(event)

    @pyqtSlot(SettingsApplied)
    def on_settings_applied(self, event: SettingsApplied) -> None:
        """Mark changed settings of the run that is followed."""
        self._on_live_event(event)

    def showEvent(self, a0: QShowEvent | None) -> None:
        super().showEvent(a0)
        if self._is_stale and self._run is not None:
            self._is_stale = False
            self._choose(self._chosen)
            self._tell_list()

    def _lay_out(self) -> None:
        scroll = QScrollArea(self)
        scroll.setWidget(self.epoch)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        splitter = QSplitter(Qt.Orientation.Horizontal, self)
        for place, part in enumerate((self.runs, self.curves, scroll)):
            splitter.addWidget(part)
            splitter.setStretchFactor(place, 1 if part is self.curves else 0)
        splitter.setSizes(list(_SIDE_WIDTHS))
        splitter.setHandleWidth(2 * GRID)
        splitter.setChildrenCollapsible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(self.messages)
        column.addWidget(splitter, 1)

    @pyqtSlot(Path)
    def _open(self, folder: Path) -> None:
        if self._job is not None:
            self._job.cancel()
        self._loading = folder
        self._waiting = []
        self._job = self._background.start(
            f"Reading {folder.name}", lambda _context: read_run(folder), self._on_read, self._on_not_read
        )

    def _on_read(self, files: RunFiles) -> None:
        self._end_loading()
        self.messages.clear()
        is_live = files.folder == self._live
        is_same = self._run is not None and self._run.folder == files.folder
        chosen = self._chosen if is_same else None
        self._run = OpenedRun(files)
        for problem in files.problems:
            if not (is_live and not files.history.records):
                self.messages.add(Note(Level.WARNING, problem))
        self.curves.plot.set_empty_text(EMPTY_TEXT if is_live else _NO_EPOCHS)
        self.curves.show_run(files)
        waiting, self._waiting = self._waiting, []
        for event in waiting:
            self._take(event)
        self._choose(chosen if chosen is not None and self._run.record(chosen) else None)
        self._tell_list()

    def _on_not_read(self, failure: Failure) -> None:
        self._end_loading()
        self.messages.clear()
        self.messages.add(Note(Level.ERROR, sentence(failure.message), failure.details))

    def _end_loading(self) -> None:
        self._job = None
        self._loading = None

    def _on_live_event(self, event: EpochFinished | SettingsApplied) -> None:
        if self._live is None:
            return
        if self._loading == self._live:
            self._waiting.append(event)
        elif self._loading is None and self._run is not None and self._run.folder == self._live:
            self._take(event)

    def _take(self, event: EpochFinished | SettingsApplied) -> None:
        if isinstance(event, EpochFinished):
            self._take_epoch(event.record, event.removed)
        else:
            self._take_settings(event)

    def _take_epoch(self, record: EpochRecord, removed: tuple[int, ...]) -> None:
        run = required(self._run)
        # What was read from the files can hold it already.
        if record.epoch <= run.last_epoch:
            return
        run.append(record, removed)
        self.curves.append(record, removed)
        if not self.isVisible():
            # Nobody sees it, and the window would be kept busy while it trains.
            self._is_stale = True
            return
        if self._chosen is None and run.best_saved in (None, record):
            self._choose(None)
        elif run.best is record:
            # The epoch on show may have been the best one so far.
            shown = run.record(self._chosen) if self._chosen is not None else run.best_saved
            self.epoch.show_epoch(run, shown or record)
        self._tell_list()

    def _take_settings(self, event: SettingsApplied) -> None:
        run = required(self._run)
        if any(known.revision == event.revision for known in run.revisions):
            return
        time = datetime.now(UTC).isoformat(timespec="seconds")
        run.revisions.append(Revision(event.revision, event.epoch, time, event.settings))
        if event.diff:
            self.curves.add_marker(event.epoch, diff_text(event.diff))

    def _choose(self, epoch: int | None) -> None:
        """Show an epoch; None: the best saved one, or the last one, until the user chooses."""
        run = required(self._run)
        self._chosen = epoch
        record = run.record(epoch) if epoch is not None else None
        if record is None:
            record = run.best_saved or (run.records[-1] if run.records else None)
        self.curves.select(record.epoch if record is not None else None)
        if record is None:
            self.epoch.clear()
        else:
            self.epoch.show_epoch(run, record)

    def _tell_list(self) -> None:
        run = required(self._run)
        self.runs.show_current(run.folder, run.summary())

    @pyqtSlot(int)
    def _on_epoch_chosen(self, epoch: int) -> None:
        record = self._run.record(epoch) if self._run is not None else None
        if self._run is not None and record is not None:
            self._chosen = epoch
            self.epoch.show_epoch(self._run, record)

    @pyqtSlot(tuple)
    def _on_paths_dropped(self, paths: tuple[Path, ...]) -> None:
        folders = _run_folders(paths)
        if folders:
            self.runs.add(folders[1:])
            self._notifier.open_run(folders[0])


def _run_folders(paths: tuple[Path, ...]) -> list[Path]:
    folders = [folder for folder in map(run_folder_of, paths) if folder is not None]
    return list(dict.fromkeys(folders))


def _describe_drop(paths: tuple[Path, ...]) -> str:
    folders = _run_folders(paths)
    if not folders:
        return ""
    others = len(folders) - 1
    also = f"\nand put {others} more in the list" if others else ""
    return f"Open the run {folders[0].name}{also}"
