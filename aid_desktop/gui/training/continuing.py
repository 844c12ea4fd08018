"""Going on with a run that has stopped: one the user chooses, or one whose loss was no number any more."""

from functools import partial
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal, pyqtSlot

from aid_desktop.errors import AidError
from aid_desktop.gui.background import Failure
from aid_desktop.gui.training.live_settings import LiveSettings
from aid_desktop.gui.training.session import TrainingSession
from aid_desktop.gui.trust_question import or_ask_for_trust
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note, sentence
from aid_desktop.models.trust import UntrustedCodeError, may_run_code
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.history import History, read_history
from aid_desktop.runs.run_toml import read_run_toml
from aid_desktop.runs.settings_log import read_revisions
from aid_desktop.settings.snapshot import TrainingSettings
from aid_desktop.training.events import RunFinished

_SLOWER = 0.5
_GO_ON = "Go on at half the rate"


class Continuing(QObject):
    """Continues runs in the session; `opened` carries the history so far. Messages say what keeps it from going on."""

    opened = pyqtSignal(History)

    def __init__(
        self, session: TrainingSession, live: LiveSettings, messages: MessageStrip, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._live = live
        self._messages = messages
        self._offer: Note | None = None
        self._diverged: Path | None = None
        session.finished.connect(self._on_finished)
        session.running_changed.connect(self._withdraw)
        messages.action_chosen.connect(self._on_action_chosen)

    def go_on(self, path: Path, rate_factor: float = 1.0) -> None:
        """Continue the run in a folder from its last finished epoch, with its learning rate times a factor.

        A run that has done all its epochs goes on to the number of epochs that the window shows.
        """
        if self._session.is_running:
            self._tell(Level.WARNING, "A run is going on: stop it before another one continues.")
            return
        folder = RunFolder(path)
        try:
            may_run_code(folder.last_model)
            config = read_run_toml(folder.run_toml)
            history = read_history(folder.history_csv)
            settings = read_revisions(folder.settings_jsonl)[-1].settings
            epochs = self._epochs(settings, len(history))
        except UntrustedCodeError as error:
            again = partial(self.go_on, path, rate_factor)
            or_ask_for_trust(self._on_failed, again, self._messages)(Failure(str(error), error=error))
            return
        except (AidError, OSError, IndexError) as error:
            self._tell(Level.ERROR, f"{path} cannot be continued: {error}")
            return
        rate = settings.hyperparameters.learning_rate * rate_factor
        wanted = settings.with_hyperparameters(epochs=epochs, learning_rate=rate)
        self._live.set_values(wanted)
        self.opened.emit(history)
        self._session.go_on(config, path, wanted if wanted != settings else None)

    def _epochs(self, settings: TrainingSettings, n_done: int) -> int:
        wanted = settings.hyperparameters.epochs
        if n_done < wanted:
            return wanted
        shown = self._live.values().hyperparameters.epochs
        if shown <= n_done:
            raise AidError(f"it has done all its {n_done} epochs. Set Epochs above {n_done} first")
        return shown

    def _on_failed(self, failure: Failure) -> None:
        self._tell(Level.ERROR, failure.message)

    def _tell(self, level: Level, text: str) -> None:
        self._messages.add(Note(level, sentence(text)))

    @pyqtSlot(RunFinished)
    def _on_finished(self, event: RunFinished) -> None:
        if event.has_diverged:
            self._diverged = event.folder
            self._offer = Note(Level.WARNING, event.reason, action=_GO_ON if event.n_epochs else "")
            self._messages.add(self._offer)

    @pyqtSlot(bool)
    def _withdraw(self, running: bool) -> None:
        if running and self._offer is not None:
            self._messages.remove(self._offer)
            self._offer = None

    @pyqtSlot(Note)
    def _on_action_chosen(self, note: Note) -> None:
        if note is self._offer and self._diverged is not None:
            self.go_on(self._diverged, _SLOWER)
