"""Which images of each training row are trained on and which are held out for validation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.data.grouping import group_ids
from aid_desktop.data.sampling import hold_out
from aid_desktop.data.source import ImageReader
from aid_desktop.runs.held_out import read_held_out
from aid_desktop.settings.split import SplitSettings
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
    alone. Rows of another role are left alone. Raises DataError if images have no group, or RunError if the stored
    images cannot be read or do not fit the data.
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
        labels = [table.rows[place].class_index for place in training]
        masks = _drawn(ids, labels, split.validation_fraction, seed)
        n_groups = len(np.unique(np.concatenate([np.empty(0, np.intp), *ids])))
    rows = {
        place: RowSplit(np.flatnonzero(~mask), np.flatnonzero(mask))
        for place, mask in zip(training, masks, strict=True)
    }
    return Split(rows, n_groups)


def _drawn(
    ids: Sequence[NDArray[np.intp]], labels: Sequence[int], fraction: float, seed: int
) -> list[NDArray[np.bool_]]:
    """Return a mask of the held-out images of each row."""
    by_class: dict[int, list[int]] = {label: [] for label in sorted(set(labels))}
    for number, label in enumerate(labels):
        by_class[label].append(number)
    groups = [np.concatenate([ids[number] for number in numbers]) for numbers in by_class.values()]
    masks: list[NDArray[np.bool_]] = [np.empty(0, np.bool_)] * len(ids)
    held = hold_out(groups, fraction, generator(seed, Stage.SPLIT, 0))
    for numbers, mask in zip(by_class.values(), held, strict=True):
        ends = np.cumsum([len(ids[number]) for number in numbers])[:-1]
        for number, part in zip(numbers, np.split(mask, ends), strict=True):
            masks[number] = part
    return masks
