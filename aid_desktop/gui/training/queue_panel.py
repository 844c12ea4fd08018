"""The tab Queue: which run trains, which ones wait in which order, and how the others have ended."""

from pathlib import Path

from PyQt5.QtCore import QItemSelection, QItemSelectionModel, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QKeySequence
from PyQt5.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QShortcut,
    QSizePolicy,
    QStackedWidget,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.gui.models.queue_model import EntryState, QueueColumn, QueueEntry, QueueModel
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, icon, set_role
from aid_desktop.gui.training.check_row import CheckRow
from aid_desktop.gui.training.run_queue import RunQueue
from aid_desktop.gui.training.session import TrainingSession
from aid_desktop.gui.widgets.naming import name_widget, named_button
from aid_desktop.gui.widgets.row_table import show_rows
from aid_desktop.numbers import grouped
from aid_desktop.runs.series import Series

_EMPTY = (
    "Runs that wait for their turn stand here. Add to queue keeps what is shown as one of them; Several runs… adds "
    "architectures, seeds and the folds of a cross-validation, and compares them in the end."
)
_ADD_WITHOUT = ("Add without check", "skipQueueCheckButton", "Let the runs wait now; the next are checked again")
_ROW_HEIGHT = 3 * GRID
_STATE_WIDTH = 30 * GRID
_ARCHITECTURE_WIDTH = 16 * GRID


