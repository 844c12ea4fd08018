"""Small .rtdc files: the scores alone, and a basin, by which dclab and DCscope read the rest from the original.

A basin is a text in JSON, line by line in a dataset of the group "basins"; dclab's RTDCWriter.store_basin writes the
same. The name of the dataset is the MD5 sum of the lines.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from aid_desktop.data.basins import BASINS, load_basin
from aid_desktop.data.rtdc import EVENTS

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


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What a classified file does not take over: features of earlier classifications, and basins out of reach."""

    stale: tuple[str, ...] = ()
    unreachable: tuple[str, ...] = ()


def add_basin(file: Any, original: Path, path: Path, written: Iterable[str]) -> LeftOut:
    """Let an open file, which will lie at `path`, take the features of `original` except those `written` and stale.

    Raises OSError if the original cannot be read.
    """
    offered = _Offered()
    with h5py.File(original, "r", locking=False) as other:
        offered.add_file(other, original)
        has_basins = BASINS in other
    left = offered.left_out
    kept = sorted(offered.names - set(left.stale) - set(written))
    basin = {
        "description": "The measurement that was classified",
        # None means all, also what the original has from basins of its own.
        "features": None if has_basins and left == LeftOut() else kept,
        "format": "hdf5",
        "identifier": None,
        "mapping": "same",
        "name": original.stem.encode("utf-8", "backslashreplace").decode("utf-8"),
        "paths": _locations(original, path),
        "perishable": False,
        "type": "file",
    }
    _store(file, basin)
    return left


def remove_stale(file: Any, original: Path) -> LeftOut:
    """Take the features of earlier classifications out of an open copy of `original`, those of its basins too.

    A basin of all features becomes one of a list; one whose file cannot be read, to see what they are, goes.
    """
    found: set[str] = set()
    unreachable: list[str] = []
    for group in (EVENTS, INTERNAL_EVENTS):
        names = [name for name in file.get(group, ()) if STALE.fullmatch(name)]
        found.update(names)
        for name in names:
            del file[group][name]
    for key in list(file.get(BASINS, ())):
        basin = _basin_of(file, key)
        offered = _Offered()
        offered.add_basin(basin, original)
        left = offered.left_out
        found.update(left.stale)
        unreachable += left.unreachable
        if left != LeftOut():
            del file[BASINS][key]
            # None offered would mean all of them.
            if kept := sorted(offered.names - set(left.stale)):
                _store(file, {**basin, "features": kept}, key)
    return LeftOut(tuple(sorted(found)), tuple(dict.fromkeys(unreachable)))


class _Offered:
    """The names of the features that files offer, with those of the files that their basins of all features lead to."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self._unreachable: dict[str, None] = {}
        self._seen: set[Path] = set()

    @property
    def left_out(self) -> LeftOut:
        stale = sorted(name for name in self.names if STALE.fullmatch(name))
        return LeftOut(tuple(stale), tuple(self._unreachable))

    def add_file(self, file: Any, path: Path) -> None:
        self._seen.add(path.resolve())
        self.names.update(file.get(EVENTS, ()))
        for key in file.get(BASINS, ()):
            self.add_basin(_basin_of(file, key), path)

    def add_basin(self, basin: dict[str, Any], referrer: Path) -> None:
        features = basin.get("features")
        if features is not None:
            self.names.update(features)
            return
        places = [str(place) for place in basin.get("paths") or basin.get("urls") or ()]
        for place in places if basin.get("type") == "file" else ():
            # Absolute, or beside the file that refers to it, whichever system wrote it.
            path = referrer.parent / (place.replace("\\", "/") if os.sep == "/" else place)
            if path.is_file():
                with suppress(OSError):
                    if path.resolve() not in self._seen:
                        with h5py.File(path, "r", locking=False) as file:
                            self.add_file(file, path)
                    return
        self._unreachable[places[0] if places else str(basin.get("name"))] = None


def _basin_of(file: Any, key: str) -> dict[str, Any]:
    """Return what a basin says; of one that nobody can read, its name alone."""
    try:
        return load_basin(file[BASINS][key])
    except (TypeError, ValueError):
        return {"name": key}


def _locations(original: Path, path: Path) -> list[str]:
    original, folder = original.resolve(), path.parent.resolve()
    locations = [str(original)]
    try:
        locations.append(Path(os.path.relpath(original, folder)).as_posix())
    except ValueError:  # another drive of Windows
        locations.append(original.name)
    return list(dict.fromkeys(locations))


def _store(file: Any, basin: dict[str, Any], key: str = "") -> None:
    lines = json.dumps(basin, indent=2, sort_keys=True).split("\n")
    key = key or hashlib.md5("".join(lines).encode(), usedforsecurity=False).hexdigest()
    encoded = [line.encode("utf-8") for line in lines]
    file.require_group(BASINS).create_dataset(key, data=np.array(encoded, f"S{max(map(len, encoded))}"))
