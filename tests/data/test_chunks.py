"""Chunks decompressed on several cores give what HDF5 gives, or leave it to HDF5."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import h5py
import hdf5plugin
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aid_desktop.data import chunks
from aid_desktop.data.chunks import read_chunks
from aid_desktop.data.hdf5 import open_hdf5, read_rows
from aid_desktop.errors import DataError

N, SHAPE, ROWS = 43, (6, 5), 4
STORED = {
    "gzip": {"compression": "gzip", "compression_opts": 3},
    "gzip with checksum": {"compression": "gzip", "fletcher32": True},
    "shuffled gzip with checksum": {"compression": "gzip", "shuffle": True, "fletcher32": True},
    "zstd": dict(hdf5plugin.Zstd(clevel=3)),
    "shuffled zstd": {"shuffle": True, **hdf5plugin.Zstd()},
}
LEFT_TO_HDF5 = {
    "raw": {},
    "lzf": {"compression": "lzf"},
    "blosc": dict(hdf5plugin.Blosc()),
    "cut images": {"compression": "gzip", "chunks": (ROWS, 3, 5)},
    "contiguous": {"chunks": None},
}


def images_of(kind: str) -> np.ndarray:
    # Few grey levels, so that they can be compressed.
    return np.random.default_rng(1).integers(0, 9, (N, *SHAPE)).astype(kind)


def written(path: Path, kind: str, options: dict) -> np.ndarray:
    images = images_of(kind)
    with h5py.File(path, "w") as file:
        file.create_dataset("a", data=images, **{"chunks": (ROWS, *SHAPE), **options})
    return images


@pytest.mark.parametrize("kind", ["uint8", "<u2", ">u2", "float32"])
@pytest.mark.parametrize("stored", STORED)
def test_that_the_rows_are_those_of_hdf5(tmp_path: Path, stored: str, kind: str) -> None:
    images = written(tmp_path / "a.h5", kind, STORED[stored])
    some = np.array([0, 1, 3, 4, 5, 6, 7, 13, 20, 22, 30, 41, 42])
    with h5py.File(tmp_path / "a.h5") as file:
        for wanted in (np.arange(N), some):
            found = read_chunks(file["a"], wanted)
            assert found is not None
            assert found.dtype == images.dtype
            np.testing.assert_array_equal(found, images[wanted])


@given(st.sets(st.integers(0, N - 1), min_size=1))
def test_that_any_rows_are_found(tmp_path_factory: pytest.TempPathFactory, wanted: set[int]) -> None:
    path = tmp_path_factory.getbasetemp() / "any.h5"
    if not path.exists():
        written(path, "uint8", STORED["gzip"])
    rows = np.array(sorted(wanted))
    with h5py.File(path) as file:
        np.testing.assert_array_equal(read_rows(file["a"], rows), images_of("uint8")[rows])


@pytest.mark.parametrize("stored", LEFT_TO_HDF5)
def test_that_what_is_not_known_here_is_left_to_hdf5(tmp_path: Path, stored: str) -> None:
    images = written(tmp_path / "a.h5", "uint8", LEFT_TO_HDF5[stored])
    with h5py.File(tmp_path / "a.h5") as file:
        assert read_chunks(file["a"], np.arange(N)) is None
        np.testing.assert_array_equal(read_rows(file["a"], np.arange(N)), images)


def test_that_few_chunks_are_left_to_hdf5(tmp_path: Path) -> None:
    written(tmp_path / "a.h5", "uint8", STORED["zstd"])
    with h5py.File(tmp_path / "a.h5") as file:
        assert read_chunks(file["a"], np.arange(3 * ROWS)) is None
        assert read_chunks(file["a"], np.arange(0)) is None


def test_that_chunks_never_written_and_chunks_stored_plainly_are_read_too(tmp_path: Path) -> None:
    images = images_of("uint8")
    images[8:12] = 7
    with h5py.File(tmp_path / "a.h5", "w") as file:
        stack = file.create_dataset("a", images.shape, np.uint8, chunks=(ROWS, *SHAPE), compression="gzip", fillvalue=7)
        stack[:8], stack[12:] = images[:8], images[12:]
        # The mask says that the first filter was left out.
        stack.id.write_direct_chunk((16, 0, 0), images[16:20].tobytes(), filter_mask=1)
    with h5py.File(tmp_path / "a.h5") as file:
        np.testing.assert_array_equal(read_chunks(file["a"], np.arange(N)), images)


@pytest.mark.parametrize("stored", ["gzip", "gzip with checksum", "zstd"])
def test_that_a_damaged_chunk_is_told(tmp_path: Path, stored: str) -> None:
    path = tmp_path / "a.h5"
    written(path, "uint8", STORED[stored])
    with h5py.File(path) as file:
        place = file["a"].id.get_chunk_info_by_coord((8, 0, 0))
    content = bytearray(path.read_bytes())
    for offset in range(place.byte_offset + place.size // 2, place.byte_offset + place.size // 2 + 6):
        content[offset] ^= 0xFF
    path.write_bytes(bytes(content))
    with pytest.raises(DataError, match="is damaged or cannot be read"), open_hdf5(path) as file:
        read_rows(file["a"], np.arange(N))


def write_by_hand(
    path: Path, kind: h5py.h5t.TypeID, images: np.ndarray, change: Callable[[h5py.h5p.PropDCID], object] = id
) -> None:
    with h5py.File(path, "w", libver="latest") as file:
        space, plan = h5py.h5s.create_simple(images.shape), h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plan.set_chunk((ROWS, *SHAPE))
        plan.set_deflate(3)
        change(plan)
        h5py.h5d.create(file.id, b"a", kind, space, plan).write(space, space, images)


@pytest.mark.parametrize("kind", ["12 bits", "12 bits, shifted", "bfloat16", "enumeration"])
def test_that_numbers_with_other_bits_are_left_to_hdf5(tmp_path: Path, kind: str) -> None:
    images = images_of("uint16")
    if kind == "bfloat16":
        stored, images = h5py.h5t.IEEE_F32LE.copy(), images.astype("float32")
        stored.set_fields(15, 7, 8, 0, 7)
        stored.set_size(2)
        stored.set_ebias(127)
    else:
        stored = h5py.h5t.STD_U16LE.copy()
        stored.set_precision(12)
        stored.set_offset(4 * kind.endswith("shifted"))
    if kind == "enumeration":
        with h5py.File(tmp_path / "a.h5", "w") as file:
            names = h5py.enum_dtype({f"v{value}": value for value in range(9)}, "uint16")
            file.create_dataset("a", data=images, dtype=names, chunks=(ROWS, *SHAPE), compression="gzip")
    else:
        write_by_hand(tmp_path / "a.h5", stored, images)
    with h5py.File(tmp_path / "a.h5") as file:
        assert read_chunks(file["a"], np.arange(N)) is None
        np.testing.assert_array_equal(read_rows(file["a"], np.arange(N)), images)


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="finds the library as Linux does")
def test_that_a_last_chunk_without_filters_is_read(tmp_path: Path) -> None:
    import ctypes

    # DONT_FILTER_PARTIAL_CHUNKS, which h5py does not offer.
    loaded = [line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if "libhdf5-" in line]
    images = images_of("uint16")
    if not loaded:
        pytest.skip("the library has another name")
    set_options = ctypes.CDLL(loaded[0]).H5Pset_chunk_opts
    set_options.argtypes = [ctypes.c_int64, ctypes.c_uint]
    write_by_hand(tmp_path / "a.h5", h5py.h5t.STD_U16LE, images, lambda plan: set_options(plan.id, 2))
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["a"].id.get_chunk_info_by_coord((40, 0, 0)).size == 2 * ROWS * 30
        np.testing.assert_array_equal(read_chunks(file["a"], np.arange(N)), images)


def test_that_chunks_that_cannot_be_decompressed_here_are_left_to_hdf5(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("a chunk has 7 bytes, expected 120")

    images = written(tmp_path / "a.h5", "uint8", STORED["gzip"])
    monkeypatch.setattr(chunks, "_decompress", fail)
    with h5py.File(tmp_path / "a.h5") as file:
        assert read_chunks(file["a"], np.arange(N)) is None
        np.testing.assert_array_equal(read_rows(file["a"], np.arange(N)), images)


def test_that_a_h5py_without_its_lock_is_left_to_hdf5(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = written(tmp_path / "a.h5", "uint8", STORED["gzip"])
    monkeypatch.delattr("h5py._objects.phil")
    with h5py.File(tmp_path / "a.h5") as file:
        assert read_chunks(file["a"], np.arange(N)) is None
        np.testing.assert_array_equal(read_rows(file["a"], np.arange(N)), images)


def test_that_hdf5_does_nothing_else_while_a_chunk_is_read() -> None:
    from h5py._objects import phil

    seen = []

    def is_free() -> bool:
        is_mine = phil.acquire(False)
        if is_mine:
            phil.release()
        return is_mine

    with ThreadPoolExecutor(1) as other:

        def answer(content: object) -> object:
            seen.append(other.submit(is_free).result())
            return content

        calls = SimpleNamespace(
            get_chunk_info_by_coord=lambda place: answer(SimpleNamespace(size=3, filter_mask=0)),
            read_direct_chunk=lambda place: answer((0, b"abc")),
        )
        stack = SimpleNamespace(id=calls, chunks=(ROWS, *SHAPE), shape=(N, *SHAPE), dtype=np.dtype("uint8"))
        assert chunks._stored_bytes(stack, 1) == b"abc"
        assert seen == [False, False]
        assert other.submit(is_free).result()


def test_that_several_threads_read_what_one_reads(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.h5" for number in range(4)]
    for path in paths:
        written(path, "uint8", STORED["gzip"])

    def read(path: Path) -> np.ndarray:
        with open_hdf5(path) as file:
            return read_rows(file["a"], np.arange(N))

    with ThreadPoolExecutor(4) as executor:
        for found in executor.map(read, 20 * paths):
            np.testing.assert_array_equal(found, images_of("uint8"))


def test_that_only_so_many_bytes_wait_to_be_decompressed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "_RAW_BYTES", 100)
    images = written(tmp_path / "a.h5", "uint8", STORED["gzip"])
    with h5py.File(tmp_path / "a.h5") as file:
        np.testing.assert_array_equal(read_chunks(file["a"], np.arange(N)), images)
