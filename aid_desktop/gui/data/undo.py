"""Undo for the class table and its split: each step holds all of them before and after, which is frozen anyway."""

from PyQt5.QtCore import Qt
from PyQt5.QtGui import QKeySequence
from PyQt5.QtWidgets import QAction, QUndoCommand, QUndoStack, QWidget

from aid_desktop.data.class_table import ClassTable
from aid_desktop.gui.notifier import Notifier
from aid_desktop.gui.qt import required
from aid_desktop.settings.split import SplitSettings

_SPLIT_STEP = 1


class TableEditor:
    """Changes the current class table and its split so that every change can be undone."""

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

    def change_split(self, split: SplitSettings | None, text: str, typed: str = "") -> None:
        """Replace the split. Changes one after the other to the same field that is `typed` are one step."""
        if split != self._notifier.split:
            self.stack.push(_ReplaceSplit(self._notifier, split, text, typed))


def add_undo_keys(widget: QWidget, stack: QUndoStack, what: str = "") -> tuple[QAction, QAction]:
    """Let the keys for undo and redo, in a widget, count for a stack; return both actions. `what` ends their texts."""
    undo = required(stack.createUndoAction(widget, f"Undo{what}"))
    redo = required(stack.createRedoAction(widget, f"Redo{what}"))
    for action, name, keys in (
        (undo, "undo", QKeySequence.StandardKey.Undo),
        (redo, "redo", QKeySequence.StandardKey.Redo),
    ):
        action.setShortcuts(keys)
        # On another tab the keys must not change what nobody sees.
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        action.setObjectName(f"{widget.objectName()}.{name}")
        widget.addAction(action)
    return undo, redo


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


class _ReplaceSplit(QUndoCommand):
    def __init__(self, notifier: Notifier, split: SplitSettings | None, text: str, typed: str) -> None:
        super().__init__(text)
        self._notifier = notifier
        self._before = notifier.split
        self._after = split
        self._typed = typed

    def id(self) -> int:
        return _SPLIT_STEP

    def mergeWith(self, other: QUndoCommand | None) -> bool:
        if not isinstance(other, _ReplaceSplit) or not self._typed or other._typed != self._typed:
            return False
        self._after = other._after
        self.setObsolete(self._after == self._before)
        return True

    def redo(self) -> None:
        self._notifier.set_split(self._after)

    def undo(self) -> None:
        self._notifier.set_split(self._before)
