"""Tiles of large images: where they are, which class they have, and the files they become."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from aid_desktop.data.tiles import (
    cut_tiles,
    extra_positions,
    label_tiles,
    tile_positions,
    tile_starts,
)

Write = Callable[..., Path]

sides = st.integers(1, 40)
steps = st.integers(1, 12)


def noise(shape: tuple[int, ...], dtype: str = "uint8", seed: int = 0) -> NDArray[np.generic]:
    return np.random.default_rng(seed).integers(0, 200, shape).astype(dtype)


def test_that_the_tiles_of_the_paper_are_a_hundred() -> None:
    positions = tile_positions(320, 320, 32, 32)
    assert positions.shape == (100, 2)
    assert positions[:2].tolist() == [[0, 0], [32, 0]]
    assert positions[-1].tolist() == [288, 288]


@pytest.mark.parametrize(
    ("length", "cover", "starts"),
    [(31, True, []), (32, True, [0]), (70, False, [0, 16, 32]), (70, True, [0, 16, 32, 38]), (64, True, [0, 16, 32])],
)
def test_that_only_whole_tiles_count_and_one_may_be_flush_with_the_border(
    length: int, cover: bool, starts: list[int]
) -> None:
    assert tile_starts(length, 32, 16, cover).tolist() == starts


@given(sides, sides, steps, steps, st.booleans())
def test_that_tiles_lie_inside_and_differ(height: int, width: int, size: int, stride: int, cover: bool) -> None:
    positions = tile_positions(height, width, size, stride, cover)
    assert len(set(map(tuple, positions.tolist()))) == len(positions)
    assert (positions >= 0).all()
    assert (positions <= (width - size, height - size)).all()


@given(sides, sides, steps, steps, st.booleans())
def test_that_tiles_put_back_together_are_the_image(
    height: int, width: int, size: int, stride: int, cover: bool
) -> None:
    image = noise((height, width, 3), "uint16")
    positions = tile_positions(height, width, size, stride, cover)
    back, is_covered = np.zeros_like(image), np.zeros((height, width), bool)
    for (x, y), tile in zip(positions.tolist(), cut_tiles(image, positions, size), strict=True):
        back[y : y + size, x : x + size] = tile
        is_covered[y : y + size, x : x + size] = True
    np.testing.assert_array_equal(back[is_covered], image[is_covered])
    if stride <= size and min(height, width) >= size:
        ends = positions.max(axis=0) + size
        assert is_covered[: ends[1], : ends[0]].all()
        assert not cover or is_covered.all()


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", [(), (1,), (3,), (5,)])
def test_that_tiles_keep_depth_and_channels(dtype: str, channels: tuple[int, ...]) -> None:
    image = noise((9, 8, *channels), dtype)
    tiles = cut_tiles(image, np.array([[1, 2]]), (4, 3))
    assert tiles.dtype == image.dtype
    np.testing.assert_array_equal(tiles[0], image[2:5, 1:5])
    tiles[0] = 0
    assert image.any()


@pytest.mark.parametrize("position", [[-1, 0], [0, -1], [6, 0], [0, 5]])
def test_that_tiles_outside_of_the_image_are_refused(position: list[int]) -> None:
    with pytest.raises(ValueError, match="is not inside 8 × 7 px"):
        cut_tiles(noise((7, 8)), np.array([position]), 3)


@given(
    st.integers(3, 20),
    st.integers(3, 20),
    st.integers(1, 8),
    st.integers(1, 8),
    st.integers(1, 30),
    st.integers(0, 2**32 - 1),
)
def test_that_the_class_with_the_most_pixels_wins_if_they_are_enough(
    height: int, width: int, size: int, stride: int, least: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    mask = rng.choice(4, (height, width), p=rng.dirichlet(np.ones(4))).astype(np.uint16)
    positions = tile_positions(height, width, size, stride)
    labels = label_tiles(mask, positions, size, least)
    for (x, y), label in zip(positions.tolist(), labels.tolist(), strict=True):
        counts = np.bincount(mask[y : y + size, x : x + size].reshape(-1), minlength=4)[1:]
        assert label == (int(counts.argmax()) + 1 if counts.max() >= least else 0)


@given(st.integers(1, 6), st.integers(1, 10), st.integers(0, 40), st.integers(0, 2**32 - 1))
def test_that_extra_tiles_are_new_and_of_the_class(size: int, least: int, n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    mask = np.zeros((17, 23), np.uint8)
    mask[5:9, 14:22] = 1
    mask[0, 0] = 2
    existing = tile_positions(17, 23, size, size)
    found = extra_positions(mask, 1, n, size, least, existing, rng)
    assert len(found) <= n
    assert not set(map(tuple, found.tolist())) & set(map(tuple, existing.tolist()))
    assert len(set(map(tuple, found.tolist()))) == len(found)
    assert (label_tiles(mask, found, size, least) == 1).all()


def test_that_as_many_extra_tiles_come_as_there_are() -> None:
    mask = np.zeros((20, 20), np.uint8)
    mask[10, 10] = 1
    grid = tile_positions(20, 20, 4, 4)
    found = extra_positions(mask, 1, 1000, 4, 1, grid, np.random.default_rng(1))
    # 16 tiles have the pixel in them, of which one is on the grid.
    assert len(found) == 15
    again = extra_positions(mask, 1, 1000, 4, 1, grid, np.random.default_rng(1))
    np.testing.assert_array_equal(found, again)


def test_that_a_class_without_pixels_or_an_image_without_room_gives_no_extra_tile(rng: np.random.Generator) -> None:
    mask = np.ones((8, 8), np.uint8)
    none = np.empty((0, 2), np.intp)
    assert len(extra_positions(mask, 2, 5, 4, 1, none, rng)) == 0
    assert len(extra_positions(mask, 1, 5, 9, 1, none, rng)) == 0
