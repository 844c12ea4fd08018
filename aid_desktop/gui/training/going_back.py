"""Undo to a point of a run: stop it, take it back to before a change of settings, and let it go on from there."""

from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSlot
from PyQt5.QtWidgets import QWidget

from aid_desktop.errors import AidError
from aid_desktop.gui.background import Background, Failure, JobContext
from aid_desktop.gui.question import Question, ask
from aid_desktop.gui.training.continuing import Continuing
from aid_desktop.gui.training.session import TrainingSession
from aid_desktop.gui.training.timeline import Timeline
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note, sentence
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.rewind import go_back
from aid_desktop.runs.settings_log import Revision, read_revisions
from aid_desktop.training.events import RunStarted, SettingsApplied, StorageChanged

_OTHER_RUN = "Nothing was undone: another run has begun since you were asked."


class GoingBack(QObject):
    """Keeps the timeline of the run in hand, and does what its button asks for. `parent` shows the question."""

    def __init__(
        self,
        timeline: Timeline,
        session: TrainingSession,
        continuing: Continuing,
        background: Background,
        messages: MessageStrip,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._timeline = timeline
        self._session = session
        self._continuing = continuing
        self._background = background
        self._messages = messages
        self._parent = parent
        self._folder: Path | None = None
        self._wanted: int | None = None
        timeline.undo_wanted.connect(self._on_undo_wanted)
        session.started.connect(self._on_started)
        session.settings_applied.connect(self._on_settings_applied)
        session.storage_changed.connect(self._on_storage_changed)
        session.running_changed.connect(self._on_running_changed)

    def start(self, epoch: int) -> None:
        """Go back to before `epoch`, once the run in hand has stopped."""
        self._wanted = epoch
        if self._session.is_running:
            self._session.stop()
        else:
            self._go_back()

    @pyqtSlot(RunStarted)
    def _on_started(self, event: RunStarted) -> None:
        self._folder = event.folder
        try:
            revisions = read_revisions(RunFolder(event.folder).settings_jsonl)
        except AidError as error:
            revisions = ()
            self._messages.add(Note(Level.WARNING, sentence(str(error))))
        self._timeline.show_run(event.folder, revisions)

    @pyqtSlot(SettingsApplied)
    def _on_settings_applied(self, event: SettingsApplied) -> None:
        self._timeline.add(Revision.now(event.revision, event.epoch, event.settings))

    @pyqtSlot(StorageChanged)
    def _on_storage_changed(self, event: StorageChanged) -> None:
        self._folder = event.folder
        self._timeline.move_to(event.folder)

    @pyqtSlot(int)
    def _on_undo_wanted(self, epoch: int) -> None:
        stops = "The run stops. " if self._session.is_running else ""
        question = Question(
            name="undoToPointQuestion",
            title="Undo to this point",
            text=f"Go back to before epoch {epoch}?",
            details=(
                f"{stops}Network and settings become what they were after epoch {epoch - 1}, and the run goes on from "
                "there. The epochs and models that came later are set aside in a folder “undone” of the run."
            ),
            yes=("Go back", "undoToPointYes"),
            no=("Leave as it is", "undoToPointNo"),
        )

        folder = self._in_hand

        def on_yes() -> None:
            if self._in_hand == folder:
                self.start(epoch)
            else:
                self._messages.add(Note(Level.WARNING, _OTHER_RUN))

        ask(question, on_yes, self._parent)

    @property
    def _in_hand(self) -> Path | None:
        """The run that trains, from its loading on; else the last one."""
        return self._session.folder if self._session.is_running else self._folder

    @pyqtSlot(bool)
    def _on_running_changed(self, running: bool) -> None:
        if not running and self._wanted is not None:
            self._go_back()

    def _go_back(self) -> None:
        folder, epoch, self._wanted = self._folder, self._wanted, None
        if folder is None or epoch is None:
            return

        def rewind(context: JobContext) -> Path:
            return go_back(RunFolder(folder), epoch)

        def on_done(undone: Path) -> None:
            self._messages.add(Note(Level.INFO, f"What came from epoch {epoch} on is set aside in {undone}."))
            self._continuing.go_on(folder)

        self._background.start("Going back", rewind, on_done, self._on_failure)

    def _on_failure(self, failure: Failure) -> None:
        self._messages.add(Note(Level.ERROR, sentence(failure.message), failure.details))
