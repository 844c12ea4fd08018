"""Images that were assessed, in the class table: where they are, what has changed since, and how to change more.

Only the table changes, never a file.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.data.moving import include_images, move_images
from aid_desktop.data.selection import places_of, select_images, whole_numbers
from aid_desktop.data.source import DataSource
from aid_desktop.evaluation.predictions import Predictions

_NOT_THERE = -1


@dataclass(frozen=True, slots=True, eq=False)
class ImageStates:
    """In which row of a class table each of N images is: `places` (N,) intp, -1 where it is in none.

    An image that several rows have is in the first of them.
    """

    table: ClassTable
    places: NDArray[np.intp]

    @property
    def is_there(self) -> NDArray[np.bool_]:
        """Which images are in the table, (N,)."""
        there: NDArray[np.bool_] = self.places != _NOT_THERE
        return there

    def state(self, position: int) -> tuple[str, Role] | None:
        """Return class name and role of an image; None if it is not in the table."""
        place = int(self.places[position])
        if place == _NOT_THERE:
            return None
        row = self.table.rows[place]
        return row.class_name, row.role


def find_states(predictions: Predictions, table: ClassTable) -> ImageStates:
    """Find the images of predictions in a class table, by their file, its content, and their number in it."""
    places = np.full(predictions.n, _NOT_THERE, np.intp)
    for positions, place, indices in _found(predictions, np.arange(predictions.n), table):
        unset = (indices >= 0) & (places[positions] == _NOT_THERE)
        places[positions[unset]] = place
    places.setflags(write=False)
    return ImageStates(table, places)


def changed_images(before: ImageStates, after: ImageStates) -> NDArray[np.bool_]:
    """Return which images, (N,), have another class or role than before, or are no longer in the table."""
    codes: dict[tuple[str, Role] | None, int] = {None: _NOT_THERE}

    def coded(states: ImageStates) -> NDArray[np.intp]:
        rows = [codes.setdefault((row.class_name, row.role), len(codes)) for row in states.table.rows]
        # The last one is for the images at place -1.
        return np.array([*rows, _NOT_THERE], np.intp)[states.places]

    different: NDArray[np.bool_] = coded(before) != coded(after)
    return different & before.is_there


def change_text(before: ImageStates, after: ImageStates, position: int) -> str:
    """Return for example `relabelled: cat → dog`, `→ training` or `excluded`; "" for an image that is as it was."""
    old, new = before.state(position), after.state(position)
    if old == new or old is None:
        return ""
    if new is None:
        return "excluded"
    texts = [f"relabelled: {old[0]} → {new[0]}"] if old[0] != new[0] else []
    return ", ".join([*texts, f"→ {new[1]}"] if old[1] != new[1] else texts)


def with_images_moved(
    predictions: Predictions,
    positions: NDArray[np.intp],
    table: ClassTable,
    class_name: str | None = None,
    role: Role | None = None,
) -> ClassTable:
    """Give images another class, role, or both, in all rows that have them; with neither, leave them out.

    `positions` (N,) count in the predictions. Images that no row has are left alone. Raises DataError for a class name
    that cannot be one.
    """
    return move_images(table, _chosen(predictions, positions, table), class_name, role)


def excluded_images(before: ImageStates, after: ImageStates) -> NDArray[np.bool_]:
    """Return which images, (N,), were in the table before and are no longer."""
    return before.is_there & ~after.is_there


def with_images_included(
    predictions: Predictions, positions: NDArray[np.intp], before: ImageStates, after: ImageStates
) -> ClassTable:
    """Bring excluded images back to the table of `after`: with class, role and zoom of all rows that had them before.

    `positions` (N,) count in the predictions; images that are not excluded are left alone. Raises DataError where a
    class is gone and there is no free index for it.
    """
    excluded = positions[excluded_images(before, after)[positions]]
    rows = []
    for place, indices in sorted(_chosen(predictions, excluded, before.table).items()):
        row = before.table.rows[place]
        source = select_images(row.source, indices)
        is_whole = source.n_images == row.source.n_images
        rows.append(replace(row, source=source, images_per_epoch=row.images_per_epoch if is_whole else None))
    return include_images(after.table, rows)


def _chosen(predictions: Predictions, positions: NDArray[np.intp], table: ClassTable) -> dict[int, NDArray[np.intp]]:
    """Return by place of a row the indices of these images in it."""
    chosen: dict[int, NDArray[np.intp]] = {}
    for _, place, indices in _found(predictions, positions, table):
        found = indices[indices >= 0]
        if len(found):
            chosen[place] = np.union1d(chosen[place], found) if place in chosen else found
    return chosen


def _found(
    predictions: Predictions, positions: NDArray[np.intp], table: ClassTable
) -> Iterator[tuple[NDArray[np.intp], int, NDArray[np.intp]]]:
    """Yield positions of a file's images, the place of a row of that file, and their indices in it, -1 if not there."""
    if not len(positions):
        return
    places: dict[tuple[str, str, Path], list[int]] = {}
    for place, row in enumerate(table.rows):
        places.setdefault(_key(row.source), []).append(place)
    ordered = positions[np.argsort(predictions.source[positions], kind="stable")]
    numbers, starts = np.unique(predictions.source[ordered], return_index=True)
    for number, block in zip(numbers.tolist(), np.split(ordered, starts[1:]), strict=True):
        source = predictions.sources[number]
        for place in places.get(_key(source), ()):
            indices, there = predictions.index[block], table.rows[place].source
            if source.selection != there.selection:
                indices = places_of(there, whole_numbers(source, indices))
            yield block, place, indices


def _key(source: DataSource) -> tuple[str, str, Path]:
    return source.digest, source.part, source.path
