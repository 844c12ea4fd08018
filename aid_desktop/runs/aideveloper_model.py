"""What AIDeveloper's `<name>_meta.xlsx` tells of a model `<name>_<epoch>.model` that lies beside it."""

import re
from dataclasses import dataclass
from pathlib import Path

from aid_desktop.errors import RunError
from aid_desktop.runs.aideveloper_cells import read_number
from aid_desktop.runs.aideveloper_columns import NORMALIZATIONS, key
from aid_desktop.runs.aideveloper_tables import INDEX, epochs_of, read_aideveloper_session, read_sheet, read_sheets
from aid_desktop.settings.image import ImageSettings

_EPOCH = re.compile(r"_(\d+)$")
_VERSION = "aideveloper_version"
_MEAN, _STD = (f"{what}_of_training_data_used_for_scaling" for what in ("mean", "std"))
METRIC_NAMES = {"acc": "accuracy", "val_acc": "val_accuracy"}
"""Names of metrics by those that Keras 2.2 and before had."""

_NO_METRICS = ("", "saved", "time", "learningrate", "learning_rate")


@dataclass(frozen=True, slots=True)
class AideveloperModel:
    """What is known of a model.

    Attributes:
        meta: the table that says so.
        image: settings of the run. The size and channels of the network itself are surer.
        normalization: method of ImageSettings.normalization; empty if the table does not say, or says what is unknown.
        architecture: AIDeveloper's name for it; may be empty.
        class_names: by index of the output; only those that have a name or images.
        zoom: of the training images.
        mean: of the training images, for standardize_training_set; None if the table does not say.
        std: in the same way.
        metrics: of the model's epoch, as (name, value).
        version: of AIDeveloper; may be empty.
    """

    meta: Path
    image: ImageSettings
    normalization: str
    architecture: str
    class_names: dict[int, str]
    zoom: float
    mean: float | None
    std: float | None
    metrics: tuple[tuple[str, float], ...]
    version: str


def model_epoch(path: Path) -> int:
    """Return the epoch after which AIDeveloper saved a model, counted from 0, from its name; 0 if it has none."""
    found = _EPOCH.search(path.stem)
    return int(found[1]) if found else 0


def find_meta(path: Path) -> Path | None:
    """Return the table that belongs to a model or .arch file by its name: M01_meta.xlsx for M01_146.model."""
    names = dict.fromkeys((path.stem, _EPOCH.sub("", path.stem)))
    return next((meta for name in names if (meta := path.with_name(f"{name}_meta.xlsx")).is_file()), None)


def read_aideveloper_model(path: Path) -> AideveloperModel | None:
    """Return what the table beside a model says; None if there is no table.

    Raises RunError if there is one that cannot be read.
    """
    meta = find_meta(path)
    if meta is None:
        return None
    session = read_aideveloper_session(meta)
    parameters = read_sheet(meta, "Parameters")
    if session.settings is None or not parameters:
        raise RunError(f"{meta} does not say how the model was trained: its sheet Parameters is empty.")
    last = parameters[-1]
    words = {theirs.lower(): ours for ours, theirs in NORMALIZATIONS.items()}
    scaling = {}
    for column in (_MEAN, _STD):
        try:
            scaling[column] = read_number(last[column]) if column in last else None
        except ValueError as error:
            raise RunError(f"{meta}: column {column}: {error}.") from error
    return AideveloperModel(
        meta=meta,
        image=session.settings.image,
        normalization=words.get(str(last.get("normalization", "none given")).strip().lower(), ""),
        architecture=session.settings.model.architecture or "",
        class_names={row.class_index: row.class_name for row in session.rows},
        zoom=session.rows[0].zoom if session.rows else 1.0,
        mean=scaling[_MEAN],
        std=scaling[_STD],
        metrics=_metrics(meta, model_epoch(path)),
        version=str(last.get(_VERSION, "")),
    )


def _metrics(meta: Path, epoch: int) -> tuple[tuple[str, float], ...]:
    """Return the numbers of an epoch in the sheet History."""
    history = read_sheets(meta, ("History",), indexed=("History",)).get("History", [])
    cells = dict(zip(epochs_of(history), history, strict=True)).get(epoch, {})
    found: list[tuple[str, float]] = []
    for name, cell in cells.items():
        if name != INDEX and key(name) not in _NO_METRICS and isinstance(cell, int | float):
            found.append((METRIC_NAMES.get(name, name), float(cell)))
    return tuple(found)
