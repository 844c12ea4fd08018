"""What an .rtdc file tells of each event besides its images: scalar features and traces.

All functions take the open group `events`; the files of dclab, Shape-In and AIDeveloper agree in what they need of it.
"""

from collections.abc import Sequence
from typing import Any, cast

import h5py
import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.hdf5 import is_plausible, read_rows
from aid_desktop.data.listing import natural_key
from aid_desktop.errors import DataError

TRACES = "trace"
"""The group of traces, each (N, samples), inside of the events."""

EXTRA_INPUT = "xtra_in"
"""A scalar feature that AIDeveloper keeps beside the events instead of among them."""


def list_features(events: h5py.Group, n_events: int) -> tuple[str, ...]:
    """Return the names of the scalar features, one number (N,) for each event, in the order in which people count."""
    names = [name for name in events if _has_numbers(events.get(name), 1, n_events)]
    if EXTRA_INPUT not in names and _has_numbers(events.file.get(EXTRA_INPUT), 1, n_events):
        names.append(EXTRA_INPUT)
    return tuple(sorted(names, key=natural_key))


def list_traces(events: h5py.Group, n_events: int) -> tuple[str, ...]:
    """Return the names of the traces, for example fl1_raw, in the order in which people count."""
    group = events.get(TRACES)
    if not isinstance(group, h5py.Group):
        return ()
    return tuple(sorted((name for name in group if _has_numbers(group.get(name), 2, n_events)), key=natural_key))


def read_feature(events: h5py.Group, name: str, wanted: NDArray[np.intp]) -> NDArray[Any]:
    """Return a listed scalar feature (N,) of the events `wanted`, in any order, in the type in which it is stored."""
    dataset = events[name] if name in events else events.file[name]
    # Whole: all of it is smaller than the images of a few hundred events.
    return cast(NDArray[Any], _checked(dataset, wanted)[:][wanted])


def read_trace(events: h5py.Group, name: str, wanted: NDArray[np.intp]) -> NDArray[Any]:
    """Return a listed trace (N, samples) of the events `wanted`, in any order, in the type in which it is stored."""
    rows, inverse = np.unique(wanted, return_inverse=True)
    return read_rows(_checked(events[TRACES][name], rows), rows)[inverse]


def check_names(path: object, kind: str, wanted: Sequence[str], known: Sequence[str]) -> None:
    """Raise DataError for a wanted name that is not known; `kind` is what it would be, for example feature."""
    missing = [name for name in wanted if name not in known]
    if missing:
        there = f"it has {', '.join(known)}" if known else "it has none"
        raise DataError(f"{path} has no {kind} {missing[0]!r}: {there}.")


def _has_numbers(item: Any, n_axes: int, n_events: int) -> bool:
    if not isinstance(item, h5py.Dataset) or item.dtype.kind not in "buif":
        return False
    has_shape = len(item.shape) == n_axes and item.shape[0] == n_events and 0 not in item.shape
    return has_shape and is_plausible(item)


def _checked(dataset: h5py.Dataset, wanted: NDArray[np.intp]) -> h5py.Dataset:
    if dataset.shape[0] <= wanted.max(initial=-1):
        raise DataError(f"{dataset.file.filename} has fewer events than when it was added: add it again.")
    return dataset
