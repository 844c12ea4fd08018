"""The list of runs: those on show, ticked, and those that were opened lately."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from PyQt5.QtCore import QSize, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QIcon, QKeySequence, QShowEvent
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QShortcut,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.gui.background import Background, Failure
from aid_desktop.gui.history.run_files import RunSummary, summarize
from aid_desktop.gui.plots.epoch_columns import SAMPLE
from aid_desktop.gui.qt import required
from aid_desktop.gui.recent_paths import RecentPaths
from aid_desktop.gui.theme import GRID, icon, set_role
from aid_desktop.gui.widgets.empty_hint import EmptyHint
from aid_desktop.gui.widgets.naming import name_widget

RECENT_KEY = "recent_runs"

_FILES = "Tables of runs (*.xlsx *.csv)"
_PATH_ROLE = int(Qt.ItemDataRole.UserRole)


class RunsPanel(QWidget):
    """Open runs, or choose among those opened lately; the curves of the ticked ones are shown.

    `run_chosen` carries the path of a run to look at closely, `run_ticked` one whose tick was set or taken away, as
    True or False, `run_removed` one that was taken off the list, `paths_chosen` runs, series or tables to show;
    `refresh_requested` asks to read the shown ones again.
    """

    run_chosen = pyqtSignal(Path)
    run_ticked = pyqtSignal(Path, bool)
    run_removed = pyqtSignal(Path)
    paths_chosen = pyqtSignal(tuple)
    refresh_requested = pyqtSignal()

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._recent = RecentPaths(RECENT_KEY)
        self._summaries: dict[Path, RunSummary] = {}
        self._current: Path | None = None
        self._paths: list[Path] = list(self._recent.paths())
        self._shown: dict[Path, QIcon | None] = {}
        self._has_just_ticked = False
        self._is_fresh = False
        self._open = QPushButton(icon("open"), "Open run…", self)
        self._open.setObjectName("historyOpenButton")
        self._open.setAccessibleName("Open the folder of a run")
        self._open.setToolTip("Choose the folder of a run or series; both can also be dropped anywhere on this tab")
        self._open_file = QToolButton(self)
        self._open_file.setIcon(icon("add-file"))
        self._open_file.setObjectName("historyOpenFileButton")
        self._open_file.setAccessibleName("Open tables of runs")
        self._open_file.setToolTip("Choose tables: AIDeveloper's …_meta.xlsx, or a history.csv")
        self._refresh = QToolButton(self)
        self._refresh.setIcon(icon("refresh"))
        self._refresh.setObjectName("historyRefreshButton")
        self._refresh.setAccessibleName("Read the runs again")
        self._refresh.setToolTip("Read the files of the shown runs again (Ctrl+Shift+R)")
        self._refresh.setShortcut("Ctrl+Shift+R")
        self._refresh.setEnabled(False)
        self._list = _run_list(self)
        EmptyHint("Runs that are opened or trained stand here.", self._list)
        self._remove = QPushButton(icon("remove"), "Remove from list", self)
        self._remove.setFlat(True)
        self._remove.setObjectName("historyRemoveButton")
        self._remove.setAccessibleName("Remove the run from the list")
        self._remove.setToolTip("Take the chosen run off this list; its files stay where they are (Delete)")
        QShortcut(QKeySequence(QKeySequence.StandardKey.Delete), self._list, self._on_remove).setContext(
            Qt.ShortcutContext.WidgetShortcut
        )
        self._lay_out()
        self._set_open_primary(True)
        self._open.clicked.connect(self.choose_folder)
        self._refresh.clicked.connect(self.refresh_requested)
        self._open_file.clicked.connect(self.choose_files)
        self._list.itemPressed.connect(self._on_item_pressed)
        self._list.itemChanged.connect(self._on_item_changed)
        self._list.itemClicked.connect(self._on_item_clicked)
        self._list.itemActivated.connect(self._on_item_chosen)
        self._list.currentRowChanged.connect(self._on_row_changed)
        self._remove.clicked.connect(self._on_remove)
        self._fill()

    def show_current(self, path: Path, summary: RunSummary) -> None:
        """Mark a run as the one whose epochs are shown; a new one comes first in the list."""
        is_known = path == self._current and path in self._paths
        self._current = path
        self._summaries[path] = summary
        self._refresh.setEnabled(True)
        self._set_open_primary(False)
        if is_known:
            self._update(path)
            return
        self._recent.add(path)
        if path not in self._paths:
            self._paths.insert(0, path)
        self._fill()

    def show_none(self) -> None:
        """Mark no run as the one whose epochs are shown."""
        self._current = None
        self._refresh.setEnabled(False)
        self._set_open_primary(True)

    def set_summary(self, path: Path, summary: RunSummary) -> None:
        """Say something else about a run in the list."""
        self._summaries[path] = summary
        self._update(path)

    def set_shown(self, shown: Mapping[Path, QIcon | None]) -> None:
        """Tick the runs whose curves are shown, with samples of their lines."""
        self._shown = dict(shown)
        self._list.blockSignals(True)
        for row in range(self._list.count()):
            self._mark(required(self._list.item(row)))
        self._list.blockSignals(False)

    def add(self, paths: Sequence[Path]) -> None:
        """Put runs into the list."""
        for path in reversed(paths):
            self._recent.add(path)
        new = [path for path in paths if path not in self._paths]
        self._paths = [*new, *self._paths]
        self._fill()
        self._summarize(new)

    def showEvent(self, a0: QShowEvent | None) -> None:
        super().showEvent(a0)
        if not self._is_fresh:
            self._is_fresh = True
            self._summarize(self._paths)

    def _lay_out(self) -> None:
        title = QLabel("Runs", self)
        set_role(title, "heading")
        row = QHBoxLayout()
        row.setSpacing(GRID // 2)
        row.addWidget(self._open, 1)
        row.addWidget(self._open_file)
        row.addWidget(self._refresh)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(title)
        column.addLayout(row)
        column.addWidget(self._list, 1)
        column.addWidget(self._remove, 0, Qt.AlignmentFlag.AlignLeft)

    def _fill(self) -> None:
        chosen = self._chosen()
        self._list.blockSignals(True)
        self._list.clear()
        height = 2 * self._list.fontMetrics().lineSpacing() + GRID
        for path in self._paths:
            item = QListWidgetItem(f"{path.name}\n{_line(self._summaries.get(path))}")
            item.setData(_PATH_ROLE, str(path))
            item.setToolTip(str(path))
            item.setSizeHint(QSize(0, height))
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            self._mark(item)
            self._list.addItem(item)
            if path == (self._current or chosen):
                self._list.setCurrentItem(item)
        self._list.blockSignals(False)
        self._on_row_changed()

    def _mark(self, item: QListWidgetItem) -> None:
        path = Path(str(item.data(_PATH_ROLE)))
        item.setCheckState(Qt.CheckState.Checked if path in self._shown else Qt.CheckState.Unchecked)
        item.setIcon(self._shown.get(path) or QIcon())

    def _set_open_primary(self, is_primary: bool) -> None:
        """Let opening be the next sensible action, as long as nothing is shown."""
        wanted = "true" if is_primary else None
        if self._open.property("primary") == wanted and not self._open.icon().isNull():
            return
        self._open.setProperty("primary", wanted)
        self._open.setIcon(icon("open", "accent_text" if is_primary else "text"))
        style = required(self._open.style())
        style.unpolish(self._open)
        style.polish(self._open)

    def _update(self, path: Path) -> None:
        """Write the line of a run anew and leave the rest of the list as the user has it."""
        item = self._list.item(self._paths.index(path)) if path in self._paths else None
        if item is not None:
            self._list.blockSignals(True)
            item.setText(f"{path.name}\n{_line(self._summaries.get(path))}")
            self._list.blockSignals(False)

    def _summarize(self, paths: Sequence[Path]) -> None:
        unknown = [path for path in paths if path not in self._shown]
        if unknown:
            self._background.start(
                "Reading recent runs",
                lambda context: summarize(unknown, lambda: context.leave_if_cancelled(0, 1)),
                self._on_summarized,
                self._on_not_summarized,
            )

    def _on_summarized(self, summaries: dict[Path, RunSummary]) -> None:
        # What is on show may have grown meanwhile.
        for path, line in summaries.items():
            if path not in self._shown:
                self.set_summary(path, line)

    def _on_not_summarized(self, failure: Failure) -> None:
        unknown = RunSummary(problem=failure.message)
        self._summaries = dict.fromkeys(self._paths, unknown) | self._summaries
        self._fill()

    def _chosen(self) -> Path | None:
        item = self._list.currentItem()
        return Path(str(item.data(_PATH_ROLE))) if item is not None else None

    @pyqtSlot()
    def choose_folder(self) -> None:
        """Ask for the folder of a run or of a series and show it."""
        start = str(self._current.parent) if self._current else ""
        chosen = QFileDialog.getExistingDirectory(self, "Open the folder of a run or series", start)
        if chosen:
            self.paths_chosen.emit((Path(chosen),))

    @pyqtSlot()
    def choose_files(self) -> None:
        """Ask for tables of runs and show them."""
        start = str(self._current.parent) if self._current else ""
        chosen, _ = QFileDialog.getOpenFileNames(self, "Open tables of runs", start, _FILES)
        if chosen:
            self.paths_chosen.emit(tuple(map(Path, chosen)))

    @pyqtSlot(QListWidgetItem)
    def _on_item_pressed(self, _item: QListWidgetItem) -> None:
        self._has_just_ticked = False

    @pyqtSlot(QListWidgetItem)
    def _on_item_changed(self, item: QListWidgetItem) -> None:
        path = Path(str(item.data(_PATH_ROLE)))
        self._has_just_ticked = True
        # Also while the run is still being read, so is not on show yet.
        self.run_ticked.emit(path, item.checkState() == Qt.CheckState.Checked)

    @pyqtSlot(QListWidgetItem)
    def _on_item_clicked(self, item: QListWidgetItem) -> None:
        # A click on the box has done its work already.
        if not self._has_just_ticked:
            self._on_item_chosen(item)
        self._has_just_ticked = False

    @pyqtSlot(QListWidgetItem)
    def _on_item_chosen(self, item: QListWidgetItem) -> None:
        folder = Path(str(required(item).data(_PATH_ROLE)))
        if folder != self._current:
            self.run_chosen.emit(folder)

    @pyqtSlot()
    def _on_row_changed(self) -> None:
        self._remove.setEnabled(self._chosen() is not None)

    @pyqtSlot()
    def _on_remove(self) -> None:
        path = self._chosen()
        if path is None:
            return
        self._recent.remove(path)
        self._paths.remove(path)
        self._fill()
        self.run_removed.emit(path)


def _line(summary: RunSummary | None) -> str:
    if summary is None:
        return "…"
    if summary.problem:
        return summary.problem
    epochs = f"{summary.n_epochs} epoch{'' if summary.n_epochs == 1 else 's'}"
    return epochs if summary.best is None else f"best {summary.best:.3f} · {epochs}"


def _run_list(parent: QWidget) -> QListWidget:
    runs = QListWidget(parent)
    tip = "Click a run to see its epochs; tick runs to see their curves side by side"
    name_widget(runs, "historyRecentList", "Runs", tip)
    runs.setIconSize(SAMPLE)
    runs.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    runs.setTextElideMode(Qt.TextElideMode.ElideMiddle)
    runs.setUniformItemSizes(True)
    return runs
