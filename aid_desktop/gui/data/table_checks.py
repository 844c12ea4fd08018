"""Checks of the class table in the background, and what the last one has found."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PyQt5.QtCore import QObject, pyqtSignal

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.data.source import DataSource
from aid_desktop.gui.background import Background, Failure, Job, JobContext
from aid_desktop.gui.notifier import Notifier
from aid_desktop.settings.split import SplitSettings

if TYPE_CHECKING:
    from aid_desktop.data.check import CheckReport

_State = tuple[tuple[tuple[DataSource, int, Role], ...], str | None]


@dataclass(frozen=True, slots=True)
class CheckedTable:
    """A class table, the rule by which its split keeps images together (None without one), and what was found."""

    table: ClassTable
    group_by: str | None
    report: "CheckReport"


class TableChecks(QObject):
    """Checks the class table as it is and remembers the last result. `checked` tells of each one."""

    checked = pyqtSignal(CheckedTable)

    def __init__(self, notifier: Notifier, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._notifier = notifier
        self._background = background
        self._last: CheckedTable | None = None

    @property
    def current(self) -> CheckedTable | None:
        """The last result if it still holds: sources, classes, roles and what a split keeps together are the same."""
        last = self._last
        if last is None:
            return None
        now = _state(self._notifier.table, _group_by(self._notifier.split))
        return last if now == _state(last.table, last.group_by) else None

    def start(
        self, on_done: Callable[[CheckedTable], None], on_failure: Callable[[Failure], None] | None = None
    ) -> "Job[CheckReport]":
        """Check the table in the background; `on_done` also comes when the table has changed meanwhile."""
        table, group_by = self._notifier.table, _group_by(self._notifier.split)
        return self._background.start(
            "Comparing images",
            partial(_check, table, group_by),
            partial(self._on_checked, table, group_by, on_done),
            on_failure,
            is_cancellable=True,
        )

    def _on_checked(
        self, table: ClassTable, group_by: str | None, on_done: Callable[[CheckedTable], None], report: "CheckReport"
    ) -> None:
        self._last = CheckedTable(table, group_by, report)
        self.checked.emit(self._last)
        on_done(self._last)


def _check(table: ClassTable, group_by: str | None, context: JobContext) -> "CheckReport":
    # Not before the window is painted.
    from aid_desktop.data.check import check_table

    return check_table(table, group_by, context.report, lambda: context.cancelled)


def _group_by(split: SplitSettings | None) -> str | None:
    return None if split is None else split.group_by


def _state(table: ClassTable, group_by: str | None) -> _State:
    return tuple((row.source, row.class_index, row.role) for row in table.rows), group_by
