"""Basins of .rtdc files: which other files they refer to for what they have not themselves.

A basin is a text in JSON, line by line in a dataset of the group "basins", as dclab's RTDCWriter.store_basin writes it.
"""

import json
from typing import Any

import h5py

from aid_desktop.data.hdf5 import is_plausible

BASINS = "basins"


def load_basin(dataset: Any) -> dict[str, Any]:
    """Return what the dataset of a basin says. Raises ValueError if it is none."""
    if not isinstance(dataset, h5py.Dataset) or not is_plausible(dataset):
        raise ValueError(f"{dataset} is damaged, or is no text")
    lines = (line.decode("utf-8") if isinstance(line, bytes) else str(line) for line in dataset[()])
    found = json.loads(" ".join(lines))
    if not isinstance(found, dict):
        raise ValueError(f"{dataset.name} is no basin")
    return found


def files_behind(file: Any) -> tuple[str, ...]:
    """Return the files that the basins of an open file refer to, the first known place of each."""
    found = []
    for dataset in file.get(BASINS, {}).values():
        try:
            basin = load_basin(dataset)
        except (TypeError, ValueError):
            continue  # a basin that dclab cannot read either
        if basin.get("type") == "file" and basin.get("paths"):
            found.append(str(basin["paths"][0]))
    return tuple(dict.fromkeys(found))
