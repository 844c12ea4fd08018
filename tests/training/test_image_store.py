import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aid_desktop.data.geometry import centre_crop
from aid_desktop.training import image_store
from aid_desktop.training.image_store import ImageStore, StoredPart


@st.composite
def parts(draw):
    """Return parts, and the same images as one array."""
    found, arrays = [], []
    for number in range(draw(st.integers(1, 3))):
        n = draw(st.integers(1, 6))
        images = np.random.default_rng(number).integers(0, 9999, (n, 6, 8, 2)).astype(np.uint16)
        chosen = draw(st.none() | st.lists(st.integers(0, n - 1), max_size=6, unique=True))
        chosen = None if chosen is None else np.array(sorted(chosen), np.intp)
        found.append(StoredPart(images, chosen))
        arrays.append(images if chosen is None else images[chosen])
    return found, np.concatenate(arrays)


@given(parts(), st.sampled_from([None, (6, 8), (4, 2)]), st.data())
def test_that_a_store_reads_like_one_array(drawn, size, data):
    found, array = drawn
    expected = array if size is None else centre_crop(array, size[1], size[0])
    store = ImageStore(found, size)
    assert (len(store), store.shape, store.dtype) == (len(array), expected.shape, np.uint16)
    start, stop = sorted(data.draw(st.tuples(st.integers(0, 20), st.integers(0, 20))))
    np.testing.assert_array_equal(store[start:stop], expected[start:stop])
    if len(array):
        numbers = np.array(data.draw(st.lists(st.integers(0, len(array) - 1), max_size=9)), np.intp)
        np.testing.assert_array_equal(store[numbers], expected[numbers])


def test_that_what_is_read_is_a_copy():
    images = np.zeros((3, 4, 4, 1), np.uint8)
    store = ImageStore([StoredPart(images)])
    store[:][:] = 7
    assert not images.any()


def test_that_blocks_hold_every_image_once(monkeypatch):
    monkeypatch.setattr(image_store, "_BLOCK", 4)
    images = np.arange(10, dtype=np.uint8).reshape(10, 1, 1, 1)
    blocks = list(ImageStore([StoredPart(images)]).blocks())
    assert [len(block) for block in blocks] == [4, 4, 2]
    np.testing.assert_array_equal(np.concatenate(blocks), images)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells which memory belongs to files")
def test_that_what_is_read_from_a_file_does_not_stay_in_memory(tmp_path: Path):
    np.save(tmp_path / "a.npy", np.ones((64, 2**10, 2**10, 1), np.uint8))
    store = ImageStore([StoredPart(np.load(tmp_path / "a.npy", mmap_mode="r"))])
    before = psutil.Process().memory_info().shared
    assert all(store[number : number + 1].all() for number in range(64))
    assert psutil.Process().memory_info().shared - before < 2**24


@pytest.mark.parametrize("offset", [0, 5000])
def test_that_a_mapped_file_reads_like_an_array(tmp_path: Path, rng: np.random.Generator, offset: int):
    images = rng.integers(0, 9999, (300, 9, 7, 1)).astype(np.uint16)
    (tmp_path / "a.bin").write_bytes(bytes(offset) + images.tobytes())
    mapped = np.memmap(tmp_path / "a.bin", np.uint16, "r", offset, images.shape)
    numbers = rng.integers(0, 300, 500)
    np.testing.assert_array_equal(ImageStore([StoredPart(mapped)])[numbers], images[numbers])
    np.testing.assert_array_equal(ImageStore([StoredPart(mapped, numbers)])[:], images[numbers])
