"""Which images of each training row are trained on and which are held out for validation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.data.grouping import group_ids
from aid_desktop.data.sampling import deal, hold_out
from aid_desktop.data.source import ImageReader
from aid_desktop.errors import DataError
from aid_desktop.runs.held_out import read_held_out
from aid_desktop.settings.split import RUN_SEED, SplitSettings
from aid_desktop.training.seeds import Stage, generator


@dataclass(frozen=True, slots=True, eq=False)
class RowSplit:
    """The images of a row, ascending intp: `kept` are trained on, `held` are validated on."""

    kept: NDArray[np.intp]
    held: NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """The split of each training row by its place in the class table.

    `n_groups` counts the groups that the images were divided into; None where nothing was drawn.
    """

    rows: Mapping[int, RowSplit]
    n_groups: int | None = None


def split_rows(table: ClassTable, readers: Sequence[ImageReader], split: SplitSettings | None, seed: int) -> Split:
    """Divide the images of all training rows; `readers` has one reader per row of the table.

    The images are those of `split.held_out` if it is given; else they are drawn, before anything else, from the seed
    alone: that of the split, or of the run if it has none. With folds all groups are dealt into as many parts, of
    which one is held out: with the same seed each image is held out in exactly one fold. Rows of another role are
    left alone. Raises DataError if images have no group or a class too few groups for the folds, or RunError if the
    stored images cannot be read or do not fit the data.
    """
    training = [place for place, row in enumerate(table.rows) if row.role is Role.TRAINING]
    chosen = [readers[place] for place in training]
    n_groups = None
    if split is None:
        masks = [np.zeros(reader.source.n_images, np.bool_) for reader in chosen]
    elif split.held_out is not None:
        masks = read_held_out(split.held_out).masks(chosen)
    else:
        ids = group_ids(chosen, split.group_by)
        rows_of_class: dict[int, list[int]] = {}
        for number, place in enumerate(training):
            rows_of_class.setdefault(table.rows[place].class_index, []).append(number)
        by_class = [numbers for _, numbers in sorted(rows_of_class.items())]
        names = [table.rows[training[numbers[0]]].class_name for numbers in by_class]
        groups = [np.concatenate([ids[number] for number in numbers]) for numbers in by_class]
        masks = _by_row(_held(names, groups, split, seed), by_class, [len(part) for part in ids])
        n_groups = len(np.unique(np.concatenate([np.empty(0, np.intp), *ids])))
    rows = {
        place: RowSplit(np.flatnonzero(~mask), np.flatnonzero(mask))
        for place, mask in zip(training, masks, strict=True)
    }
    return Split(rows, n_groups)


def _held(
    names: Sequence[str], groups: Sequence[NDArray[np.intp]], split: SplitSettings, seed: int
) -> list[NDArray[np.bool_]]:
    """Return for each class, of these names, which of its images are held out; `groups` has the group of each."""
    rng = generator(seed if split.seed == RUN_SEED else split.seed, Stage.SPLIT, 0)
    if not split.folds:
        return hold_out(groups, split.validation_fraction, rng)
    for name, ids in zip(names, groups, strict=True):
        n_groups = len(np.unique(ids))
        if n_groups < split.folds:
            raise DataError(
                f"{name} has {n_groups} {'group' if n_groups == 1 else 'groups'} of images, expected at least "
                f"{split.folds} for {split.folds} folds: choose fewer folds, or keep less together (group_by)"
            )
    parts = deal(groups, split.folds, rng)
    for name, part in zip(names, parts, strict=True):
        if len(np.unique(part)) < 2:
            raise DataError(
                f"all images of {name} fall into one fold, since their groups have images of other classes too: "
                "choose fewer folds, or keep less together (group_by)"
            )
    return [part == split.fold for part in parts]


def _by_row(
    masks: Sequence[NDArray[np.bool_]], rows: Sequence[Sequence[int]], sizes: Sequence[int]
) -> list[NDArray[np.bool_]]:
    """Return the masks of classes as masks of rows; `rows` has the rows of each class, `sizes` their images."""
    by_row: list[NDArray[np.bool_]] = [np.empty(0, np.bool_)] * len(sizes)
    for mask, numbers in zip(masks, rows, strict=True):
        ends = np.cumsum([sizes[number] for number in numbers])[:-1]
        for number, part in zip(numbers, np.split(mask, ends), strict=True):
            by_row[number] = part
    return by_row
