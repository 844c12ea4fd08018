"""Single images of a class table's rows get another class or role, or are left out; no file is touched."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from aid_desktop.data.class_table import ClassRow, ClassTable, Role
from aid_desktop.data.selection import merged, places_of, select_images, whole_numbers
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
    class_index = _class_index(table, class_name) if class_name is not None and chosen else None
    slots: list[list[ClassRow]] = [[row] for row in table.rows]
    moved: list[tuple[int, ClassRow]] = []
    for place, indices in chosen.items():
        row = table.rows[place]
        aim = row if leaves_out else _aimed(row, class_name, class_index, role)
        if not len(indices) or (aim == row and not leaves_out):
            continue
        source = select_images(row.source, indices)
        slots[place] = _without(row, source)
        if not leaves_out:
            moved.append((place, replace(aim, source=source, images_per_epoch=None)))
    # Where the first row of the same file, class, role and zoom is; a table may have thousands of rows.
    known: dict[tuple[object, ...], tuple[int, int]] = {}
    for place, slot in enumerate(slots):
        for position, row in enumerate(slot):
            known.setdefault(_key(row), (place, position))
    for place, row in moved:
        if _key(row) in known:
            there, position = known[_key(row)]
            other = slots[there][position]
            slots[there][position] = replace(other, source=merged([other.source, row.source]))
        else:
            known[_key(row)] = place, len(slots[place])
            slots[place].append(row)
    return ClassTable(tuple(row for slot in slots for row in slot))


def include_images(table: ClassTable, rows: Iterable[ClassRow]) -> ClassTable:
    """Add the images of rows to a table that has lost them: to the row of the same file, class, role and zoom.

    Where there is none any more, the row itself comes last in the table; its class has the index of its name, else its
    old one if that is free, else the next one. Raises DataError without a free index.
    """
    kept = list(table.rows)
    known: dict[tuple[object, ...], int] = {}
    for place, row in enumerate(kept):
        known.setdefault(_key(row), place)
    for row in rows:
        if _key(row) in known:
            other = kept[known[_key(row)]]
            kept[known[_key(row)]] = replace(other, source=merged([other.source, row.source]))
        else:
            known[_key(row)] = len(kept)
            kept.append(replace(row, class_index=_old_index(ClassTable(tuple(kept)), row)))
    return ClassTable(tuple(kept))


def _class_index(table: ClassTable, class_name: str) -> int:
    """Return the index that a new row of this name would get."""
    if not table.rows:
        return 0
    return table.add_sources([(table.rows[0].source, class_name, Role.TRAINING)]).rows[-1].class_index


def _old_index(table: ClassTable, row: ClassRow) -> int:
    """Return the index of a row's class in a table that may have lost it, or given its index to another one."""
    used = {other.class_index for other in table.rows}
    is_free = row.class_index not in used and row.class_name not in table.class_names
    return row.class_index if is_free else _class_index(table, row.class_name)


def _aimed(row: ClassRow, class_name: str | None, class_index: int | None, role: Role | None) -> ClassRow:
    aim = row if role is None else replace(row, role=role)
    if class_name is None or class_index is None or class_name == row.class_name:
        return aim
    return replace(aim, class_name=class_name.strip(), class_index=class_index)


def _without(row: ClassRow, source: DataSource) -> list[ClassRow]:
    left = np.flatnonzero(places_of(source, whole_numbers(row.source)) < 0)
    return [replace(row, source=select_images(row.source, left))] if len(left) else []


def _key(row: ClassRow) -> tuple[object, ...]:
    source = row.source
    return source.digest, source.part, source.path, row.class_name, row.role, row.zoom
