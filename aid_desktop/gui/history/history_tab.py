"""The History tab: runs on the left, curves and table in the middle, one epoch on the right."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PyQt5.QtCore import Qt, pyqtSlot
from PyQt5.QtGui import QIcon, QShowEvent
from PyQt5.QtWidgets import QSplitter, QVBoxLayout, QWidget

from aid_desktop.gui.background import Background, Failure
from aid_desktop.gui.export.export_tool import ExportTool
from aid_desktop.gui.history.curves_panel import CurvesPanel
from aid_desktop.gui.history.epoch_panel import EpochPanel
from aid_desktop.gui.history.opened_run import OpenedRun
from aid_desktop.gui.history.run_files import RunFiles, runs_at
from aid_desktop.gui.history.run_messages import RunMessages
from aid_desktop.gui.history.run_reading import RunReading
from aid_desktop.gui.history.runs_panel import RunsPanel
from aid_desktop.gui.history.shown_runs import ShownRuns
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.plots.epoch_columns import line_icon
from aid_desktop.gui.plots.history_plot import EMPTY_TEXT
from aid_desktop.gui.plots.plot_style import line_pen
from aid_desktop.gui.plots.plotted_run import PlottedRun, run_color
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, Theme, ThemeManager
from aid_desktop.gui.widgets.drop_area import DropOverlay
from aid_desktop.gui.widgets.side_column import SideColumn
from aid_desktop.runs.records import EpochRecord
from aid_desktop.training.events import EpochFinished, RunStarted, SettingsApplied, StorageChanged

_NO_RUN = "Open the folder of a run, drop it here, or choose one on the left"
_NO_EPOCHS = "This run has no epochs to show"
_LEFT_FIGURES, _RIGHT_FIGURES = 24, 34
_SIDE_WIDTHS = (31 * GRID, 92 * GRID, 35 * GRID)


class HistoryTab(QWidget):
    """How did it go? Shows runs side by side: the one that `notifier` opens, those ticked, and the one in training."""

    def __init__(
        self, notifier: Notifier, background: Background, themes: ThemeManager, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("historyTab")
        self._notifier = notifier
        self._themes = themes
        self._shown = ShownRuns()
        self._reading = RunReading(background, self._on_read, self._on_not_read)
        self._live: Path | None = None
        self._waiting: list[EpochFinished | SettingsApplied] = []
        self._chosen: int | None = None
        self._is_stale = False
        self.messages = RunMessages("historyMessages", self)
        self.export = ExportTool(background, self)
        self.runs = RunsPanel(background, self)
        self.curves = CurvesPanel(themes, background, self)
        self.epoch = EpochPanel(self)
        self._overlay = DropOverlay(self, _describe_drop)
        self._overlay.setObjectName("historyDropOverlay")
        self.curves.plot.set_empty_text(_NO_RUN)
        self._lay_out()
        self._connect()

    @property
    def run(self) -> OpenedRun | None:
        """The run whose epochs are shown; None before the first one is read."""
        return self._shown.current

    @pyqtSlot()
    def choose_folder(self) -> None:
        """Ask for the folder of a run and open it."""
        self.runs.choose_folder()

    @pyqtSlot()
    def refresh(self) -> None:
        """Read the files of the runs on show again."""
        paths = self._shown.paths or ((self._notifier.run,) if self._notifier.run is not None else ())
        for path in paths:
            self._load(path)

    @pyqtSlot(tuple)
    def show_runs(self, paths: tuple[Path, ...]) -> None:
        """Show runs side by side, as dropping them here does; what is no run is told."""
        meant = {path: runs_at(path) for path in paths}
        found = list(dict.fromkeys(run for runs in meant.values() for run in runs))
        self.messages.skip([path for path, runs in meant.items() if not runs])
        if not found:
            self.messages.tell_no_run(paths[0])
            return
        self.runs.add(found)
        for path in found:
            self._shown.tick(path)
        self._notifier.open_run(found[0])
        for path in found[1:]:
            self._load(path)

    def show_dropped(self, paths: tuple[Path, ...]) -> None:
        """Show what was dropped elsewhere: a run as the one to look at, several or a series side by side."""
        if len(paths) == 1 and runs_at(paths[0]) == [paths[0]]:
            self._notifier.open_run(paths[0])
        else:
            self.show_runs(paths)

    def follow(self, folder: Path) -> None:
        """Show a run that begins now and add its epochs as they are told."""
        if folder != self._live:
            # What was told of another run, whose files were never read.
            self._waiting = []
        self._live = folder
        if self._reading.opening != folder:
            self._open(folder)

    @pyqtSlot(RunStarted)
    @pyqtSlot(StorageChanged)
    def on_run_started(self, event: RunStarted | StorageChanged) -> None:
        """Follow a run from its first event on, or from now on in another folder."""
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
        if self._is_stale and self._shown.current is not None:
            self._is_stale = False
            self._choose(self._chosen)
            self._tell_list()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(self.messages)
        column.addWidget(_side_by_side(self.runs, self.curves, self.epoch, self), 1)

    def _connect(self) -> None:
        self.runs.run_chosen.connect(self._on_run_chosen)
        self.runs.run_ticked.connect(self._on_run_ticked)
        self.runs.run_removed.connect(self._on_run_removed)
        self.runs.paths_chosen.connect(self.show_runs)
        self.runs.refresh_requested.connect(self.refresh)
        self.curves.epoch_chosen.connect(self._on_epoch_chosen)
        self.curves.point_chosen.connect(self._on_point_chosen)
        self.curves.comparison.run_chosen.connect(self._on_run_chosen)
        self.epoch.assess_requested.connect(self._notifier.choose_model)
        self.epoch.export_requested.connect(self.export.ask)
        self._overlay.paths_dropped.connect(self.show_runs)
        self._notifier.run_opened.connect(self._open)
        self._themes.changed.connect(self._mark_shown)

    @pyqtSlot(Path)
    def _open(self, path: Path) -> None:
        """Read a run to make it the current one."""
        if path == self._live:
            self._waiting = []
        self._reading.open(path, keeps_last=self._keeps_last())

    def _load(self, path: Path) -> None:
        """Read a run to show it beside others."""
        if path == self._live:
            self._waiting = []
        self._reading.load(path)

    def _keeps_last(self) -> bool:
        return self._shown.is_ticked(self._reading.opening)

    def _on_read(self, files: RunFiles, is_opened: bool) -> None:
        path = files.folder
        is_live = path == self._live
        if is_opened:
            self.messages.begin()
        elif self._shown.get(path) is None and not self._shown.is_ticked(path):
            return
        if not is_live or files.history.records:
            self.messages.tell_problems(files.problems)
        before = self._shown.current
        chosen = self._chosen if before is not None and before.folder == path else None
        run = OpenedRun(files)
        self._shown.put(run, as_current=is_opened)
        waiting, self._waiting = (self._waiting, []) if is_live else ([], self._waiting)
        is_current = self._shown.current is run
        for event in waiting:
            run.take(event)
        self._show_runs(is_other_table=is_current)
        if is_current:
            self.curves.plot.set_empty_text(EMPTY_TEXT if is_live else _NO_EPOCHS)
            self._choose(chosen if chosen is not None and run.record(chosen) else None)
            self._tell_list()
        else:
            self.runs.set_summary(path, run.summary())

    def _on_not_read(self, path: Path, failure: Failure, is_opened: bool) -> None:
        self.messages.tell_failure(failure, begins=is_opened)
        if self._shown.get(path) is None:
            self._shown.untick(path)
        self._mark_shown()

    def _show_runs(self, *, is_other_table: bool) -> None:
        """Show the curves of all runs, and the comparison; with `is_other_table` the epochs of the current one too."""
        run = self._shown.current
        if run is None:
            self._show_nothing()
            return
        self.curves.show_runs(self._shown.plotted(), str(run.folder))
        if is_other_table:
            self.curves.show_run(run)
        self.curves.comparison.set_runs(self._shown.facts())
        self._mark_shown()

    def _show_nothing(self) -> None:
        self._chosen = None
        self.curves.clear(_NO_RUN)
        self.epoch.clear()
        self.runs.show_none()
        self._mark_shown()

    @pyqtSlot()
    def _mark_shown(self) -> None:
        self.runs.set_shown(_line_samples(self._shown.plotted(), self._themes.current))

    def _on_live_event(self, event: EpochFinished | SettingsApplied) -> None:
        if self._live is None:
            return
        run = self._shown.get(self._live)
        if self._reading.is_reading(self._live):
            self._waiting.append(event)
        elif run is not None:
            self._take(run, event)

    def _take(self, run: OpenedRun, event: EpochFinished | SettingsApplied) -> None:
        """Add to a run on show what it is told, and show it."""
        names = run.series.names
        if not run.take(event):
            return
        self.curves.comparison.set_runs_soon(self._shown.facts())
        if isinstance(event, SettingsApplied):
            self.curves.plot.show_notes()
            return
        self.curves.plot.grow(has_new_columns=run.series.names != names)
        is_current = run is self._shown.current
        if is_current:
            self.curves.append(event.record, event.removed)
        if not self.isVisible():
            # Nobody sees it, and the window would be kept busy while it trains.
            self._is_stale = True
        elif is_current:
            self._show_growth(run, event.record)
        else:
            self.runs.set_summary(run.folder, run.summary())

    def _show_growth(self, run: OpenedRun, record: EpochRecord) -> None:
        if self._chosen is None and run.best_saved in (None, record):
            self._choose(None)
        elif run.best is record:
            # The epoch on show may have been the best one so far.
            shown = run.record(self._chosen) if self._chosen is not None else run.best_saved
            self.epoch.show_epoch(run, shown or record)
        self._tell_list()

    def _choose(self, epoch: int | None) -> None:
        """Show an epoch; None: the best saved one, or the last one, until the user chooses."""
        run = required(self._shown.current)
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
        run = required(self._shown.current)
        self.runs.show_current(run.folder, run.summary())

    @pyqtSlot(Path)
    def _on_run_chosen(self, path: Path) -> None:
        """Look at a run closely; one that is on show already is not read again."""
        if self._shown.get(path) is None:
            self._notifier.open_run(path)
        else:
            self._look_at(path, None)

    @pyqtSlot(str, int)
    def _on_point_chosen(self, key: str, epoch: int) -> None:
        run = self._shown.current
        if run is None or str(run.folder) != key:
            self._look_at(Path(key), epoch)

    def _look_at(self, path: Path, epoch: int | None) -> None:
        if self._reading.opening != path:
            self._reading.stop_opening(keeps_last=self._keeps_last())
        self._shown.choose(path)
        self._show_runs(is_other_table=True)
        self._choose(epoch)
        self._tell_list()

    @pyqtSlot(Path, bool)
    def _on_run_ticked(self, path: Path, is_ticked: bool) -> None:
        if is_ticked:
            self._shown.tick(path)
            # The current one stays too, now that somebody wants to see more than it.
            if self._shown.current is not None:
                self._shown.tick(self._shown.current.folder)
            self._load(path)
        else:
            self._take_away(path, self._shown.untick)

    @pyqtSlot(Path)
    def _on_run_removed(self, path: Path) -> None:
        self._take_away(path, self._shown.remove)

    def _take_away(self, path: Path, leave: Callable[[Path], None]) -> None:
        before = self._shown.current
        self._reading.give_up(path)
        leave(path)
        self._show_runs(is_other_table=self._shown.current is not before)
        if self._shown.current not in (before, None):
            self._choose(None)
            self._tell_list()

    @pyqtSlot(int)
    def _on_epoch_chosen(self, epoch: int) -> None:
        run = self._shown.current
        record = run.record(epoch) if run is not None else None
        if run is not None and record is not None:
            self._chosen = epoch
            self.epoch.show_epoch(run, record)


def _side_by_side(left: QWidget, middle: QWidget, right: QWidget, parent: QWidget) -> QSplitter:
    splitter = QSplitter(Qt.Orientation.Horizontal, parent)
    sides = SideColumn(left, _LEFT_FIGURES, parent), SideColumn(right, _RIGHT_FIGURES, parent)
    for place, part in enumerate((sides[0], middle, sides[1])):
        splitter.addWidget(part)
        splitter.setStretchFactor(place, 1 if part is middle else 0)
    splitter.setSizes(list(_SIDE_WIDTHS))
    splitter.setHandleWidth(2 * GRID)
    splitter.setChildrenCollapsible(False)
    return splitter


def _line_samples(runs: Sequence[PlottedRun], theme: Theme) -> dict[Path, QIcon | None]:
    """Return a sample of the line of each run; none where the colours are those of the columns."""
    if len(runs) < 2:
        return {Path(run.key): None for run in runs}
    return {Path(run.key): line_icon(line_pen(run_color(run.place, theme))) for run in runs}


def _describe_drop(paths: tuple[Path, ...]) -> str:
    found = list(dict.fromkeys(run for path in paths for run in runs_at(path)))
    if not found:
        return ""
    others = len(found) - 1
    also = f"\nbeside {others} more" if others else ""
    return f"Open the run {found[0].name}{also}"
