"""From the class table to arrays: what a run trains and validates on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.class_table import ClassRow, ClassTable, Role
from aid_desktop.data.fitness import image_problems
from aid_desktop.data.geometry import centre_crop
from aid_desktop.data.normalize import Normalization, fit_normalization
from aid_desktop.data.pixels import Pixels, white_level_of
from aid_desktop.data.prepare import PreparationStoppedError, prepare_row
from aid_desktop.data.sampling import RowDraw, group_key, hold_out
from aid_desktop.data.source import ImageReader
from aid_desktop.errors import DataError
from aid_desktop.runs.config import RunConfig, open_readers
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.split import SplitSettings
from aid_desktop.training.seeds import Stage, generator


@dataclass(frozen=True, slots=True, eq=False)
class TrainingRow:
    """The training images of one row of the class table.

    `images` is (N, H, W, C) of the run's pixel type, larger than the network's input by the margin that rotation needs.
    """

    images: Pixels
    label: int
    draw: RowDraw


@dataclass(frozen=True, slots=True, eq=False)
class TrainingData:
    """All images of a run.

    `validation_images` is (N, height, width, C) of the network's size, `validation_labels` intp (N,); all images
    have one pixel type, see data/pixels.py.
    """

    class_names: tuple[str, ...]
    rows: tuple[TrainingRow, ...]
    validation_images: Pixels
    validation_labels: NDArray[np.intp]
    normalization: Normalization
    table: ClassTable

    @property
    def pixel_type(self) -> str:
        """Type of the grey levels of all images, one of pixels.PIXEL_TYPES."""
        return str(self.validation_images.dtype)

    @property
    def images_per_epoch(self) -> int:
        """Number of training images drawn in each epoch."""
        return sum(row.draw.images_per_epoch or row.draw.n_images for row in self.rows)


def load_training_data(config: RunConfig, say: Callable[[str], None], should_stop: Callable[[], bool]) -> TrainingData:
    """Open, check, split and prepare all images of a run.

    Args:
        config: what to load.
        say: is told what is being done.
        should_stop: is asked between images; PreparationStoppedError is raised when it says yes.

    Raises DataError, in plain words, for anything that cannot be trained on.
    """
    say("Opening the data")
    table, readers = open_readers(config.data, partial(_leave_if_stopped, should_stop))
    check_trainable(table, config.split, config.image)
    prepare = partial(_prepare, config=config, should_stop=should_stop)
    rows: list[TrainingRow] = []
    validation: list[tuple[Pixels, int]] = []
    held_out = _held_out(table, readers, config)
    for number, (row, reader) in enumerate(zip(table.rows, readers, strict=True)):
        if row.role is Role.TEST:
            continue
        say(f"Loading {row.source.name}")
        if row.role is Role.VALIDATION:
            validation.append((prepare(row, reader), row.class_index))
            continue
        kept, held = held_out[number]
        # A split by file may leave a row without training images, of which none can be drawn.
        if len(kept):
            images = prepare(row, reader, indices=kept, margin=True)
            draw = RowDraw(len(images), row.images_per_epoch, row.shuffle)
            rows.append(TrainingRow(images, row.class_index, draw))
        if len(held):
            validation.append((prepare(row, reader, indices=held), row.class_index))
    labels = [np.full(len(images), label, np.intp) for images, label in validation]
    if not labels:
        raise DataError(
            "the split leaves no images for validation: every class is one group, so choose another group_by, or "
            "give some rows the role validation"
        )
    return TrainingData(
        class_names=table.class_names,
        rows=tuple(rows),
        validation_images=_join([images for images, _ in validation]),
        validation_labels=np.concatenate([np.empty(0, np.intp), *labels]),
        normalization=_fit_normalization(rows, config),
        table=table,
    )


def _leave_if_stopped(should_stop: Callable[[], bool], done: int, total: int) -> None:
    if should_stop():
        raise PreparationStoppedError("Stopped while the images were opened.")


def check_trainable(table: ClassTable, split: SplitSettings | None, image: ImageSettings) -> None:
    """Raise DataError with all that keeps a table from being trained on; a split makes validation rows needless."""
    problems = (*table.problems(for_training=True, has_split=split is not None), *image_problems(table, image))
    if problems:
        raise DataError("; ".join(problem.message for problem in problems))


def _held_out(
    table: ClassTable, readers: Sequence[ImageReader], config: RunConfig
) -> dict[int, tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Return for each training row the indices of the images to train on and to validate on."""
    training = {n: row for n, row in enumerate(table.rows) if row.role is Role.TRAINING}
    if config.split is None:
        nothing = np.empty(0, np.intp)
        return {n: (np.arange(row.source.n_images), nothing) for n, row in training.items()}
    keys_by_class: dict[int, list[str]] = {}
    places: dict[int, list[tuple[int, int]]] = {}
    for n, row in training.items():
        for index in range(row.source.n_images):
            key = group_key(readers[n].origin(index), config.split.group_by)
            keys_by_class.setdefault(row.class_index, []).append(key)
            places.setdefault(row.class_index, []).append((n, index))
    labels = sorted(keys_by_class)
    rng = generator(config.seed, Stage.SPLIT, 0)
    masks = hold_out([keys_by_class[label] for label in labels], config.split.validation_fraction, rng)
    held: dict[int, list[int]] = {n: [] for n in training}
    for label, mask in zip(labels, masks, strict=True):
        for (n, index), is_held in zip(places[label], mask, strict=True):
            if is_held:
                held[n].append(index)
    return {
        n: (np.setdiff1d(np.arange(row.source.n_images), held[n]).astype(np.intp), np.array(held[n], np.intp))
        for n, row in training.items()
    }


def _prepare(
    row: ClassRow,
    reader: ImageReader,
    *,
    config: RunConfig,
    should_stop: Callable[[], bool],
    indices: NDArray[np.intp] | None = None,
    margin: bool = False,
) -> Pixels:
    return prepare_row(reader, config.image, row.zoom, margin, indices, should_stop)


def _join(parts: list[Pixels]) -> Pixels:
    return np.concatenate(parts)


def _fit_normalization(rows: list[TrainingRow], config: RunConfig) -> Normalization:
    """Fit on what the network will see: the centres, not the margins."""
    image = config.image
    centres = (centre_crop(row.images, image.width, image.height) for row in rows)
    white = image.white_level or white_level_of(str(rows[0].images.dtype))
    return fit_normalization(image.normalization, centres, white)
