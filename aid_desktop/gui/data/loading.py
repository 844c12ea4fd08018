"""Turn dropped or chosen paths into rows, in the background."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal

from aid_desktop.data.class_table import Role
from aid_desktop.data.drops import DropItem, resolve_drop
from aid_desktop.data.formats import open_source
from aid_desktop.data.source import DataSource, Part, PartNeededError, Problem
from aid_desktop.errors import DataError
from aid_desktop.gui.background import Background, JobContext
from aid_desktop.gui.data.undo import TableEditor
from aid_desktop.gui.recent_paths import LONGEST, RECENT_DATA, RecentPaths


@dataclass(frozen=True, slots=True)
class PartQuestion:
    """A file with several arrays of images, of which the user has to choose."""

    item: DropItem
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of some paths: sources with class and role, what could not be used, and what has to be asked."""

    items: tuple[tuple[DataSource, str, Role], ...]
    problems: tuple[Problem, ...]
    questions: tuple[PartQuestion, ...] = ()


def load_paths(paths: Sequence[Path], context: JobContext) -> Loaded:
    """Find out what the paths are and open each source; one that fails does not keep the others out."""
    plan = resolve_drop(paths)
    loaded = load_items(plan.items, context)
    return replace(loaded, problems=(*plan.rejected, *loaded.problems))


def load_items(items: Sequence[DropItem], context: JobContext) -> Loaded:
    """Open each source; one that fails does not keep the others out."""
    loaded: list[tuple[DataSource, str, Role]] = []
    problems: list[Problem] = []
    questions: list[PartQuestion] = []
    for number, item in enumerate(items):
        if context.cancelled:
            break
        progress = context.report_or_leave if len(items) == 1 else context.leave_if_cancelled
        context.report(number, len(items))
        try:
            loaded.append((open_source(item.path, progress, item.part).source, item.class_name, item.role))
        except PartNeededError as error:
            questions.append(PartQuestion(item, error.parts))
        except DataError as error:
            problems.append(Problem(_short(item), str(error)))
    return Loaded(tuple(loaded), tuple(problems), tuple(questions))


def _short(item: DropItem) -> str:
    return f"{item.path.parent.name}/{item.path.name}"


class SourceLoader(QObject):
    """Adds paths to the class table. `finished` carries what could be used and what could not."""

    finished = pyqtSignal(Loaded)

    def __init__(self, editor: TableEditor, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self._background = background
        self._recent = RecentPaths(RECENT_DATA)

    def add(self, paths: Sequence[Path]) -> None:
        """Open the paths in the background, then add their rows as one step that can be undone."""
        if paths:
            work = partial(load_paths, tuple(paths))
            self._start(_title([path.name for path in paths]), work, partial(self._remember, tuple(paths)))

    def add_items(self, items: Sequence[DropItem]) -> None:
        """The same for sources of which class, role and part are known."""
        if items:
            self._start(_title([item.path.name for item in items]), partial(load_items, tuple(items)), self._on_loaded)

    def _start(self, title: str, work: Callable[[JobContext], Loaded], on_done: Callable[[Loaded], None]) -> None:
        self._background.start(title, work, on_done, is_cancellable=True)

    def _remember(self, paths: Sequence[Path], loaded: Loaded) -> None:
        if loaded.items:
            for path in reversed(paths[:LONGEST]):
                self._recent.add(path.absolute())
        self._on_loaded(loaded)

    def _on_loaded(self, loaded: Loaded) -> None:
        if loaded.items:
            rows = "1 row" if len(loaded.items) == 1 else f"{len(loaded.items)} rows"
            try:
                self._editor.change(self._editor.table.add_sources(loaded.items), f"add {rows}")
            except DataError as error:
                # More classes than there can be: none of them is added.
                loaded = replace(loaded, items=(), problems=(*loaded.problems, Problem(rows, str(error))))
        self.finished.emit(loaded)


def _title(names: Sequence[str]) -> str:
    return f"Opening {names[0]}" + (f" and {len(names) - 1} more" if len(names) > 1 else "")
