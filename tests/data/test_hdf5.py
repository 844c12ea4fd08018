"""Damage for which HDF5 1.14 ends the process: so would these tests where it goes unnoticed."""

import struct
from pathlib import Path

import h5py
import numpy as np
import pytest

from aid_desktop.data.basins import files_behind
from aid_desktop.data.carried import take_inventory
from aid_desktop.data.conversion import ConvertSettings, plan_conversion
from aid_desktop.data.formats import open_source
from aid_desktop.data.hdf5 import attributes_of, is_plausible
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.errors import DataError

ZSTD = 32015


def replace(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new))


@pytest.mark.parametrize("n_bytes", [0, 3])
def test_that_chunks_shorter_than_their_checksum_are_refused(tmp_path: Path, n_bytes: int) -> None:
    path, images = tmp_path / "a.rtdc", np.arange(20 * 8 * 8, dtype=np.uint8).reshape(20, 8, 8)
    with h5py.File(path, "w") as file:
        for name in ("image", "image_bg"):
            file.create_dataset(f"events/{name}", data=images, chunks=(5, 8, 8), fletcher32=True)
        assert is_plausible(file["events/image"])
    np.testing.assert_array_equal(open_source(path).read(range(20)), images)
    key = struct.pack("<IIQ", 5 * 8 * 8 + 4, 0, 5)
    replace(path, key, struct.pack("<IIQ", n_bytes, 0, 5))
    with h5py.File(path) as file:
        assert not is_plausible(file["events/image"])
    with pytest.raises(DataError, match=r"a\.rtdc is damaged: it cannot hold the images \(20, 8, 8\)"):
        open_source(path)


def test_that_what_is_read_besides_images_is_looked_at_too(tmp_path: Path) -> None:
    path, n = tmp_path / "a.rtdc", 20
    with h5py.File(path, "w") as file:
        file.attrs["imaging:pixel size"] = 0.5
        file["events/image"] = np.zeros((n, 8, 8), np.uint8)
        for name in ("events/pos_x", "events/pos_y", "logs/a", "basins/a"):
            data = np.zeros(n) if name.startswith("events") else np.full(n, b"1234567")
            file.create_dataset(name, data=data, chunks=(n,), fletcher32=True)
    reader = open_source(path)
    plan = plan_conversion([reader.source], ConvertSettings())
    assert take_inventory(reader.source, plan).logs == {"a": ("1234567",) * n}
    replace(path, struct.pack("<IIQ", 8 * n + 4, 0, 0), struct.pack("<IIQ", 0, 0, 0))
    replace(path, struct.pack("<IIQ", 7 * n + 4, 0, 0), struct.pack("<IIQ", 0, 0, 0))
    assert take_inventory(reader.source, plan).logs == {}
    with pytest.raises(DataError, match="pos_x is damaged"):
        open_source(path).positions([0])
    with h5py.File(path, "a") as file:
        file["basins/lost"] = h5py.SoftLink("/nowhere")
        file.create_group("basins/group")
        assert files_behind(file) == ()


def test_that_filters_without_their_parameters_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.rtdc"
    write_rtdc(path, np.zeros((20, 8, 8), np.uint8))
    # The one parameter of zstd, the level 5, becomes the filter of that number: n-bit packing, without any.
    one_parameter, none = (struct.pack("<HHHH", ZSTD, 48, 1, n) for n in (1, 0))
    replace(path, one_parameter, none)
    with pytest.raises(DataError, match="cannot hold the images"):
        open_source(path)


def test_that_attributes_that_are_lists_of_differing_lengths_are_left_out(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.attrs.update({"text": "µm", "number": 3, "row": [1.0, 2.0], "texts": ["a", "bc"]})
        file.attrs.create("list", [np.arange(2), np.arange(3)], dtype=h5py.vlen_dtype(np.int64))
        found = attributes_of(file)
        assert sorted(found) == ["number", "row", "text", "texts"]
        assert (found["text"], found["number"], list(found["row"]), list(found["texts"])) == (
            "µm",
            3,
            [1, 2],
            ["a", "bc"],
        )
        assert attributes_of(file, "number", "absent", "list") == {"number": 3}
