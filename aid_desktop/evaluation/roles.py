"""Which images a role means: those of its rows, and of training rows those that a run held out or kept."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.class_table import ClassRow, Role
from aid_desktop.data.formats import reopen
from aid_desktop.runs.held_out import HeldOut


@dataclass(frozen=True, slots=True, eq=False)
class RoleImages:
    """Rows, and for each the indices of its images (N,) intp in ascending order; None for all of them."""

    rows: tuple[ClassRow, ...]
    indices: tuple[NDArray[np.intp] | None, ...]


def images_of_role(rows: Sequence[ClassRow], role: Role, held_out: HeldOut | None) -> RoleImages:
    """Return the images of a role among rows of all roles, as the run with these held-out images used them.

    Held-out images of training rows are validation images. Raises RunError or DataError if a row has not the images
    that were held out of it.
    """
    chosen: list[tuple[ClassRow, NDArray[np.intp] | None]] = []
    for row in rows:
        has_both = row.role is Role.TRAINING and held_out is not None and held_out.n_images(row.source) > 0
        if held_out is not None and has_both and role in (Role.TRAINING, Role.VALIDATION):
            mask = held_out.mask(reopen(row.source))
            indices = np.flatnonzero(mask if role is Role.VALIDATION else ~mask)
            if len(indices):
                chosen.append((row, indices))
        elif row.role is role:
            chosen.append((row, None))
    return RoleImages(tuple(row for row, _ in chosen), tuple(indices for _, indices in chosen))


def has_images(rows: Sequence[ClassRow], role: Role, held_out: HeldOut | None) -> bool:
    """Return whether a role has images, without opening anything.

    Of chosen images of a folder, which `HeldOut.needs_files` is about, some count as held out.
    """
    for row in rows:
        n_held = 0
        if held_out is not None and row.role is Role.TRAINING:
            n_held = 1 if held_out.needs_files(row.source) else held_out.n_images(row.source)
        if (n_held and role is Role.VALIDATION) or (row.role is role and row.source.n_images > n_held):
            return True
    return False


def count_images(rows: Sequence[ClassRow], role: Role, held_out: HeldOut | None) -> int:
    """Return how many images `images_of_role` finds; see HeldOut.n_images for what it raises."""
    number = sum(row.source.n_images for row in rows if row.role is role)
    if held_out is None or role is Role.TEST:
        return number
    n_held = sum(held_out.n_images(row.source) for row in rows if row.role is Role.TRAINING)
    return number + n_held if role is Role.VALIDATION else number - n_held
