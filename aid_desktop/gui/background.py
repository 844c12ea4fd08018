"""Short jobs off the main thread; a failure is shown unless the caller handles it."""

import logging
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from PyQt5.QtCore import QObject, pyqtSignal, pyqtSlot

from aid_desktop.errors import AidError, StoppedError
from aid_desktop.gui.priority import give_way_to_window

logger = logging.getLogger(__name__)
T = TypeVar("T")

# Previews, saving and what is dragged must not wait for exports and classifications: a user starts fewer at once.
_N_THREADS = 8


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job failed: a message for the user, and a traceback if it was unexpected, else the error."""

    message: str
    details: str = ""
    error: AidError | None = field(default=None, compare=False)


class JobContext:
    """What a running job may use: its progress goes up, a request to leave comes down."""

    def __init__(self, tell: Callable[[int, int], None]) -> None:
        self._cancelled = threading.Event()
        self.report = tell

    @property
    def cancelled(self) -> bool:
        """Whether the job is to end early."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Ask the job to end early."""
        self._cancelled.set()

    def report_or_leave(self, done: int, total: int) -> None:
        """Tell the progress; raise StoppedError once the job is cancelled. For readers' `progress`."""
        self.leave_if_cancelled(done, total)
        self.report(done, total)

    def leave_if_cancelled(self, done: int, total: int) -> None:
        """Raise StoppedError once the job is cancelled, where something else is the progress."""
        if self.cancelled:
            raise StoppedError("Cancelled.")


class Job(QObject, Generic[T]):
    """One background job, in the main thread. `progressed` carries (done, total); `ended` comes in any case."""

    progressed = pyqtSignal(int, int)
    ended = pyqtSignal()
    _succeeded = pyqtSignal(object)
    _failed = pyqtSignal(Failure)

    def __init__(
        self,
        title: str,
        on_done: Callable[[T], None],
        on_failure: Callable[[Failure], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.title = title
        self.is_cancellable = False
        self.context = JobContext(self._tell)
        self._progress: tuple[int, int] | None = None
        self._on_done = on_done
        self._on_failure = on_failure
        self._succeeded.connect(self._on_succeeded)
        self._failed.connect(self._on_failed)

    def follow(self, on_progress: Callable[[int, int], None]) -> None:
        """Call a slot with (done, total): at once with what the job has told already, then with all that comes."""
        self.progressed.connect(on_progress)
        if self._progress is not None:
            on_progress(*self._progress)

    def cancel(self) -> None:
        """Ask the job to end; its result is dropped."""
        self.context.cancel()

    def work(self, function: Callable[[JobContext], T]) -> None:
        """Run in a background thread; only signals leave it."""
        try:
            result = function(self.context)
        except AidError as error:
            self._failed.emit(Failure(str(error), error=error))
        except Exception as error:
            logger.exception("background job %s failed", self.title)
            self._failed.emit(Failure(f"{self.title}: {error}", traceback.format_exc()))
        else:
            self._succeeded.emit(result)

    def _tell(self, done: int, total: int) -> None:
        # Runs in the job's thread, perhaps before anybody listens: so the last report is kept for those who come late.
        self._progress = (done, total)
        self.progressed.emit(done, total)

    @pyqtSlot(object)
    def _on_succeeded(self, result: Any) -> None:
        try:
            if not self.context.cancelled:
                self._on_done(result)
        finally:
            self.ended.emit()

    @pyqtSlot(Failure)
    def _on_failed(self, failure: Failure) -> None:
        try:
            if not self.context.cancelled:
                self._on_failure(failure)
        finally:
            self.ended.emit()


class Background(QObject):
    """Runs jobs on a few threads of its own.

    They are Python's threads, not Qt's: PyQt forgets Python's state of a QThreadPool's thread after each job, and
    TensorFlow 2.21, which keeps a reference to it, then ends the process when it traces a second graph there.
    `job_started` tells of each job, so that the status bar can show it; `failed` carries the failures that no
    caller handles.
    """

    job_started = pyqtSignal(Job)
    failed = pyqtSignal(Failure)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(_N_THREADS, thread_name_prefix="background", initializer=give_way_to_window)
        self._jobs: set[Job[Any]] = set()
        self._is_shut_down = False

    def start(
        self,
        title: str,
        function: Callable[[JobContext], T],
        on_done: Callable[[T], None],
        on_failure: Callable[[Failure], None] | None = None,
        *,
        is_cancellable: bool = False,
    ) -> Job[T]:
        """Run `function` in the pool, then `on_done` with its result in the main thread.

        With `is_cancellable` the user may cancel it in the status bar: `function` must then look at
        `context.cancelled`, and the caller must need neither result nor failure.
        """
        job = Job(title, on_done, on_failure or self.failed.emit, self)
        job.is_cancellable = is_cancellable
        if self._is_shut_down:
            # Widgets that are about to go may still ask; nobody is left to be told.
            job.cancel()
            return job
        self._jobs.add(job)
        job.ended.connect(self._forget)
        self.job_started.emit(job)
        self._pool.submit(job.work, function)
        return job

    @property
    def n_jobs(self) -> int:
        """Number of jobs that have not ended."""
        return len(self._jobs)

    @property
    def titles(self) -> list[str]:
        """What the jobs that have not ended do."""
        return sorted(job.title for job in self._jobs)

    def shut_down(self) -> None:
        """Cancel everything and wait until the threads have gone; jobs started later do not run."""
        self._is_shut_down = True
        for job in self._jobs:
            job.cancel()
        self._pool.shutdown(wait=True, cancel_futures=True)

    @pyqtSlot()
    def _forget(self) -> None:
        job = self.sender()
        if isinstance(job, Job):
            self._jobs.discard(job)
            job.deleteLater()
