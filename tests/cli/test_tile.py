"""`aid-desktop tile`."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with images of the paper's size beside their masks, and a file that is broken."""
    made = tmp_path / "tissue"
    made.mkdir()
    rng = np.random.default_rng(3)
    for name in "ab":
        Image.fromarray(rng.integers(0, 256, (320, 320, 3), np.uint8)).save(made / f"{name}.png")
        mask = np.zeros((320, 320), np.uint8)
        mask[40:60, 100:220] = 255
        mask[300, 10:14] = 255
        Image.fromarray(mask).save(made / f"{name}_mask.png")
    (made / "c.png").write_bytes(b"no picture")
    return made


def test_that_tile_prints_one_document_and_names_what_it_left_out(call: Any, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "tiles"
    names = ("--class-names", "background,adipocyte")
    result = call("tile", folder, "--size", 32, "--out", out, "--mask", folder, *names, "--json")
    assert result.code == 0
    # Rows 1 are marked from column 3 to 6; four pixels at the lower border are too few.
    assert result.document == {"n": 200, "counts": {"background": 192, "adipocyte": 8}}
    (line,) = result.err.splitlines()
    assert line.startswith("left out: c.png: ")
    assert len(list((out / "adipocyte" / "a").iterdir())) == 4
    assert np.asarray(Image.open(out / "adipocyte" / "a" / "a_x00096_y00032.png")).shape == (32, 32, 3)


def test_that_extra_tiles_depend_on_the_seed_only(call: Any, folder: Path, tmp_path: Path) -> None:
    listed = []
    for name, seed in (("one", 1), ("two", 1), ("three", 2)):
        arguments = ("--size", 32, "--mask", folder, "--balance", "--seed", seed, "--out", tmp_path / name, "--json")
        result = call("tile", folder / "a.png", folder / "b.png", *arguments)
        assert result.document["counts"] == {"background": 192, "object": 192}, result.err
        listed.append(sorted(path.name for path in (tmp_path / name).rglob("*.png")))
    assert listed[0] == listed[1] != listed[2]


def test_that_tiles_without_masks_overlap_and_reach_the_border(call: Any, folder: Path, tmp_path: Path) -> None:
    arguments = ("--size", 100, "--stride", 60, "--cover-edges", "--out", tmp_path / "tiles")
    result = call("tile", folder / "a.png", *arguments)
    assert (result.code, result.out.splitlines()) == (0, ["25 tiles: tiles 25", str(tmp_path / "tiles")])
    refused = call("tile", folder / "a.png", *arguments)
    assert (refused.code, refused.out) == (1, "")
    assert "has files already" in refused.err
    assert call("tile", folder / "a.png", *arguments, "--overwrite").code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--size", "400"), 1, "less than one tile of 400 × 400 px"),
        (("--size", "32", "--mask", "none.png"), 1, "does not exist"),
        (("--size", "32", "--extra", "5"), 1, "need masks"),
        (("--size", "32", "--seed", "-1"), 1, "--seed"),
        (("--size", "32", "--class-names", "a,a"), 1, "different names"),
        (("--size", "32", "--extra", "5", "--balance"), 2, "not allowed with"),
        ((), 2, "--size"),
    ],
)
def test_that_wrong_arguments_are_told(
    call: Any, folder: Path, tmp_path: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    result = call("tile", folder / "a.png", "--out", tmp_path / "tiles", *arguments)
    assert (result.code, result.out) == (code, "")
    assert message in result.err
    assert not (tmp_path / "tiles").exists()


@pytest.mark.keras
def test_that_classify_writes_label_maps_of_large_images(call: Any, run_folder: Path, tmp_path: Path) -> None:
    image = np.full((30, 40), 20, np.uint8)
    image[:, 24:] = 220
    for day in "ab":
        (tmp_path / day).mkdir()
        Image.fromarray(image).save(tmp_path / day / "slide.png")
    out = tmp_path / "maps"
    paths = [tmp_path / day / "slide.png" for day in "ab"]
    result = call("classify", run_folder, *paths, "--tiles", "auto", "--stride", 6, "--out", out, "--json")
    assert (result.code, result.err) == (0, "")
    assert result.document["n"] == sum(result.document["counts"].values()) == 2 * 24
    names = [Path(file).name for file in result.document["files"]]
    assert names[::3] == ["slide_labels.png", "slide_2_labels.png"]
    assert names[1:3] == ["slide_labels.json", "slide_tiles.csv"]
    labels = np.asarray(Image.open(out / "slide_labels.png"))
    assert labels.shape == (30, 40)
    assert set(np.unique(labels)) <= {1, 2}
    result = call("classify", run_folder, paths[0], "--tiles", 12, "--out", out)
    assert result.out.splitlines()[0].startswith("12 tiles: dark ")
    for arguments, message in (
        (("--tiles", "12"), "expected a folder"),
        (("--stride", "6"), "--tiles"),
        (("--tiles", "12", "--into-rtdc"), "leave --into-rtdc out"),
        (("--tiles", "64", "--out", out), "less than one tile"),
    ):
        failed = call("classify", run_folder, paths[0], *arguments)
        assert (failed.code, failed.out) == (1, "")
        assert message in failed.err
    assert call("classify", run_folder, paths[0], "--tiles", "big").code == 2


def test_that_one_of_several_arrays_is_cut(call: Any, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", one=np.zeros((2, 64, 64), np.uint8), two=np.zeros((1, 32, 64), np.uint8))
    arguments = ("tile", tmp_path / "a.npz", "--size", 32, "--out", tmp_path / "tiles", "--json")
    assert "say which one is meant, one, two" in call(*arguments).err
    assert call(*arguments, "--part", "two").document == {"n": 2, "counts": {"tiles": 2}}
