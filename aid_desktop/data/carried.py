"""What else .rtdc files know of each event, and how it comes along when their images are converted.

That is: further images and masks, traces, scalar features, metadata and logs.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.conversion import Conversion
from aid_desktop.data.features import EXTRA_INPUT, TRACES, list_features, list_traces, read_feature
from aid_desktop.data.hdf5 import attributes_of, is_plausible, read_rows
from aid_desktop.data.rtdc import EVENTS, MASK, RtdcReader, open_events
from aid_desktop.data.rtdc_metadata import OWN, PIXEL_SIZE, known_metadata
from aid_desktop.data.rtdc_writing import Column
from aid_desktop.data.selection import whole_numbers, whole_source
from aid_desktop.data.source import DataSource, Problem, SourceKind

_LOGS = "logs"
_IMAGE = "image"
_WRITTEN_ANEW = ("index", "pos_x", "pos_y")
_SCALED = ("uint8", "uint16", "int16", "float32", "float64")
"""Types of pixels that OpenCV scales."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """What one .rtdc file has: `stacks` and `traces` as they are stored, the names of its features, and the rest."""

    source: DataSource
    stacks: Mapping[str, Column]
    traces: Mapping[str, Column]
    features: tuple[str, ...]
    metadata: Mapping[str, Any]
    logs: Mapping[str, tuple[str, ...]]
    unknown: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Carried:
    """What is written of each event beside its image, as all sources have it, and `lost`: what is not, and why.

    `columns` are written with the images, `features` when all images are; `stacks` says which columns are images.
    """

    plan: Conversion
    columns: Mapping[str, Column] = field(default_factory=dict)
    stacks: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    logs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lost: tuple[Problem, ...] = ()

    def read_columns(
        self, source: DataSource, indices: NDArray[np.intp], positions: NDArray[np.float64]
    ) -> dict[str, NDArray[Any]]:
        """Return the rows of the columns for some images: `indices` (N,) increase, `positions` (N, 2) are in pixels.

        Raises DataError if the file cannot be read.
        """
        if not self.columns:
            return {}
        numbers = whole_numbers(source, indices)
        with open_events(source.path) as events:
            stored = {name: _as_written(read_rows(events[name], numbers)) for name in self.columns}
        for name in self.stacks:
            resize = "nearest" if name == MASK else None
            pairs = zip(stored[name], positions.tolist(), strict=True)
            stored[name] = np.stack([self.plan.apply_beside(image, position, resize) for image, position in pairs])
        return stored

    def read_feature(self, name: str, kept: Iterable[tuple[DataSource, NDArray[np.intp]]]) -> NDArray[Any]:
        """Return a scalar feature (N,) of all images that were written. Raises DataError if a file cannot be read."""
        parts = []
        for source, indices in kept:
            with open_events(source.path) as events:
                parts.append(read_feature(events, name, whole_numbers(source, indices)))
        return np.concatenate(parts)


def plan_carried(sources: Sequence[DataSource], plan: Conversion) -> Carried:
    """Return what comes along when all sources go into one file. Raises DataError if one of them cannot be read.

    Metadata and logs are those of the first source, as dclab does it when it joins files.
    """
    found = [take_inventory(source, plan) for source in sources if source.kind is SourceKind.RTDC]
    if not found:
        return Carried(plan)
    others = [source for source in sources if source.kind is not SourceKind.RTDC]
    if others:
        return Carried(plan, lost=tuple(_lost_to(inventory, others[0]) for inventory in found))
    lost = _Losses(several=len(found) > 1)
    for inventory in found:
        lost.add_all(inventory, inventory.unknown)
    stacks = _common_columns(found, lambda inventory: inventory.stacks, lost)
    traces = _common_columns(found, lambda inventory: inventory.traces, lost)
    features = _common_names(found, lambda inventory: inventory.features, lost)
    stacks = {name: column for name, column in stacks.items() if _can_be_fitted(name, column, plan, found[0], lost)}
    written = {name: Column((*plan.shape[:2], *column.shape[2:]), column.dtype) for name, column in stacks.items()}
    if any(_moves(inventory.source, plan) for inventory in found):
        lost.add(found[0], "pos_x, pos_y", "the objects are in the middle of the new images")
    metadata = _metadata(found, plan, lost)
    return Carried(plan, {**written, **traces}, tuple(stacks), features, metadata, found[0].logs, tuple(lost.items))


def take_inventory(source: DataSource, plan: Conversion) -> Inventory:
    """Return what an .rtdc file has besides the images that are converted. Raises DataError if it cannot be read."""
    source = whole_source(source)
    reader = RtdcReader.reopen(source)
    n, (height, width, _) = source.n_images, source.shapes[0]
    # A main stack of another name is no longer there under its own, unless other channels were picked.
    skipped = {_IMAGE, *_WRITTEN_ANEW} | ({reader.main} if plan.settings.channel_names is None else set())
    stacks: dict[str, Column] = {}
    unknown: list[Problem] = []
    with open_events(source.path) as events:
        features = [name for name in list_features(events, n) if name not in _WRITTEN_ANEW]
        traces = {f"{TRACES}/{name}": _column(events[TRACES][name]) for name in list_traces(events, n)}
        for name in events:
            item = events.get(name)
            if name in skipped or name in features:
                continue
            if _is_stack_beside(item, (n, height, width)):
                stacks[name] = _column(item)
            elif name == TRACES and isinstance(item, h5py.Group):
                left = [place for trace in item if (place := f"{TRACES}/{trace}") not in traces]
                unknown += [Problem(place, "it has not as many traces as there are images") for place in left]
            else:
                unknown.append(Problem(name, _reason(item)))
        file = events.file
        logs = _logs(file.get(_LOGS))
        rest = [name for name in file if name not in (EVENTS, _LOGS, EXTRA_INPUT) and not _is_empty(file.get(name))]
        unknown += [Problem(name, "it is not part of the events") for name in rest]
        metadata = known_metadata(attributes_of(file))
    return Inventory(source, stacks, traces, tuple(features), metadata, logs, tuple(unknown))


class _Losses:
    """Collects what is not kept; with several files each is named."""

    def __init__(self, several: bool) -> None:
        self._several = several
        self.items: list[Problem] = []

    def add(self, inventory: Inventory, name: str, reason: str) -> None:
        self.items.append(Problem(f"{inventory.source.path.name}: {name}" if self._several else name, reason))

    def add_all(self, inventory: Inventory, problems: Iterable[Problem]) -> None:
        for problem in problems:
            self.add(inventory, problem.name, problem.reason)


def _common_columns(
    found: Sequence[Inventory], columns_of: Callable[[Inventory], Mapping[str, Column]], lost: _Losses
) -> dict[str, Column]:
    """Return the columns that all files have in one form, apart from the size of images."""
    kept = {}
    for name in _common_names(found, lambda inventory: tuple(columns_of(inventory)), lost):
        column = columns_of(found[0])[name]
        different = next((i for i in found[1:] if not _alike(columns_of(i)[name], column)), None)
        if different is None:
            kept[name] = column
        else:
            lost.add(different, name, f"its type or length is not that of {found[0].source.path.name}")
    return kept


def _common_names(
    found: Sequence[Inventory], names_of: Callable[[Inventory], Sequence[str]], lost: _Losses
) -> tuple[str, ...]:
    kept = []
    for name in dict.fromkeys(name for inventory in found for name in names_of(inventory)):
        without = next((inventory for inventory in found if name not in names_of(inventory)), None)
        if without is None:
            kept.append(name)
        else:
            holder = next(inventory for inventory in found if name in names_of(inventory))
            lost.add(holder, name, f"{without.source.path.name} does not have it")
    return tuple(kept)


def _metadata(found: Sequence[Inventory], plan: Conversion, lost: _Losses) -> dict[str, Any]:
    fitted = [_fitted_metadata(inventory, plan) for inventory in found]
    names = dict.fromkeys(name for metadata in fitted for name in metadata if name not in OWN)
    different = [name for name in names if not all(_same(other.get(name), fitted[0].get(name)) for other in fitted)]
    if different:
        reason = f"the files differ; what {found[0].source.path.name} says is written"
        lost.items.append(Problem(", ".join(different), reason))
    if PIXEL_SIZE in found[0].metadata and PIXEL_SIZE not in fitted[0]:
        lost.add(found[0], PIXEL_SIZE, "width and height are scaled by different factors")
    return fitted[0]


def _fitted_metadata(inventory: Inventory, plan: Conversion) -> dict[str, Any]:
    metadata = dict(inventory.metadata)
    factor = plan.old_pixels(inventory.source.shapes[0])
    if PIXEL_SIZE in metadata:
        if factor is None:
            del metadata[PIXEL_SIZE]
        else:
            metadata[PIXEL_SIZE] = float(metadata[PIXEL_SIZE]) * factor
    return metadata


def _lost_to(inventory: Inventory, other: DataSource) -> Problem:
    names = [*inventory.stacks, *inventory.traces, *inventory.features, "metadata"]
    return Problem(f"{inventory.source.path.name}: {', '.join(names)}", f"{other.path.name} is no .rtdc file")


def _can_be_fitted(name: str, column: Column, plan: Conversion, inventory: Inventory, lost: _Losses) -> bool:
    if plan.image is None or plan.image.fit == "crop_pad" or str(column.dtype) in _SCALED:
        return True
    lost.add(inventory, name, f"images of the type {column.dtype} cannot be scaled")
    return False


def _moves(source: DataSource, plan: Conversion) -> bool:
    """Return whether positions that are known are replaced by others."""
    if plan.image is None:
        return False
    height, width, _ = source.shapes[0]
    positions = RtdcReader.reopen(whole_source(source)).positions(whole_numbers(source))
    return bool((positions != (width / 2, height / 2)).any())


def _is_stack_beside(item: Any, shape: tuple[int, int, int]) -> bool:
    if not isinstance(item, h5py.Dataset) or item.dtype.kind not in "buif":
        return False
    return len(item.shape) in (3, 4) and item.shape[:3] == shape and 0 not in item.shape and is_plausible(item)


def _is_empty(item: Any) -> bool:
    return isinstance(item, h5py.Group) and not len(item)


def _reason(item: Any) -> str:
    if isinstance(item, h5py.Dataset):
        if not is_plausible(item):
            return "it is damaged"
        shape = " × ".join(map(str, item.shape or ()))
        return f"it is {shape or 'a single value'} of the type {item.dtype}, neither numbers nor images of each event"
    return "it is a group of other data" if isinstance(item, h5py.Group) else "it is a link to nowhere"


def _column(dataset: h5py.Dataset) -> Column:
    return Column(tuple(dataset.shape[1:]), np.dtype(np.uint8) if dataset.dtype.kind == "b" else dataset.dtype)


def _as_written(stored: NDArray[Any]) -> NDArray[Any]:
    # Masks that are stored as yes and no: the RT-DC programs write 0 and 255.
    return stored * np.uint8(255) if stored.dtype.kind == "b" else stored


def _alike(one: Column, other: Column) -> bool:
    n_sides = 2 if len(one.shape) > 1 else 0
    return one.dtype == other.dtype and one.shape[n_sides:] == other.shape[n_sides:]


def _same(one: Any, other: Any) -> bool:
    return bool(np.array_equal(np.asarray(one), np.asarray(other)))


def _logs(group: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(group, h5py.Group):
        return {}
    lines = {name: group[name] for name in group if isinstance(group.get(name), h5py.Dataset)}
    sound = {name: log for name, log in lines.items() if log.ndim == 1 and is_plausible(log)}
    return {name: tuple(_text(line) for line in log[:]) for name, log in sound.items()}


def _text(line: Any) -> str:
    return line.decode("utf-8", "backslashreplace") if isinstance(line, bytes) else str(line)
