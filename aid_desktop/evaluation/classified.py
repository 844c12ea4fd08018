"""Copies of .rtdc files that carry what the model says about every image.

The features follow dclab: `ml_score_xxx` (xxx: three of a-z and 0-9) is the probability of one class, 0 to 1,
and `userdef0` is free for users; here the number of the predicted class, as AIDeveloper wrote it.
"""

import re
import shutil
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from string import ascii_lowercase, digits
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.source import DataSource, SourceKind
from aid_desktop.errors import DataError
from aid_desktop.evaluation.predictions import Predictions, Threshold
from aid_desktop.evaluation.writing import encodable, exported

FORMAT_VERSION = 1
# A log, as the root attributes of HDF5 end at 64 KiB and the names of many classes do not fit in.
LOG = "logs/aid-desktop-classification"


def classified_paths(sources: Sequence[DataSource], folder: Path | None = None) -> tuple[Path, ...]:
    """Return one path `<name>_classified.rtdc` per source: beside it, or in `folder`.

    Sources of the same name get `_classified_2` and so on, so that none replaces another.
    """
    paths: list[Path] = []
    for source in sources:
        directory = folder or source.path.parent
        base = directory / f"{source.path.stem}_classified.rtdc"
        path, number = base, 1
        while path in paths or any(_is_same_file(path, other.path) for other in sources):
            number += 1
            path = base.with_stem(f"{base.stem}_{number}")
        paths.append(path)
    return tuple(paths)


def ml_score_codes(class_names: Sequence[str]) -> tuple[str, ...]:
    """Return three lowercase letters or digits per class: the start of its name where that is free."""
    codes: list[str] = []
    for name in class_names:
        plain = unicodedata.normalize("NFKD", name).lower()
        letters = "".join(sign for sign in plain if sign in ascii_lowercase + digits)
        codes.append(next(code for code in _candidates(letters) if code not in codes))
    return tuple(codes)


def _candidates(letters: str) -> Iterator[str]:
    start = (letters + "000")[:3]
    signs = digits[1:] + "0" + ascii_lowercase
    yield start
    for n_kept in (2, 1, 0):
        for ending in product(signs, repeat=3 - n_kept):
            yield start[:n_kept] + "".join(ending)


def write_classified_copies(
    predictions: Predictions, folder: Path | None = None, threshold: Threshold | None = None
) -> tuple[Path, ...]:
    """Write a classified copy of each source, beside it or in `folder`; see `write_classified_rtdc`."""
    paths = classified_paths(predictions.sources, folder)
    return tuple(
        write_classified_rtdc(source, predictions, path, threshold)
        for source, path in zip(predictions.sources, paths, strict=True)
    )


def write_classified_rtdc(
    source: DataSource, predictions: Predictions, path: Path | None = None, threshold: Threshold | None = None
) -> Path:
    """Copy an .rtdc file and add the predictions made for it; return the path of the copy.

    `path` is a file, a folder for `<name>_classified.rtdc`, or None: beside the source. The copy gets
    events/ml_score_xxx, float32 probabilities per class, and events/userdef0, float64 number of the class
    predicted under `threshold`; images without a prediction have nan. The log
    "aid-desktop-classification" says which class is behind each name. The source is not changed. Raises
    DataError for another kind of source, or one that changed since; ExportError if the copy cannot be
    written.
    """
    if source.kind is not SourceKind.RTDC:
        raise DataError(f"{source.path.name} is a {source.kind}; predictions can be added to .rtdc files only")
    if path is None or path.is_dir():
        path = classified_paths([source], path)[0]
    if any(_is_same_file(path, other.path) for other in (source, *predictions.sources)):
        raise DataError(f"{path} holds the images themselves: choose another name for the classified copy")
    with exported(path) as temporary:
        shutil.copyfile(source.path, temporary)
        try:
            # No cache of chunks: HDF5 1.14 ends the process when the disk is too full to write one at closing.
            with h5py.File(temporary, "r+", rdcc_nbytes=0) as file:
                _add(file, source, predictions, threshold)
        except RuntimeError as error:
            # So HDF5 tells of a full disk that shows only when the file is closed.
            raise OSError(str(error)) from error
    return path


def _is_same_file(path: Path, other: Path) -> bool:
    if path.exists() and other.exists():
        return path.samefile(other)
    return path.absolute() == other.absolute()


def _add(file: Any, source: DataSource, predictions: Predictions, threshold: Threshold | None) -> None:
    n = _event_count(file, source)
    mine = [position for position, other in enumerate(predictions.sources) if other.path == source.path]
    chosen = predictions.select(np.isin(predictions.source, mine))
    if chosen.n and int(chosen.index.max()) >= n:
        raise DataError(
            f"{source.path.name} has {n} images and there is a prediction for number {chosen.index.max()}: "
            "the file has changed. Classify it again."
        )
    codes = ml_score_codes(predictions.class_names)
    for code in _codes_before(file):
        file.pop(f"events/ml_score_{code}", None)
    for column, code in enumerate(codes):
        scores = np.full(n, np.nan, dtype=np.float32)
        scores[chosen.index] = chosen.probabilities[:, column]
        _replace(file, f"events/ml_score_{code}", scores)
    classes = np.full(n, np.nan, dtype=np.float64)
    classes[chosen.index] = chosen.predicted(threshold)
    _replace(file, "events/userdef0", classes)
    _document(file, predictions.class_names, codes, threshold)


def _event_count(file: Any, source: DataSource) -> int:
    events = file.get("events")
    stack = events.get("image") if events is not None else None
    return source.n_total if stack is None else int(stack.shape[0])


def _codes_before(file: Any) -> list[str]:
    """Return the codes of an earlier classification by this program, whose classes may be others."""
    lines = file[LOG][()].tolist() if LOG in file else []
    found = (re.match(rb"ml_score_([a-z0-9]{3}):", line) for line in lines)
    return [match[1].decode() for match in found if match]


def _replace(file: Any, name: str, values: NDArray[Any]) -> None:
    file.pop(name, None)
    storage = {"compression": "gzip", "fletcher32": True} if values.size else {}
    file.create_dataset(name, data=values, **storage)


def _document(file: Any, names: Sequence[str], codes: Sequence[str], threshold: Threshold | None) -> None:
    lines = [f"Classified by AID Desktop, format {FORMAT_VERSION}"]
    for number, (name, code) in enumerate(zip(names, codes, strict=True)):
        lines.append(f"ml_score_{code}: {name} (userdef0 = {number})")
    if threshold is not None:
        name = names[threshold.class_index]
        lines.append(f"threshold of userdef0: {name} where its probability > {threshold.probability:g}")
    encoded = [encodable(line).encode("utf-8") for line in lines]
    _replace(file, LOG, np.array(encoded, dtype=f"S{max(map(len, encoded))}"))
