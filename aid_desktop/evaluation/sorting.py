"""Sort classified images into one folder for each class: copies of, or links to, the image files."""

import csv
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.formats import reopen
from aid_desktop.data.picture_writing import picture_suffix, put_picture
from aid_desktop.data.pixels import Pixels
from aid_desktop.data.source import DataSource, ImageReader, SourceKind, split_origin
from aid_desktop.errors import DataError
from aid_desktop.evaluation.decision import MOST_PROBABLE, REJECTED, Decision, deciding_probability
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.evaluation.writing import encodable, plain_failures
from aid_desktop.long_work import Progress
from aid_desktop.paths import free_path

REJECTED_FOLDER = "not_sure"
MANIFEST = "manifest.csv"
HEADER = ("file", "image", "predicted", "probability", "how")

_AT_ONCE = 256
_BYTES_AT_ONCE = 32 * 2**20
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]+')
"""What no name may have in Windows; other systems forbid less."""

_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


class Link(StrEnum):
    """How image files get into the folders."""

    COPY = "copy"
    HARD = "hard"
    SYMBOLIC = "symbolic"


@dataclass(frozen=True, slots=True)
class SortReport:
    """What was done: number of images, the list of all files, and how many could not be linked and were copied."""

    folder: Path
    manifest: Path
    n: int
    n_not_linked: int = 0


def class_folders(class_names: Sequence[str]) -> tuple[str, ...]:
    """Return the name of a folder for each class, and as the last one that of rejected images.

    They are the classes' names without what some system forbids; equal ones get _2 and so on.
    """
    found: list[str] = []
    for number, name in enumerate((*class_names, REJECTED_FOLDER)):
        base = encodable(_FORBIDDEN.sub("-", name)).replace("\\", "-").strip().rstrip(". ")
        base = f"class_{number}" if not base or _DEVICES.fullmatch(base) else base
        free, suffix = base, 1
        # Not every file system tells capitals from small letters.
        while free.casefold() in (other.casefold() for other in found):
            suffix += 1
            free = f"{base}_{suffix}"
        found.append(free)
    return tuple(found)


def sort_images(
    predictions: Predictions,
    folder: Path,
    decision: Decision = MOST_PROBABLE,
    link: Link = Link.COPY,
    progress: Progress | None = None,
) -> SortReport:
    """Put every image into `folder`/<its class>/, rejected ones into `folder`/not_sure/.

    Image files are copied or linked, and copied where a link is impossible. Images of stacks and pages are written as
    .png, or .tif where that cannot hold them, as they are recorded. No file is replaced: names that are taken get _1
    and so on. `folder`/manifest.csv lists what was written, as far as it came if `progress`, which counts images,
    raises an error. Originals are not changed. Raises DataError for a folder inside of a source, or a source that is
    gone, ExportError for what cannot be written.
    """
    folder = folder.absolute()
    check_folder(folder, predictions.sources)
    with _manifest(folder) as (path, writer):
        sorter = _Sorter(predictions, folder, decision, link)
        for position in np.unique(predictions.source).tolist():
            for rows in sorter.sort(position):
                writer.writerows(rows)
                if progress is not None:
                    progress(sorter.n, predictions.n)
        return SortReport(folder, path, sorter.n, sorter.n_not_linked)


def check_folder(folder: Path, sources: Sequence[DataSource]) -> None:
    """Raise DataError for a folder inside of a source."""
    # A link may lead into a source.
    resolved = folder.resolve()
    around = {resolved, *resolved.parents}
    for source in sources:
        if source.path.resolve() in around:
            raise DataError(
                f"{folder} lies in {source.path}, to whose images the sorted ones would then belong: choose a folder "
                "outside of it."
            )


def manifests_in(folder: Path) -> frozenset[Path]:
    """Return the lists of sorted images that are in a folder."""
    stem, suffix = Path(MANIFEST).stem, Path(MANIFEST).suffix
    return frozenset(folder.glob(f"{stem}*{suffix}"))


def count_sorted(manifest: Path) -> int:
    """Return how many images a list of sorted images names. Raises OSError."""
    with manifest.open(newline="", encoding="utf-8") as file:
        return max(0, sum(1 for _ in csv.reader(file)) - 1)


@contextmanager
def _manifest(folder: Path) -> Iterator[tuple[Path, Any]]:
    # Not written beside and renamed: after a cancel it lists the files that are there.
    path = folder / MANIFEST
    with plain_failures(path):
        folder.mkdir(parents=True, exist_ok=True)
        path = free_path(path, ".csv", first=1)
        file = path.open("x", newline="", encoding="utf-8", errors="backslashreplace")
    with file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        yield path, writer


