"""Small .rtdc files: the scores alone, and a basin, by which dclab and DCscope read the rest from the original.

A basin is a text in JSON, line by line in a dataset of the group "basins"; dclab's RTDCWriter.store_basin writes the
same. The name of the dataset is the MD5 sum of the lines.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from aid_desktop.data.rtdc import EVENTS

BASINS = "basins"
INTERNAL_EVENTS = "basin_events"
STALE = re.compile(r"ml_score_.*|ml_class")
"""Features of an earlier classification, by whichever program: dclab would mix them with the new ones."""


def begin_basin(file: Any, original: Path) -> int | None:
    """Give an empty open file the metadata, logs and tables of the original; return its number of images.

    None if it has none under the usual name. Raises OSError if the original cannot be read.
    """
    with h5py.File(original, "r", locking=False) as other:
        file.attrs.update(other.attrs)
        for name in ("logs", "tables"):
            if name in other:
                other.copy(name, file)
        images = other.get(f"{EVENTS}/image")
        return None if images is None else int(images.shape[0])


def add_basin(file: Any, original: Path, path: Path, written: Iterable[str]) -> tuple[str, ...]:
    """Let an open file, which will lie at `path`, take the features of `original` except those `written` and stale.

    Returns the names of the stale ones. Raises OSError if the original cannot be read.
    """
    with h5py.File(original, "r", locking=False) as other:
        stored = list(other.get(EVENTS, ()))
        has_basins = BASINS in other
    stale = [name for name in stored if STALE.fullmatch(name)]
    kept = sorted(set(stored) - set(stale) - set(written))
    basin = {
        "description": "The measurement that was classified",
        # None means all, also what the original has from basins of its own.
        "features": None if has_basins and not stale else kept,
        "format": "hdf5",
        "identifier": None,
        "mapping": "same",
        "name": original.stem.encode("utf-8", "backslashreplace").decode("utf-8"),
        "paths": _locations(original, path),
        "perishable": False,
        "type": "file",
    }
    _store(file, basin)
    return tuple(stale)


def remove_stale(file: Any) -> tuple[str, ...]:
    """Take the features of earlier classifications out of an open file; return their names."""
    found: set[str] = set()
    for group in (EVENTS, INTERNAL_EVENTS):
        names = [name for name in file.get(group, ()) if STALE.fullmatch(name)]
        found.update(names)
        for name in names:
            del file[group][name]
    for key in file.get(BASINS, ()):
        basin = _load(file[BASINS][key])
        offered = basin.get("features") or []
        names = [name for name in offered if STALE.fullmatch(name)]
        found.update(names)
        if names:
            kept = [name for name in offered if name not in names]
            del file[BASINS][key]
            # None offered would mean all of them.
            if kept:
                _store(file, {**basin, "features": kept}, key)
    return tuple(sorted(found))


def _locations(original: Path, path: Path) -> list[str]:
    original, folder = original.resolve(), path.parent.resolve()
    locations = [str(original)]
    try:
        locations.append(Path(os.path.relpath(original, folder)).as_posix())
    except ValueError:  # another drive of Windows
        locations.append(original.name)
    return list(dict.fromkeys(locations))


def _load(dataset: Any) -> dict[str, Any]:
    lines = (line.decode("utf-8") if isinstance(line, bytes) else str(line) for line in dataset[()])
    found: dict[str, Any] = json.loads(" ".join(lines))
    return found


def _store(file: Any, basin: dict[str, Any], key: str = "") -> None:
    lines = json.dumps(basin, indent=2, sort_keys=True).split("\n")
    key = key or hashlib.md5("".join(lines).encode(), usedforsecurity=False).hexdigest()
    encoded = [line.encode("utf-8") for line in lines]
    file.require_group(BASINS).create_dataset(key, data=np.array(encoded, f"S{max(map(len, encoded))}"))
