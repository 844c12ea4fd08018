"""From the class table to arrays: what a run trains and validates on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.data.fitness import image_problems, named_problems
from aid_desktop.data.geometry import centre_crop
from aid_desktop.data.normalize import Normalization, fit_normalization
from aid_desktop.data.pixels import white_level_of
from aid_desktop.data.sampling import RowDraw
from aid_desktop.data.scalar_features import NO_FEATURES, FeatureScaling, RawFeatures, fit_scaling, read_features
from aid_desktop.data.source import ImageReader
from aid_desktop.errors import DataError
from aid_desktop.long_work import ShouldStop, leave_if_stopped
from aid_desktop.runs.config import RunConfig, open_readers
from aid_desktop.runs.held_out import HeldOut, held_out_images
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.split import SplitSettings
from aid_desktop.training.image_store import ImageStore, StoredPart
from aid_desktop.training.loading import Loader, loader_for
from aid_desktop.training.split import Split, split_rows


@dataclass(frozen=True, slots=True, eq=False)
class TrainingRow:
    """The training images of one row of the class table.

    `images` are (N, H, W, C) of the run's pixel type, larger than the network's input by the margin that rotation
    needs. `place` is the row's place among all training rows, some of which a split may have left without images.
    `features` are (N, F), of the same images.
    """

    images: ImageStore
    label: int
    draw: RowDraw
    place: int
    features: RawFeatures = field(default_factory=lambda: np.empty((0, 0)))


@dataclass(frozen=True, slots=True, eq=False)
class TrainingData:
    """All images of a run.

    `validation_images` are (N, height, width, C) of the network's size, `validation_labels` intp (N,); all images
    have one pixel type, see data/pixels.py. `held_out` names the images that a split holds out; None without one.
    `scaling` standardizes the features, of which `validation_features` are (N, F); it is empty for images alone.
    """

    class_names: tuple[str, ...]
    rows: tuple[TrainingRow, ...]
    validation_images: ImageStore
    validation_labels: NDArray[np.intp]
    normalization: Normalization
    table: ClassTable
    held_out: HeldOut | None = None
    scaling: FeatureScaling = NO_FEATURES
    validation_features: RawFeatures = field(default_factory=lambda: np.empty((0, 0)))

    @property
    def pixel_type(self) -> str:
        """Type of the grey levels of all images, one of pixels.PIXEL_TYPES."""
        return str(self.validation_images.dtype)

    @property
    def images_per_epoch(self) -> int:
        """Number of training images drawn in each epoch."""
        return sum(row.draw.images_per_epoch or row.draw.n_images for row in self.rows)


def load_training_data(config: RunConfig, say: Callable[[str], None], should_stop: ShouldStop) -> TrainingData:
    """Open, check, split and prepare all images of a run.

    Args:
        config: what to load.
        say: is told what is being done.
        should_stop: is asked between images; StoppedError is raised when it says yes.

    Raises DataError, in plain words, for anything that cannot be trained on.
    """
    say("Opening the data")
    table, readers = open_readers(config.data, partial(_leave_if_stopped, should_stop))
    check_trainable(table, config.split, config.image)
    split = split_rows(table, readers, config.split, config.seed)
    load = loader_for(config, table, split, say, should_stop)
    rows, validation = _load_rows(table, readers, split, load, config.image.features)
    if not validation:
        raise DataError(
            "the split leaves no images for validation: every class is one group, so choose another group_by, or "
            "give some rows the role validation"
        )
    return TrainingData(
        class_names=table.class_names,
        rows=tuple(rows),
        validation_images=ImageStore([part.images for part in validation], config.image.input_shape[:2]),
        validation_labels=np.concatenate([np.full(len(part.images), part.label, np.intp) for part in validation]),
        normalization=_fit_normalization(rows, config),
        table=table,
        held_out=None if config.split is None else _held_out(split, readers),
        scaling=fit_scaling(config.image.features, [row.features for row in rows]),
        validation_features=np.concatenate([part.features for part in validation]),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _ValidationPart:
    images: StoredPart
    label: int
    features: RawFeatures


def _load_rows(
    table: ClassTable, readers: Sequence[ImageReader], split: Split, load: Loader, names: tuple[str, ...]
) -> tuple[list[TrainingRow], list[_ValidationPart]]:
    """Return the rows to train on and what to validate on, with the features of these names."""
    rows: list[TrainingRow] = []
    validation: list[_ValidationPart] = []
    places = count()
    for number, (row, reader) in enumerate(zip(table.rows, readers, strict=True)):
        if row.role is Role.TEST:
            continue
        if row.role is Role.VALIDATION:
            features = read_features(reader, names, np.arange(reader.source.n_images))
            validation.append(_ValidationPart(load.validation(row, reader), row.class_index, features))
            continue
        part, place = split.rows[number], next(places)
        # A split by file may leave a row without training images, of which none can be drawn.
        if len(part.kept):
            features = read_features(reader, names, part.kept)
            images = ImageStore([load.training(row, reader, part.kept)])
            draw = RowDraw(len(images), row.images_per_epoch, row.shuffle)
            rows.append(TrainingRow(images, row.class_index, draw, place, features))
        if len(part.held):
            features = read_features(reader, names, part.held)
            validation.append(_ValidationPart(load.held_out(row, reader, part.held), row.class_index, features))
    return rows, validation


def _leave_if_stopped(should_stop: ShouldStop, done: int, total: int) -> None:
    leave_if_stopped(should_stop)


def check_trainable(table: ClassTable, split: SplitSettings | None, image: ImageSettings) -> None:
    """Raise DataError with all that keeps a table from being trained on; a split makes validation rows needless."""
    problems = [item.message for item in table.problems(for_training=True, has_split=split is not None)]
    of_rows = [
        (table.rows[item.row].source, item.message) for item in image_problems(table, image) if item.row is not None
    ]
    if of_rows:
        problems.append(named_problems(of_rows))
    if problems:
        raise DataError("; ".join(problems))


def _held_out(split: Split, readers: Sequence[ImageReader]) -> HeldOut:
    return held_out_images([readers[number] for number in split.rows], [part.held for part in split.rows.values()])


def _fit_normalization(rows: list[TrainingRow], config: RunConfig) -> Normalization:
    """Fit on what the network will see: the centres, not the margins."""
    image = config.image
    centres = (centre_crop(block, image.width, image.height) for row in rows for block in row.images.blocks())
    white = image.white_level or white_level_of(str(rows[0].images.dtype))
    return fit_normalization(image.normalization, centres, white)
