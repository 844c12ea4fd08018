"""Single images of a class table's rows get another class or role, or are left out; no file is touched."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.class_table import ClassRow, ClassTable, Role
from aid_desktop.data.selection import is_same_file, merged, places_of, select_images, whole_numbers
from aid_desktop.data.source import DataSource, Indices


def move_images(
    table: ClassTable, chosen: Mapping[int, Indices], class_name: str | None = None, role: Role | None = None
) -> ClassTable:
    """Give some images of some rows another class, another role, or both; with neither, leave them out.

    `chosen` has images (indices in the row's source) by the row's place. They go to a row of the same file and zoom
    that has this class and role, or to a new one behind their row; a new class gets the next free index. A row that
    loses all its images goes. Raises IndexError for a row or image that is not there, DataError for a class name that
    cannot be one, or without a free index.
    """
    leaves_out = class_name is None and role is None
    slots: list[list[ClassRow]] = [[row] for row in table.rows]
    moved: list[tuple[int, ClassRow]] = []
    for place, indices in chosen.items():
        row = table.rows[place]
        aim = row if leaves_out else _aimed(table, row, class_name, role)
        if not len(indices) or (aim == row and not leaves_out):
            continue
        source = select_images(row.source, indices)
        slots[place] = _without(row, source)
        if not leaves_out:
            moved.append((place, replace(aim, source=source, images_per_epoch=None)))
    for place, row in moved:
        if not _joined(slots, row):
            slots[place].append(row)
    return ClassTable(tuple(row for slot in slots for row in slot))


def find_images(table: ClassTable, source: DataSource, numbers: NDArray[np.intp]) -> dict[int, NDArray[np.intp]]:
    """Return by place of a row which of its images (indices) have these numbers in the whole file of a source."""
    found = {}
    for place, row in enumerate(table.rows):
        if is_same_file(row.source, source):
            places = places_of(row.source, numbers)
            if (places >= 0).any():
                found[place] = places[places >= 0]
    return found


def _aimed(table: ClassTable, row: ClassRow, class_name: str | None, role: Role | None) -> ClassRow:
    aim = row if role is None else replace(row, role=role)
    if class_name is None or class_name == row.class_name:
        return aim
    # As a new row of that name would be.
    index = table.add_sources([(row.source, class_name, aim.role)]).rows[-1].class_index
    return replace(aim, class_name=class_name.strip(), class_index=index)


def _without(row: ClassRow, source: DataSource) -> list[ClassRow]:
    left = np.flatnonzero(places_of(source, whole_numbers(row.source)) < 0)
    return [replace(row, source=select_images(row.source, left))] if len(left) else []


def _joined(slots: Sequence[list[ClassRow]], row: ClassRow) -> bool:
    """Put the images into the first row of the same file, class, role and zoom; return whether there is one."""
    aim = row.class_name, row.role, row.zoom
    for slot in slots:
        for position, other in enumerate(slot):
            if (other.class_name, other.role, other.zoom) == aim and is_same_file(other.source, row.source):
                slot[position] = replace(other, source=merged([other.source, row.source]))
                return True
    return False
