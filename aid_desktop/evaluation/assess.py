"""Apply a model to sources of images, a bounded number at a time."""

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.class_table import ClassRow
from aid_desktop.data.fitness import NAMES_SHOWN, named_problems, source_problem
from aid_desktop.data.formats import reopen
from aid_desktop.data.pixels import Pixels
from aid_desktop.data.prepare import prepare_blocks
from aid_desktop.data.scalar_features import RawFeatures, read_features
from aid_desktop.data.source import DataSource
from aid_desktop.errors import DataError
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.long_work import Progress, ShouldStop
from aid_desktop.models.files import LoadedModel
from aid_desktop.models.metadata import ModelCard
from aid_desktop.models.predict import Predictor

CHUNK_IMAGES = 2048
CHUNK_BYTES = 128 * 2**20


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    source: DataSource
    zoom: float
    label: int | None
    indices: NDArray[np.intp]


def _all_images(source: DataSource) -> NDArray[np.intp]:
    return np.arange(source.n_images)


def predict_rows(
    loaded: LoadedModel,
    rows: Sequence[ClassRow],
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
    indices: Sequence[NDArray[np.intp] | None] | None = None,
) -> Predictions:
    """Return labelled predictions for all images of the rows, each prepared with its row's zoom.

    `indices` chooses images of each row, None all of them. The row's class is matched by name with the classes
    of the model, whose order the labels follow. `progress(done, total)` counts images and is called before the
    first and after each chunk; its total is 0 while the network is converted. When `should_stop` turns true, the
    images not yet predicted are missing from the result. Raises DataError, before anything is predicted, for no rows
    or a class that the model does not know, and later for a source that cannot be read.
    """
    if not rows:
        raise DataError("there is nothing to assess: add images of known class, or give them the role asked for")
    known = {name: position for position, name in enumerate(loaded.card.class_names)}
    unknown = [row for row in rows if row.class_name not in known]
    if unknown:
        raise DataError(_unknown_classes(loaded.card, unknown))
    chosen = [None] * len(rows) if indices is None else indices
    tasks = [
        _Task(row.source, row.zoom, known[row.class_name], _all_images(row.source) if which is None else which)
        for row, which in zip(rows, chosen, strict=True)
    ]
    return _predict(loaded, tasks, progress, should_stop)


def predict_sources(
    loaded: LoadedModel,
    sources: Sequence[DataSource],
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> Predictions:
    """Return predictions without labels for all images of the sources, with the zoom of the model's card.

    The rest is as in `predict_rows`.
    """
    if not sources:
        raise DataError("there is nothing to classify: add folders of images or .rtdc files")
    tasks = [_Task(source, loaded.card.zoom, None, _all_images(source)) for source in sources]
    return _predict(loaded, tasks, progress, should_stop)


def check_sources(sources: Sequence[DataSource], card: ModelCard) -> None:
    """Raise DataError naming the sources whose images are not what the model was trained on."""
    found = ((source, source_problem(source, card.image, card.pixel_type)) for source in sources)
    wrong = [(source, problem) for source, problem in found if problem is not None]
    if wrong:
        raise DataError(f"the model cannot be applied: {named_problems(wrong)}")


def _unknown_classes(card: ModelCard, rows: Sequence[ClassRow]) -> str:
    known = list(card.class_names[:NAMES_SHOWN])
    if len(card.class_names) > NAMES_SHOWN:
        known.append(f"and {len(card.class_names) - NAMES_SHOWN} more")
    wrong = [f"row {row.source.name} is labelled {row.class_name}" for row in rows[:NAMES_SHOWN]]
    if len(rows) > NAMES_SHOWN:
        wrong.append(f"and {len(rows) - NAMES_SHOWN} more rows")
    return (
        f"the model knows the classes {', '.join(known)}; {', '.join(wrong)}: give such rows the name of a "
        "class that the model knows, or leave them out"
    )


def _predict(
    loaded: LoadedModel,
    tasks: Sequence[_Task],
    progress: Progress | None,
    should_stop: ShouldStop | None,
) -> Predictions:
    check_sources([task.source for task in tasks], loaded.card)
    total = sum(len(task.indices) for task in tasks)
    tell = None if progress is None else conversion_progress(progress, total)
    predictor = Predictor(loaded.model, loaded.card, n_images=total, on_convert=tell)
    done, stopped = 0, False
    probabilities = np.empty((total, len(loaded.card.class_names)), np.float32)
    counts = []
    if progress is not None:
        progress(0, total)
    for task in tasks:
        n_before = done
        stopped = stopped or (should_stop is not None and should_stop())
        with closing(_prepared(loaded.card, () if stopped else (task,))) as blocks:
            for images, features in blocks:
                part = predictor.predict(images, should_stop, features)
                probabilities[done : done + len(part)] = part
                done += len(part)
                if progress is not None:
                    progress(done, total)
                stopped = len(part) < len(images) or (should_stop is not None and should_stop())
                if stopped:
                    break
        counts.append(done - n_before)
    return _assemble(loaded.card, tasks, counts, probabilities[:done])


def conversion_progress(progress: Progress, total: int) -> Callable[[bool], None]:
    """Return an `on_convert` of Predictor: `progress` gets (0, 0) while it converts a network, then (0, total)."""
    return lambda converting: progress(0, 0 if converting else total)


def _prepared(card: ModelCard, tasks: Sequence[_Task]) -> Generator[tuple[Pixels, RawFeatures], None, None]:
    """Yield the images of the tasks and their features, block by block: while one is used the next is being read."""
    for task in tasks:
        reader = reopen(task.source)
        features = read_features(reader, card.image.features, task.indices)
        size = _chunk_size(task, card)
        done = 0
        for images in prepare_blocks(reader, card.image, task.zoom, False, task.indices, most_images=size):
            yield images, features[done : done + len(images)]
            done += len(images)


def _assemble(
    card: ModelCard, tasks: Sequence[_Task], counts: Sequence[int], probabilities: NDArray[np.float32]
) -> Predictions:
    labels = [task.label for task in tasks if task.label is not None]
    return Predictions(
        class_names=card.class_names,
        sources=tuple(task.source for task in tasks),
        zooms=tuple(task.zoom for task in tasks),
        source=np.repeat(np.arange(len(tasks)), counts),
        index=np.concatenate([task.indices[:count] for task, count in zip(tasks, counts, strict=True)]),
        probabilities=probabilities,
        labels=np.repeat(np.array(labels, np.intp), counts) if labels else None,
    )


def _chunk_size(task: _Task, card: ModelCard) -> int:
    """Return how many images of the source are held at a time, so that photographs do not fill the memory."""
    largest = max((height * width * channels for height, width, channels in task.source.shapes), default=0)
    # The prepared image exists in its own type and, normalized, as float32.
    height, width, channels = card.image.input_shape
    item = np.dtype(card.pixel_type).itemsize
    each = largest * item + (item + 4) * height * width * channels
    return max(1, min(CHUNK_IMAGES, CHUNK_BYTES // each))
