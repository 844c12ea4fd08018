"""held_out.csv: which images of its training rows a run validates on, by the identity of each image."""

import csv
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.formats import reopen
from aid_desktop.data.grouping import NUMBERED
from aid_desktop.data.selection import places_of, whole_numbers, whole_reader, whole_source
from aid_desktop.data.source import DataSource, ImageReader, SourceKind
from aid_desktop.errors import RunError
from aid_desktop.paths import write_atomically
from aid_desktop.runs.best import run_of

FILE_NAME = "held_out.csv"
HEADER = ("digest", "part", "image")

_STACKS = (*NUMBERED, SourceKind.IMAGE)

Key = tuple[str, str]
"""Digest and part of a source."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """The names of the held-out images of each source. `path` is the file that they come from."""

    images: Mapping[Key, tuple[str, ...]]
    path: Path = Path(FILE_NAME)

    def n_images(self, source: DataSource) -> int:
        """Return how many images of a source are held out.

        Only chosen images of a folder need its list of files, which is made once. Raises DataError if it has gone.
        """
        names = self.images.get(key_of(source), ())
        if source.selection is None or not names:
            return len(names)
        if source.kind in _STACKS:
            numbers = np.array([int(name) for name in names if name.isdecimal()], np.intp)
            return int(np.count_nonzero(places_of(source, numbers) >= 0))
        of_folder, held = _file_names(whole_source(source)), set(names)
        return sum(of_folder[number] in held for number in whole_numbers(source).tolist())

    def needs_files(self, source: DataSource) -> bool:
        """Return whether `n_images` looks at the source's files, which may take a second: chosen images of a folder."""
        return source.selection is not None and source.kind not in _STACKS and bool(self.images.get(key_of(source)))

    def masks(self, readers: Sequence[ImageReader]) -> list[NDArray[np.bool_]]:
        """Return for each source of a run's training rows which of its images are held out, (n_images,).

        Raises RunError if the images are not among those of the sources.
        """
        self.check([reader.source for reader in readers])
        return [self.mask(reader) for reader in readers]

    def check(self, sources: Iterable[DataSource]) -> None:
        """Raise RunError if an image is of none of these sources, which are those of a run's training rows."""
        strange = self.images.keys() - set(map(key_of, sources))
        if strange:
            digest, part = min(strange)
            name = self.images[digest, part][0]
            raise self._misfit(f"image {name} of the data with the digest {digest} is in no training row")

    def mask(self, reader: ImageReader) -> NDArray[np.bool_]:
        """Return which images of a source are held out, (n_images,). Raises RunError if it has not all of them."""
        if reader.source.selection is not None:
            whole, numbers = whole_reader(reader, range(reader.source.n_images))
            chosen: NDArray[np.bool_] = self.mask(whole)[numbers]
            return chosen
        source = reader.source
        names = set(self.images.get(key_of(source), ()))
        mask = np.zeros(source.n_images, np.bool_)
        if not names:
            return mask
        if source.kind in _STACKS:
            known = {name for name in names if name.isdecimal() and int(name) < source.n_images}
            mask[[int(name) for name in known]] = True
        else:
            of_reader = _names_in(reader)
            known = names.intersection(of_reader)
            mask[:] = [name in known for name in of_reader]
        if known != names:
            raise self._misfit(f"{source.path} has no image {min(names - known)}")
        return mask

    def _misfit(self, found: str) -> RunError:
        return RunError(
            f"{self.path} does not fit the data: {found}. Restore the data, or remove held_out from [split] in "
            "run.toml to draw the held-out images anew"
        )


def key_of(source: DataSource) -> Key:
    """Return what the file of a source is known by: its content, wherever it lies, whichever images are chosen."""
    return source.digest, source.part


def _name_in(reader: ImageReader, prefix: str, index: int) -> str:
    """Return the identity of an image in its whole source: its number in a stack, else its file below `prefix`.

    Files of a table are relative to the table's folder, or absolute if they lie elsewhere. Pages are `file#page`.
    """
    if reader.source.kind in _STACKS:
        return str(index)
    return reader.origin(index).removeprefix(prefix).replace("\\", "/")


def _prefix(source: DataSource) -> str:
    return f"{source.path.parent if source.kind is SourceKind.TABLE else source.path}{os.sep}"


def _names_in(reader: ImageReader) -> tuple[str, ...]:
    """Return the names of all images of a whole source."""
    prefix = _prefix(reader.source)
    return tuple(_name_in(reader, prefix, index) for index in range(reader.source.n_images))


# A window asks again with each change of the table.
@lru_cache(maxsize=32)
def _file_names(source: DataSource) -> tuple[str, ...]:
    return _names_in(reopen(source))


def held_out_images(readers: Sequence[ImageReader], indices: Sequence[NDArray[np.intp]]) -> HeldOut:
    """Return the names of the images with these indices, an array (N,) per source."""
    images: dict[Key, dict[str, None]] = {}
    for reader, chosen in zip(readers, indices, strict=True):
        if len(chosen):
            whole, numbers = whole_reader(reader, chosen)
            prefix = _prefix(whole.source)
            names = (_name_in(whole, prefix, index) for index in numbers.tolist())
            images.setdefault(key_of(reader.source), {}).update(dict.fromkeys(names))
    return HeldOut({key: tuple(names) for key, names in images.items()})


def held_out_of(model: Path) -> HeldOut | None:
    """Return the held-out images of the run that a model file lies in; None without a run or without such images.

    Raises RunError if their list cannot be read.
    """
    folder = run_of(model)
    return read_held_out(folder.held_out) if folder is not None and folder.held_out.is_file() else None


def write_held_out(held_out: HeldOut, path: Path) -> None:
    """Write held_out.csv. Raises OSError."""
    with (
        write_atomically(path) as temporary,
        # Names that are no Unicode, which Linux allows, go through unchanged.
        temporary.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        for (digest, part), names in held_out.images.items():
            writer.writerows((digest, part, name) for name in names)


def read_held_out(path: Path) -> HeldOut:
    """Read held_out.csv. Raises RunError when it is gone or cannot be read."""
    images: dict[Key, list[str]] = {}
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            rows = csv.reader(file)
            if tuple(next(rows, ())) != HEADER:
                raise ValueError(f"expected the columns {', '.join(HEADER)}")
            for digest, part, image in rows:
                images.setdefault((digest, part), []).append(image)
    except FileNotFoundError:
        raise RunError(
            f"there is no file {path}, which names the held-out images of the run: restore it, or remove held_out "
            "from [split] in run.toml to draw them anew"
        ) from None
    except (OSError, ValueError, csv.Error) as error:
        raise RunError(f"{path} is not a list of held-out images that can be read: {error}") from error
    return HeldOut({key: tuple(names) for key, names in images.items()}, path)
