"""Sessions as files: open, save, recent ones. What the window shows is one Session; opening one is undoable."""

import logging
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QKeySequence
from PyQt5.QtWidgets import QAction, QFileDialog, QMainWindow, QMenu

from aid_desktop.errors import RunError
from aid_desktop.gui.background import Background, Failure, JobContext
from aid_desktop.gui.data.undo import TableEditor
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.preferences import Preferences
from aid_desktop.gui.qt import required
from aid_desktop.gui.recent_paths import RECENT_SESSIONS, RecentPaths
from aid_desktop.gui.saving import save_as
from aid_desktop.gui.session_opening import OpenedSession, SessionOpener
from aid_desktop.gui.theme import icon
from aid_desktop.gui.training.session import TrainingSession
from aid_desktop.gui.training.session_settings import WindowSettings
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note, sentence
from aid_desktop.paths import APP_NAME
from aid_desktop.runs.session import SESSION_SUFFIX, Session, write_session

logger = logging.getLogger(__name__)

_OPEN_FILTER = f"Sessions (*{SESSION_SUFFIX});;Tables of AIDeveloper (*.xlsx);;All files (*)"
_SAVE_FILTER = f"Sessions (*{SESSION_SUFFIX})"
_RUNNING = "A session replaces the settings of the run that is going on: stop the run first."


@dataclass(frozen=True, slots=True, eq=False)
class _Saving:
    """A session on its way to a file; `n_owned` sessions were opened before, so it is shown until there is another."""

    session: Session
    path: Path
    n_owned: int


