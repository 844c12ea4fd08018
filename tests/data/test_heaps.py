"""Damage for which HDF5 1.14 searches without end: these tests would hang where it goes unnoticed."""

import struct
from pathlib import Path

import h5py
import numpy as np
import pytest

from aid_desktop.data import heaps
from aid_desktop.data.formats import open_source
from aid_desktop.data.heaps import check_heaps
from aid_desktop.errors import DataError

TEXTS = [f"text number {number}" for number in range(40)]
HEADER = 16
OBJECT = HEADER + 16
"""Of each text of 14 or 15 bytes in a heap: its header, and the text in steps of 8."""


@pytest.fixture
def measurement(tmp_path: Path) -> Path:
    """Return an .rtdc file with texts in a global heap, and a local heap with a list of free blocks."""
    path = tmp_path / "a.rtdc"
    with h5py.File(path, "w") as file:
        file["events/image"] = np.arange(12 * 8 * 8, dtype=np.uint8).reshape(12, 8, 8)
        for number, text in enumerate(TEXTS):
            file.attrs[f"user:{number}"] = text
    return path


def overwrite(path: Path, place: int, new: bytes) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:place] + new + content[place + len(new) :])


def place_of(path: Path, signature: bytes) -> int:
    place = path.read_bytes().find(signature)
    assert place > 0
    return place


def test_that_sound_files_are_read(measurement: Path) -> None:
    check_heaps(measurement)
    assert open_source(measurement).source.n_images == 12
    with h5py.File(measurement) as file:
        assert [file.attrs[f"user:{number}"] for number in range(len(TEXTS))] == TEXTS


@pytest.mark.parametrize("end", ["cleared", "one text", "to the end"])
def test_that_a_heap_of_texts_without_end_is_refused(measurement: Path, end: str) -> None:
    objects = place_of(measurement, b"GCOL") + HEADER
    new = {
        "cleared": bytes(100),
        "one text": struct.pack("<QQ", 1, 2**64 - HEADER),
        "to the end": bytes(3000),
    }
    overwrite(measurement, objects + 3 * OBJECT, new[end])
    with pytest.raises(OSError, match="overwritten"):
        check_heaps(measurement)
    with pytest.raises(DataError, match=r"a\.rtdc is damaged or cannot be read: .* was overwritten"):
        open_source(measurement)


def test_that_a_list_of_free_blocks_without_end_is_refused(measurement: Path) -> None:
    heap = place_of(measurement, b"HEAP")
    _, block, start = struct.unpack_from("<QQQ", measurement.read_bytes(), heap + 8)
    overwrite(measurement, start + block, struct.pack("<Q", block))
    with pytest.raises(DataError, match="was overwritten"):
        open_source(measurement)


def test_that_heaps_behind_many_images_are_looked_at(
    measurement: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts, n = place_of(measurement, b"GCOL"), measurement.stat().st_size
    assert n - texts < texts
    monkeypatch.setattr(heaps, "_WINDOW", n - texts)
    overwrite(measurement, texts + HEADER, bytes(50))
    with pytest.raises(OSError, match="overwritten"):
        check_heaps(measurement)


def test_that_a_file_is_looked_at_again_once_it_has_changed(measurement: Path) -> None:
    sound = measurement.read_bytes()
    overwrite(measurement, place_of(measurement, b"GCOL") + HEADER, bytes(50))
    with pytest.raises(OSError, match="overwritten"):
        check_heaps(measurement)
    measurement.write_bytes(sound + b"\0")
    check_heaps(measurement)


@pytest.mark.parametrize("content", [b"", b"GCOL\x01\0\0\0", b"HEAP\0\0\0\0 and so on", bytes(9000)])
def test_that_other_files_are_left_to_others(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.h5"
    path.write_bytes(content)
    check_heaps(path)
    with pytest.raises(FileNotFoundError):
        check_heaps(tmp_path / "absent.h5")


def test_that_files_with_short_addresses_are_left_to_hdf5(tmp_path: Path) -> None:
    path, properties = tmp_path / "a.h5", h5py.h5p.create(h5py.h5p.FILE_CREATE)
    properties.set_sizes(4, 4)
    with h5py.File(h5py.h5f.create(bytes(path), fcpl=properties)) as file:
        file["images"] = np.zeros((3, 8, 8), np.uint8)
        file.attrs["text"] = "some"
    check_heaps(path)
    assert open_source(path).source.n_images == 3


@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_that_heaps_are_found_in_files_of_each_version(tmp_path: Path, libver: str) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w", libver=libver) as file:
        file["images"] = np.zeros((3, 8, 8), np.uint8)
        file.attrs["text"] = "some"
    check_heaps(path)
    overwrite(path, place_of(path, b"GCOL") + HEADER, bytes(50))
    with pytest.raises(OSError, match="overwritten"):
        check_heaps(path)


@pytest.mark.parametrize("n_bytes", [30, 1000, 4000])
def test_that_a_file_that_is_cut_off_is_called_so(measurement: Path, n_bytes: int) -> None:
    place = place_of(measurement, b"GCOL")
    measurement.write_bytes(measurement.read_bytes()[: place + n_bytes])
    check_heaps(measurement)
    with pytest.raises(DataError, match="cut off"):
        open_source(measurement)
