"""Undo for the class table: each step holds the whole table before and after, which is frozen anyway."""

from PyQt5.QtWidgets import QUndoCommand, QUndoStack

from aid_desktop.data.class_table import ClassTable
from aid_desktop.gui.notifier import Notifier


class TableEditor:
    """Changes the current class table so that every change can be undone."""

    def __init__(self, notifier: Notifier, stack: QUndoStack) -> None:
        self._notifier = notifier
        self.stack = stack

    @property
    def table(self) -> ClassTable:
        """The current table."""
        return self._notifier.table

    def change(self, table: ClassTable, text: str) -> None:
        """Replace the table; `text` names the step in the menu, for example `remove 2 rows`."""
        if table != self._notifier.table:
            self.stack.push(_ReplaceTable(self._notifier, table, text))


class _ReplaceTable(QUndoCommand):
    def __init__(self, notifier: Notifier, table: ClassTable, text: str) -> None:
        super().__init__(text)
        self._notifier = notifier
        self._before = notifier.table
        self._after = table

    def redo(self) -> None:
        self._notifier.set_table(self._after)

    def undo(self) -> None:
        self._notifier.set_table(self._before)