class SessionFiles(QObject):
    """The entries of the File menu about sessions, and what they do.

    `changed` tells of any change of the session; `opened` from which file another one is shown now.
    """

    changed = pyqtSignal()
    opened = pyqtSignal(Path)

    def __init__(
        self,
        notifier: Notifier,
        editor: TableEditor,
        settings: WindowSettings,
        training: TrainingSession,
        background: Background,
        messages: MessageStrip,
        preferences: Preferences,
        window: QMainWindow,
    ) -> None:
        super().__init__(window)
        self._editor = editor
        self._settings = settings
        self._training = training
        self._background = background
        self._messages = messages
        self._preferences = preferences
        self._window = window
        self._recent = RecentPaths(RECENT_SESSIONS)
        self._path: Path | None = None
        self._n_owned = 0
        self._saved = self.session()
        self._to_save: _Saving | None = None
        self._written: _Saving | None = None
        self._restoring: Path | None = None
        self.opener = SessionOpener(background, window)
        self._make_actions()
        self.opener.opened.connect(self._on_opened)
        self.opener.failed.connect(self._on_not_opened)
        notifier.table_changed.connect(self._on_changed)
        settings.changed.connect(self._on_changed)

    def session(self) -> Session:
        """Return what the window shows."""
        return Session(self._editor.table, self._settings.values())

    @property
    def path(self) -> Path | None:
        """The file that *Save session* writes; None before the first saving."""
        return self._path

    @property
    def is_lost_at_end(self) -> bool:
        """Whether there are rows, and no file holds them as they are."""
        return bool(self._editor.table.rows) and (self._path is None or self.session() != self._saved)

    def add_to(self, menu: QMenu) -> None:
        """Put the entries into a menu."""
        menu.addAction(self._open_action)
        menu.addMenu(self._recent_menu)
        menu.addAction(self._save_action)
        menu.addAction(self._save_as_action)

    def open(self, path: Path, is_alone: bool = True) -> None:
        """Open a session of ours, or a table of AIDeveloper, in place of what the window shows.

        If it is not alone, other paths came with it, which a session leaves no room for.
        """
        if self._training.is_running:
            self._messages.add(Note(Level.WARNING, _RUNNING))
            return
        if self.opener.is_busy:
            self._messages.add(Note(Level.INFO, f"{path.name} was not opened: another session is being opened."))
            return
        if not is_alone:
            self._messages.add(Note(Level.INFO, f"Only {path.name} was opened: a session replaces the whole table."))
        self.opener.open(path)

    def restore(self, path: Path) -> None:
        """Open a session that was saved by itself: it belongs to no file of the user."""
        self._restoring = path
        self.open(path)

    def save_to(self, path: Path) -> None:
        """Write the session in the background; from then on it belongs to this file.

        One is written after the other: what is saved last stays.
        """
        self._to_save = _Saving(self.session(), path, self._n_owned)
        if self._written is None:
            self._write()

    def finish(self) -> None:
        """Write what was to be written when the window was closed. To be called when no job goes on."""
        if self._to_save is not None:
            try:
                write_session(self._to_save.session, self._to_save.path, keep_backup=False)
            except RunError:
                logger.exception("the session was not saved")

    @pyqtSlot()
    def choose(self) -> None:
        """Ask for a session and open it."""
        name, _ = QFileDialog.getOpenFileName(self._window, "Open a session", self._folder(), _OPEN_FILTER)
        if name:
            self.open(Path(name))

    @pyqtSlot()
    def save(self) -> None:
        """Save to the session's file; ask for one if it has none."""
        if self._path is None:
            self.save_as()
        else:
            self.save_to(self._path)

    @pyqtSlot()
    def save_as(self) -> None:
        """Ask for a file and save to it."""
        start = str(self._path or Path(self._folder()) / f"session{SESSION_SUFFIX}")
        name, _ = QFileDialog.getSaveFileName(self._window, "Save the session", start, _SAVE_FILTER)
        if name:
            save_as(name, SESSION_SUFFIX, self.save_to, self._window)

    def _folder(self) -> str:
        recent = self._recent.paths()
        return str(recent[0].parent) if recent else self._preferences.data_folder

    def _write(self) -> None:
        if self._to_save is None:
            return
        saving = self._written = self._to_save
        work = partial(_write, saving.session, saving.path)
        on_done = partial(self._on_saved, saving)
        self._background.start(f"Saving {saving.path.name}", work, on_done, self._on_not_saved)

    def _on_saved(self, saving: _Saving, path: Path) -> None:
        self._recent.add(path)
        if saving.n_owned == self._n_owned:
            self._belong_to(path, saving.session)
        self._go_on()

    def _on_not_saved(self, failure: Failure) -> None:
        self._messages.add(Note(Level.ERROR, sentence(failure.message), failure.details))
        self._go_on()

    def _go_on(self) -> None:
        """Write what was to be saved while another session was being written, whatever came of that one."""
        if self._to_save is self._written:
            self._to_save = None
        self._written = None
        self._write()

    @pyqtSlot(OpenedSession)
    def _on_opened(self, opened: OpenedSession) -> None:
        if self._training.is_running:
            # It was started while the sources were looked for.
            self._messages.add(Note(Level.WARNING, _RUNNING))
            return
        text = f"open {opened.path.name}"
        left_out = opened.left_out
        if opened.settings is not None:
            left_out += self._settings.change(opened.settings, text)
        self._editor.change(opened.table, text)
        if left_out:
            things = "One thing" if len(left_out) == 1 else f"{len(left_out)} things"
            note = f"{things} of {opened.path.name} could not be taken over."
            self._messages.add(Note(Level.WARNING, note, "\n".join(left_out)))
        self._own(opened.path)
        self.opened.emit(opened.path)

    def _own(self, path: Path) -> None:
        """Let the session that was just opened belong to the file it came from, if that is one to be saved to."""
        self._n_owned += 1
        if path == self._restoring:
            self._belong_to(None, Session())
            return
        self._recent.add(path)
        self._belong_to(path if path.suffix.lower() == SESSION_SUFFIX else None, self.session())

    @pyqtSlot(Path, Failure)
    def _on_not_opened(self, path: Path, failure: Failure) -> None:
        if not path.exists():
            self._recent.remove(path)
        self._messages.add(Note(Level.ERROR, sentence(failure.message), failure.details))

    def _belong_to(self, path: Path | None, session: Session) -> None:
        self._path = path
        self._saved = session
        self._window.setWindowTitle(f"{path.name}[*] – {APP_NAME}" if path else APP_NAME)
        self._on_changed()

    @pyqtSlot()
    def _on_changed(self) -> None:
        # Without a file the title has no place for the mark, about which Qt would complain.
        self._window.setWindowModified(self._path is not None and self.session() != self._saved)
        self.changed.emit()

    @pyqtSlot()
    def _fill_recent(self) -> None:
        self._recent_menu.clear()
        for number, path in enumerate(self._recent.paths()):
            action = required(self._recent_menu.addAction(path.name))
            action.setObjectName(f"recentSession{number}Action")
            action.setData(str(path))
            action.setToolTip(str(path))
        if self._recent_menu.isEmpty():
            required(self._recent_menu.addAction("No session was opened yet")).setEnabled(False)

    @pyqtSlot(QAction)
    def _on_recent_chosen(self, action: QAction) -> None:
        self.open(Path(action.data()))

    def _make_actions(self) -> None:
        self._open_action = self._action("Open session…", "open", "Ctrl+Alt+O", "openSession")
        self._open_action.triggered.connect(self.choose)
        self._save_action = self._action("Save session", "save", "Ctrl+S", "saveSession")
        self._save_action.triggered.connect(self.save)
        self._save_as_action = self._action("Save session as…", "save", "Ctrl+Shift+S", "saveSessionAs")
        self._save_as_action.triggered.connect(self.save_as)
        self._recent_menu = QMenu("Recent sessions", self._window)
        self._recent_menu.setObjectName("recentSessionsMenu")
        self._recent_menu.setToolTipsVisible(True)
        self._recent_menu.aboutToShow.connect(self._fill_recent)
        self._recent_menu.triggered.connect(self._on_recent_chosen)

    def _action(self, text: str, picture: str, keys: str, name: str) -> QAction:
        action = QAction(icon(picture), text, self._window)
        action.setShortcut(QKeySequence(keys))
        action.setObjectName(f"{name}Action")
        return action


def _write(session: Session, path: Path, context: JobContext) -> Path:
    write_session(session, path)
    return path
