"""Some images that were assessed, written to folders of classes or to one .rtdc file with labels.

As a table, `tables.write_predictions` writes them. The files that the images come from are only read.
"""

import shutil
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.conversion import ConvertSettings
from aid_desktop.data.convert import convert_sources
from aid_desktop.data.formats import reopen
from aid_desktop.data.picture_writing import picture_suffix, put_picture
from aid_desktop.data.selection import select_images, whole_numbers, whole_source
from aid_desktop.data.source import DataSource, ImageReader, Problem, split_origin
from aid_desktop.errors import DataError, ExportError
from aid_desktop.evaluation.labelled import label_names
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.evaluation.sorting import check_folder, class_folders
from aid_desktop.evaluation.writing import plain_failures
from aid_desktop.long_work import Progress, ShouldStop, leave_if_stopped

_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class SelectedReport:
    """What was written: the folder or file, the number of images, and what .rtdc files know that was left out."""

    path: Path
    n: int
    lost: tuple[Problem, ...] = ()


def write_selected_folders(
    predictions: Predictions,
    classes: NDArray[np.intp],
    folder: Path,
    *,
    originals: bool = False,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> SelectedReport:
    """Write each image into `folder`/<class>, `classes` (N,) being the numbers of their classes.

    Images are .png with 8 or 16 bits and 1 or 3 channels, else .tif; with `originals` files of one image are copied as
    they are. `folder` appears when all is written. Raises ExportError if it exists and is not empty, or cannot be
    written; StoppedError once `should_stop` says yes; DataError if an image cannot be read, or for a folder inside of a
    source.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ExportError(f"{folder} exists already: choose another name, or an empty folder.")
    check_folder(folder, predictions.sources)
    names = class_folders(predictions.class_names)
    taken: Counter[str] = Counter()
    n_done = 0
    with _staged(folder) as staging:
        for reader, block in _blocks(predictions):
            leave_if_stopped(should_stop, "Stopped: nothing was written.")
            targets = [staging / names[number] for number in classes[block].tolist()]
            _put_images(reader, predictions.index[block].tolist(), targets, originals, taken)
            n_done += len(block)
            if progress is not None:
                progress(n_done, predictions.n)
        with suppress(FileNotFoundError):
            folder.rmdir()
        staging.replace(folder)
    return SelectedReport(folder, predictions.n)


def _put_images(
    reader: ImageReader, indices: list[int], folders: list[Path], originals: bool, taken: Counter[str]
) -> None:
    """Write images of a source into a folder each; `taken` counts the names that are there."""
    origins = [reader.origin(index) for index in indices]
    files = [_file_of(origin) if originals else None for origin in origins]
    needed = [index for index, file in zip(indices, files, strict=True) if file is None]
    images = iter(reader.read(needed) if needed else ())
    for origin, file, folder in zip(origins, files, folders, strict=True):
        folder.mkdir(parents=True, exist_ok=True)
        if file is not None:
            shutil.copy2(file, folder / _unused(taken, folder.name, file.stem, file.suffix))
        else:
            image = next(images)
            put_picture(folder / _unused(taken, folder.name, _stem_of(origin), picture_suffix(image)), image)


def write_selected_rtdc(
    predictions: Predictions,
    path: Path,
    settings: ConvertSettings,
    *,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> SelectedReport:
    """Write labelled images to one .rtdc file and their labels to `<name>_labels.txt` beside it.

    The images are ordered by source, and as they are there; an image that was assessed twice is there once. What
    .rtdc files know of their events comes along. `settings` say what images of different sizes become. labelled.py
    reads both files. Raises ExportError if they cannot be written, DataError if the true classes are not known, an
    image cannot be read or the images cannot have one form.
    """
    if predictions.labels is None:
        raise DataError("the true classes of these images are not known: write them to folders, or as a table")
    sources, labels = _selected_sources(predictions, predictions.labels)
    target = path.with_suffix(".rtdc")
    words = target.with_name(f"{target.stem}_labels.txt")
    _check_target(target, words, sources)
    with _staged(path.with_name(path.stem)) as staging:
        report = convert_sources(sources, staging / target.name, settings, progress=progress, should_stop=should_stop)
        damaged = [problem for problem in report.problems if not any(problem in one.problems for one in sources)]
        if report.n != len(labels):
            raise DataError(f"{damaged[0] if damaged else path}: {len(labels) - report.n} images cannot be read")
        staged_words = staging / words.name
        staged_words.write_text("".join(f"{label}\n" for label in labels.tolist()), encoding="ascii")
        report.path.replace(target)
        staged_words.replace(words)
    return SelectedReport(target, report.n, report.lost)


def _check_target(target: Path, words: Path, sources: Sequence[DataSource]) -> None:
    if any(source.path.exists() and target.exists() and target.samefile(source.path) for source in sources):
        raise ExportError(f"{target} is itself one of the files that the images come from: choose another name.")
    known = [name for name in label_names(target) if target.with_name(name).exists()]
    # Those of the file that is replaced are replaced with it.
    if known and not (target.exists() and known[0] == words.name):
        raise ExportError(f"{target.with_name(known[0])} would be taken for the labels: choose another name.")


def _selected_sources(predictions: Predictions, labels: NDArray[np.intp]) -> tuple[list[DataSource], NDArray[np.intp]]:
    """Return a source of each file with the images that are chosen of it, and the labels in the order of these."""
    chosen: dict[DataSource, list[tuple[int, int]]] = {}
    for number in np.unique(predictions.source).tolist():
        places = np.flatnonzero(predictions.source == number)
        source = predictions.sources[number]
        pairs = zip(whole_numbers(source, predictions.index[places]).tolist(), labels[places].tolist(), strict=True)
        chosen.setdefault(whole_source(source), []).extend(pairs)
    sources: list[DataSource] = []
    found: list[int] = []
    for whole, numbered in chosen.items():
        label_of = dict(sorted(numbered))
        if len(set(numbered)) > len(label_of):
            times = Counter(number for number, _ in set(numbered))
            first = min(number for number, count in times.items() if count > 1)
            raise DataError(
                f"image {first} of {whole.path} was assessed as of more than one class: choose it once, or give it "
                "the same class wherever it is used"
            )
        sources.append(select_images(whole, list(label_of)))
        found += label_of.values()
    return sources, np.array(found, np.intp)


def _blocks(predictions: Predictions) -> Iterator[tuple[ImageReader, NDArray[np.intp]]]:
    """Yield positions of a few images of one source at a time, with its reader."""
    for number in np.unique(predictions.source).tolist():
        # One after the other: each reader keeps decoded images.
        reader, positions = reopen(predictions.sources[number]), np.flatnonzero(predictions.source == number)
        for start in range(0, len(positions), _AT_ONCE):
            yield reader, positions[start : start + _AT_ONCE]


def _file_of(origin: str) -> Path | None:
    """Return the file of an image that has one for itself."""
    name, number = split_origin(origin)
    return Path(name) if number is None else None


def _stem_of(origin: str) -> str:
    name, number = split_origin(origin)
    stem = Path(name).stem
    return stem if number is None else f"{stem}_{number:06d}"


def _unused(taken: Counter[str], folder: str, stem: str, suffix: str) -> str:
    """Return a name that no image of the folder has, on systems that ignore capitals too."""
    taken[f"{folder}/{stem}{suffix}".casefold()] += 1
    number = taken[f"{folder}/{stem}{suffix}".casefold()]
    return f"{stem}{suffix}" if number == 1 else _unused(taken, folder, f"{stem}_{number}", suffix)


@contextmanager
def _staged(folder: Path) -> Iterator[Path]:
    """Yield a folder beside `folder` that is gone afterwards, whatever happens. Raises ExportError."""
    staging = folder.with_name(f".{folder.name[:40]}-{uuid.uuid4().hex[:12]}")
    try:
        with plain_failures(folder):
            staging.mkdir(parents=True)
            yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)
