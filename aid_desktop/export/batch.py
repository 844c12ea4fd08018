"""Export several models in several formats, one after the other."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from aid_desktop.errors import AidError, ExportError, StoppedError
from aid_desktop.export.exporter import ExportFormat
from aid_desktop.export.exporting import ExportChoice, ExportRefusedError, export_model
from aid_desktop.export.kit import FORMATS_WITH_KIT
from aid_desktop.export.report import ExportReport
from aid_desktop.long_work import Progress, ShouldStop
from aid_desktop.models.facts import NOTHING_SAID, ModelFacts
from aid_desktop.models.files import load_model
from aid_desktop.runs.best import run_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ExportTask:
    """One model in one format: the model's file, and the path of what is written."""

    model: Path
    target: ExportFormat
    path: Path


@dataclass(frozen=True, slots=True)
class ExportOutcome:
    """What came of a task, done by this choice: a report, or why there is none; `is_refused` is what can be forced."""

    task: ExportTask
    choice: ExportChoice
    report: ExportReport | None
    problem: str = ""
    is_refused: bool = False


def plan_exports(models: Sequence[Path], targets: Sequence[ExportFormat], folder: Path) -> tuple[ExportTask, ...]:
    """Return a task for each model and format: `folder`/<model>_<format>/<model><suffix>, no two in the same place."""
    tasks = []
    taken: set[str] = set()
    for model in dict.fromkeys(models):
        name = free_name(_name_of(model), taken)
        taken.add(name.casefold())
        tasks += [ExportTask(model, one, folder / f"{name}_{one.name}" / f"{name}{one.suffix}") for one in targets]
    return tuple(tasks)


def export_all(
    tasks: Sequence[ExportTask],
    choice: ExportChoice | None = None,
    said: ModelFacts = NOTHING_SAID,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
    tell: Callable[[ExportOutcome], None] | None = None,
) -> tuple[ExportOutcome, ...]:
    """Do the tasks; folders are made as needed, and one that fails does not stop the others.

    Tasks of a model follow one another, so that it is loaded once. `progress(done, total)` is called before the first
    and after each, `tell` with each outcome. After a stop the outcomes of the tasks not done are missing. Of several
    formats only those that can have a kit get one.
    """
    choice = choice or ExportChoice()
    outcomes: list[ExportOutcome] = []
    loaded = None
    for number, task in enumerate(tasks):
        if progress is not None:
            progress(number, len(tasks))
        if should_stop is not None and should_stop():
            return tuple(outcomes)
        has_kit = choice.with_kit and (len(tasks) == 1 or task.target.name in FORMATS_WITH_KIT)
        its_choice = replace(choice, with_kit=has_kit)
        try:
            if loaded is None or loaded.path != task.model:
                loaded = load_model(task.model, said=said)
            with _folder_of(task.path):
                report = export_model(loaded, task.target, task.path, its_choice, should_stop)
            outcomes.append(ExportOutcome(task, its_choice, report))
        except StoppedError:
            return tuple(outcomes)
        except (AidError, OSError) as error:
            logger.info("%s was not exported as %s", task.model, task.target.name, exc_info=True)
            refused = isinstance(error, ExportRefusedError)
            outcomes.append(ExportOutcome(task, its_choice, None, str(error), refused))
        if tell is not None:
            tell(outcomes[-1])
    if progress is not None:
        progress(len(tasks), len(tasks))
    return tuple(outcomes)


def free_name(wanted: str, taken: set[str]) -> str:
    """Return the name itself, or with the first number that is not taken."""
    name, number = wanted, 2
    # Some systems do not tell large letters from small ones.
    while name.casefold() in taken:
        name, number = f"{wanted}_{number}", number + 1
    return name


def _name_of(model: Path) -> str:
    """Return the file's name, and that of its run before it: all runs name their models alike."""
    run = run_of(model)
    return model.stem if run is None else f"{run.path.name}_{model.stem}"


@contextmanager
def _folder_of(path: Path) -> Iterator[None]:
    """Make the folder of a file, and those above it; new ones go away again if nothing comes into them."""
    new = [folder for folder in path.parents if not folder.exists()]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"the folder {path.parent} cannot be made: {error.strerror}. Choose another one") from error
    try:
        yield
    finally:
        for folder in new:
            if not any(folder.iterdir()):
                folder.rmdir()
