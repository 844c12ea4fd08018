"""Tiles from planning to files: classes, names, depth, what is left out, and what is never overwritten."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from aid_desktop.data.formats import open_source
from aid_desktop.data.grouping import group_key
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.data.tile_extras import with_extra_tiles
from aid_desktop.data.tile_masks import ImagePlace
from aid_desktop.data.tile_plan import TilePlan, TileSettings, image_names, open_images, plan_tiles
from aid_desktop.data.tile_writing import GROUP_BY, TileReport, write_tiles
from aid_desktop.errors import DataError, SettingsError, StoppedError

SIZE = 8


def save(path: Path, pixels: NDArray[np.generic]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def noise(shape: tuple[int, ...], dtype: str = "uint8") -> NDArray[np.generic]:
    high = 256 if dtype == "uint8" else 60000
    return np.random.default_rng(sum(shape)).integers(0, high, shape).astype(dtype)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Return a folder with three images of 4 × 3 tiles and a pixel more; masks are in `masks`, one class in each."""
    for number in range(3):
        save(tmp_path / "images" / f"img{number}.png", noise((3 * SIZE + 1, 4 * SIZE + 1)))
        mask = np.zeros((3 * SIZE + 1, 4 * SIZE + 1), np.uint8)
        mask[10:13, 13 : 13 + number] = 255
        save(tmp_path / "masks" / f"img{number}_mask.png", mask)
    return tmp_path / "images"


def plan(*paths: Path, masks: Path | None = None, **settings: object) -> TilePlan:
    readers, _ = open_images([(path, "") for path in paths])
    return with_extra_tiles(plan_tiles(readers, TileSettings(SIZE, **settings), masks), np.random.default_rng(0))


def names_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_that_tiles_lie_by_class_and_image_and_are_named_by_their_place(images: Path, tmp_path: Path) -> None:
    planned = plan(images, masks=tmp_path / "masks", class_names=("ground", "fat"))
    report = write_tiles(planned, tmp_path / "out")
    # Masks of 0, 3 and 6 marked pixels: 5 are needed.
    assert report == TileReport(tmp_path / "out", (("ground", 35), ("fat", 1)))
    found = names_in(tmp_path / "out")
    assert [name for name in found if name.startswith("fat")] == ["fat/img2/img2_x00008_y00008.png"]
    assert "ground/img0/img0_x00024_y00016.png" in found
    assert report.class_folders == (("ground", tmp_path / "out" / "ground"), ("fat", tmp_path / "out" / "fat"))
    tile = open_source(tmp_path / "out" / "ground" / "img0" / "img0_x00024_y00016.png").read([0])[0]
    np.testing.assert_array_equal(tile, np.asarray(Image.open(images / "img0.png"))[16:24, 24:32])


def test_that_a_split_by_the_name_of_the_folder_keeps_the_tiles_of_an_image_together(
    images: Path, tmp_path: Path
) -> None:
    write_tiles(plan(images, masks=tmp_path / "masks"), tmp_path / "out")
    keys = {}
    for name in ("background", "object"):
        reader = open_source(tmp_path / "out" / name)
        keys[name] = {group_key(reader.origin(i), GROUP_BY) for i in range(reader.source.n_images)}
    assert keys == {"background": {"img0", "img1", "img2"}, "object": {"img2"}}


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("shape", [(9, 10), (9, 10, 2), (9, 10, 3), (9, 10, 5)])
def test_that_files_have_the_depth_and_channels_of_the_image(
    tmp_path: Path, dtype: str, shape: tuple[int, ...]
) -> None:
    image = noise(shape, dtype)
    if len(shape) == 2 or shape[2] == 3:
        photometric = "minisblack" if len(shape) == 2 else "rgb"
        tifffile.imwrite(tmp_path / "a.tif", image, photometric=photometric)
    else:
        np.save(tmp_path / "a.npy", image[np.newaxis])
    path = tmp_path / ("a.tif" if (tmp_path / "a.tif").exists() else "a.npy")
    write_tiles(plan(path), tmp_path / "out")
    [name] = names_in(tmp_path / "out")
    assert name.endswith(".png" if dtype != "float32" and shape[2:] in ((), (3,)) else ".tif")
    [tile] = open_source(tmp_path / "out" / name).read([0])
    assert tile.dtype == image.dtype
    np.testing.assert_array_equal(tile, image[:SIZE, :SIZE])