class QueuePanel(QWidget):
    """Shows a RunQueue and edits its order.

    `run_chosen` carries the folder of a run to look at, `comparison_wanted` a series; `open_wanted` asks for a series
    on disk, `several_wanted` for the dialog that adds one.
    """

    run_chosen = pyqtSignal(Path)
    comparison_wanted = pyqtSignal(Series)
    open_wanted = pyqtSignal()
    several_wanted = pyqtSignal()

    def __init__(self, queue: RunQueue, session: TrainingSession, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("queuePanel")
        self._queue = queue
        self._session = session
        self._model = QueueModel()
        self.check_row = CheckRow(self, "queueCheck", _ADD_WITHOUT)
        self.table = QTableView(self)
        self._status = QLabel(self)
        self._stack = QStackedWidget(self)
        self._go_on = named_button(
            self, "Start the queue", "queueGoOnButton", "Train the waiting runs in turn", "start"
        )
        self._up = self._tool("queueUpButton", "Up", "Let the chosen runs train earlier (Alt+Up)", "up")
        self._down = self._tool("queueDownButton", "Down", "Let the chosen runs train later (Alt+Down)", "down")
        self._remove = self._tool(
            "queueRemoveButton", "Remove", "Take the chosen runs off the queue; files of runs stay (Delete)", "remove"
        )
        self._clear = named_button(self, "Clear", "queueClearButton", "Take off all runs that have ended")
        self._compare = named_button(
            self, "Compare…", "queueCompareButton", "Compare the runs of the series that the chosen one belongs to"
        )
        self.several_button = named_button(
            self, "Several runs…", "severalRunsButton", "Train several architectures, seeds or folds and compare them"
        )
        self._open = named_button(
            self, "Open…", "queueOpenButton", "Compare the runs of a series on disk, and go on with it"
        )
        self._set_up_table()
        self._lay_out()
        self._connect()
        self._show()

    @property
    def status(self) -> str:
        """What the queue does, as shown."""
        return self._status.text()

    def set_can_plan(self, can_plan: bool) -> None:
        """Allow to add a series, or not."""
        for button in self._several:
            button.setEnabled(can_plan)

    def chosen(self) -> tuple[QueueEntry, ...]:
        """Return the selected entries from top to bottom."""
        rows = sorted(index.row() for index in required(self.table.selectionModel()).selectedRows())
        return tuple(self._model.entry(row) for row in rows)

    def _tool(self, name: str, text: str, tip: str, picture: str) -> QToolButton:
        button = QToolButton(self)
        button.setIcon(icon(picture))
        button.setAutoRaise(True)
        name_widget(button, name, text, tip)
        return button

    def _set_up_table(self) -> None:
        table = self.table
        table.setModel(self._model)
        name_widget(table, "queueTable", "Queue of runs", "")
        show_rows(table)
        table.setTextElideMode(Qt.TextElideMode.ElideRight)
        rows = required(table.verticalHeader())
        rows.setDefaultSectionSize(_ROW_HEIGHT)
        header = required(table.horizontalHeader())
        header.setSectionResizeMode(QueueColumn.RUN, QHeaderView.ResizeMode.Stretch)
        header.resizeSection(QueueColumn.STATE, _STATE_WIDTH)
        header.resizeSection(QueueColumn.ARCHITECTURE, _ARCHITECTURE_WIDTH)
        for column in (QueueColumn.SEED, QueueColumn.FOLD):
            header.resizeSection(column, 9 * GRID)

    def _lay_out(self) -> None:
        self._status.setObjectName("queueStatus")
        set_role(self._status, "muted")
        # A narrow window cuts it, with the whole of it in the tooltip, and keeps its form wide.
        self._status.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        tools = QHBoxLayout()
        tools.setContentsMargins(0, 0, 0, 0)
        tools.setSpacing(GRID)
        tools.addWidget(self._go_on)
        tools.addWidget(self._status, 1)
        for part in (
            self._up, self._down, self._remove, self._clear, self._compare, self._open, self.several_button,
        ):  # fmt: skip
            tools.addWidget(part)
        filled = QWidget(self._stack)
        column = QVBoxLayout(filled)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(tools)
        column.addWidget(self.table, 1)
        self._stack.addWidget(self._empty_page())
        self._stack.addWidget(filled)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, GRID, 0, 0)
        whole.setSpacing(GRID)
        whole.addWidget(self.check_row)
        whole.addWidget(self._stack, 1)

    def _empty_page(self) -> QWidget:
        page = QWidget(self._stack)
        text = QLabel(_EMPTY, page)
        text.setWordWrap(True)
        text.setObjectName("queueEmptyText")
        set_role(text, "muted")
        several = named_button(page, "Several runs…", "emptyQueueSeveralButton", self.several_button.toolTip(), "queue")
        several.clicked.connect(self.several_wanted)
        self._several = (several, self.several_button)
        opening = named_button(page, "Open series…", "emptyQueueOpenButton", self._open.toolTip())
        opening.clicked.connect(self.open_wanted)
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID)
        buttons.addWidget(several)
        buttons.addWidget(opening)
        buttons.addStretch(1)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, GRID, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(text)
        column.addLayout(buttons)
        column.addStretch(1)
        return page

    def _connect(self) -> None:
        self._queue.changed.connect(self._show)
        self._queue.starting.connect(self._on_starting)
        self._go_on.clicked.connect(self._queue.go_on)
        self._clear.clicked.connect(self._queue.clear_ended)
        self._up.clicked.connect(self._on_up)
        self._down.clicked.connect(self._on_down)
        self._remove.clicked.connect(self._on_remove)
        self._compare.clicked.connect(self._on_compare)
        self._open.clicked.connect(self.open_wanted)
        self.several_button.clicked.connect(self.several_wanted)
        self.table.doubleClicked.connect(self._on_activated)
        required(self.table.selectionModel()).selectionChanged.connect(self._show_buttons)
        for keys, slot in (
            ("Alt+Up", self._on_up),
            ("Alt+Down", self._on_down),
            (QKeySequence.Delete, self._on_remove),
        ):
            shortcut = QShortcut(QKeySequence(keys), self.table, slot)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)

    @pyqtSlot()
    def _show(self) -> None:
        entries = self._queue.entries
        numbers = {entry.number for entry in self.chosen()}
        self._model.set_entries(entries)
        self._select(numbers)
        self._stack.setCurrentIndex(1 if entries else 0)
        can_go_on = bool(self._queue.n_waiting) and not self._queue.is_going
        self._go_on.setVisible(can_go_on)
        has_begun = any(entry.has_ended for entry in entries)
        self._go_on.setText("Go on" if has_begun or self._session.is_running else "Start the queue")
        self._go_on.setAccessibleName(self._go_on.text())
        self._status.setText(self._status_text())
        self._status.setToolTip(self._status.text())
        self._show_buttons()

    def _select(self, numbers: set[int]) -> None:
        """Select the entries of these numbers, which a change of the order has let go."""
        if {entry.number for entry in self.chosen()} == numbers:
            return
        rows = QItemSelection()
        for row, entry in enumerate(self._queue.entries):
            if entry.number in numbers:
                rows.select(self._model.index(row, 0), self._model.index(row, self._model.columnCount() - 1))
        select = QItemSelectionModel.SelectionFlag.ClearAndSelect
        required(self.table.selectionModel()).select(rows, select)

    @pyqtSlot()
    def _show_buttons(self) -> None:
        chosen = self.chosen()
        can_move = any(entry.state is EntryState.WAITING for entry in chosen)
        self._up.setEnabled(can_move)
        self._down.setEnabled(can_move)
        self._remove.setEnabled(any(entry.state is not EntryState.TRAINING for entry in chosen))
        self._clear.setEnabled(any(entry.has_ended for entry in self._queue.entries))
        self._compare.setEnabled(any(entry.series is not None for entry in chosen))

    def _status_text(self) -> str:
        n = self._queue.n_waiting
        if not n:
            return "No run waits."
        text = f"{grouped(n)} {'run waits' if n == 1 else 'runs wait'}"
        if not self._queue.is_going:
            return f"{text} until you press {self._go_on.text()}."
        return f"{text}, and the next one starts by itself."

    @pyqtSlot()
    def _on_starting(self) -> None:
        """Let the run be seen that begins now, with those that follow it."""
        for row, entry in enumerate(self._queue.entries):
            if entry.state is EntryState.TRAINING:
                self.table.scrollTo(self._model.index(row, 0), QTableView.ScrollHint.PositionAtTop)

    @pyqtSlot()
    def _on_up(self) -> None:
        self._queue.move({entry.number for entry in self.chosen()}, -1)

    @pyqtSlot()
    def _on_down(self) -> None:
        self._queue.move({entry.number for entry in self.chosen()}, 1)

    @pyqtSlot()
    def _on_remove(self) -> None:
        self._queue.remove({entry.number for entry in self.chosen()})

    @pyqtSlot()
    def _on_compare(self) -> None:
        series = next((entry.series for entry in self.chosen() if entry.series is not None), None)
        if series is not None:
            self.comparison_wanted.emit(series)

    @pyqtSlot()
    def _on_activated(self) -> None:
        folder = next((entry.folder for entry in self.chosen() if entry.folder is not None), None)
        if folder is not None:
            self.run_chosen.emit(folder)
