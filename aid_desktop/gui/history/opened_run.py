"""A run as the History tab shows it: read from its folder, or growing while it goes on."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aid_desktop.errors import RunError
from aid_desktop.gui.models.epoch_series import EpochSeries
from aid_desktop.runs.best import saved_history
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.history import History, read_history
from aid_desktop.runs.records import EpochRecord
from aid_desktop.runs.settings_log import Revision, read_revisions


@dataclass(frozen=True, slots=True, eq=False)
class RunFiles:
    """What the files of a run say; `problems` are sentences about those that cannot be read."""

    folder: Path
    history: History
    series: EpochSeries
    revisions: tuple[Revision, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A line about a run: its number of epochs and best validation accuracy, or why there is none."""

    n_epochs: int = 0
    best: float | None = None
    problem: str = ""


class OpenedRun:
    """The epochs and settings of one run."""

    def __init__(self, files: RunFiles) -> None:
        self.folder = files.folder
        self.records = list(files.history.records)
        self.revisions = list(files.revisions)
        self.best = files.history.best()
        self.best_saved = files.history.best_saved()

    @property
    def last_epoch(self) -> int:
        """The epoch that finished last; -1 before the first one."""
        return self.records[-1].epoch if self.records else -1

    def append(self, record: EpochRecord, removed: Sequence[int] = ()) -> None:
        """Add the next epoch, for which the models of the epochs `removed` have gone."""
        self.records.append(record)
        self.best = _better(self.best, record)
        if removed:
            self.records = [
                dataclasses.replace(one, model=None) if one.model and one.epoch in removed else one
                for one in self.records
            ]
            self.best_saved = History(tuple(self.records)).best_saved()
        elif record.model:
            self.best_saved = _better(self.best_saved, record)

    def record(self, epoch: int) -> EpochRecord | None:
        """Return the record of an epoch; None when it is not there."""
        if 0 <= epoch < len(self.records) and self.records[epoch].epoch == epoch:
            return self.records[epoch]
        return next((record for record in self.records if record.epoch == epoch), None)

    def settings_of(self, record: EpochRecord) -> tuple[Revision | None, Revision | None]:
        """Return the settings in force in an epoch and those before them."""
        for place, revision in enumerate(self.revisions):
            if revision.revision == record.revision:
                return revision, self.revisions[place - 1] if place else None
        return None, None

    def model_path(self, record: EpochRecord) -> Path | None:
        """Return where the model of an epoch was saved; None when it was not."""
        return RunFolder(self.folder).model(record.model) if record.model else None

    def summary(self) -> RunSummary:
        """Return the line about this run."""
        return RunSummary(len(self.records), _accuracy(self.best))


def run_folder_of(path: Path) -> Path | None:
    """Return the run folder that a path is, or that a file of a run is in; None when there is none."""
    for folder in (path, path.parent, path.parent.parent):
        files = RunFolder(folder)
        if files.run_toml.is_file() or files.history_csv.is_file():
            return folder
    return None


def read_run(folder: Path) -> RunFiles:
    """Read the history and settings of a run, as far as they can be read.

    Raises RunError when the folder is none of a run.
    """
    if not folder.is_dir():
        raise RunError(f"{folder} does not exist, or is not a folder: open the folder that training has written")
    files = RunFolder(folder)
    if not (files.run_toml.is_file() or files.history_csv.is_file()):
        raise RunError(f"{folder} is not the folder of a run: expected run.toml and history.csv in it")
    problems = []
    history, revisions = History(), tuple[Revision, ...]()
    try:
        history = saved_history(files)
    except RunError as error:
        problems.append(f"The curves cannot be shown: {error}.")
    else:
        if not history.records:
            problems.append(f"{folder.name} has no finished epoch yet: history.csv is missing or empty.")
    try:
        revisions = read_revisions(files.settings_jsonl)
    except RunError as error:
        problems.append(f"The settings of the epochs cannot be shown: {error}.")
    return RunFiles(folder, history, EpochSeries(history.records), revisions, tuple(problems))


def summarize(folders: Sequence[Path]) -> dict[Path, RunSummary]:
    """Return the line about each run folder, readable or not."""
    return {folder: _summary(folder) for folder in folders}


def _summary(folder: Path) -> RunSummary:
    if not folder.is_dir():
        return RunSummary(problem="folder not found")
    try:
        history = read_history(RunFolder(folder).history_csv)
    except RunError:
        return RunSummary(problem="history.csv cannot be read")
    return RunSummary(len(history), _accuracy(history.best()))


def _accuracy(record: EpochRecord | None) -> float | None:
    return record.metric("val_accuracy") if record is not None else None


def _better(best: EpochRecord | None, record: EpochRecord) -> EpochRecord | None:
    return History((record,) if best is None else (best, record)).best()