def test_that_images_of_one_name_get_different_folders(tmp_path: Path) -> None:
    paths = [save(tmp_path / day / name, noise((SIZE, SIZE))) for day in "ab" for name in ("x.png", "test.png")]
    paths.append(save(tmp_path / "c" / "X.bmp", noise((SIZE, SIZE))))
    assert [image.name for image in plan(*paths).images] == ["x", "test_2", "x_2", "test_3", "X_3"]


def test_that_images_of_a_stack_are_named_by_their_number(tmp_path: Path) -> None:
    write_rtdc(tmp_path / "cells.rtdc", noise((2, SIZE, SIZE)).astype(np.uint8))
    write_tiles(plan(tmp_path / "cells.rtdc", class_names=("cells",)), tmp_path / "out")
    assert names_in(tmp_path / "out") == [
        f"cells/cells_{number:05d}/cells_{number:05d}_x00000_y00000.png" for number in range(2)
    ]


def test_that_what_cannot_be_cut_is_left_out_and_told(images: Path, tmp_path: Path) -> None:
    save(images / "small.png", noise((SIZE, SIZE - 1)))
    save(images / "alone.png", noise((SIZE, SIZE)))
    save(images / "other.png", noise((SIZE, SIZE)))
    (images / "broken.png").write_bytes(b"no picture")
    save(tmp_path / "masks" / "small.png", noise((SIZE, SIZE)))
    save(tmp_path / "masks" / "other.png", np.zeros((SIZE, SIZE + 1), np.uint8))
    readers, unreadable = open_images([(images, ""), (tmp_path / "none", "")])
    planned = plan_tiles(readers, TileSettings(SIZE), tmp_path / "masks")
    assert [problem.name for problem in unreadable] == ["broken.png", "none"]
    reasons = {problem.name: problem.reason for problem in planned.problems}
    assert set(reasons) == {"alone.png", "other.png", "small.png"}
    assert "no mask" in reasons["alone.png"]
    assert "9 × 8 px, the image 8 × 8 px" in reasons["other.png"]
    assert "less than one tile" in reasons["small.png"]
    assert len(planned.images) == 3


def test_that_an_image_lost_after_planning_does_not_keep_the_others_out(tmp_path: Path) -> None:
    paths = [save(tmp_path / f"{name}.png", noise((SIZE, SIZE))) for name in "abc"]
    readers = [open_source(path) for path in paths]
    planned = plan_tiles([open_source(path) for path in paths], TileSettings(SIZE), None)
    lost = SimpleNamespace(source=readers[1].source, read=_fail, origin=readers[1].origin)
    object.__setattr__(planned.images[1], "reader", lost)
    report = write_tiles(planned, tmp_path / "out")
    assert report.n == 2
    assert [problem.name for problem in report.problems] == [str(paths[1])]


def _fail(indices: object) -> None:
    raise DataError("It has gone.")


def test_that_nothing_to_cut_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There are no images to cut"):
        open_images([])
    with pytest.raises(DataError, match="does not exist"):
        open_images([(tmp_path / "none", "")])
    small = save(tmp_path / "small.png", noise((4, 4)))
    with pytest.raises(DataError, match=r"No image can be cut\. small\.png: .* 4 × 4 px, less than one tile of 8 × 8"):
        plan(small)
    with pytest.raises(DataError, match="need masks"):
        plan(save(tmp_path / "a.png", noise((8, 8))), balance=True)
    with pytest.raises(DataError, match="at least one class"):
        plan(small, masks=small, class_names=("only",))


