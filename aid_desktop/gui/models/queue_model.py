"""The runs of the queue as rows of a table."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Any

from PyQt5.QtCore import QAbstractTableModel, QModelIndex, Qt

from aid_desktop.runs.comparison_table import fold_text
from aid_desktop.runs.series import PlannedRun, Series

_NO_PARENT = QModelIndex()


class EntryState(StrEnum):
    """Where a run of the queue stands."""

    WAITING = "waiting"
    TRAINING = "training"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """One run of the queue.

    Attributes:
        number: its own among all that ever were in the queue.
        series: to which the run belongs; None for a run by itself.
        folder: where the run is kept, once it has begun.
        epoch: number of finished epochs, of `epochs`; 0 of 0 before the first one begins.
        best: highest validation accuracy.
        message: why it failed.
    """

    number: int
    run: PlannedRun
    model_zoo: Path
    series: Series | None = None
    state: EntryState = EntryState.WAITING
    folder: Path | None = None
    epoch: int = 0
    epochs: int = 0
    best: float | None = None
    message: str = ""

    @property
    def has_ended(self) -> bool:
        """Whether the run neither waits nor trains."""
        return self.state not in (EntryState.WAITING, EntryState.TRAINING)

    @property
    def state_text(self) -> str:
        """The state in words, with how far the run is or what it has reached."""
        best = "" if self.best is None else f", best {self.best:.3f}"
        match self.state:
            case EntryState.TRAINING if self.epochs:
                return f"epoch {min(self.epoch, self.epochs)} of {self.epochs}{best}"
            case EntryState.TRAINING:
                return "preparing"
            case EntryState.STOPPED:
                return f"stopped after {self.epoch} epoch{'' if self.epoch == 1 else 's'}{best}"
            case EntryState.FAILED:
                return f"failed: {self.message}"
            case _:
                return f"{self.state}{best}"


class QueueColumn(IntEnum):
    """Columns in order."""

    STATE = 0
    RUN = 1
    ARCHITECTURE = 2
    SEED = 3
    FOLD = 4


_TITLES = ("state", "run", "architecture", "seed", "fold")
_RIGHT = (QueueColumn.SEED, QueueColumn.FOLD)


class QueueModel(QAbstractTableModel):
    """One row per entry of the queue, in its order."""

    def __init__(self) -> None:
        super().__init__()
        self._entries: tuple[QueueEntry, ...] = ()

    def set_entries(self, entries: tuple[QueueEntry, ...]) -> None:
        """Show other entries, or the same ones where they stand now."""
        if [entry.number for entry in entries] != [entry.number for entry in self._entries]:
            self.beginResetModel()
            self._entries = entries
            self.endResetModel()
            return
        changed = [row for row, pair in enumerate(zip(entries, self._entries, strict=True)) if pair[0] != pair[1]]
        self._entries = entries
        for row in changed:
            self.dataChanged.emit(self.index(row, 0), self.index(row, len(QueueColumn) - 1))

    def entry(self, row: int) -> QueueEntry:
        """Return the entry of a row."""
        return self._entries[row]

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(self._entries)

    def columnCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        return 0 if parent.isValid() else len(QueueColumn)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Vertical or not 0 <= section < len(QueueColumn):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return _TITLES[section]
        return _alignment(section) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        entry = self._entries[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return _text(entry, index.column())
            case Qt.ItemDataRole.ToolTipRole:
                return _tip(entry)
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(index.column())
            case _:
                return None


def _alignment(column: int) -> int:
    side = Qt.AlignmentFlag.AlignRight if column in _RIGHT else Qt.AlignmentFlag.AlignLeft
    return int(side | Qt.AlignmentFlag.AlignVCenter)


def _text(entry: QueueEntry, column: int) -> str:
    config = entry.run.config
    match column:
        case QueueColumn.STATE:
            return entry.state_text
        case QueueColumn.RUN:
            return entry.run.name
        case QueueColumn.ARCHITECTURE:
            return config.model.name
        case QueueColumn.SEED:
            return str(config.seed)
        case _:
            split = config.split
            return fold_text((split.fold + 1, split.folds) if split is not None and split.folds else None)


def _tip(entry: QueueEntry) -> str:
    lines = [f"{entry.run.name}: {entry.state_text}"]
    if entry.series is not None:
        lines.append(f"Belongs to {entry.series.path.name}")
    if entry.folder is not None:
        lines.append("Double-click to open it in History")
    return "\n".join(lines)
