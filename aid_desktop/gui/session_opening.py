"""Open a session: read it, look for its sources, ask about what is missing, make its rows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from PyQt5.QtCore import QObject, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QMessageBox, QWidget

from aid_desktop.data.class_table import ClassTable
from aid_desktop.data.formats import open_source
from aid_desktop.data.relink import Found, Sought, State, find_sources
from aid_desktop.data.source import DataSource, Problem
from aid_desktop.errors import AidError
from aid_desktop.gui.background import Background, Failure, Job, JobContext
from aid_desktop.gui.missing_dialog import MissingDialog, Resolution
from aid_desktop.gui.qt import required
from aid_desktop.gui.question import add_answer, message_box
from aid_desktop.runs.aideveloper_tables import SUFFIX as TABLE_SUFFIX
from aid_desktop.runs.aideveloper_tables import is_aideveloper_session, read_aideveloper_session
from aid_desktop.runs.config import RunSettings
from aid_desktop.runs.session import SESSION_SUFFIX, StoredRow, StoredSession, read_session

_ALL, _TABLE = "sessionAllButton", "sessionTableButton"


@dataclass(frozen=True, slots=True)
class ReadSession:
    """A session and where its sources are now."""

    path: Path
    stored: StoredSession
    found: Mapping[Sought, Found]


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """What the window is to show. `settings` is None if they are to stay, `left_out` has a sentence for each loss."""

    path: Path
    table: ClassTable
    settings: RunSettings | None
    left_out: tuple[str, ...] = ()


def is_session_file(path: Path) -> bool:
    """Return whether a path is a session of ours or of AIDeveloper. Quick enough to ask while it is dragged."""
    return path.suffix.lower() == SESSION_SUFFIX or is_aideveloper_session(path)


class SessionOpener(QObject):
    """Opens one session at a time; until `opened` comes, nothing in the window has changed.

    `failed` tells of a file that cannot be used.
    """

    opened = pyqtSignal(OpenedSession)
    failed = pyqtSignal(Path, Failure)

    def __init__(self, background: Background, window: QWidget) -> None:
        super().__init__(window)
        self._background = background
        self._window = window
        self._job: Job[ReadSession] | Job[OpenedSession] | None = None
        self._read: ReadSession | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a session is being opened."""
        return self._read is not None or self._job is not None

    def open(self, path: Path) -> None:
        """Begin to open a file; nothing while another one is being opened."""
        if self.is_busy:
            return
        job = self._background.start(
            f"Opening {path.name}",
            partial(read_and_find, path),
            self._on_read,
            partial(self._on_failed, path),
            is_cancellable=True,
        )
        job.ended.connect(self._on_job_ended)
        self._job = job

    def _on_read(self, read: ReadSession) -> None:
        self._read = read
        if _is_table(read.path) and read.stored.settings is not None:
            self._ask_for_settings()
        else:
            self._ask_for_sources()

    def _ask_for_settings(self) -> None:
        box = settings_question(self._window)
        box.finished.connect(self._on_answered)
        box.open()

    @pyqtSlot()
    def _on_answered(self) -> None:
        box = self.sender()
        # None if the box was closed without an answer.
        chosen = box.clickedButton() if isinstance(box, QMessageBox) else None
        name = chosen.objectName() if chosen is not None else ""
        if self._read is not None and name == _TABLE:
            self._read = replace(self._read, stored=replace(self._read.stored, settings=None))
        if name in (_ALL, _TABLE):
            self._ask_for_sources()
        else:
            self._give_up()

    def _ask_for_sources(self) -> None:
        read = self._read
        if read is None:
            return
        if all(found.state is State.FOUND for found in read.found.values()):
            self._on_resolved(Resolution(read.found))
            return
        dialog = MissingDialog(read.path.name, read.found, self._background, self._window)
        dialog.resolved.connect(self._on_resolved)
        dialog.rejected.connect(self._give_up)
        dialog.open()

    @pyqtSlot()
    def _give_up(self) -> None:
        self._read = None

    @pyqtSlot(Resolution)
    def _on_resolved(self, resolution: Resolution) -> None:
        read, self._read = self._read, None
        if read is None:
            return
        job = self._background.start(
            f"Opening {read.path.name}",
            partial(open_rows, read, resolution),
            self.opened.emit,
            partial(self._on_failed, read.path),
            is_cancellable=True,
        )
        job.ended.connect(self._on_job_ended)
        self._job = job

    def _on_failed(self, path: Path, failure: Failure) -> None:
        self.failed.emit(path, failure)

    @pyqtSlot()
    def _on_job_ended(self) -> None:
        if self.sender() is self._job:
            self._job = None


def settings_question(parent: QWidget) -> QMessageBox:
    """Return the question which part of a table of AIDeveloper is wanted."""
    details = (
        "The settings are those of the last row of the sheet Parameters. They replace the settings of image, "
        "network, learning and augmentation; this can be undone."
    )
    title = "Open a table of AIDeveloper"
    box = message_box("sessionQuestion", title, "What is to be opened?", details, "help", parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for text, name, role in (
        ("Data and all settings", _ALL, QMessageBox.ButtonRole.AcceptRole),
        ("Data table only", _TABLE, QMessageBox.ButtonRole.AcceptRole),
        ("Cancel", "sessionCancelButton", QMessageBox.ButtonRole.RejectRole),
    ):
        button = add_answer(box, text, name, role)
        if name == _ALL:
            box.setDefaultButton(button)
    return box


def read_and_find(path: Path, context: JobContext) -> ReadSession:
    """Read a session and look for its sources where they were. Raises RunError."""
    stored = read_aideveloper_session(path) if _is_table(path) else read_session(path)
    sought = [row.sought for row in stored.rows]
    return ReadSession(path, stored, find_sources(sought, context.report_or_leave))


def _is_table(path: Path) -> bool:
    return path.suffix.lower() == TABLE_SUFFIX


def open_rows(read: ReadSession, resolution: Resolution, context: JobContext) -> OpenedSession:
    """Make the rows whose sources were found. What is known of a source is not read again; what fails is left out."""
    stored = [row for row in read.stored.rows if row.sought in resolution.found]
    left_out = [f"{row.sought.where} was left out." for row in read.stored.rows if row.sought not in resolution.found]
    sources: dict[tuple[Path, str], DataSource] = {}
    rows = []
    for number, row in enumerate(stored):
        context.report_or_leave(number, len(stored))
        try:
            rows.append(row.with_source(_source(row, resolution.found[row.sought], sources, context)))
        except AidError as error:
            context.leave_if_cancelled(number, len(stored))
            left_out.append(str(Problem(row.sought.name, str(error))))
    return OpenedSession(
        read.path, ClassTable(tuple(rows)), read.stored.settings, (*dict.fromkeys(left_out), *read.stored.left_out)
    )


def _source(
    row: StoredRow, found: Found, sources: dict[tuple[Path, str], DataSource], context: JobContext
) -> DataSource:
    path = required(found.path)
    if row.source is not None and found.state is State.FOUND:
        return replace(row.source, path=path)
    key = path, row.part
    if key not in sources:
        sources[key] = open_source(path, context.leave_if_cancelled, row.part).source
    return sources[key]
