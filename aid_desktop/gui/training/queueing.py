"""Everything about several runs on the Training tab: its buttons, the queue, series and their comparison."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal, pyqtSlot
from PyQt5.QtWidgets import QFileDialog, QWidget

from aid_desktop.errors import AidError
from aid_desktop.gui.background import Background, Failure, JobContext
from aid_desktop.gui.data.table_checks import TableChecks
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.preferences import Preferences
from aid_desktop.gui.question import Question
from aid_desktop.gui.training.comparison_dialog import ComparedSeries, ComparisonDialog, compare_and_write
from aid_desktop.gui.training.model_panel import ModelPanel
from aid_desktop.gui.training.queue_panel import QueuePanel
from aid_desktop.gui.training.run_queue import RunQueue
from aid_desktop.gui.training.series_dialog import PlannedSeries, SeriesDialog
from aid_desktop.gui.training.session import TrainingSession
from aid_desktop.gui.training.start_check import StartCheck
from aid_desktop.gui.widgets.message_strip import Level, MessageStrip, Note, sentence
from aid_desktop.gui.widgets.naming import named_button
from aid_desktop.models.zoo import list_architectures
from aid_desktop.numbers import grouped
from aid_desktop.runs.config import RunConfig
from aid_desktop.runs.folder import unused_folder
from aid_desktop.runs.series import PlannedRun, Series, create_series, read_series


def closing_question(is_running: bool, n_waiting: int, works: Sequence[str] = ()) -> Question:
    """Return what is asked before a window closes in which a network trains, runs wait, or other works go on."""
    waiting = f"{grouped(n_waiting)} {'run waits' if n_waiting == 1 else 'runs wait'}"
    what, details = [], []
    text, yes = "Stop it and close?", "Stop and close"
    if n_waiting:
        what.append(waiting)
        text, yes = "Close without training them?", "Close"
        details.append("Waiting runs are forgotten; those of a series can go on later: Open… in the queue.")
    if is_running:
        what.insert(0, "a network is being trained")
        text, yes = "Stop the training and close?", "Stop and close"
        details.insert(0, "Everything up to the last finished epoch is saved already.")
    if works:
        details.append(f"Not finished yet: {', '.join(works)}.")
    title = " and ".join(what) or "work is under way"
    return Question(
        "closeQuestion",
        f"{title[0].upper()}{title[1:]}",
        text,
        " ".join(details),
        (yes, "stopAndCloseButton"),
        ("Keep training" if is_running else "Stay", "keepTrainingButton"),
    )


class Queueing(QObject):
    """Adds runs to a queue, once the images are checked, and compares the runs of a series when none of it is left.

    `config` returns what the window shows, or None after saying what is wrong with it; `problems` why that cannot be
    trained, `obstacle` why no run can start at present. `runs_chosen` carries the folders of runs to look at, `added`
    tells that runs are about to be added.
    """

    runs_chosen = pyqtSignal(tuple)
    added = pyqtSignal()

    def __init__(
        self,
        notifier: Notifier,
        session: TrainingSession,
        checks: TableChecks,
        background: Background,
        preferences: Preferences,
        messages: MessageStrip,
        model: ModelPanel,
        config: Callable[[], RunConfig | None],
        problems: Callable[[bool], list[str]],
        obstacle: Callable[[], str],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._parent = parent
        self._background = background
        self._preferences = preferences
        self._messages = messages
        self._model = model
        self._config = config
        self._problems = problems
        self._pending: Callable[[], None] | None = None
        self._dialogs: dict[Path, ComparisonDialog] = {}
        self.queue = RunQueue(session, self._folder, obstacle, self)
        self.panel = QueuePanel(self.queue, session, parent)
        self.check = StartCheck(notifier, checks, background, self.panel.check_row, messages, parent)
        self.add_button = named_button(
            parent,
            "Add to queue",
            "addToQueueButton",
            "Let a run with what is shown now wait for its turn. While a network trains, untick Apply changes to set "
            "up another one.",
            "queue",
        )
        self.add_button.clicked.connect(self.add_shown)
        self.panel.several_wanted.connect(self.plan)
        self.panel.open_wanted.connect(self.open_series)
        self.panel.run_chosen.connect(self._on_run_chosen)
        self.panel.comparison_wanted.connect(self.compare)
        self.panel.check_row.busy_changed.connect(self.show_problems)
        self.check.passed.connect(self._on_passed)
        self.queue.refused.connect(self._on_refused)
        self.queue.series_rested.connect(self._on_series_rested)

    @pyqtSlot()
    def show_problems(self) -> None:
        """Let only what can be trained be added, and nothing during a check."""
        is_busy = self.panel.check_row.is_busy
        self.add_button.setDisabled(is_busy or bool(self._problems(False)))
        self.panel.set_can_plan(not is_busy and self._model.zoo is not None)

    @pyqtSlot()
    def add_shown(self) -> None:
        """Let a run wait with what is shown at this moment."""
        config, zoo = self._config(), self._model.zoo
        if config is not None and zoo is not None:
            self._check_then(partial(self._add, (PlannedRun(self._model.name, config),), zoo, starts=False))

    @pyqtSlot()
    def plan(self) -> None:
        """Ask which runs are wanted."""
        config, zoo = self._config(), self._model.zoo
        if config is None or zoo is None:
            return
        try:
            architectures = list_architectures(zoo)
        except AidError as error:
            self._messages.add(Note(Level.ERROR, sentence(str(error))))
            return
        dialog = SeriesDialog(config, architectures, self._problems, self._parent)
        dialog.planned.connect(self._on_planned)
        dialog.open()

    @pyqtSlot()
    def open_series(self) -> None:
        """Ask for the folder of a series and compare its runs."""
        folder = QFileDialog.getExistingDirectory(self._parent, "Series to compare", self._preferences.runs_folder)
        if folder:
            self._start_comparing(lambda context: compare_and_write(read_series(Path(folder)), context), self._show)

    @pyqtSlot(Series)
    def compare(self, series: Series) -> None:
        """Compare the runs of a series as far as they are."""
        self._start_comparing(partial(compare_and_write, series), self._show)

    def _folder(self, name: str) -> Path:
        return unused_folder(Path(self._preferences.runs_folder), name)

    def _check_then(self, add: Callable[[], None]) -> None:
        if self.panel.check_row.is_busy or self.check.dialog is not None:
            return
        self._pending = add
        self.added.emit()
        self.check.begin()

    @pyqtSlot()
    def _on_passed(self) -> None:
        add, self._pending = self._pending, None
        if add is not None:
            add()

    def _add(self, runs: tuple[PlannedRun, ...], zoo: Path, *, starts: bool) -> None:
        series = None
        if len(runs) > 1:
            try:
                series = create_series(self._folder("series"), runs, zoo)
            except AidError as error:
                self._messages.add(Note(Level.ERROR, sentence(str(error))))
                return
        self.queue.add(runs, zoo, series)
        if starts:
            self.queue.go_on()

    @pyqtSlot(PlannedSeries)
    def _on_planned(self, planned: PlannedSeries) -> None:
        zoo = self._model.zoo
        if zoo is not None:
            self._check_then(partial(self._add, planned.runs, zoo, starts=True))

    @pyqtSlot(str)
    def _on_refused(self, reason: str) -> None:
        self._messages.add(Note(Level.INFO, reason))

    @pyqtSlot(Path)
    def _on_run_chosen(self, folder: Path) -> None:
        self.runs_chosen.emit((folder,))

    @pyqtSlot(Series)
    def _on_series_rested(self, series: Series) -> None:
        # Without the others a comparison is written, but not shown: the user has stopped it.
        is_over = self.queue.is_over(series)
        self._start_comparing(partial(compare_and_write, series), self._show if is_over else self._update)

    def _start_comparing(
        self, work: Callable[[JobContext], ComparedSeries], on_done: Callable[[ComparedSeries], None]
    ) -> None:
        self._background.start("Comparing runs", work, on_done, self._on_not_compared)

    def _on_not_compared(self, failure: Failure) -> None:
        self._messages.add(Note(Level.ERROR, sentence(failure.message), failure.details))

    def _update(self, compared: ComparedSeries) -> None:
        dialog = self._dialogs.get(compared.series.path)
        if dialog is not None:
            dialog.set_compared(compared, can_go_on=self.queue.is_over(compared.series))

    def _show(self, compared: ComparedSeries) -> None:
        path = compared.series.path
        if path not in self._dialogs:
            dialog = ComparisonDialog(compared, self._parent)
            self._dialogs[path] = dialog
            dialog.run_chosen.connect(self._on_run_chosen)
            dialog.go_on_wanted.connect(self._on_go_on_wanted)
            dialog.finished.connect(partial(self._forget, path))
            dialog.show()
        self._update(compared)
        self._dialogs[path].raise_()

    def _forget(self, path: Path, result: int) -> None:
        self._dialogs.pop(path, None)

    @pyqtSlot(Series)
    def _on_go_on_wanted(self, series: Series) -> None:
        self.queue.add(series.unfinished(), series.model_zoo, series)
        self.queue.go_on()
