"""Read .rtdc files: stacks of images in HDF5, as AIDeveloper and the RT-DC programs use them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import h5py
import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.basins import files_behind
from aid_desktop.data.digest import digest_of
from aid_desktop.data.features import check_names, list_features, list_traces, read_feature, read_trace
from aid_desktop.data.hdf5 import is_plausible, open_hdf5, read_rows
from aid_desktop.data.listing import natural_key
from aid_desktop.data.pixels import PIXEL_TYPES, Pixels, as_pixels, channel_names, pixel_type_of, white_level_of
from aid_desktop.data.rtdc_metadata import PIXEL_SIZE, number_of
from aid_desktop.data.source import DataSource, Indices, Shape, SourceKind, check_unchanged, checked_indices
from aid_desktop.errors import DataError

EVENTS = "events"

MASK = "mask"

_IMAGE = "image"
_BACKGROUND = "image_bg"


@dataclass(frozen=True, slots=True)
class Layout:
    """What an .rtdc file offers.

    `main` is the dataset that is read where no channels are named: `image`, else the first stack. `stacks`
    names, in order, all datasets (N, H, W) of the same size whose values fit into the images' type; `channels` are
    the names that can be picked: red, green and blue if `main` is RGB, then those of the stacks. `features` and
    `traces` are the names of what else is known of each event, see features.py. `rows_per_chunk` images are
    compressed together.
    """

    main: str
    n_images: int
    shape: Shape
    pixel_type: str
    stacks: tuple[str, ...]
    features: tuple[str, ...] = ()
    traces: tuple[str, ...] = ()
    rows_per_chunk: int = 1

    @property
    def channels(self) -> tuple[str, ...]:
        """Names that can be picked."""
        colours = channel_names(self.shape[2]) if self.shape[2] > 1 else ()
        return (*colours, *self.stacks)


class RtdcReader:
    """Reader of the images of an .rtdc file, which is open only while it is read.

    Grey levels are uint8 in nearly all files; what is stored in another type keeps its depth.
    """

    def __init__(self, source: DataSource, layout: Layout) -> None:
        self._source = source
        self._layout = layout
        self._positions: NDArray[np.float64] | None = None

    @classmethod
    def open(cls, path: Path, progress: Callable[[int, int], None] | None = None) -> "RtdcReader":
        """Check the file's layout and take its digest. Raises DataError if it cannot be used."""
        layout = _layout_of(path)
        source = DataSource(
            path=path,
            kind=SourceKind.RTDC,
            n_images=layout.n_images,
            shapes=(layout.shape,),
            digest=digest_of(path),
            shape_counts=(layout.n_images,),
            pixel_types=(layout.pixel_type,),
            channels=layout.channels,
            features=layout.features,
        )
        if progress is not None:
            progress(layout.n_images, layout.n_images)
        return cls(source, layout)

    @classmethod
    def reopen(cls, source: DataSource) -> "RtdcReader":
        """Check that number and shape of the images are as before. Raises DataError if not."""
        layout = _layout_of(source.path)
        check_unchanged(source, layout.n_images, layout.shape)
        return cls(source, layout)

    @property
    def source(self) -> DataSource:
        """The file that is read."""
        return self._source

    def read(self, indices: Indices, channels: tuple[str, ...] | None = None) -> list[Pixels]:
        """Return the original images; see source.ImageReader."""
        chosen = checked_indices(indices, self._source.n_images)
        if not chosen.size:
            return []
        wanted, inverse = np.unique(chosen, return_inverse=True)
        with open_events(self._source.path) as events:
            stack = self._read(events, wanted, channels)
        return [stack[i] for i in inverse]

    def positions(self, indices: Indices) -> NDArray[np.float64]:
        """Return `pos_x`, `pos_y` (µm) divided by the pixel size; the image's centre where one is missing."""
        chosen = checked_indices(indices, self._source.n_images)
        if self._positions is None:
            with open_events(self._source.path) as events:
                self._positions = _read_positions(events, self._layout)
        return self._positions[chosen]

    @property
    def rows_per_chunk(self) -> int:
        """Images that are stored together: those who read from one multiple to another read no image twice."""
        return self._layout.rows_per_chunk

    @property
    def main(self) -> str:
        """Name of the stack that is read where no channels are named."""
        return self._layout.main

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the scalar features, for example area_um."""
        return self._layout.features

    @property
    def trace_names(self) -> tuple[str, ...]:
        """Names of the traces, for example fl1_raw."""
        return self._layout.traces

    def features(self, names: Sequence[str], indices: Indices) -> NDArray[np.float64]:
        """Return scalar features (N, F), as stored, in the order of `indices` and `names`; see features.py.

        Raises DataError if the file does not have one of them, naming those that it has.
        """
        chosen = checked_indices(indices, self._source.n_images)
        check_names(self._source.path, "feature", names, self.feature_names)
        result = np.empty((len(chosen), len(names)), np.float64)
        with open_events(self._source.path) as events:
            for column, name in enumerate(names):
                result[:, column] = read_feature(events, name, chosen)
        return result

    def traces(self, name: str, indices: Indices) -> NDArray[Any]:
        """Return a trace (N, samples), as stored, in the order of `indices`.

        Raises DataError if the file does not have it, naming those that it has.
        """
        chosen = checked_indices(indices, self._source.n_images)
        check_names(self._source.path, "trace", [name], self.trace_names)
        with open_events(self._source.path) as events:
            return read_trace(events, name, chosen)

    def origin(self, index: int) -> str:
        """Return `path#index`."""
        return f"{self._source.path}#{index}"

    def _read(self, events: h5py.Group, wanted: NDArray[np.intp], channels: tuple[str, ...] | None) -> Pixels:
        if channels is None:
            main = self._read_stack(events, self._layout.main, wanted)
            return main[:, :, :, 0] if main.ndim == 4 and main.shape[3] == 1 else main
        check_names(self._source.path, "channel", channels, self._layout.channels)
        colours = channel_names(self._layout.shape[2])
        stacks: dict[str, Pixels] = {}
        parts = []
        for name in channels:
            is_stack = name in self._layout.stacks
            dataset = name if is_stack else self._layout.main
            if dataset not in stacks:
                stacks[dataset] = self._read_stack(events, dataset, wanted)
            parts.append(stacks[dataset] if is_stack else stacks[dataset][..., colours.index(name)])
        return cast(Pixels, np.stack([part.reshape(part.shape[:3]) for part in parts], axis=3))

    def _read_stack(self, events: h5py.Group, name: str, wanted: NDArray[np.intp]) -> Pixels:
        dataset = events[name]
        if dataset.shape[0] <= wanted[-1]:
            raise DataError(f"{self._source.path} has fewer images than when it was added: add it again.")
        rows = read_rows(dataset, wanted)
        if name == MASK:
            white = np.dtype(self._layout.pixel_type).type(white_level_of(self._layout.pixel_type))
            return np.where(rows, white, 0).astype(white.dtype)
        try:
            # A stack of 8 bits beside images of 16 keeps its values: all channels have the images' type.
            return cast(Pixels, as_pixels(rows).astype(self._layout.pixel_type, copy=False))
        except DataError as error:
            raise DataError(f"{self._source.path} {error}.") from error


def has_rtdc_layout(path: Path) -> bool:
    """Return whether an HDF5 file has images of events. Raises DataError if it cannot be opened."""
    with open_hdf5(path) as file:
        events = file.get(EVENTS)
        return isinstance(events, h5py.Group) and bool(_main_of(events))


@contextmanager
def open_events(path: Path) -> Iterator[h5py.Group]:
    """Open the events of a file for reading. Raises DataError if that, or what is done with them, fails."""
    with open_hdf5(path) as file:
        events = file.get(EVENTS)
        if not isinstance(events, h5py.Group) or not _main_of(events):
            if others := files_behind(file):
                named = ", ".join(others)
                raise DataError(f"{path} has no images of its own: they are in {named}. Add that file instead.")
            raise DataError(
                f"{path} has no images: expected the dataset {EVENTS}/{_IMAGE} (N, H, W), as .rtdc files have it."
            )
        yield events


def _main_of(events: h5py.Group) -> str:
    """Return the name of the dataset of images, "" if there is none."""
    if isinstance(events.get(_IMAGE), h5py.Dataset):
        return _IMAGE
    names = [name for name in events if name != MASK and _is_stack(events.get(name))]
    # The background, and what is no image by its name, only where there is nothing else.
    names.sort(key=lambda name: (name == _BACKGROUND, not name.startswith(f"{_IMAGE}_"), natural_key(name)))
    return names[0] if names else ""


def _layout_of(path: Path) -> Layout:
    with open_events(path) as events:
        main = _main_of(events)
        images = events[main]
        if images.ndim not in (3, 4):
            raise DataError(f"{path} has images of the shape {images.shape}; expected (N, H, W) or (N, H, W, C).")
        if 0 in images.shape:
            raise DataError(f"{path} has no images: its dataset {EVENTS}/{main} is empty.")
        if not is_plausible(images):
            raise DataError(f"{path} is damaged: it cannot hold the images {images.shape} that it names.")
        try:
            pixel_type = pixel_type_of(images.dtype)
        except DataError as error:
            raise DataError(f"{path} {error}.") from error
        shape = images.shape[1], images.shape[2], images.shape[3] if images.ndim == 4 else 1
        stacks = [name for name in events if _fits(events.get(name), images, pixel_type)]
        # The images first, what was computed from them last.
        stacks.sort(key=lambda name: (name == MASK, name != main, natural_key(name)))
        n_images = len(images)
        known = list_features(events, n_images), list_traces(events, n_images)
        rows = images.chunks[0] if images.chunks else 1
        return Layout(main, n_images, shape, pixel_type, tuple(stacks), *known, rows)


def _is_stack(item: Any) -> bool:
    """Return whether an item is a dataset (N, H, W), or the same with one channel, of numbers."""
    if not isinstance(item, h5py.Dataset) or item.dtype.kind not in "buif":
        return False
    shape = item.shape
    return (len(shape) == 3 or (len(shape) == 4 and shape[3] == 1)) and is_plausible(item)


def _fits(item: Any, images: h5py.Dataset, pixel_type: str) -> bool:
    """Return whether an item is a stack beside the images: of their size, and of no more grey levels than they have."""
    if not _is_stack(item) or item.shape[:3] != images.shape[:3]:
        return False
    return PIXEL_TYPES.index(pixel_type_of(item.dtype)) <= PIXEL_TYPES.index(pixel_type)


def _read_positions(events: h5py.Group, layout: Layout) -> NDArray[np.float64]:
    n_images, (height, width, _) = layout.n_images, layout.shape
    centre = (width / 2, height / 2)
    positions = np.tile(np.array(centre), (n_images, 1))
    pixel_size = number_of(events.file, PIXEL_SIZE)
    for axis, name in enumerate(("pos_x", "pos_y")):
        stored = events.get(name)
        if pixel_size is None or not isinstance(stored, h5py.Dataset) or stored.shape != (n_images,):
            return np.tile(np.array(centre), (n_images, 1))
        if not is_plausible(stored):
            raise OSError(f"{stored.name} is damaged")
        if stored.dtype == np.uint8 and centre[axis] > 255:
            # AIDeveloper 0.4.8 and older keep positions in 8 bits: beyond 255 they are not what was meant.
            continue
        pixels = stored[:].astype(np.float64) / pixel_size
        positions[:, axis] = np.where(np.isfinite(pixels), pixels, centre[axis])
    return positions