def test_that_classes_are_balanced_by_random_tiles_of_all_images(images: Path, tmp_path: Path) -> None:
    planned = plan(images, masks=tmp_path / "masks", min_pixels=2, balance=True)
    assert planned.counts == {"background": 34, "object": 34}
    assert [int(np.count_nonzero(image.labels)) > 1 for image in planned.images] == [False, True, True]
    for image in planned.images:
        assert len(set(map(tuple, image.positions.tolist()))) == len(image.positions)
    again = plan(images, masks=tmp_path / "masks", min_pixels=2, balance=True)
    for image, other in zip(planned.images, again.images, strict=True):
        np.testing.assert_array_equal(image.positions, other.positions)


def test_that_a_number_of_extra_tiles_goes_to_the_rarest_class_as_far_as_there_are(
    images: Path, tmp_path: Path
) -> None:
    assert plan(images, masks=tmp_path / "masks", extra=7).counts == {"background": 35, "object": 8}
    planned = plan(images, masks=tmp_path / "masks", extra=1000)
    n_found = planned.counts["object"] - 1
    assert 0 < n_found < 1000
    assert planned.problems[-1].name == "object"
    assert f"only {n_found} of 1000" in planned.problems[-1].reason


def test_that_tiles_are_never_overwritten_without_being_told(images: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_tiles(plan(images, masks=tmp_path / "masks"), out)
    before = names_in(out)
    with pytest.raises(DataError, match=r"out.background.img0 has files already, and so have 3 more: .*overwritten"):
        write_tiles(plan(images, stride=4), out)
    assert names_in(out) == before


def test_that_overwriting_leaves_no_tile_of_another_class_or_place(images: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_tiles(plan(images, masks=tmp_path / "masks", stride=4), out)
    (out / "object" / "img2" / "notes.txt").write_text("mine")
    (out / "background" / "img9").mkdir()
    write_tiles(plan(images, masks=tmp_path / "masks", min_pixels=7), out, overwrite=True)
    found = names_in(out)
    assert "object/img2/notes.txt" in found
    assert sum(name.endswith(".png") for name in found) == 36
    assert (out / "background" / "img9").is_dir()


def test_that_tiles_do_not_go_among_the_images(images: Path) -> None:
    for out in (images, images / "tiles"):
        with pytest.raises(DataError, match="choose a folder outside"):
            write_tiles(plan(images), out)


def test_that_a_folder_that_cannot_be_written_is_told(images: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(DataError, match="cannot be written"):
        write_tiles(plan(images), tmp_path / "out")


def test_that_progress_is_told_and_stopping_leaves_whole_files(images: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    write_tiles(plan(images), tmp_path / "a", progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (36, 36)
    answers = iter([False] * 5 + [True])
    with pytest.raises(StoppedError, match="5 of 36 tiles were written"):
        write_tiles(plan(images), tmp_path / "b", should_stop=lambda: next(answers))
    assert len(names_in(tmp_path / "b")) == 5
    readers, _ = open_images([(images, "")])
    with pytest.raises(StoppedError):
        plan_tiles(readers, TileSettings(SIZE), None, should_stop=lambda: True)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"size": 1}, "tile.size: got 1"),
        ({"stride": -1}, "tile.stride"),
        ({"size": 4, "min_pixels": 17}, "tile.min_pixels: got 17, expected 1 to 16"),
        ({"extra": -1}, "tile.extra"),
        ({"extra": 3, "balance": True}, "one of the two"),
        ({"class_names": ("a", "A")}, "different names"),
        ({"class_names": ("a", "b/c")}, "a name that a folder can have"),
        ({"class_names": ("a", "..")}, "a name that a folder can have"),
        ({"class_names": ("a", "")}, "a name that a folder can have"),
    ],
)
def test_that_settings_that_cannot_be_used_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        TileSettings(**settings)


@pytest.mark.parametrize("letter", ["a", "ü", "細"])
def test_that_long_names_leave_room_for_the_place_of_the_tile(letter: str) -> None:
    first, second = (ImagePlace(Path(letter * 240 + end + ".png")) for end in "12")
    names = list(image_names([first, second]))
    assert len(set(names)) == 2
    assert all(len(f"{name}_x00000_y00000.png".encode()) <= 255 and name.startswith(letter) for name in names)
    assert list(image_names([ImagePlace(Path(letter * 60 + ".png"))])) == [letter * 60]
