"""Turn dropped or chosen paths into rows, in the background."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal

from aid_desktop.data.class_table import Role
from aid_desktop.data.drops import DropItem, resolve_drop
from aid_desktop.data.formats import open_source
from aid_desktop.data.source import DataSource, Problem
from aid_desktop.errors import DataError
from aid_desktop.gui.background import Background, JobContext
from aid_desktop.gui.data.undo import TableEditor


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of some paths: sources with class and role, and what could not be used."""

    items: tuple[tuple[DataSource, str, Role], ...]
    problems: tuple[Problem, ...]


def load_paths(paths: Sequence[Path], context: JobContext) -> Loaded:
    """Find out what the paths are and open each source; one that fails does not keep the others out."""
    plan = resolve_drop(paths)
    loaded: list[tuple[DataSource, str, Role]] = []
    problems = list(plan.rejected)
    for number, item in enumerate(plan.items):
        if context.cancelled:
            break
        progress = context.report_or_leave if len(plan.items) == 1 else context.leave_if_cancelled
        context.report(number, len(plan.items))
        try:
            loaded.append((open_source(item.path, progress).source, item.class_name, item.role))
        except DataError as error:
            problems.append(Problem(_short(item), str(error)))
    return Loaded(tuple(loaded), tuple(problems))


def _short(item: DropItem) -> str:
    return f"{item.path.parent.name}/{item.path.name}"


class SourceLoader(QObject):
    """Adds paths to the class table. `finished` carries what could be used and what could not."""

    finished = pyqtSignal(Loaded)

    def __init__(self, editor: TableEditor, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self._background = background

    def add(self, paths: Sequence[Path]) -> None:
        """Open the paths in the background, then add their rows as one step that can be undone."""
        chosen = tuple(paths)
        if chosen:
            title = f"Opening {chosen[0].name}" + (f" and {len(chosen) - 1} more" if len(chosen) > 1 else "")
            self._background.start(title, partial(load_paths, chosen), self._on_loaded, is_cancellable=True)

    def _on_loaded(self, loaded: Loaded) -> None:
        if loaded.items:
            rows = "1 row" if len(loaded.items) == 1 else f"{len(loaded.items)} rows"
            self._editor.change(self._editor.table.add_sources(loaded.items), f"add {rows}")
        self.finished.emit(loaded)
