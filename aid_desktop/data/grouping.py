"""Which images belong together: groups by image, file, folder, name of the folder or a pattern in the path."""

import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.selection import n_whole_of, whole_numbers
from aid_desktop.data.source import ImageReader, Selection, SourceKind, split_origin
from aid_desktop.errors import DataError

GROUPINGS = ("image", "file", "folder", "folder_name")
"""What images can be grouped by besides a regular expression."""

NUMBERED = (SourceKind.RTDC, SourceKind.ARRAY)
"""Kinds of source of which the origins of all images are the same up to the number behind the last `#`."""


def group_key(origin: str, group_by: str) -> str:
    """Return the group of an image from its origin (see source.ImageReader.origin).

    `group_by` is image (each image is a group), file (all images of an .rtdc, of a file of arrays or of one with
    pages), folder (its whole path), folder_name (its name alone: folders of one name in several classes are one
    group), or a regular expression with one group that is searched in the origin written with "/". Raises
    DataError if that is not a regular expression, has not exactly one group or does not match.
    """
    return group_rule(group_by)(origin)


def group_rule(group_by: str) -> Callable[[str], str]:
    """Return the function from origin to group, see `group_key`. Raises DataError for a rule that cannot be used."""
    if group_by == "image":
        return _slashed
    if group_by == "file":
        return _file_of
    if group_by == "folder":
        return _folder_of
    if group_by == "folder_name":
        return lambda origin: _folder_of(origin).rpartition("/")[2]
    try:
        pattern = re.compile(group_by)
    except re.error as error:
        raise DataError(
            f"Group by {group_by!r} is neither {', '.join(GROUPINGS)} nor a regular expression: {error}."
        ) from error
    if pattern.groups != 1:
        raise DataError(f"Group by {group_by!r} has {pattern.groups} groups in round brackets, expected exactly one.")
    return lambda origin: _found(pattern, _slashed(origin))


def group_ids(readers: Sequence[ImageReader], group_by: str) -> list[NDArray[np.intp]]:
    """Return the group of each image of each source as a number, one array (n_images,) per source.

    Numbers are in the order of the groups' names, the same name has the same number in all sources. Groups that
    hold the same images, because a source stands there twice under different paths, become one. Raises DataError
    as `group_key` does.
    """
    rule = group_rule(group_by)
    names: list[list[str]] = []
    inside: list[NDArray[np.intp]] = []
    sizes: dict[str, int] = {}
    for reader in readers:
        source = reader.source
        if source.kind in NUMBERED and group_by == "image":
            # Their names are numbers behind one text: a million of them are never written out.
            found = [_slashed(f"{source.path}::{source.part}#" if source.part else f"{source.path}#")]
            inside.append(whole_numbers(source))
            sizes[found[0]] = max(sizes.get(found[0], 1), n_whole_of(source))
        elif source.kind in NUMBERED and group_by in GROUPINGS:
            found = [rule(reader.origin(0))] if source.n_images else []
            inside.append(np.zeros(source.n_images, np.intp))
        else:
            numbers: dict[str, int] = {}
            keys = map(rule, map(reader.origin, range(source.n_images)))
            each = (numbers.setdefault(key, len(numbers)) for key in keys)
            inside.append(np.fromiter(each, np.intp, source.n_images))
            found = list(numbers)
        names.append(found)
        sizes.update({name: 1 for name in found if name not in sizes})
    return _without_copies(readers, _numbered(names, inside, sizes))


def _numbered(
    names: Sequence[Sequence[str]], inside: Sequence[NDArray[np.intp]], sizes: dict[str, int]
) -> list[NDArray[np.intp]]:
    """Return global numbers: each name takes as many as `sizes` says, one after the other in order of the names."""
    first: dict[str, int] = {}
    total = 0
    for name in sorted(sizes):
        first[name] = total
        total += sizes[name]
    ranks: dict[int, NDArray[np.intp]] = {}
    result = []
    for found, places in zip(names, inside, strict=True):
        if len(found) == 1 and (n := sizes[found[0]]) > 1:
            rank = ranks[n] if n in ranks else ranks.setdefault(n, _text_ranks(n))
            result.append(first[found[0]] + rank[places])
        else:
            result.append(np.array([first[name] for name in found], np.intp)[places])
    return result


def _text_ranks(n: int) -> NDArray[np.intp]:
    """Return the place of each number from 0 to n - 1 when they are sorted as text: 0, 1, 10, 11, 2."""
    numbers = np.arange(n)
    digits = np.ones(n, np.intp)
    power = 10
    while power < n:
        digits += numbers >= power
        power *= 10
    aligned = numbers * 10 ** (digits.max(initial=1) - digits)
    ranks = np.empty(n, np.intp)
    ranks[np.lexsort((digits, aligned))] = numbers
    return ranks


def _without_copies(readers: Sequence[ImageReader], ids: list[NDArray[np.intp]]) -> list[NDArray[np.intp]]:
    """Give the groups of sources with the same content one number, the smallest."""
    first: dict[tuple[SourceKind, str, str, Selection | None], int] = {}
    pairs = []
    for place, reader in enumerate(readers):
        source = reader.source
        other = ids[first.setdefault((source.kind, source.digest, source.part, source.selection), place)]
        if len(other) == len(ids[place]) and not np.array_equal(other, ids[place]):
            pairs.append(np.stack([other, ids[place]]))
    if not pairs:
        return ids
    one, other = np.concatenate(pairs, axis=1)
    merged = np.arange(1 + max(int(part.max(initial=0)) for part in ids))
    before = np.empty(0, np.intp)
    while not np.array_equal(before, merged):
        before = merged.copy()
        np.minimum.at(merged, one, merged[other])
        np.minimum.at(merged, other, merged[one])
    return [merged[part] for part in ids]


def _slashed(origin: str) -> str:
    return origin.replace("\\", "/")


def _file_of(origin: str) -> str:
    return split_origin(_slashed(origin))[0]


def _folder_of(origin: str) -> str:
    return _file_of(origin).rpartition("/")[0]


def _found(pattern: re.Pattern[str], path: str) -> str:
    match = pattern.search(path)
    if match is None or match.group(1) is None:
        raise DataError(f"Group by {pattern.pattern!r} does not match {path!r}: every image needs a group.")
    return str(match.group(1))