class _Sorter:
    """Sorts the images of one source after the other; `n` counts them."""

    def __init__(self, predictions: Predictions, folder: Path, decision: Decision, link: Link) -> None:
        self._predictions = predictions
        self._folder = folder
        self._decision = decision
        self._link = link
        self._folders = class_folders(predictions.class_names)
        self._numbers: dict[Path, int] = {}
        self.n = 0
        self.n_not_linked = 0

    def sort(self, position: int) -> Iterator[list[tuple[str, ...]]]:
        """Sort one source and yield the manifest's rows bit by bit."""
        reader = reopen(self._predictions.sources[position])
        which = np.flatnonzero(self._predictions.source == position)
        which = which[np.argsort(self._predictions.index[which], kind="stable")]
        step = _step(reader.source)
        for start in range(0, len(which), step):
            part = which[start : start + step]
            rows = list(self._sort_part(reader, part))
            self.n += len(part)
            yield rows

    def _sort_part(self, reader: ImageReader, part: NDArray[np.intp]) -> Iterator[tuple[str, ...]]:
        probabilities = self._predictions.probabilities[part]
        classes = self._decision.classes(probabilities)
        shown = deciding_probability(probabilities, classes)
        indices = self._predictions.index[part].tolist()
        origins = [reader.origin(index) for index in indices]
        pages = [index for index, origin in zip(indices, origins, strict=True) if not _is_file(reader.source, origin)]
        images = dict(zip(pages, reader.read(pages), strict=True)) if pages else {}
        for index, origin, number, probability in zip(indices, origins, classes.tolist(), shown.tolist(), strict=True):
            folder = self._folder / self._folders[number]
            name = "" if number == REJECTED else self._predictions.class_names[number]
            if index in images:
                path, how = self._write(folder, origin, images[index]), "written"
            else:
                path, how = self._take(folder, Path(origin))
            yield path.relative_to(self._folder).as_posix(), origin, name, f"{probability:.6f}", how

    def _write(self, folder: Path, origin: str, image: Pixels) -> Path:
        path, page = split_origin(origin)
        name = f"{Path(path).stem}_{page or 0:05d}{picture_suffix(image)}"
        return self._create(folder, name, partial(_complete, write=partial(put_picture, image=image)))

    def _take(self, folder: Path, original: Path) -> tuple[Path, str]:
        if self._link is not Link.COPY:
            with suppress(_LinkError):
                return self._create(folder, original.name, partial(_make_link, self._link, original)), str(self._link)
            self.n_not_linked += 1
        copy = partial(shutil.copy2, original)
        return self._create(folder, original.name, partial(_complete, write=copy)), str(Link.COPY)

    def _create(self, folder: Path, name: str, make: Callable[[Path], None]) -> Path:
        """Let `make` write a file of this name; it raises FileExistsError where there is one."""
        wanted = folder / name
        with plain_failures(wanted):
            folder.mkdir(parents=True, exist_ok=True)
            # Where the last one of this name was free, so that a thousand of them are not a million questions.
            number = self._numbers.get(wanted, 0)
            while True:
                path = wanted.with_stem(f"{wanted.stem}_{number}") if number else wanted
                try:
                    make(path)
                    return path
                except FileExistsError:
                    number += 1
                finally:
                    self._numbers[wanted] = number


class _LinkError(Exception):
    """There can be no link, for example to another disk."""


def _make_link(link: Link, original: Path, target: Path) -> None:
    try:
        if link is Link.HARD:
            os.link(original, target)
        else:
            target.symlink_to(original)
    except FileExistsError:
        raise
    except (OSError, NotImplementedError) as error:
        raise _LinkError from error


def _complete(target: Path, write: Callable[[Path], object]) -> None:
    """Let a file appear as a whole, and only where there is none. Raises FileExistsError, OSError."""
    target.open("xb").close()
    temporary = target.with_name(f".{uuid.uuid4().hex[:12]}{target.suffix}")
    try:
        write(temporary)
        temporary.replace(target)
    except BaseException:
        for path in (temporary, target):
            with suppress(OSError):
                path.unlink()
        raise


def _is_file(source: DataSource, origin: str) -> bool:
    """Return whether the image is all of a file."""
    kinds = (SourceKind.FOLDER, SourceKind.TABLE, SourceKind.IMAGE)
    return source.kind in kinds and split_origin(origin)[1] is None


def _step(source: DataSource) -> int:
    largest = max((height * width * channels for height, width, channels in source.shapes), default=1)
    n_bytes = max((np.dtype(kind).itemsize for kind in source.pixel_types), default=1)
    return max(1, min(_AT_ONCE, _BYTES_AT_ONCE // max(1, largest * n_bytes)))
