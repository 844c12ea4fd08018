"""Save the session now and then without being asked, and offer what was left at the last end of the program."""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from PyQt5.QtCore import QObject, QTimer, pyqtSlot

from aid_desktop.errors import RunError
from aid_desktop.gui.background import Background, Failure, JobContext
from aid_desktop.gui.session_files import SessionFiles
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note
from aid_desktop.runs.autosave import AutosaveFolder, Leftover
from aid_desktop.runs.session import Session, read_session, write_session

logger = logging.getLogger(__name__)

RESTORE = "Restore"

_MOST_OFFERS = 3

INTERVAL_MS = 60_000
"""Between two looks whether something has changed."""

DELAY_MS = 5_000
"""After a change; what changes meanwhile goes the same way."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A session that can be restored, and its number of rows."""

    leftover: Leftover
    n_rows: int


class Autosave(QObject):
    """Keeps the file of this program in `folder`. `now` tells the local time."""

    def __init__(
        self,
        folder: AutosaveFolder,
        sessions: SessionFiles,
        background: Background,
        messages: MessageStrip,
        now: Callable[[], datetime] = datetime.now,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._folder = folder
        self._sessions = sessions
        self._background = background
        self._messages = messages
        self._now = now
        self._kept: Session | None = None
        self._is_writing = False
        self._offers: dict[Note, Offer] = {}
        self._regular = QTimer(self)
        self._regular.setInterval(INTERVAL_MS)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(DELAY_MS)
        for timer in (self._regular, self._soon):
            timer.timeout.connect(self.save)
        messages.action_chosen.connect(self._on_offer_taken)
        messages.closed.connect(self._on_offer_declined)
        sessions.opened.connect(self._on_opened)

    def start(self) -> None:
        """Save from now on, and look for what a crash has left."""
        try:
            self._folder.prepare()
        except RunError as error:
            logger.warning("%s", error)
            return
        self._kept = self._sessions.session()
        self._sessions.changed.connect(self._on_changed)
        self._regular.start()
        self._background.start("Looking for unsaved sessions", partial(_find, self._folder), self._on_found)

    def stop(self) -> None:
        """Save no more, and keep the file only if the session would be lost. To be called when no job goes on."""
        was_started = self._regular.isActive()
        self._regular.stop()
        self._soon.stop()
        try:
            if was_started and self._sessions.is_lost_at_end:
                write_session(self._sessions.session(), self._folder.path, keep_backup=False)
            else:
                self._folder.remove()
        except (OSError, RunError) as error:
            logger.warning("%s: %s", self._folder.path, error)

    @pyqtSlot()
    def save(self) -> None:
        """Save if something has changed since the last time."""
        session = self._sessions.session()
        if self._is_writing or session == self._kept:
            return
        self._is_writing = True
        self._background.start(
            "Saving the session", partial(_write, session, self._folder.path), self._on_saved, self._on_not_saved
        )

    @pyqtSlot()
    def _on_changed(self) -> None:
        # Not started anew: what never rests must be saved too.
        if not self._soon.isActive():
            self._soon.start()

    def _on_saved(self, session: Session) -> None:
        self._is_writing = False
        self._kept = session

    def _on_not_saved(self, failure: Failure) -> None:
        # It is tried again in a minute, and nobody who works can do anything about it.
        self._is_writing = False
        logger.warning("%s", failure.message)

    def _on_found(self, offers: tuple[Offer, ...]) -> None:
        for offer in offers:
            note = Note(Level.WARNING, _text(offer, self._now()), action=RESTORE)
            self._offers[note] = offer
            self._messages.add(note)

    @pyqtSlot(Note)
    def _on_offer_taken(self, note: Note) -> None:
        if note in self._offers:
            self._sessions.restore(self._offers[note].leftover.path)

    @pyqtSlot(Note)
    def _on_offer_declined(self, note: Note) -> None:
        offer = self._offers.pop(note, None)
        if offer is not None:
            # Another window may have been quicker.
            with suppress(OSError):
                offer.leftover.path.unlink()

    @pyqtSlot(Path)
    def _on_opened(self, path: Path) -> None:
        note = next((note for note, offer in self._offers.items() if offer.leftover.path == path), None)
        if note is None:
            return
        offer = self._offers.pop(note)
        self._messages.remove(note)
        try:
            # Until this program saves for the first time.
            self._folder.take(offer.leftover)
        except RunError as error:
            logger.info("%s", error)


def _write(session: Session, path: Path, context: JobContext) -> Session:
    write_session(session, path, keep_backup=False)
    return session


def _find(folder: AutosaveFolder, context: JobContext) -> tuple[Offer, ...]:
    offers: list[Offer] = []
    for leftover in folder.leftovers():
        try:
            offers.append(Offer(leftover, len(read_session(leftover.path).rows)))
        except RunError as error:
            # It may be that of a newer program, which will offer it.
            logger.info("%s", error)
        if len(offers) == _MOST_OFFERS:
            # The others at the start after these are answered.
            break
    return tuple(offers)


def _text(offer: Offer, now: datetime) -> str:
    saved = offer.leftover.saved
    day = "" if saved.date() == now.date() else f"{saved:%Y-%m-%d} "
    rows = "1 row" if offer.n_rows == 1 else f"{offer.n_rows} rows"
    return f"The session of {day}{saved:%H:%M} ({rows}) was not saved. Restore it? Closing this message discards it."
