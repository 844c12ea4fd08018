"""Choose images by chance: which ones an epoch sees, and which ones are held out for validation."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aid_desktop.errors import DataError


@dataclass(frozen=True, slots=True)
class RowDraw:
    """How many of a row's images one epoch takes; None takes all. See class_table.ClassRow."""

    n_images: int
    images_per_epoch: int | None = None
    shuffle: bool = True


def draw_epoch(rows: Sequence[RowDraw], rng: np.random.Generator) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return (row, image in the row) of each image of one epoch, mixed over all rows.

    With `shuffle` a row gives k different images if it has that many, else each image k // n times and
    the rest by chance: repeated, but evenly. Without, it gives its first k images in file order, from the
    start again if there are fewer. Raises DataError if images are wanted from a row that has none.
    """
    drawn = [_draw_row(row, rng) for row in rows]
    row_of = np.repeat(np.arange(len(rows)), [len(images) for images in drawn])
    images = np.concatenate([np.empty(0, np.intp), *drawn])
    order = rng.permutation(len(images))
    return row_of[order], images[order]


def _draw_row(row: RowDraw, rng: np.random.Generator) -> NDArray[np.intp]:
    n, k = row.n_images, row.n_images if row.images_per_epoch is None else row.images_per_epoch
    if n == 0 and k > 0:
        raise DataError(f"{k} images per epoch are wanted from a row without images.")
    if not row.shuffle:
        return np.arange(k) % max(1, n)
    if k <= n:
        return rng.permutation(n)[:k]
    return np.concatenate([np.tile(np.arange(n), k // n), rng.permutation(n)[: k % n]])


def hold_out(keys: Sequence[Sequence[str]], fraction: float, rng: np.random.Generator) -> list[NDArray[np.bool_]]:
    """Return for each class which of its images are held out for validation.

    `keys` has, per class, the group of each image (see `group_key`). A group goes as a whole to one side,
    also when it has images of several classes. Each class comes as near to `fraction` (between 0 and 1)
    of its images as whole groups allow; a class of two groups or more has at least one on either side,
    unless groups shared with other classes prevent it. Raises DataError for another fraction.
    """
    if not 0 < fraction < 1:
        raise DataError(f"The part of the images for validation is {fraction:g}, expected more than 0 and less than 1.")
    split = _Split([Counter(group) for group in keys], fraction)
    # Classes with few groups choose first: they have the least choice.
    for index in sorted(range(len(keys)), key=lambda c: len(split.counts[c])):
        names = sorted(split.counts[index])
        shuffled = [names[place] for place in rng.permutation(len(names))]
        for name in shuffled:
            if split.gain(name) > 0:
                split.take(name)
        if not split.held_in(index):
            possible = filter(split.leaves_training_images, shuffled)
            smallest = min(possible, key=split.counts[index].__getitem__, default=None)
            if smallest is not None:
                split.take(smallest)
    return [np.fromiter((key in split.held for key in group), np.bool_, len(group)) for group in keys]


class _Split:
    """Groups held out so far, and how far each class is from its number of images."""

    def __init__(self, counts: list[Counter[str]], fraction: float) -> None:
        self.counts = counts
        self.held: set[str] = set()
        self._missing = [fraction * count.total() for count in counts]
        self._n_left = [len(count) for count in counts]
        self._classes_of: dict[str, list[int]] = {}
        for index, count in enumerate(counts):
            for key in count:
                self._classes_of.setdefault(key, []).append(index)

    def held_in(self, index: int) -> bool:
        return self._n_left[index] < len(self.counts[index])

    def leaves_training_images(self, key: str) -> bool:
        return key not in self.held and all(self._n_left[index] > 1 for index in self._classes_of[key])

    def gain(self, key: str) -> float:
        """Return by how many images the classes come nearer to their number if this group is held out."""
        if not self.leaves_training_images(key):
            return 0.0
        classes = self._classes_of[key]
        return sum(abs(self._missing[i]) - abs(self._missing[i] - self.counts[i][key]) for i in classes)

    def take(self, key: str) -> None:
        self.held.add(key)
        for index in self._classes_of[key]:
            self._missing[index] -= self.counts[index][key]
            self._n_left[index] -= 1


def group_key(origin: str, group_by: str) -> str:
    """Return the group of an image from its origin (see source.ImageReader.origin).

    `group_by` is image (each image is a group), file (all images of an .rtdc or of a file with pages),
    folder, or a regular expression with one group that is searched in the origin written with "/". Raises
    DataError if that is not a regular expression, has not exactly one group or does not match.
    """
    path = origin.replace("\\", "/")
    if group_by == "image":
        return path
    if group_by in ("file", "folder"):
        file = re.sub(r"#\d+$", "", path)
        return file if group_by == "file" else file.rpartition("/")[0]
    try:
        pattern = re.compile(group_by)
    except re.error as error:
        raise DataError(
            f"Group by {group_by!r} is neither image, file, folder nor a regular expression: {error}."
        ) from error
    if pattern.groups != 1:
        raise DataError(f"Group by {group_by!r} has {pattern.groups} groups in round brackets, expected exactly one.")
    match = pattern.search(path)
    if match is None or match.group(1) is None:
        raise DataError(f"Group by {group_by!r} does not match {path!r}: every image needs a group.")
    return str(match.group(1))
