"""Where the tiles of a large image are, and which class each has by a label mask. All functions are pure.

Positions are (N, 2) whole numbers x, y: the upper left pixel of each tile. Sizes and strides are one number for
squares, or (along x, along y). A label mask is (H, W) of whole numbers: 0 for background, k for class k.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.pixels import Pixels

Side = int | tuple[int, int]
"""Length in pixels along both axes, or along x and y."""

Positions = NDArray[np.intp]
"""(N, 2): x and y of the upper left pixels of tiles."""

Labels = NDArray[np.uint8 | np.uint16]
"""A label mask (H, W)."""

_MOST_MISSES = 32
"""So many rounds of draws may bring nothing new before a class counts as exhausted."""


def both_sides(side: Side) -> tuple[int, int]:
    """Return (along x, along y). Raises ValueError for lengths below 1."""
    sides = side if isinstance(side, tuple) else (side, side)
    if min(sides) < 1:
        raise ValueError(f"got {side}, expected at least 1 pixel")
    return sides


def tile_starts(length: int, size: int, stride: int, cover_edges: bool = False) -> Positions:
    """Return the first pixels (N,) of the tiles along a side of `length` pixels: 0, `stride`, 2 · `stride`, …

    Only whole tiles count, so up to `stride` - 1 pixels at the far border may be in none. With `cover_edges` one more
    tile, flush with that border, takes them in. There is no tile if `length` is less than `size`.
    """
    starts = np.arange(0, length - size + 1, stride)
    last = length - size
    if cover_edges and starts.size and starts[-1] != last:
        return np.append(starts, last)
    return starts


def tile_positions(height: int, width: int, size: Side, stride: Side, cover_edges: bool = False) -> Positions:
    """Return the positions (N, 2) of all tiles, row by row; see `tile_starts` for the borders."""
    (tile_width, tile_height), (step_x, step_y) = both_sides(size), both_sides(stride)
    columns = tile_starts(width, tile_width, step_x, cover_edges)
    rows = tile_starts(height, tile_height, step_y, cover_edges)
    return np.stack((np.tile(columns, len(rows)), np.repeat(rows, len(columns))), axis=1)


def cut_tiles(image: Pixels, positions: Positions, size: Side) -> Pixels:
    """Return copies (N, h, w) or (N, h, w, C) of the tiles, in the depth and with the channels of the image.

    Raises ValueError for a tile that is not inside the image.
    """
    width, height = both_sides(size)
    _check_inside(image.shape[:2], positions, (width, height))
    tiles = np.empty((len(positions), height, width, *image.shape[2:]), image.dtype)
    for number, (x, y) in enumerate(positions.tolist()):
        tiles[number] = image[y : y + height, x : x + width]
    return tiles


def label_tiles(mask: Labels, positions: Positions, size: Side, min_pixels: int) -> NDArray[np.intp]:
    """Return the class of each tile, (N,): that with the most pixels in it if there are `min_pixels`, else 0.

    Of classes with equally many pixels the lowest wins. Raises ValueError for a tile that is not inside the mask.
    """
    width, height = both_sides(size)
    _check_inside(mask.shape, positions, (width, height))
    x, y = positions.T
    best = np.zeros(len(positions), np.intp)
    most = np.full(len(positions), max(1, min_pixels) - 1, np.int64)
    for label in np.unique(mask[mask > 0]).tolist():
        # Sums over everything above and left of a pixel: a tile's number of pixels is that of four of them.
        sums = cv2.integral((mask == label).view(np.uint8))
        right, bottom = x + width, y + height
        n_pixels = sums[bottom, right].astype(np.int64) - sums[y, right] - sums[bottom, x] + sums[y, x]
        is_more = n_pixels > most
        best[is_more], most[is_more] = label, n_pixels[is_more]
    return best


def extra_positions(
    mask: Labels,
    label: int,
    n: int,
    size: Side,
    min_pixels: int,
    existing: Positions,
    rng: np.random.Generator,
) -> Positions:
    """Draw up to `n` positions of further tiles of one class, each around a random pixel of it.

    They lie inside of the image, differ from each other and from `existing`, and `label_tiles` gives them `label`.
    There are fewer if the class has no more such tiles, or they are so rare that many draws find none.
    """
    (width, height), (image_height, image_width) = both_sides(size), mask.shape
    pixels = np.flatnonzero(mask == label)
    if not pixels.size or image_width < width or image_height < height:
        return np.empty((0, 2), np.intp)
    taken = set(map(tuple, existing.tolist()))
    found: list[tuple[int, int]] = []
    misses = 0
    while len(found) < n and misses < _MOST_MISSES:
        y, x = np.divmod(rng.choice(pixels, 2 * (n - len(found)) + 16), image_width)
        drawn = np.stack((_draw_start(x, width, image_width, rng), _draw_start(y, height, image_height, rng)), axis=1)
        n_before = len(found)
        for pair in drawn[label_tiles(mask, drawn, size, min_pixels) == label].tolist():
            position = (pair[0], pair[1])
            if position not in taken and len(found) < n:
                taken.add(position)
                found.append(position)
        misses = 0 if len(found) > n_before else misses + 1
    return np.array(found, np.intp).reshape(-1, 2)


def _draw_start(pixel: NDArray[np.intp], size: int, length: int, rng: np.random.Generator) -> NDArray[np.intp]:
    low, high = np.maximum(0, pixel - size + 1), np.minimum(pixel, length - size)
    return rng.integers(low, high + 1)


def _check_inside(shape: tuple[Any, ...], positions: Positions, size: tuple[int, int]) -> None:
    last = np.array((shape[1] - size[0], shape[0] - size[1]))
    if len(positions) and ((positions < 0) | (positions > last)).any():
        raise ValueError(f"a tile of {size[0]} × {size[1]} px is not inside {shape[1]} × {shape[0]} px")
