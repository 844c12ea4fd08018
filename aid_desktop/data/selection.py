"""Some images of a source, as a source of its own: what a gate, another label or an exclusion leaves of a file.

Everything that takes a source takes such a one too: its images are counted from 0 without gaps, `whole_numbers` tells
their numbers in the whole file. Digest, path and part stay those of the whole, so that an image keeps its identity.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.pixels import Pixels
from aid_desktop.data.source import DataSource, ImageReader, Indices, Selection, checked_indices
from aid_desktop.errors import DataError

_NOBODY = 2**31 - 1
# Greedy without a way back: the texts are long, and numbers of more digits are those of no image.
_RANGES = re.compile(r"\d{1,15}+(?:-\d{1,15}+)?+(?:,\d{1,15}+(?:-\d{1,15}+)?+)*+", re.ASCII)


def select_images(source: DataSource, indices: Indices) -> DataSource:
    """Return a source of some images of a source, in their order in the file; an image is there once at most.

    All images of a whole source are that source. Raises DataError for none, IndexError for one that is not there.
    """
    chosen = np.unique(whole_numbers(source)[checked_indices(indices, source.n_images)])
    if not len(chosen):
        raise DataError(f"no image of {source.name} is chosen: choose at least one")
    n_whole = n_whole_of(source)
    if len(chosen) == n_whole:
        return whole_source(source)
    selection = Selection(ranges_text(chosen), n_whole)
    return replace(source, n_images=len(chosen), selection=selection)


def select_ranges(source: DataSource, text: str) -> DataSource:
    """Return a source of the images of a whole source that a text of ranges names, such as "0-12,15".

    Raises DataError for a text that is none, or names an image that the source does not have.
    """
    last = int(range_ends(text)[1][-1])
    if last >= source.n_images:
        raise DataError(f"{source.name} has {source.n_images} images, and image {last} (from 0) is chosen")
    return select_images(source, parse_ranges(text))


def whole_source(source: DataSource) -> DataSource:
    """Return the source of all images of the file."""
    return source if source.selection is None else replace(source, n_images=n_whole_of(source), selection=None)


def n_whole_of(source: DataSource) -> int:
    """Return the number of images of the whole file."""
    return source.n_images if source.selection is None else source.selection.n_whole


def whole_numbers(source: DataSource, indices: Indices | None = None) -> NDArray[np.intp]:
    """Return the numbers in the whole file (N,) of some images of a source, or of all in ascending order.

    Raises IndexError for an index out of range.
    """
    if source.selection is None:
        return np.arange(source.n_images) if indices is None else checked_indices(indices, source.n_images)
    numbers = _numbers(source.selection.ranges)
    return numbers if indices is None else numbers[checked_indices(indices, source.n_images)]


def places_of(source: DataSource, numbers: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return at which index (N,) of a source an image with a number in the whole file is; -1 where it is not."""
    own = whole_numbers(source)
    places = np.searchsorted(own, numbers)
    found = own[np.minimum(places, len(own) - 1)] == numbers
    return np.where(found, places, -1).astype(np.intp)


class Owners:
    """Which images of a file are taken, and by whom first: a number for each of those who take some of them."""

    def __init__(self, n_whole: int) -> None:
        self._owner = np.full(n_whole, _NOBODY, np.int32)

    def first(self, source: DataSource) -> int | None:
        """Return the lowest number among those who have an image of a source; None if nobody has."""
        found = int(self._owner[_places(source)].min(initial=_NOBODY))
        return None if found == _NOBODY else found

    def take(self, source: DataSource, number: int) -> None:
        """Give the images of a source that nobody has yet to the one with this number."""
        places = _places(source)
        self._owner[places] = np.minimum(self._owner[places], number)


def _places(source: DataSource) -> NDArray[np.intp] | slice:
    return slice(None) if source.selection is None else whole_numbers(source)


def whole_reader(reader: ImageReader, indices: Indices) -> tuple[ImageReader, NDArray[np.intp]]:
    """Return the reader of the whole file, and the images' numbers in it."""
    numbers = whole_numbers(reader.source, indices)
    return (reader.whole if isinstance(reader, SelectedReader) else reader), numbers


