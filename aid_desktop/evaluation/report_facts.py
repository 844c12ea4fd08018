"""What a report tells besides the scores: the run and its settings, the data, the mistakes, the machine."""

import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aid_desktop import __version__
from aid_desktop.data.display import display_range, to_display
from aid_desktop.data.formats import reopen
from aid_desktop.errors import AidError
from aid_desktop.evaluation.confusion import ConfusionMatrix
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.libraries import version_of
from aid_desktop.models.devices import list_devices, processor_name
from aid_desktop.runs.best import run_of
from aid_desktop.runs.config import RunConfig
from aid_desktop.runs.history import History, read_history
from aid_desktop.runs.run_toml import read_run_toml
from aid_desktop.runs.settings_log import Revision, read_revisions
from aid_desktop.settings.field import FieldInfo, Kind, SettingsSection, field_infos
from aid_desktop.settings.snapshot import SettingsDiff, TrainingSettings

MOST_MISTAKES = 24
_MOST_SIGNS = 200
THUMBNAIL = 96
_PACKAGES = ("numpy", "scikit-learn", "scipy", "keras", "tensorflow", "onnxruntime", "h5py", "opencv-python-headless")


@dataclass(frozen=True, slots=True)
class ReportedRun:
    """The run that made a model. `problem` says what of it could not be read; what could be is there all the same."""

    folder: Path
    config: RunConfig | None
    history: History
    revisions: tuple[Revision, ...]
    problem: str = ""

    @property
    def changes(self) -> list[tuple[int, str, str]]:
        """Epoch, time and text of each change of the settings after the start."""
        pairs = zip(self.revisions, self.revisions[1:], strict=False)
        return [
            (after.epoch, after.time, str(SettingsDiff.between(before.settings, after.settings)))
            for before, after in pairs
        ]

    @property
    def settings(self) -> TrainingSettings | None:
        """The settings at the start."""
        if self.revisions:
            return self.revisions[0].settings
        return None if self.config is None else self.config.training


def find_run(model: Path | None) -> ReportedRun | None:
    """Return what is known of the run in whose folder a model lies, or None."""
    folder = None if model is None else run_of(model)
    if folder is None:
        return None
    config, history, problems = None, History(), list[str]()
    revisions: tuple[Revision, ...] = ()
    try:
        config = read_run_toml(folder.run_toml)
    except AidError as error:
        problems.append(str(error))
    try:
        history = read_history(folder.history_csv)
    except AidError as error:
        problems.append(str(error))
    try:
        revisions = read_revisions(folder.settings_jsonl)
    except AidError as error:
        problems.append(str(error))
    return ReportedRun(folder.path, config, history, revisions, "; ".join(problems))


def settings_rows(sections: Sequence[SettingsSection]) -> list[tuple[str, str]]:
    """Return label and value, with unit, of every setting of some sections."""
    rows = []
    for section in sections:
        for name, info in field_infos(type(section)).items():
            rows.append((info.label, value_text(info, getattr(section, name))))
    return rows


def value_text(info: FieldInfo, value: object) -> str:
    """Return a setting's value as people write it, with its unit."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple) and info.kind in (Kind.INTEGER_RANGE, Kind.NUMBER_RANGE):
        text = f"{value[0]:g} to {value[1]:g}"
    elif isinstance(value, tuple):
        text = ", ".join(f"{one[0]} {one[1]}" if isinstance(one, tuple) else str(one) for one in value) or "none"
    elif isinstance(value, float):
        text = f"{value:g}"
    else:
        text = str(value)
    return f"{text} {info.unit}".strip()


@dataclass(frozen=True, slots=True)
class DataFacts:
    """A source of assessed images."""

    path: str
    part: str
    kind: str
    classes: str
    n: int
    zoom: float
    which: str
    problems: str
    digest: str


def data_facts(predictions: Predictions) -> list[DataFacts]:
    """Return a row for each source, in the order of the class table."""
    rows = []
    for number, (source, zoom) in enumerate(zip(predictions.sources, predictions.zooms, strict=True)):
        which = predictions.source == number
        labels = [] if predictions.labels is None else np.unique(predictions.labels[which]).tolist()
        classes = ", ".join(predictions.class_names[label] for label in labels)
        n = int(which.sum())
        problems = source.problem_text or "none"
        which = which_text(source.selection.ranges if source.selection else "")
        rows.append(
            DataFacts(str(source.path), source.part, source.kind, classes, n, zoom, which, problems, source.digest)
        )
    return rows


def which_text(ranges: str) -> str:
    """Return which images of a file are meant, as in selection.py, cut where that is long; "all" for ""."""
    shown = ranges or "all"
    return shown if len(shown) <= _MOST_SIGNS else f"{shown[:_MOST_SIGNS]} …"


@dataclass(frozen=True, slots=True)
class Mistake:
    """An image that was given to a wrong class: a PNG of at most THUMBNAIL pixels, and what is known of it."""

    png: bytes
    actual: str
    predicted: str
    probability: float
    origin: str


def certain_mistakes(predictions: Predictions, matrix: ConfusionMatrix, most: int = MOST_MISTAKES) -> list[Mistake]:
    """Return the mistakes of which the model was most certain, at most MOST_MISTAKES; reads their images.

    Raises DataError for a source that is gone.
    """
    probability = predictions.probability_of(matrix.predicted)
    wrong = np.flatnonzero(matrix.actual != matrix.predicted)
    chosen = wrong[np.argsort(-probability[wrong], kind="stable")[:most]]
    readers = {number: reopen(predictions.sources[number]) for number in np.unique(predictions.source[chosen]).tolist()}
    places = [(int(predictions.source[place]), int(predictions.index[place])) for place in chosen]
    images = [readers[source].read([index])[0] for source, index in places]
    levels = display_range(images)
    return [
        Mistake(
            png=_thumbnail(to_display(image, levels)),
            actual=matrix.class_names[matrix.actual[place]],
            predicted=matrix.class_names[matrix.predicted[place]],
            probability=float(probability[place]),
            origin=readers[source].origin(index),
        )
        for place, image, (source, index) in zip(chosen, images, places, strict=True)
    ]


def _thumbnail(image: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    picture = Image.fromarray(image)
    largest = max(picture.size)
    if largest > THUMBNAIL:
        picture.thumbnail((THUMBNAIL, THUMBNAIL))
    elif largest * 2 <= THUMBNAIL:
        # Whole pixels, not smoothed: small images are shown as they are.
        factor = THUMBNAIL // largest
        picture = picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.NEAREST)
    buffer = BytesIO()
    picture.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def versions() -> list[tuple[str, str]]:
    """Return name and version of the program, Python, and the libraries that computed the scores."""
    found = [("AID Desktop", __version__), ("Python", platform.python_version())]
    return found + [(name, version_of(name)) for name in _PACKAGES if version_of(name)]


def hardware() -> list[tuple[str, str]]:
    """Return system, processor, memory, and the GPUs if TensorFlow was loaded and has found some."""
    import psutil

    memory = psutil.virtual_memory().total / 2**30
    found = [
        ("system", platform.platform()),
        ("processor", processor_name()),
        ("cores", str(os.cpu_count() or "unknown")),
        ("memory", f"{memory:.1f} GiB"),
    ]
    if "tensorflow" in sys.modules:
        found += [(gpu["name"], gpu["description"]) for gpu in list_devices()["gpus"]]
    return found
