"""The list of runs that were opened lately."""

from collections.abc import Sequence
from pathlib import Path

from PyQt5.QtCore import QSize, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QKeySequence, QShowEvent
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
from aid_desktop.gui.history.opened_run import RunSummary, summarize
from aid_desktop.gui.qt import required
from aid_desktop.gui.recent_paths import RecentPaths
from aid_desktop.gui.theme import GRID, icon, set_role

RECENT_KEY = "recent_runs"

_PATH_ROLE = int(Qt.ItemDataRole.UserRole)


class RunsPanel(QWidget):
    """Open a run, or choose among those opened lately.

    `run_chosen` carries a folder; `refresh_requested` asks to read the shown one again.
    """

    run_chosen = pyqtSignal(Path)
    refresh_requested = pyqtSignal()

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._recent = RecentPaths(RECENT_KEY)
        self._summaries: dict[Path, RunSummary] = {}
        self._current: Path | None = None
        self._is_fresh = False
        self._open = QPushButton(icon("open"), "Open run…", self)
        self._open.setObjectName("historyOpenButton")
        self._open.setAccessibleName("Open the folder of a run")
        self._open.setToolTip("Choose the folder of a run; folders can also be dropped anywhere on this tab")
        self._refresh = QToolButton(self)
        self._refresh.setIcon(icon("refresh"))
        self._refresh.setObjectName("historyRefreshButton")
        self._refresh.setAccessibleName("Read the run again")
        self._refresh.setToolTip("Read the files of the shown run again (Ctrl+Shift+R)")
        self._refresh.setShortcut("Ctrl+Shift+R")
        self._refresh.setEnabled(False)
        self._list = QListWidget(self)
        self._list.setObjectName("historyRecentList")
        self._list.setAccessibleName("Runs opened lately")
        self._list.setToolTip("Runs opened lately; click to show one")
        self._list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self._list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._list.setUniformItemSizes(True)
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
        self._list.itemClicked.connect(self._on_item_chosen)
        self._list.itemActivated.connect(self._on_item_chosen)
        self._list.currentRowChanged.connect(self._on_row_changed)
        self._remove.clicked.connect(self._on_remove)
        self._fill()

    def show_current(self, folder: Path, summary: RunSummary) -> None:
        """Put a run first in the list and mark it as the one on show."""
        is_known = folder == self._current and folder in self._recent.paths()
        self._current = folder
        self._summaries[folder] = summary
        self._refresh.setEnabled(True)
        self._set_open_primary(False)
        if is_known:
            self._update(folder)
        else:
            self._recent.add(folder)
            self._fill()

    def add(self, folders: Sequence[Path]) -> None:
        """Put runs into the list without showing them."""
        for folder in reversed(folders):
            self._recent.add(folder)
        self._fill()
        self._summarize()

    def showEvent(self, a0: QShowEvent | None) -> None:
        super().showEvent(a0)
        if not self._is_fresh:
            self._is_fresh = True
            self._summarize()

    def _lay_out(self) -> None:
        title = QLabel("Runs", self)
        set_role(title, "heading")
        row = QHBoxLayout()
        row.setSpacing(GRID // 2)
        row.addWidget(self._open, 1)
        row.addWidget(self._refresh)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(title)
        column.addLayout(row)
        column.addWidget(self._list, 1)
        column.addWidget(self._remove, 0, Qt.AlignmentFlag.AlignLeft)

    def _fill(self) -> None:
        self._list.blockSignals(True)
        self._list.clear()
        height = 2 * self._list.fontMetrics().lineSpacing() + GRID
        for folder in self._recent.paths():
            item = QListWidgetItem(f"{folder.name}\n{_line(self._summaries.get(folder))}")
            item.setData(_PATH_ROLE, str(folder))
            item.setToolTip(str(folder))
            item.setSizeHint(QSize(0, height))
            self._list.addItem(item)
            if folder == self._current:
                self._list.setCurrentItem(item)
        self._list.blockSignals(False)
        self._on_row_changed()

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

    def _update(self, folder: Path) -> None:
        """Write the line of a run anew and leave the rest of the list as the user has it."""
        item = self._list.item(self._recent.paths().index(folder))
        if item is not None:
            item.setText(f"{folder.name}\n{_line(self._summaries.get(folder))}")

    def _summarize(self) -> None:
        folders = [folder for folder in self._recent.paths() if folder != self._current]
        if folders:
            self._background.start(
                "Reading recent runs",
                lambda _context: summarize(folders),
                self._on_summarized,
                self._on_not_summarized,
            )

    def _on_summarized(self, summaries: dict[Path, RunSummary]) -> None:
        self._summaries = summaries | {
            folder: line for folder, line in self._summaries.items() if folder == self._current
        }
        self._fill()

    def _on_not_summarized(self, failure: Failure) -> None:
        unknown = RunSummary(problem=failure.message)
        self._summaries = dict.fromkeys(self._recent.paths(), unknown) | self._summaries
        self._fill()

    def _chosen(self) -> Path | None:
        item = self._list.currentItem()
        return Path(str(item.data(_PATH_ROLE))) if item is not None else None

    @pyqtSlot()
    def choose_folder(self) -> None:
        """Ask for the folder of a run."""
        start = str(self._current.parent) if self._current else ""
        chosen = QFileDialog.getExistingDirectory(self, "Open the folder of a run", start)
        if chosen:
            self.run_chosen.emit(Path(chosen))

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
        folder = self._chosen()
        if folder is not None:
            self._recent.remove(folder)
            self._fill()


def _line(summary: RunSummary | None) -> str:
    if summary is None:
        return "…"
    if summary.problem:
        return summary.problem
    epochs = f"{summary.n_epochs} epoch{'' if summary.n_epochs == 1 else 's'}"
    return epochs if summary.best is None else f"best {summary.best:.3f} · {epochs}"
