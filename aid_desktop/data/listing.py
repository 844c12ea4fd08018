"""Find the image files of a folder, in the order in which people count: img2 before img10."""

import os
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from aid_desktop.data.source import Problem

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".gif", ".webp")
"""Suffixes of image files, lower-case."""

RTDC_SUFFIXES = (".rtdc", ".hdf5", ".h5")
ARRAY_SUFFIXES = (".npy", ".npz")
TABLE_SUFFIXES = (".csv", ".tsv", ".xlsx")
"""Of HDF5 files, NumPy's files, and tables of images. Here, since names are looked at long before files are read."""

FILES_AT_ONCE = 1024
"""How many files are found before their number is told again."""

_SYSTEM_FILES = ("thumbs.db", "desktop.ini")


@dataclass(frozen=True, slots=True)
class Listing:
    """The files below a folder by their relative names with "/", in natural order."""

    images: tuple[str, ...]
    others: tuple[Problem, ...]


def is_image_file(path: Path) -> bool:
    """Return whether the name ends like that of an image file."""
    return path.suffix.lower() in IMAGE_SUFFIXES


def is_ignored(name: str) -> bool:
    """Return whether a file or folder is hidden or made by the operating system."""
    return name.startswith(".") or name.lower() in _SYSTEM_FILES


def natural_key(name: str) -> tuple[object, ...]:
    """Return a key that sorts relative names with "/" folder by folder, numbers in them by value."""
    parts = (re.split(r"(\d+)", part.casefold()) for part in name.split("/"))
    keys = tuple(tuple(int(text) if i % 2 else text for i, text in enumerate(part)) for part in parts)
    return (keys, name)


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Return whether what stands in a folder is one itself, or leads to one; a link that leads nowhere does not."""
    try:
        return entry.is_dir()
    except OSError:
        # A link that leads back to itself, or into a folder that is closed.
        return False


def walk_files(folder: Path) -> Iterator[Path | Problem]:
    """Yield the files below `folder` without ignored ones, and a Problem for each folder that stays shut.

    Links to folders are followed, each real folder once. The order is that of the file system.
    """
    seen = {os.path.realpath(folder)}
    waiting = [folder]
    while waiting:
        current = waiting.pop()
        try:
            with os.scandir(current) as entries:
                found = [entry for entry in entries if not is_ignored(entry.name)]
        except OSError as error:
            yield Problem(relative_name(current, folder), f"cannot be opened ({error.strerror or error})")
            continue
        for entry in found:
            if not is_folder(entry):
                yield Path(entry.path)
            elif (real := os.path.realpath(entry.path)) not in seen:
                seen.add(real)
                waiting.append(Path(entry.path))


def list_files(folder: Path, progress: Callable[[int, int], None] | None = None) -> Listing:
    """Return the image files below `folder`, and everything else as problems.

    `progress` is called with (files found so far, 0) at each FILES_AT_ONCE; an error that it raises ends the listing.
    """
    images: list[str] = []
    others: list[Problem] = []
    for number, found in enumerate(walk_files(folder)):
        if progress is not None and not number % FILES_AT_ONCE:
            progress(number, 0)
        if isinstance(found, Problem):
            others.append(found)
        elif is_image_file(found):
            images.append(relative_name(found, folder))
        else:
            others.append(Problem(relative_name(found, folder), "is not an image file"))
    return Listing(
        tuple(sorted(images, key=natural_key)),
        tuple(sorted(others, key=lambda problem: natural_key(problem.name))),
    )


def relative_name(path: Path, folder: Path) -> str:
    """Return the name of `path` relative to `folder`, with "/" on every system."""
    return path.relative_to(folder).as_posix()


def portable_name(name: str) -> str:
    """Return the name in the Unicode form that is the same on every system."""
    return unicodedata.normalize("NFC", name)
