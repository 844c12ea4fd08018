"""A run as the History tab shows it: read from its files, or growing while it goes on."""

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path

from aid_desktop.gui.history.run_files import RunFiles, RunSummary
from aid_desktop.gui.history.run_words import words_of_revisions
from aid_desktop.gui.plots.plotted_run import PlottedRun
from aid_desktop.gui.widgets.field_editor import diff_text
from aid_desktop.runs.history import History
from aid_desktop.runs.records import EpochRecord
from aid_desktop.runs.run_comparison import RunFacts
from aid_desktop.runs.settings_log import Revision
from aid_desktop.training.events import EpochFinished, SettingsApplied


class OpenedRun:
    """The epochs and settings of one run."""

    def __init__(self, files: RunFiles) -> None:
        self.folder = files.folder
        self.records = list(files.history.records)
        self.series = files.series
        self.revisions = list(files.revisions)
        self.problems = files.problems
        self.best = files.best
        self.best_saved = files.best_saved
        self.notes = files.notes
        self._models = files.models
        self._words = files.words
        self._others = files.others
        self._facts = files.facts

    @property
    def last_epoch(self) -> int:
        """The epoch that finished last; -1 before the first one."""
        return self.records[-1].epoch if self.records else -1

    @property
    def name(self) -> str:
        """What the run is called: the name of its folder, or of its table."""
        return self.folder.name if self.folder.is_dir() else self.folder.stem

    def facts(self, name: str) -> RunFacts:
        """Return what a comparison tells of this run under a name."""
        best = self.best_saved or self.best
        last = self.records[-1] if self.records else None
        return dataclasses.replace(self._facts, name=name, best=best, last=last, n_epochs=len(self.records))

    def plotted(self, name: str, place: int) -> PlottedRun:
        """Return the run for a plot, which shows what comes as it comes."""
        return PlottedRun(str(self.folder), name, self.series, place, self.notes)

    def take(self, event: EpochFinished | SettingsApplied) -> bool:
        """Add what the run in training is telling; return whether it was new."""
        if isinstance(event, SettingsApplied):
            revision = Revision.now(event.revision, event.epoch, event.settings)
            return self.change_settings(revision, diff_text(event.diff) if event.diff else "")
        # What was read from the files can hold it already.
        if event.record.epoch <= self.last_epoch:
            return False
        self.append(event.record, event.removed)
        return True

    def append(self, record: EpochRecord, removed: Sequence[int] = ()) -> None:
        """Add the next epoch, for which the models of the epochs `removed` have gone."""
        self.records.append(record)
        self.series.append(record)
        self.best = _better(self.best, record)
        for epoch in removed:
            place = self.series.position(epoch)
            if place is not None:
                self.records[place] = dataclasses.replace(self.records[place], model=None)
        self.series.forget_models(removed)
        if self.best_saved is not None and self.best_saved.epoch in removed:
            self.best_saved = History(tuple(self.records)).best_saved()
        elif record.model:
            self.best_saved = _better(self.best_saved, record)
        if math.isfinite(record.seconds):
            so_far = self._facts.seconds if math.isfinite(self._facts.seconds) else 0.0
            self._facts = dataclasses.replace(self._facts, seconds=so_far + record.seconds)

    def change_settings(self, revision: Revision, text: str) -> bool:
        """Take settings that the loop has taken, and what differs in words; return whether they were new."""
        if any(known.revision == revision.revision for known in self.revisions):
            return False
        self.revisions.append(revision)
        settings = {**self._words, **words_of_revisions(self.revisions)}
        self._facts = dataclasses.replace(self._facts, settings=settings)
        if text:
            epoch = revision.epoch
            self.notes[epoch] = f"{self.notes[epoch]}\n{text}" if epoch in self.notes else text
        return True

    def record(self, epoch: int) -> EpochRecord | None:
        """Return the record of an epoch; None when it is not there."""
        place = self.series.position(epoch)
        return None if place is None else self.records[place]

    def record_before(self, record: EpochRecord) -> EpochRecord | None:
        """Return the record before one; None before the first."""
        place = self.series.position(record.epoch)
        return self.records[place - 1] if place else None

    def settings_of(self, record: EpochRecord) -> tuple[Revision | None, Revision | None]:
        """Return the settings in force in an epoch and those before them."""
        for place, revision in enumerate(self.revisions):
            if revision.revision == record.revision:
                return revision, self.revisions[place - 1] if place else None
        return None, None

    def other_changes(self, revision: Revision) -> tuple[str, ...]:
        """Return what changed with settings of AIDeveloper that is no setting of ours."""
        return self._others.get(revision.revision, ())

    def model_path(self, record: EpochRecord) -> Path | None:
        """Return where the model of an epoch was saved; None when it was not."""
        return self._models / record.model if record.model else None

    def summary(self) -> RunSummary:
        """Return the line about this run."""
        return RunSummary(len(self.records), self.best.metric("val_accuracy") if self.best is not None else None)


def _better(best: EpochRecord | None, record: EpochRecord) -> EpochRecord | None:
    return History((record,) if best is None else (best, record)).best()
