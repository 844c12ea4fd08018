"""The changes of settings in a run, and the way back to before one of them."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QStackedLayout,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, set_role
from aid_desktop.gui.widgets.field_editor import diff_text
from aid_desktop.gui.widgets.naming import name_widget, named_button
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.rewind import can_go_back
from aid_desktop.runs.settings_log import Revision
from aid_desktop.settings.snapshot import SettingsDiff

_COLUMNS = ("from epoch", "time", "what changed")
_EMPTY = "The changes of settings while a run goes on are listed here, each with the way back to before it."
_CHOOSE = "Choose a change to go back to before it."
_NOT_KEPT = "The network before this change is not kept: see Undo points among the settings of Learning."
_START = "The run was started with these settings: start a new run for others."


class Timeline(QWidget):
    """A row for each revision of the settings of a run. `undo_wanted` carries the first epoch of the chosen one."""

    undo_wanted = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder: RunFolder | None = None
        self._revisions: list[Revision] = []
        self.table = _table(self)
        self.undo_button = named_button(
            self, "Undo to this point…", "timelineUndoButton", "Go back to the network and settings before it", "undo"
        )
        self._hint = QLabel(_CHOOSE, self)
        self._hint.setWordWrap(True)
        set_role(self._hint, "muted")
        self._empty = QLabel(_EMPTY, self)
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        set_role(self._empty, "muted")
        self._lay_out()
        self.table.itemSelectionChanged.connect(self._show_choice)
        self.undo_button.clicked.connect(self._on_undo)
        self._show_choice()

    @property
    def revisions(self) -> tuple[Revision, ...]:
        """What is listed, from the start of the run on."""
        return tuple(self._revisions)

    @property
    def hint(self) -> str:
        """What can be done with the chosen row, as shown."""
        return self._hint.text()

    def show_run(self, folder: Path, revisions: Sequence[Revision]) -> None:
        """List the revisions of a run."""
        self._folder = RunFolder(folder)
        self._revisions = []
        self.table.setRowCount(0)
        for item in revisions:
            self.add(item)

    def move_to(self, folder: Path) -> None:
        """Take note that the files of the run are in another folder now."""
        self._folder = RunFolder(folder)
        self._show_choice()

    def add(self, item: Revision) -> None:
        """List one more revision."""
        before = self._revisions[-1] if self._revisions else None
        self._revisions.append(item)
        row = self.table.rowCount()
        self.table.insertRow(row)
        for column, text in enumerate((str(item.epoch), _time(item.time), _text(item, before))):
            cell = QTableWidgetItem(text)
            cell.setToolTip(text)
            self.table.setItem(row, column, cell)
        self.table.resizeRowToContents(row)
        self._stack.setCurrentWidget(self._shown)
        self.table.scrollToBottom()

    def _lay_out(self) -> None:
        foot = QHBoxLayout()
        foot.setSpacing(GRID)
        foot.addWidget(self._hint, 1)
        foot.addWidget(self.undo_button)
        self._shown = QWidget(self)
        column = QVBoxLayout(self._shown)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.table, 1)
        column.addLayout(foot)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._shown)

    @pyqtSlot()
    def _show_choice(self) -> None:
        chosen = self._chosen()
        is_possible = False
        if chosen is None or self._folder is None:
            self._hint.setText(_CHOOSE)
        elif chosen.epoch == 0:
            self._hint.setText(_START)
        else:
            is_possible = can_go_back(self._folder, chosen.epoch)
            self._hint.setText("" if is_possible else _NOT_KEPT)
        self.undo_button.setEnabled(is_possible)

    def _chosen(self) -> Revision | None:
        rows = {index.row() for index in self.table.selectedIndexes()}
        return self._revisions[rows.pop()] if len(rows) == 1 else None

    @pyqtSlot()
    def _on_undo(self) -> None:
        chosen = self._chosen()
        if chosen is not None:
            self.undo_wanted.emit(chosen.epoch)


def _text(item: Revision, before: Revision | None) -> str:
    if before is None:
        return "start of the run"
    return diff_text(SettingsDiff.between(before.settings, item.settings))


def _time(text: str) -> str:
    try:
        return f"{datetime.fromisoformat(text).astimezone():%H:%M:%S}"
    except ValueError:
        return text


def _table(parent: QWidget) -> QTableWidget:
    table = QTableWidget(0, len(_COLUMNS), parent)
    name_widget(table, "timelineTable", "Changes of settings", "The settings that a run has had, from its start on")
    table.setHorizontalHeaderLabels(_COLUMNS)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setShowGrid(False)
    required(table.verticalHeader()).hide()
    header = required(table.horizontalHeader())
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(len(_COLUMNS) - 1, QHeaderView.ResizeMode.Stretch)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
    return table