def ranges_text(numbers: NDArray[np.intp]) -> str:
    """Return ascending numbers as ranges with both ends: 0, 1, 2, 5 as "0-2,5"."""
    breaks = np.flatnonzero(np.diff(numbers) != 1)
    ends = np.column_stack(
        [numbers[np.concatenate([[0], breaks + 1])], numbers[np.concatenate([breaks, [len(numbers) - 1]])]]
    )
    is_single = ends[:, 0] == ends[:, 1]
    # One text for all numbers: a text for each range takes many times as long for a million events.
    form = ",".join(np.where(is_single, "%d", "%d-%d").tolist())
    is_written = np.column_stack([np.ones_like(is_single), ~is_single])
    return form % tuple(ends[is_written].tolist())


def parse_ranges(text: str) -> NDArray[np.intp]:
    """Return the numbers of a text such as "0-2,5", ascending, each once. Raises DataError as `range_ends`.

    A short text may name more images than memory holds: ask `range_ends` first how many where it is from elsewhere.
    """
    firsts, lasts = range_ends(text)
    lengths = lasts - firsts + 1
    before = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    return np.repeat(firsts - before, lengths) + np.arange(lengths.sum())


def range_ends(text: str) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return first and last numbers (R,) of the ranges in a text, ascending, with a gap between any two.

    Raises DataError for a text that is none of ranges.
    """
    words = text.replace(" ", "")
    if not _RANGES.fullmatch(words):
        raise DataError(f"got {text[:80]!r} for the numbers of images, expected ranges from 0 such as 0-12,15")
    numbers = np.fromstring(words.replace("-", ","), np.intp, sep=",")
    signs = np.frombuffer(words.encode(), np.uint8)
    goes_on = signs[(signs == ord("-")) | (signs == ord(","))] == ord("-")
    firsts, lasts = numbers[np.concatenate([[True], ~goes_on])], numbers[np.concatenate([~goes_on, [True]])]
    wrong = np.flatnonzero(firsts > lasts)
    if len(wrong):
        pair = f"{firsts[wrong[0]]}-{lasts[wrong[0]]}"
        raise DataError(f"got the range {pair} of images, expected the smaller number first")
    order = np.argsort(firsts, kind="stable")
    firsts, lasts = firsts[order], np.maximum.accumulate(lasts[order])
    begins = np.concatenate([[True], firsts[1:] > lasts[:-1] + 1])
    return firsts[begins], lasts[np.concatenate([begins[1:], [True]])]


# A gate in a file of a million events has as many numbers: they are made once, not for each question.
@lru_cache(maxsize=256)
def _numbers(ranges: str) -> NDArray[np.intp]:
    numbers = parse_ranges(ranges)
    numbers.setflags(write=False)
    return numbers


class SelectedReader:
    """Reads the chosen images of a source with the reader of the whole file."""

    def __init__(self, source: DataSource, whole: ImageReader) -> None:
        self._source = source
        self.whole = whole

    @property
    def source(self) -> DataSource:
        """The source with its selection."""
        return self._source

    def read(self, indices: Indices, channels: tuple[str, ...] | None = None) -> list[Pixels]:
        """Return the original images; see source.ImageReader."""
        return self.whole.read(whole_numbers(self._source, indices), channels)

    def positions(self, indices: Indices) -> NDArray[np.float64]:
        """Return the objects' centres (N, 2); see source.ImageReader."""
        return self.whole.positions(whole_numbers(self._source, indices))

    def origin(self, index: int) -> str:
        """Return where an image comes from: its number is that in the whole file."""
        return self.whole.origin(int(whole_numbers(self._source, [index])[0]))


def merged(sources: Sequence[DataSource]) -> DataSource:
    """Return a source of the images that are in any of these sources of the same file."""
    if any(source.selection is None for source in sources):
        return whole_source(sources[0])
    return select_images(whole_source(sources[0]), np.concatenate([whole_numbers(source) for source in sources]))
