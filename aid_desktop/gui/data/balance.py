"""The tool Balance: every class equally often in an epoch."""

from collections.abc import Sequence
from enum import StrEnum
from functools import partial

from PyQt5.QtCore import QObject, pyqtSlot
from PyQt5.QtWidgets import QAction, QMenu

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.gui.background import Background, JobContext
from aid_desktop.gui.data.sources_panel import SourcesPanel
from aid_desktop.gui.data.split_counting import count_split
from aid_desktop.gui.data.undo import TableEditor
from aid_desktop.gui.notifier import Notifier
from aid_desktop.settings.split import SplitSettings


class Balance(StrEnum):
    """What the classes are balanced to."""

    LARGEST = "largest"
    SMALLEST = "smallest"
    OFF = "off"


_TEXTS = {
    Balance.LARGEST: "Every class as often as the &largest (images repeat)",
    Balance.SMALLEST: "Every class as often as the &smallest (images are left out, others in the next epoch)",
    Balance.OFF: "&Off: all images",
}
_STEPS = {
    Balance.LARGEST: "balance to the largest class",
    Balance.SMALLEST: "balance to the smallest class",
    Balance.OFF: "use all images",
}


class BalanceTool(QObject):
    """Sets the images per epoch of the training rows. `action` has a menu with the ways to do it."""

    def __init__(self, notifier: Notifier, editor: TableEditor, background: Background, panel: SourcesPanel) -> None:
        super().__init__(panel)
        self._notifier = notifier
        self._editor = editor
        self._background = background
        self._panel = panel
        menu = QMenu(panel)
        for balance in Balance:
            choice = QAction(_TEXTS[balance], menu)
            choice.setObjectName(f"balance{balance.capitalize()}Action")
            choice.setData(balance)
            menu.addAction(choice)
        self.action = QAction("Balance", self)
        self.action.setObjectName("balanceAction")
        self.action.setToolTip("Draw as many images of every class in each epoch")
        self.action.setMenu(menu)
        menu.triggered.connect(self._on_chosen)
        notifier.table_changed.connect(self._on_table_changed)
        self._on_table_changed(notifier.table)

    def balance(self, balance: Balance) -> None:
        """Balance the classes as one step that can be undone; with a split, by what it leaves for training."""
        table = self._editor.table
        self._background.start(
            "Balancing the classes",
            partial(_balance, table, balance, self._notifier.split, self._notifier.seed),
            partial(self._on_balanced, table, _STEPS[balance]),
            self._panel.show_failure,
        )

    def _on_balanced(self, before: ClassTable, step: str, after: ClassTable) -> None:
        if before != self._editor.table:
            self._panel.tell("The rows have changed meanwhile: balance the classes again.")
            return
        self._editor.change(after, step)

    @pyqtSlot(QAction)
    def _on_chosen(self, choice: QAction) -> None:
        self.balance(Balance(choice.data()))

    @pyqtSlot(ClassTable)
    def _on_table_changed(self, table: ClassTable) -> None:
        trained = (images[Role.TRAINING] for images in table.images_by_class.values())
        self.action.setEnabled(sum(map(bool, trained)) > 1)


def _balance(
    table: ClassTable, balance: Balance, split: SplitSettings | None, seed: int, context: JobContext
) -> ClassTable:
    if split is None or balance is Balance.OFF:
        return balanced(table, balance, [row.source.n_images for row in table.rows])
    return balanced(table, balance, count_split(table, split, seed, context).kept)


def balanced(table: ClassTable, balance: Balance, available: Sequence[int]) -> ClassTable:
    """Return the table with other images per epoch; `available` says per row how many images are trained on."""
    sizes: dict[int, int] = {}
    for row, number in zip(table.rows, available, strict=True):
        if row.role is Role.TRAINING and number:
            sizes[row.class_index] = sizes.get(row.class_index, 0) + number
    if balance is Balance.OFF or not sizes:
        return table.balanced(None)
    number = max(sizes.values()) if balance is Balance.LARGEST else min(sizes.values())
    return table.balanced(number, available)
