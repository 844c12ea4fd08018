"""`aid-desktop convert`."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from aid_desktop.data.formats import open_source
from aid_desktop.data.geometry import resize


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
        (("--channels", "blue"), 2, "invalid choice"),
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
