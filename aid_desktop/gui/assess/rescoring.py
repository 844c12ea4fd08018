"""Scores under another threshold, in the background, for thresholds that come faster than scores."""

from collections.abc import Callable
from functools import partial

from PyQt5.QtCore import QObject

from aid_desktop.evaluation.assessment import Assessment
from aid_desktop.evaluation.predictions import Threshold
from aid_desktop.gui.assess.assessment import with_threshold
from aid_desktop.gui.background import Background, Failure, Job


class Rescoring(QObject):
    """Scores an assessment under the threshold in force; while it does so, only the latest threshold is remembered.

    So that a line can be dragged over 100 000 images: there is one job at a time, and none for thresholds that have
    been left in the meantime. `on_scored` gets the new Assessment, `on_failed` the Failure.
    """

    def __init__(
        self,
        background: Background,
        on_scored: Callable[[Assessment], None],
        on_failed: Callable[[Failure], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._background = background
        self._on_scored = on_scored
        self._on_failed = on_failed
        self._job: Job[Assessment] | None = None
        self._wanted: Threshold | None = None

    def ask(self, made: Assessment, threshold: Threshold | None) -> None:
        """Score an assessment under a threshold, now or after what is under way."""
        self._wanted = threshold
        if self._job is None and threshold != made.matrix.threshold:
            work = partial(with_threshold, made, threshold)
            self._job = self._background.start("Scoring", work, self._on_done, self._on_refused)
            self.destroyed.connect(self._job.cancel)

    def drop(self) -> None:
        """Forget what is under way: there is another assessment."""
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def _on_done(self, made: Assessment) -> None:
        self._job = None
        self._on_scored(made)
        self.ask(made, self._wanted)

    def _on_refused(self, failure: Failure) -> None:
        self._job = None
        self._on_failed(failure)
