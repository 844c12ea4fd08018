"""Read AIDeveloper's `<name>_meta.xlsx` as the history of a run: its epochs, and the settings in force in each."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aid_desktop.errors import RunError
from aid_desktop.runs.aideveloper_cells import read_number, read_switch, read_whole
from aid_desktop.runs.aideveloper_columns import COLUMNS, key
from aid_desktop.runs.aideveloper_model import METRIC_NAMES
from aid_desktop.runs.aideveloper_settings import Cells, settings_from_parameters
from aid_desktop.runs.aideveloper_tables import INDEX, class_names_of, epochs_of, read_sheets
from aid_desktop.runs.config import RunSettings
from aid_desktop.runs.history import History
from aid_desktop.runs.records import EpochRecord
from aid_desktop.runs.settings_log import Revision

META_ENDING = "_meta.xlsx"

_SAVED, _TIME, _RATE = "saved", "time", "learning_rate"
_ALIASES = {"learningrate": _RATE, **METRIC_NAMES}
_SINCE = "epoch_started_using_these_settings"
# What is a setting of ours, and what only says where and with what the run was made.
_TOLD = {key(name) for column in COLUMNS for name in (column.name, column.switch)}
_ABOUT = {"os", "cpu", "modelname", "aideveloper_version", "model_zoo_version", _SINCE}


@dataclass(frozen=True, slots=True)
class AideveloperHistory:
    """A run of AIDeveloper.

    Attributes:
        history: `seconds` are the differences of AIDeveloper's Time; NaN, like the learning rate, where no column
            has them. `model` is the file name that AIDeveloper gave to a model, beside the table.
        revisions: a row of Parameters each, as far as the settings are ours; `time` is empty.
        settings: those of the last row that never change in a run, such as the image size; None without rows.
        others: of each row, what AID Desktop has no setting for, by AIDeveloper's name of the column.
        problems: sentences about what could not be read.
    """

    history: History
    revisions: tuple[Revision, ...]
    settings: RunSettings | None
    others: tuple[Mapping[str, str], ...]
    problems: tuple[str, ...]

    def other_changes(self, number: int) -> tuple[str, ...]:
        """Return what changed with a revision that is no setting of ours, such as `train_last_layers_n: 1 → 2`."""
        if not 0 < number < len(self.others):
            return ()
        old, new = self.others[number - 1], self.others[number]
        names = dict.fromkeys((*old, *new))
        return tuple(f"{n}: {old.get(n, '')} → {new.get(n, '')}" for n in names if old.get(n) != new.get(n))


def read_aideveloper_history(path: Path) -> AideveloperHistory:
    """Read the sheets History and Parameters in the spelling of any version.

    Raises RunError if the file cannot be read or has no sheet History.
    """
    sheets = read_sheets(path, ("History", "Parameters", "DataOverview"), indexed=("History",))
    if "History" not in sheets:
        raise RunError(f"{path} holds no run of AIDeveloper: it has no sheet History.")
    problems: list[str] = []
    names = class_names_of(sheets.get("DataOverview", []))
    rows = sheets.get("Parameters", [])
    parameters = [settings_from_parameters(cells, names)[0] for cells in rows]
    starts = _starts(rows, problems)
    revisions = tuple(
        Revision(number, start, "", settings.training)
        for number, (start, settings) in enumerate(zip(starts, parameters, strict=True))
    )
    base = path.name.removesuffix(META_ENDING) if path.name.endswith(META_ENDING) else path.stem
    records = _records(sheets["History"], starts, base, problems)
    others = tuple({name: str(cell) for name, cell in cells.items() if name not in _TOLD | _ABOUT} for cells in rows)
    return AideveloperHistory(
        History(records), revisions, parameters[-1] if parameters else None, others, tuple(problems)
    )


def _starts(rows: Sequence[Cells], problems: list[str]) -> list[int]:
    """Return the first epoch of each row of Parameters; one that cannot be read is that of the row before."""
    starts: list[int] = []
    for number, cells in enumerate(rows, start=2):
        try:
            start = read_whole(cells.get(_SINCE, 0))
        except ValueError as error:
            problems.append(f"Row {number} of Parameters does not tell its first epoch: {error}.")
            start = starts[-1] if starts else 0
        starts.append(max(start, starts[-1] if starts else 0))
    return starts


def _records(rows: Sequence[Cells], starts: Sequence[int], base: str, problems: list[str]) -> tuple[EpochRecord, ...]:
    records: list[EpochRecord] = []
    epochs = epochs_of(rows)
    rows = [{name: cell for name, cell in cells.items() if name != INDEX} for cells in rows]
    names = dict.fromkeys(_ALIASES.get(name, name) for cells in rows for name in cells)
    metrics = [name for name in names if name not in (_SAVED, _TIME, _RATE)]
    elapsed, revision, n_unread = 0.0, 0, 0
    for epoch, cells in zip(epochs, rows, strict=True):
        while revision + 1 < len(starts) and starts[revision + 1] <= epoch:
            revision += 1
        numbers = {_ALIASES.get(name, name): _number(cell) for name, cell in cells.items()}
        n_unread += sum(number is None for number in numbers.values())
        now = numbers.get(_TIME)
        seconds = math.nan if now is None else now - elapsed if now >= elapsed else now
        elapsed = elapsed if now is None else now
        rate = numbers.get(_RATE)
        records.append(
            EpochRecord(
                epoch=epoch,
                revision=revision,
                learning_rate=math.nan if rate is None else rate,
                metrics=tuple((name, value) for name in metrics if (value := numbers.get(name)) is not None),
                seconds=seconds,
                model=f"{base}_{epoch}.model" if numbers.get(_SAVED) else None,
            )
        )
    if n_unread:
        problems.append(f"Cells of the sheet History that are no numbers are left out: {n_unread} of them.")
    return tuple(records)


def _number(cell: object) -> float | None:
    """Return the number in a cell, also of a switch; NaN for the text that means it; None for what is none."""
    try:
        return float(read_switch(cell)) if isinstance(cell, bool) else read_number(cell)
    except ValueError:
        text = str(cell).strip().lower()
        return float(text) if text in ("nan", "inf", "-inf") else None
