"""What a session needs and is not where it was: find it again, or go on without it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QProgressBar,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from aid_desktop.data.relink import ContentMethod, Found, Sought, State, found_at, search_folder
from aid_desktop.data.source import SourceKind
from aid_desktop.gui.background import Background, Failure, Job, JobContext
from aid_desktop.gui.qt import required
from aid_desktop.gui.theme import GRID, icon, set_primary, set_role
from aid_desktop.gui.widgets.dialog import Dialog
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note, sentence
from aid_desktop.gui.widgets.naming import named_button
from aid_desktop.numbers import grouped

_HINT = (
    "Choose a folder to search it, with all folders in it, for files of the same name and content. "
    "A source has changed if something of its name is there, but with other content."
)
_ICONS = {State.FOUND: ("check", "correct"), State.CHANGED: ("warning", "warning"), State.MISSING: ("error", "error")}
_COLUMNS = ("Source", "State", "Was", "Is")
_AS_IT_IS = "used as it is"


@dataclass(frozen=True, slots=True)
class Resolution:
    """Where the sources are that the session is to be opened with; the others are left out."""

    found: Mapping[Sought, Found]


class MissingDialog(Dialog):
    """Lists the sources that are not as they were. `resolved` carries a Resolution once the user has decided."""

    resolved = pyqtSignal(Resolution)

    def __init__(
        self, name: str, found: Mapping[Sought, Found], background: Background, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("missingDialog")
        self.setAccessibleName("Missing sources")
        self.setWindowTitle(f"Open {name}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.set_size(104, 60)
        self._background = background
        self._found = dict(found)
        self._as_it_is: set[Sought] = set()
        self._job: Job[dict[Sought, Found]] | None = None
        self._folder = ""
        self._title = QLabel(self)
        self.messages = MessageStrip("missingMessages", self)
        self.list = QTreeWidget(self)
        self._items: dict[Sought, QTreeWidgetItem] = {}
        self._make_list()
        self._make_buttons()
        self._lay_out()
        self._show()

    def search(self, folder: Path) -> None:
        """Look for all that is open in a folder, in the background."""
        open_ones = tuple(one for one in self._items if self._found[one].state is not State.FOUND)
        work = partial(_search, open_ones, folder)
        self._start(f"Searching {folder.name}", work, partial(self._on_searched, folder))

    def point(self, sought: Sought, path: Path) -> None:
        """Say where a source is now; whether it has the same content is found out in the background."""
        self._start(f"Reading {path.name}", partial(_look_at, sought, path), self._on_pointed)

    @property
    def is_complete(self) -> bool:
        """Whether there is a place for every source."""
        return all(map(self._is_settled, self._found))

    @pyqtSlot()
    def accept(self) -> None:
        """Go on with what was found; what is still open is left out."""
        self.resolved.emit(Resolution({one: found for one, found in self._found.items() if self._is_settled(one)}))
        super().accept()

    def _is_settled(self, sought: Sought) -> bool:
        return self._found[sought].state is State.FOUND or sought in self._as_it_is

    def _start(
        self,
        title: str,
        work: Callable[[JobContext], dict[Sought, Found]],
        on_done: Callable[[dict[Sought, Found]], None],
    ) -> None:
        if self._job is not None:
            return
        self.messages.clear()
        self._job = self._background.start(title, work, on_done, self._on_failed)
        self._job.progressed.connect(self._on_progress)
        self._job.ended.connect(self._on_ended)
        self.destroyed.connect(self._job.cancel)
        self._status.setText(f"{title} …")
        self._set_busy(True)

    def _on_searched(self, folder: Path, found: dict[Sought, Found]) -> None:
        self._found.update(found)
        what = f"{grouped(len(found))} found" if found else "Nothing of the same name and content was found"
        self.messages.add(Note(Level.INFO, f"{what} in {folder}."))
        several = [f"{one.name}: {f.path}, not {', '.join(map(str, f.others))}" for one, f in found.items() if f.others]
        if several:
            text = f"Found in several places, so the first one was taken: {grouped(len(several))}."
            self.messages.add(Note(Level.INFO, text, "\n".join(several)))

    def _on_pointed(self, found: dict[Sought, Found]) -> None:
        self._found.update(found)
        for one, now in found.items():
            self._as_it_is.discard(one)
            if now.state is State.CHANGED:
                text = f"{now.path} has other content than {one.name} had. It can be used as it is."
                self.messages.add(Note(Level.WARNING, text))

    def _on_failed(self, failure: Failure) -> None:
        self.messages.add(Note(Level.ERROR, sentence(failure.message), failure.details))

    @pyqtSlot(int, int)
    def _on_progress(self, done: int, total: int) -> None:
        self._progress.setRange(0, total)
        self._progress.setValue(done)

    @pyqtSlot()
    def _on_ended(self) -> None:
        self._job = None
        self._set_busy(False)
        self._show()

    @pyqtSlot()
    def _stop(self) -> None:
        if self._job is not None:
            self._job.cancel()

    @pyqtSlot()
    def _ask_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder in which the sources are", self._folder)
        if folder:
            self._folder = folder
            self.search(Path(folder))

    @pyqtSlot()
    def _ask_place(self) -> None:
        for one in self._chosen()[:1]:
            title = f"Where is {one.name} now?"
            if one.method == ContentMethod(SourceKind.FOLDER):
                name = QFileDialog.getExistingDirectory(self, title, self._folder)
            else:
                name, _ = QFileDialog.getOpenFileName(self, title, self._folder)
            if name:
                self._folder = str(Path(name).parent)
                self.point(one, Path(name))

    @pyqtSlot()
    def _use_as_it_is(self) -> None:
        self._as_it_is.update(one for one in self._chosen() if self._found[one].state is State.CHANGED)
        self._show()

    def _chosen(self) -> list[Sought]:
        return [one for one, item in self._items.items() if item.isSelected()]

    @pyqtSlot()
    def _on_selected(self) -> None:
        chosen = self._chosen()
        self.point_button.setEnabled(len(chosen) == 1)
        self.as_it_is_button.setEnabled(any(self._found[one].state is State.CHANGED for one in chosen))

    def _show(self) -> None:
        for one, item in self._items.items():
            found = self._found[one]
            item.setIcon(1, icon(*_ICONS[State.FOUND if self._is_settled(one) else found.state]))
            item.setText(1, _AS_IT_IS if one in self._as_it_is else str(found.state))
            item.setText(3, str(found.path or ""))
            item.setToolTip(3, item.text(3))
        n_open = sum(not self._is_settled(one) for one in self._found)
        text = f"Missing or changed: {grouped(n_open)} of {grouped(len(self._found))} sources"
        self._title.setText(text if n_open else "There is a place for every source")
        self.open_button.setEnabled(self.is_complete)
        self.leave_out_button.setEnabled(not self.is_complete)
        self._on_selected()

    def _set_busy(self, busy: bool) -> None:
        for widget in (self._progress, self._status, self._stop_button):
            widget.setVisible(busy)
        self._progress.setRange(0, 0)
        for widget in (self.folder_button, self.point_button, self.as_it_is_button, self.leave_out_button,
                       self.open_button):  # fmt: skip
            widget.setEnabled(not busy)

    def _make_list(self) -> None:
        self.list.setObjectName("missingList")
        self.list.setAccessibleName("Sources that are not as they were")
        self.list.setToolTip("Sources that are missing, or that have changed since the session was saved")
        self.list.setHeaderLabels(_COLUMNS)
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setAlternatingRowColors(True)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        for one, found in self._found.items():
            if found.state is not State.FOUND:
                item = QTreeWidgetItem([one.name, "", one.where, ""])
                item.setToolTip(2, one.where)
                self._items[one] = item
        self.list.addTopLevelItems(list(self._items.values()))
        header = required(self.list.header())
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for column, width in enumerate((22, 20, 30)):
            header.resizeSection(column, width * GRID)
        self.list.setCurrentItem(self.list.topLevelItem(0))
        self.list.itemSelectionChanged.connect(self._on_selected)

    def _make_buttons(self) -> None:
        self.folder_button = named_button(
            self, "Choose folder…", "missingFolder", "Search a folder and all folders in it for the sources", "folder"
        )
        self.point_button = named_button(
            self, "Point to…", "missingPoint", "Say where the chosen source is now", "open"
        )
        self.as_it_is_button = named_button(
            self, "Use as it is", "missingAsItIs", "Use the chosen sources although their content has changed", "check"
        )
        self._stop_button = named_button(self, "Stop", "missingStop", "End the search", "stop")
        self.leave_out_button = named_button(
            self, "Leave these out", "missingLeaveOut", "Open the session without the sources that are not there"
        )
        self.cancel_button = named_button(self, "Cancel", "missingCancel", "Leave everything as it is")
        self.open_button = named_button(self, "Open session", "missingOpen", "Open the session with what was found")
        set_primary(self.open_button)
        self._progress = QProgressBar(self)
        self._progress.setObjectName("missingProgress")
        self._progress.setAccessibleName("Progress of the search")
        self._progress.setTextVisible(False)
        self._status = QLabel(self)
        set_role(self._status, "muted")
        for button, slot in (
            (self.folder_button, self._ask_folder),
            (self.point_button, self._ask_place),
            (self.as_it_is_button, self._use_as_it_is),
            (self._stop_button, self._stop),
            (self.leave_out_button, self.accept),
            (self.cancel_button, self.reject),
            (self.open_button, self.accept),
        ):
            button.clicked.connect(slot)
        self._set_busy(False)

    def _lay_out(self) -> None:
        set_role(self._title, "title")
        hint = QLabel(_HINT, self)
        hint.setWordWrap(True)
        set_role(hint, "muted")
        find = QHBoxLayout()
        find.setSpacing(GRID)
        for widget in (self.folder_button, self.point_button, self.as_it_is_button):
            find.addWidget(widget)
        find.addStretch(1)
        find.addWidget(self._status)
        find.addWidget(self._progress)
        find.addWidget(self._stop_button)
        end = QHBoxLayout()
        end.setSpacing(GRID)
        end.addWidget(self.leave_out_button)
        end.addStretch(1)
        end.addWidget(self.cancel_button)
        end.addWidget(self.open_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        for label in (self._title, hint):
            column.addWidget(label)
        column.addLayout(find)
        column.addWidget(self.messages)
        column.addWidget(self.list, 1)
        column.addLayout(end)


def _search(sought: tuple[Sought, ...], folder: Path, context: JobContext) -> dict[Sought, Found]:
    return search_folder(sought, folder, context.report_or_leave)


def _look_at(sought: Sought, path: Path, context: JobContext) -> dict[Sought, Found]:
    return {sought: found_at(sought, path)}
