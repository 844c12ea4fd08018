"""What a model says about each part of a large image: probabilities of tiles, averaged where these overlap."""

from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.geometry import fit_image
from aid_desktop.data.pixels import Pixels
from aid_desktop.data.source import ImageReader
from aid_desktop.data.tiles import Positions, Side, both_sides, cut_tiles, tile_positions, tile_starts
from aid_desktop.errors import DataError, StoppedError
from aid_desktop.evaluation.assess import CHUNK_BYTES, CHUNK_IMAGES, check_sources, conversion_progress
from aid_desktop.evaluation.predictions import Threshold, checked_probabilities, predicted_classes
from aid_desktop.long_work import Progress, ShouldStop
from aid_desktop.models.files import LoadedModel
from aid_desktop.models.metadata import ModelCard
from aid_desktop.models.predict import Predictor

Labels = NDArray[np.uint8 | np.uint16]


@dataclass(frozen=True, slots=True, eq=False)
class PixelMap:
    """The probabilities of each pixel, which are the same within cells: the parts of the image with the same tiles.

    `columns` and `rows` are the borders of the cells in pixels, increasing; `probabilities` is float32
    (cells along y, cells along x, C), nan where there is no tile.
    """

    columns: NDArray[np.intp]
    rows: NDArray[np.intp]
    probabilities: NDArray[np.float32]

    def label_map(self, threshold: Threshold | None = None) -> Labels:
        """Return the class of each pixel plus 1, (H, W), 0 where there is no tile; uint8 up to 255 classes."""
        n_classes = self.probabilities.shape[2]
        flat = self.probabilities.reshape(-1, n_classes)
        is_covered = ~np.isnan(flat[:, 0])
        labels: Labels = np.zeros(len(flat), np.uint8 if n_classes <= 255 else np.uint16)
        labels[is_covered] = predicted_classes(flat[is_covered], threshold) + 1
        cells: Labels = labels.reshape(self.probabilities.shape[:2])
        return cells.repeat(np.diff(self.rows), axis=0).repeat(np.diff(self.columns), axis=1)

    def at(self, x: int, y: int) -> NDArray[np.float32] | None:
        """Return the probabilities (C,) of a pixel; None outside of the image and where there is no tile."""
        if not (0 <= x < self.columns[-1] and 0 <= y < self.rows[-1]):
            return None
        row, column = np.searchsorted(self.rows, y, "right") - 1, np.searchsorted(self.columns, x, "right") - 1
        found: NDArray[np.float32] = self.probabilities[row, column]
        return None if np.isnan(found[0]) else found


