"""What the files of a run say: of one of ours, of AIDeveloper's table, or of a history.csv by itself."""

import csv
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from aid_desktop.errors import AidError, RunError
from aid_desktop.gui.history.quiet_reading import no_collection
from aid_desktop.gui.history.run_words import Words, words_of_aideveloper, words_of_config, words_of_revisions
from aid_desktop.gui.models.epoch_series import EpochSeries
from aid_desktop.gui.widgets.field_editor import diff_text
from aid_desktop.runs.aideveloper_history import META_ENDING, read_aideveloper_history
from aid_desktop.runs.aideveloper_model import find_meta
from aid_desktop.runs.aideveloper_tables import SUFFIX, has_sheet
from aid_desktop.runs.best import saved_history
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.history import History, read_history
from aid_desktop.runs.records import LEADING_COLUMNS, EpochRecord
from aid_desktop.runs.run_comparison import RunFacts, run_facts
from aid_desktop.runs.run_toml import read_run_toml
from aid_desktop.runs.series import is_series_folder, read_series
from aid_desktop.runs.settings_log import Revision, read_revisions
from aid_desktop.settings.snapshot import SettingsDiff

_CSV = ".csv"
_MODELS = (".model", ".arch")


@dataclass(frozen=True, slots=True, eq=False)
class RunFiles:
    """What the files of a run say; `problems` are sentences about those that cannot be read.

    Attributes:
        folder: the folder of the run, or the table that is all there is of it.
        models: where its models are.
        best: the epoch of highest validation accuracy; `best_saved` among those after which a model was saved.
        facts: for the table that compares runs.
        words: those of the settings that never change in a run.
        others: by the number of a revision, what changed with it that is no setting of ours.
    """

    folder: Path
    history: History
    series: EpochSeries
    revisions: tuple[Revision, ...]
    problems: tuple[str, ...]
    models: Path
    best: EpochRecord | None
    best_saved: EpochRecord | None
    facts: RunFacts
    words: Words = field(default_factory=dict)
    others: Mapping[int, tuple[str, ...]] = field(default_factory=dict)

    @property
    def notes(self) -> dict[int, str]:
        """What changed before an epoch, in words, one change a line."""
        notes: dict[int, str] = {}
        for old, new in pairwise(self.revisions):
            text = "\n".join(filter(None, (change_text(old, new), *self.others.get(new.revision, ()))))
            if text:
                notes[new.epoch] = f"{notes[new.epoch]}\n{text}" if new.epoch in notes else text
        return notes


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A line about a run: its number of epochs and best validation accuracy, or why there is none."""

    n_epochs: int = 0
    best: float | None = None
    problem: str = ""


def change_text(old: Revision, new: Revision) -> str:
    """Return in words what differs between two settings, one change a line."""
    return diff_text(SettingsDiff.between(old.settings, new.settings))


def run_folder_of(path: Path) -> Path | None:
    """Return the run folder that a path is, or that a file of a run is in; None when there is none."""
    folder = path if path.is_dir() else path.parent
    above = RunFolder(folder.parent)
    # Not just any folder in the one of a run.
    for place in (folder, above.path) if folder in (above.models, above.points) else (folder,):
        files = RunFolder(place)
        if files.run_toml.is_file() or files.history_csv.is_file():
            return place
    return None


def runs_at(path: Path) -> list[Path]:
    """Return the runs that a path means: itself, the one that it is a file of, or all of a series; quick.

    A run is the folder of one of ours, AIDeveloper's table, or a history.csv of any name.
    """
    if path.is_dir() and is_series_folder(path):
        try:
            series = read_series(path)
        except RunError:
            return []
        folders = [series.folder(run) for run in series.runs]
        return [folder.path for folder in folders if folder.run_toml.is_file() or folder.history_csv.is_file()]
    suffix = path.suffix.lower()
    if suffix == SUFFIX and path.name.endswith(META_ENDING) and has_sheet(path, "History"):
        return [path]
    folder = run_folder_of(path)
    if folder is not None:
        return [folder]
    if suffix == SUFFIX and has_sheet(path, "History"):
        return [path]
    if suffix == _CSV and _is_history(path):
        return [path]
    meta = find_meta(path) if suffix in _MODELS else None
    return [] if meta is None else [meta]


def read_run(path: Path) -> RunFiles:
    """Read the history and settings of a run, as far as they can be read.

    Raises RunError when there is no run at the path.
    """
    if path.is_dir():
        return _read_folder(path)
    if path.suffix.lower() == SUFFIX and path.is_file():
        return _read_table(path)
    if path.suffix.lower() == _CSV and path.is_file():
        return _files(path, read_history(path), models=path.parent)
    raise RunError(
        f"{path} does not exist, or is not a run: open the folder that training has written, a …{META_ENDING} of "
        "AIDeveloper, or a history.csv"
    )


def summarize(paths: Sequence[Path], leave_if_cancelled: Callable[[], None] = lambda: None) -> dict[Path, RunSummary]:
    """Return the line about each run, readable or not."""
    lines: dict[Path, RunSummary] = {}
    for path in paths:
        leave_if_cancelled()
        with no_collection():
            lines[path] = _summary(path)
    return lines


def _read_folder(folder: Path) -> RunFiles:
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
    try:
        words = words_of_config(read_run_toml(files.run_toml))
    except AidError:
        # Curves and settings do not need the file; the comparison leaves empty what is not known.
        words = {}
    return _files(folder, history, revisions, problems, files.models, words)


def _read_table(path: Path) -> RunFiles:
    run = read_aideveloper_history(path)
    problems = list(run.problems)
    if not run.history.records:
        problems.append(f"{path.name} has no finished epoch yet: its sheet History is empty.")
    files = _files(path, run.history, run.revisions, problems, path.parent, words_of_aideveloper(run))
    changes = {item.revision: run.other_changes(item.revision) for item in run.revisions}
    return dataclasses.replace(files, others=changes)


def _files(
    path: Path,
    history: History,
    revisions: Sequence[Revision] = (),
    problems: Sequence[str] = (),
    models: Path | None = None,
    words: Words | None = None,
) -> RunFiles:
    best, best_saved = history.best(), history.best_saved()
    settings = {**(words or {}), **words_of_revisions(revisions)}
    return RunFiles(
        folder=path,
        history=history,
        series=EpochSeries(history.records),
        revisions=tuple(revisions),
        problems=tuple(problems),
        models=models or path.parent,
        best=best,
        best_saved=best_saved,
        facts=run_facts(path.name, path, history.records, best_saved or best, settings),
        words=words or {},
    )


def _summary(path: Path) -> RunSummary:
    if not path.exists():
        return RunSummary(problem="file not found" if path.suffix else "folder not found")
    try:
        if path.is_dir():
            history = read_history(RunFolder(path).history_csv)
        elif path.suffix.lower() == SUFFIX:
            history = read_aideveloper_history(path).history
        else:
            history = read_history(path)
    except RunError:
        return RunSummary(problem=f"{'history.csv' if path.is_dir() else path.name} cannot be read")
    best = history.best()
    return RunSummary(len(history), best.metric("val_accuracy") if best is not None else None)


def _is_history(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return tuple(next(csv.reader(file), ()))[: len(LEADING_COLUMNS)] == LEADING_COLUMNS
    except (OSError, UnicodeDecodeError, csv.Error):
        return False
