"""Copies of .rtdc files that carry what the model says about every image.

The features follow dclab: `ml_score_xxx` is the probability of one class, 0 to 1, see score_names.py. From these dclab
and DCscope compute `ml_class`, the number of the most probable class, -1 where all are nan; it is never stored, as a
stored one would win over the scores and has no -1. `userdef0` is free for users; here the number of the predicted
class, as AIDeveloper wrote it.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from aid_desktop import __version__
from aid_desktop.data.rtdc import EVENTS
from aid_desktop.data.rtdc_writing import log_lines
from aid_desktop.data.source import DataSource, SourceKind
from aid_desktop.errors import DataError
from aid_desktop.evaluation.decision import MOST_PROBABLE, REJECTED, Decision
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.evaluation.score_basin import LeftOut, add_basin, begin_basin, remove_stale
from aid_desktop.evaluation.score_names import PREFIX, ml_score_codes
from aid_desktop.evaluation.writing import copy_file, encodable, exported
from aid_desktop.long_work import Progress

FORMAT_VERSION = 1
# A log, as the root attributes of HDF5 end at 64 KiB and the names of many classes do not fit in.
LOG = "logs/aid-desktop-classification"

CLASSES = "user:aid classes"
"""The root attribute that says in JSON which class is behind each name, {"cat": "Cat"}, where it has room for that."""

_LONGEST_ATTRIBUTE = 32_000
_SOFTWARE = "setup:software version"
_PROGRAM = f"AID Desktop {__version__}"


def classified_paths(sources: Sequence[Path], folder: Path | None = None) -> tuple[Path, ...]:
    """Return one path `<name>_classified.rtdc` per file: beside it, or in `folder`.

    Files of the same name get `_classified_2` and so on, so that none replaces another.
    """
    paths: list[Path] = []
    taken: set[Path] = set()
    originals = {source.absolute() for source in sources}
    files: set[tuple[int, int]] = set()

    def is_original(path: Path) -> bool:
        if not path.exists():
            return False
        # Looked up once, and only where a target exists: there may be thousands.
        files.update(_file_key(source) for source in (() if files else sources) if source.exists())
        return _file_key(path) in files

    for source in sources:
        base = ((folder or source.parent) / f"{source.stem}_classified.rtdc").absolute()
        path, number = base, 1
        while path in taken or path in originals or is_original(path):
            number += 1
            path = base.with_stem(f"{base.stem}_{number}")
        taken.add(path)
        paths.append((folder or source.parent) / path.name)
    return tuple(paths)


def write_classified_copies(
    predictions: Predictions,
    folder: Path | None = None,
    decision: Decision = MOST_PROBABLE,
    *,
    is_basin: bool = False,
    about: Sequence[str] = (),
    progress: Progress | None = None,
    notes: list[str] | None = None,
) -> tuple[Path, ...]:
    """Write a classified copy of each source, beside it or in `folder`; see `write_classified_rtdc`.

    `progress` counts the images of all; `notes` gets what the user should know.
    """
    paths = classified_paths([source.path for source in predictions.sources], folder)
    n_before = 0
    for source, path in zip(predictions.sources, paths, strict=True):
        report = None if progress is None else _later(progress, n_before, source.n_images, predictions)
        write_classified_rtdc(
            source, predictions, path, decision, is_basin=is_basin, about=about, progress=report, notes=notes
        )
        n_before += source.n_images
    return paths


def _later(progress: Progress, n_before: int, n_images: int, predictions: Predictions) -> Progress:
    """Turn the bytes of one file into images of all."""
    n_all = sum(source.n_images for source in predictions.sources)
    return lambda done, total: progress(n_before + n_images * done // max(1, total), n_all)


def write_classified_rtdc(
    source: DataSource,
    predictions: Predictions,
    path: Path | None = None,
    decision: Decision = MOST_PROBABLE,
    *,
    is_basin: bool = False,
    about: Sequence[str] = (),
    progress: Progress | None = None,
    notes: list[str] | None = None,
) -> Path:
    """Copy an .rtdc file and add the predictions made for it; return the path of the copy.

    `path` is a file, a folder for `<name>_classified.rtdc`, or None: beside the source. The copy gets
    events/ml_score_xxx, float32 probabilities per class, and events/userdef0, float64 number of the class predicted by
    `decision`; images that are rejected or have no prediction have nan in all. Scores of earlier models and a stored
    ml_class are left out. The log "aid-desktop-classification" and the root attribute CLASSES say which class is behind
    each name; `about` are further lines of the log. With `is_basin` the file is small: it has the scores and refers to
    the source for all else. The source is not changed. `progress` counts bytes; `notes` gets what the user should know.
    Raises DataError for another kind of source, or one that changed since; ExportError if the copy cannot be written.
    """
    if source.kind is not SourceKind.RTDC:
        raise DataError(f"{source.path.name} is a {source.kind}; predictions can be added to .rtdc files only")
    if path is None or path.is_dir():
        path = classified_paths([source.path], path)[0]
    if is_one_of(path, (other.path for other in (source, *predictions.sources))):
        raise DataError(f"{path} holds the images themselves: choose another name for the classified copy")
    with exported(path) as temporary:
        if not is_basin:
            copy_file(source.path, temporary, progress)
        try:
            # No cache of chunks: HDF5 1.14 ends the process when the disk is too full to write one at closing.
            with h5py.File(temporary, "w" if is_basin else "r+", rdcc_nbytes=0) as file:
                n = begin_basin(file, source.path) if is_basin else _event_count(file)
                left = remove_stale(file, source.path)
                values = _values(source, predictions, decision, source.n_total if n is None else n)
                for name, column in values:
                    _replace(file, f"{EVENTS}/{name}", column)
                if is_basin:
                    left = add_basin(file, source.path, path, written=[name for name, _ in values])
                _document(file, predictions.class_names, decision, (*about, *_told(left)))
        except RuntimeError as error:
            # So HDF5 tells of a full disk that shows only when the file is closed.
            raise OSError(str(error)) from error
    if left.unreachable and notes is not None:
        notes.append(
            f"{path.name}: {', '.join(left.unreachable)}, which {source.path.name} takes features from, cannot be read "
            "and was left out: it may hold scores of an earlier model."
        )
    return path


def _file_key(path: Path) -> tuple[int, int]:
    known = path.stat()
    return known.st_dev, known.st_ino


def is_one_of(path: Path, others: Iterable[Path]) -> bool:
    """Return whether a path is that of one of these files, also by a link or another way to write it."""
    exists = path.exists()
    return any(
        path.samefile(other) if exists and other.exists() else path.absolute() == other.absolute() for other in others
    )


def _event_count(file: Any) -> int | None:
    events = file.get(EVENTS)
    stack = events.get("image") if events is not None else None
    return None if stack is None else int(stack.shape[0])


def _values(
    source: DataSource, predictions: Predictions, decision: Decision, n: int
) -> list[tuple[str, NDArray[np.floating]]]:
    """Return names and columns (n,) of the features to write."""
    mine = [position for position, other in enumerate(predictions.sources) if other.path == source.path]
    which = np.flatnonzero(np.isin(predictions.source, mine))
    index = predictions.file_numbers(which)
    if index.size and int(index.max()) >= n:
        raise DataError(
            f"{source.path.name} has {n} images and there is a prediction for number {index.max()}: "
            "the file has changed. Classify it again."
        )
    probabilities = predictions.probabilities[which]
    classes = decision.classes(probabilities)
    is_kept = classes != REJECTED
    index, probabilities, classes = index[is_kept], probabilities[is_kept], classes[is_kept]
    columns: list[tuple[str, NDArray[np.floating]]] = []
    for position, code in enumerate(ml_score_codes(predictions.class_names)):
        scores = np.full(n, np.nan, dtype=np.float32)
        scores[index] = probabilities[:, position]
        columns.append((f"{PREFIX}{code}", scores))
    numbers = np.full(n, np.nan, dtype=np.float64)
    numbers[index] = classes
    return [*columns, ("userdef0", numbers)]


def _replace(file: Any, name: str, values: NDArray[Any]) -> None:
    import hdf5plugin

    file.pop(name, None)
    # As dclab writes, which calls files compressed from this level on.
    storage = {**hdf5plugin.Zstd(clevel=5), "fletcher32": True, "chunks": True} if values.size else {}
    file.create_dataset(name, data=values, **storage)


def _told(left: LeftOut) -> tuple[str, ...]:
    stale = (f"left out, of an earlier classification: {', '.join(left.stale)}",) if left.stale else ()
    return (*stale, *(f"left out, as it cannot be read: the basin {place}" for place in left.unreachable))


def _document(file: Any, names: Sequence[str], decision: Decision, about: Sequence[str]) -> None:
    codes = ml_score_codes(names)
    lines = [f"Classified by AID Desktop, format {FORMAT_VERSION}"]
    for number, (name, code) in enumerate(zip(names, codes, strict=True)):
        lines.append(f"{PREFIX}{code}: {name} (ml_class and userdef0 = {number})")
    lines += [f"rule of userdef0: {line}" for line in decision.describe(tuple(names))]
    pieces = [piece for line in (*lines, *about) for piece in log_lines(line)]
    _replace(file, LOG, np.array(pieces, dtype=f"S{max(map(len, pieces))}"))
    classes = encodable(json.dumps(dict(zip(codes, names, strict=True)), ensure_ascii=False))
    file.attrs.pop(CLASSES, None)
    if len(classes.encode("utf-8")) <= _LONGEST_ATTRIBUTE:
        file.attrs[CLASSES] = classes
    before = file.attrs.get(_SOFTWARE, "")
    before = before.decode("utf-8", "backslashreplace") if isinstance(before, bytes) else str(before)
    programs = [part for part in before.split(" | ") if part not in ("", _PROGRAM)]
    file.attrs[_SOFTWARE] = " | ".join([*programs, _PROGRAM])
