"""`aid-desktop convert`."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image

from aid_desktop.data.formats import open_source
from aid_desktop.data.geometry import resize
from aid_desktop.data.rtdc_writing import write_rtdc


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with two images of different sizes and one that is broken."""
    made = tmp_path / "cells"
    made.mkdir()
    rng = np.random.default_rng(3)
    Image.fromarray(rng.integers(0, 256, (8, 10), np.uint8)).save(made / "a.png")
    Image.fromarray(rng.integers(0, 256, (20, 14), np.uint8)).save(made / "b.png")
    (made / "c.png").write_bytes(b"no picture")
    return made


def test_that_convert_prints_one_document_and_names_what_it_left_out(call: Any, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "cells.rtdc"
    result = call("convert", folder, "--out", out, "--size", "12x9", "--channels", "rgb", "--json")
    assert result.code == 0
    assert result.document == {"n": 2, "shape": [9, 12, 3]}
    (line,) = result.err.splitlines()
    assert line.startswith("left out: c.png: ")
    assert open_source(out).source.shapes == ((9, 12, 3),)


def test_that_a_resize_method_scales(call: Any, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "cells.rtdc"
    result = call("convert", folder, "--out", out, "--size", "12x9", "--resize-method", "cubic")
    assert (result.code, result.out.splitlines()) == (0, ["2 images of 12 × 9 px, channels: 1", str(out)])
    original = np.asarray(Image.open(folder / "b.png"))
    np.testing.assert_array_equal(open_source(out).read([1])[0], resize(original, (12, 9), "cubic"))


def test_that_an_existing_file_is_kept_unless_told_otherwise(call: Any, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "cells.rtdc"
    arguments = ("convert", folder / "a.png", folder / "a.png", "--out", out, "--json")
    assert call(*arguments).document == {"n": 2, "shape": [8, 10, 1]}
    refused = call(*arguments)
    assert (refused.code, refused.out) == (1, "")
    assert "exists already" in refused.err
    assert call(*arguments, "--overwrite").code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 1, "differ in size: 10 × 8 px"),
        (("--resize-method", "area"), 1, "give the --size"),
        (("--size", "12x99999"), 1, "image.height: got 99999"),
        (("--size", "12"), 2, "expected WIDTHxHEIGHT"),
        (("--channels", "blue"), 1, "has no channel 'blue': it has gray"),
    ],
)
def test_that_wrong_arguments_are_told(
    call: Any, folder: Path, tmp_path: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    result = call("convert", folder, "--out", tmp_path / "cells.rtdc", *arguments)
    assert (result.code, result.out) == (code, "")
    assert message in result.err
    assert list(tmp_path.iterdir()) == [folder]


def test_that_a_missing_folder_is_told_in_one_line(call: Any, tmp_path: Path) -> None:
    result = call("convert", tmp_path / "none", "--out", tmp_path / "a.rtdc")
    assert result.code == 1
    assert len(result.err.splitlines()) == 1


def test_that_channels_are_picked_by_name_and_what_is_not_kept_is_told(call: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    write_rtdc(tmp_path / "a.rtdc", rng.integers(0, 256, (4, 8, 10), np.uint8))
    background = rng.integers(0, 256, (4, 8, 10), np.uint8)
    with h5py.File(tmp_path / "a.rtdc", "a") as file:
        file["events/image_bg"] = background
        file["events/contour/0"] = np.zeros((3, 2))
    out = tmp_path / "b.rtdc"
    result = call("convert", tmp_path / "a.rtdc", "--out", out, "--channels", "image_bg, image", "--json")
    assert (result.code, result.document) == (0, {"n": 4, "shape": [8, 10, 2]})
    assert result.err.splitlines() == ["not kept: contour: it is a group of other data"]
    np.testing.assert_array_equal(open_source(out).read([1])[0][:, :, 0], background[1])


def test_that_one_of_several_arrays_is_named(call: Any, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", cat=np.zeros((3, 8, 9), np.uint8), dog=np.zeros((4, 6, 7), np.uint8))
    arguments = ("convert", tmp_path / "a.npz", "--out", tmp_path / "a.rtdc", "--json")
    assert "say which one is meant, cat, dog" in call(*arguments).err
    assert call(*arguments, "--part", "dog").document == {"n": 4, "shape": [6, 7, 1]}