@dataclass(frozen=True, slots=True, eq=False)
class TileMap:
    """The model's probabilities for the tiles of one image.

    `shape` is (height, width) of the image, `size` and `stride` (along x, along y) those of the tiles, all in pixels;
    `probabilities` is float32 (N, C) in the order of `positions`, row by row.
    """

    class_names: tuple[str, ...]
    shape: tuple[int, int]
    size: tuple[int, int]
    stride: tuple[int, int]
    probabilities: NDArray[np.float32]

    @property
    def n(self) -> int:
        """Number of tiles."""
        return len(self.probabilities)

    @property
    def positions(self) -> Positions:
        """Upper left pixels x, y of the tiles, (N, 2)."""
        return tile_positions(*self.shape, self.size, self.stride, cover_edges=True)

    def predicted(self, threshold: Threshold | None = None) -> NDArray[np.intp]:
        """Return the class of each tile, (N,); see predictions.predicted_classes."""
        return predicted_classes(self.probabilities, threshold)

    def class_counts(self, threshold: Threshold | None = None) -> dict[str, int]:
        """Return the number of tiles of each class."""
        numbers = np.bincount(self.predicted(threshold), minlength=len(self.class_names))
        return dict(zip(self.class_names, numbers.tolist(), strict=True))

    def averaged(self) -> PixelMap:
        """Return for each pixel the mean of the probabilities of all tiles that it is in."""
        (height, width), (tile_width, tile_height) = self.shape, self.size
        columns = _Axis.of(width, tile_width, self.stride[0])
        rows = _Axis.of(height, tile_height, self.stride[1])
        grid = self.probabilities.astype(np.float64).reshape(rows.n_tiles, columns.n_tiles, -1)
        sums = columns.sums(rows.sums(grid).swapaxes(0, 1)).swapaxes(0, 1)
        n_tiles = np.multiply.outer(rows.n_covering, columns.n_covering)[:, :, np.newaxis]
        means = np.full(sums.shape, np.nan)
        np.divide(sums, n_tiles, out=means, where=n_tiles > 0)
        return PixelMap(columns.borders, rows.borders, np.clip(means, 0, 1).astype(np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class _Axis:
    """Cells along one side: their borders, and that tiles `first` to `last` - 1 cover each of them."""

    n_tiles: int
    borders: NDArray[np.intp]
    first: NDArray[np.intp]
    last: NDArray[np.intp]

    @classmethod
    def of(cls, length: int, size: int, stride: int) -> "_Axis":
        starts = tile_starts(length, size, stride, cover_edges=True)
        borders = np.unique(np.concatenate((starts, starts + size, [0, length])))
        cells = borders[:-1]
        first, last = np.searchsorted(starts, cells - size, "right"), np.searchsorted(starts, cells, "right")
        return cls(len(starts), borders, first, last)

    @property
    def n_covering(self) -> NDArray[np.intp]:
        """Number of tiles over each cell."""
        return self.last - self.first

    def sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return for each cell the sum over its tiles, which are the first axis of `values`."""
        before = np.concatenate((np.zeros((1, *values.shape[1:])), values.cumsum(axis=0)))
        summed: NDArray[np.float64] = before[self.last] - before[self.first]
        return summed


def tile_size_of(card: ModelCard) -> tuple[int, int]:
    """Return the (width, height) of the tiles that the model fits: its own size before the zoom of its card."""
    return max(1, round(card.image.width / card.zoom)), max(1, round(card.image.height / card.zoom))


def classify_image(
    loaded: LoadedModel,
    reader: ImageReader,
    index: int,
    size: Side | None = None,
    stride: Side | None = None,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> TileMap:
    """Read one image and classify its tiles. Raises DataError if it is not what the model takes; see below."""
    check_sources([reader.source], loaded.card)
    [image] = reader.read([index], loaded.card.image.channel_names)
    return classify_tiles(loaded, image, size, stride, progress, should_stop)


def classify_tiles(
    loaded: LoadedModel,
    image: Pixels,
    size: Side | None = None,
    stride: Side | None = None,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> TileMap:
    """Return the probabilities of all tiles of an image (H, W) or (H, W, C), of which every pixel is in one.

    Each tile is prepared as if it were an image of its own, with the zoom of the model's card. `image` has the
    channels that the card names. `size` (default: `tile_size_of`) and `stride` (default: the size; larger ones leave
    gaps) are in pixels; the last tiles are flush with the borders. `progress` gets (done, total) tiles, and
    (0, 0) while the network is converted. Raises DataError for an image smaller than a tile, StoppedError once
    `should_stop` says yes.
    """
    size = both_sides(size or tile_size_of(loaded.card))
    stride = both_sides(stride or size)
    height, width = image.shape[:2]
    positions = tile_positions(height, width, size, stride, cover_edges=True)
    if not len(positions):
        raise DataError(f"The image has {width} × {height} px, less than one tile of {size[0]} × {size[1]} px.")
    tell = None if progress is None else conversion_progress(progress, len(positions))
    predictor = Predictor(loaded.model, loaded.card, n_images=len(positions), on_convert=tell)
    step = _chunk_size(image, size, loaded.card)
    parts = []
    for start in range(0, len(positions), step):
        part = positions[start : start + step]
        prepared = _prepare(cut_tiles(image, part, size), loaded.card)
        parts.append(predictor.predict(prepared, should_stop))
        if len(parts[-1]) < len(part) or (should_stop is not None and should_stop()):
            raise StoppedError("Stopped: not all tiles were classified.")
        if progress is not None:
            progress(start + len(part), len(positions))
    probabilities = checked_probabilities(np.concatenate(parts), len(loaded.card.class_names))
    return TileMap(loaded.card.class_names, (height, width), size, stride, probabilities)


def _prepare(tiles: Pixels, card: ModelCard) -> Pixels:
    centre = tiles.shape[2] / 2, tiles.shape[1] / 2
    return np.stack([fit_image(tile, centre, card.image, card.zoom) for tile in tiles])


def _chunk_size(image: Pixels, size: tuple[int, int], card: ModelCard) -> int:
    n_channels = prod(image.shape[2:])
    # A tile as it was cut; prepared in its own type, and normalized as float32.
    each = image.itemsize * prod(size) * n_channels + (image.itemsize + 4) * prod(card.image.input_shape)
    return max(1, min(CHUNK_IMAGES, CHUNK_BYTES // each))
