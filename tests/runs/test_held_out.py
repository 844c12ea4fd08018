import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from aid_desktop.data.formats import open_source, reopen
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.data.selection import select_images
from aid_desktop.data.source import ImageReader
from aid_desktop.errors import RunError
from aid_desktop.runs.held_out import (
    HeldOut,
    held_out_images,
    key_of,
    read_held_out,
    write_held_out,
)


@pytest.fixture
def readers(tmp_path: Path) -> list[ImageReader]:
    """Return a stack of 6, a folder of 3 with one deeper down, a file with 2 pages, and a table of 2 files."""
    write_rtdc(tmp_path / "stack.rtdc", np.arange(6 * 64, dtype=np.uint8).reshape(6, 8, 8))
    folder = tmp_path / "folder"
    (folder / "deep").mkdir(parents=True)
    for level, name in enumerate(("a, b.png", "ü.png", "deep/1.png")):
        Image.new("L", (8, 8), level).save(folder / name)
    pages = [Image.new("L", (8, 8), level) for level in (10, 20)]
    pages[0].save(tmp_path / "pages.tif", save_all=True, append_images=pages[1:])
    lines = ["path,class", "folder/ü.png,x", f"{folder / 'deep' / '1.png'},x"]
    (tmp_path / "table.csv").write_text("\n".join(lines), encoding="utf-8")
    names = ("stack.rtdc", "folder", "pages.tif", "table.csv")
    return [open_source(tmp_path / name) for name in names]


def named(reader: ImageReader) -> list[str]:
    every = np.arange(reader.source.n_images)
    return list(held_out_images([reader], [every]).images[key_of(reader.source)])


def test_that_images_are_known_by_file_or_number(readers: list[ImageReader]) -> None:
    assert [named(reader) for reader in readers] == [
        ["0", "1", "2", "3", "4", "5"],
        ["a, b.png", "deep/1.png", "ü.png"],
        ["0", "1"],
        ["folder/ü.png", "folder/deep/1.png"],
    ]


@given(st.data())
def test_that_the_held_out_images_come_back_from_their_file(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.getbasetemp() / "held out"
    folder.mkdir(exist_ok=True)
    readers = []
    for name in ("a", "b"):
        path = folder / f"{name}.npy"
        if not path.exists():
            np.save(path, np.full((20, 8, 8), ord(name), np.uint8))
        readers.append(open_source(path))
    masks = [np.array(data.draw(st.lists(st.booleans(), min_size=20, max_size=20))) for _ in readers]
    path = folder / "held_out.csv"
    write_held_out(held_out_images(readers, [np.flatnonzero(mask) for mask in masks]), path)
    for mask, found in zip(masks, read_held_out(path).masks(readers), strict=True):
        np.testing.assert_array_equal(mask, found)


def test_that_images_of_every_kind_of_source_come_back(readers: list[ImageReader], tmp_path: Path) -> None:
    chosen = [np.array([0, 4]), np.array([1, 2]), np.array([1]), np.array([0])]
    path = tmp_path / "held_out.csv"
    write_held_out(held_out_images(readers, chosen), path)
    held_out = read_held_out(path)
    assert [np.flatnonzero(mask).tolist() for mask in held_out.masks(readers)] == [part.tolist() for part in chosen]
    assert [held_out.n_images(reader.source) for reader in readers] == [2, 2, 1, 1]
    assert held_out.path == path


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux allows names that are no Unicode")
def test_that_names_that_are_no_unicode_come_back(tmp_path: Path) -> None:
    held_out = HeldOut({("blake2b:1", ""): (b"\xff.png".decode("utf-8", "surrogateescape"), "line\nbreak.png")})
    write_held_out(held_out, tmp_path / "held_out.csv")
    assert read_held_out(tmp_path / "held_out.csv").images == held_out.images


def test_that_the_content_counts_and_not_where_it_lies(readers: list[ImageReader], tmp_path: Path) -> None:
    held_out = held_out_images(readers[:1], [np.array([3])])
    moved = tmp_path / "elsewhere.rtdc"
    moved.write_bytes((tmp_path / "stack.rtdc").read_bytes())
    assert np.flatnonzero(held_out.mask(open_source(moved))).tolist() == [3]


@pytest.mark.parametrize(("place", "image"), [(0, "6"), (0, "one"), (1, "gone.png")])
def test_that_an_image_that_is_not_there_is_told(readers: list[ImageReader], place: int, image: str) -> None:
    reader = readers[place]
    held_out = HeldOut({key_of(reader.source): ("0", image) if place == 0 else ("ü.png", image)}, Path("run/held.csv"))
    with pytest.raises(RunError, match=rf"held\.csv does not fit the data: .* has no image {image}\. Restore"):
        held_out.mask(reader)


def test_that_images_of_data_that_are_no_longer_trained_on_are_told(readers: list[ImageReader]) -> None:
    held_out = held_out_images(readers, [np.array([0])] * 4)
    with pytest.raises(RunError, match="is in no training row"):
        held_out.masks(readers[1:])


@pytest.mark.parametrize("content", ["", "digest,image\n", "digest,part,image\na,b\n", "\0"])
def test_that_a_damaged_file_is_told(tmp_path: Path, content: str) -> None:
    path = tmp_path / "held_out.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(RunError, match=r"held_out\.csv is not a list of held-out images") as caught:
        read_held_out(path)
    assert str(path) in str(caught.value)


def test_that_a_file_that_has_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"there is no file .*remove held_out from \[split\]"):
        read_held_out(tmp_path / "held_out.csv")


@pytest.mark.parametrize("place", [0, 1], ids=["stack", "folder"])
def test_that_held_out_images_are_known_among_some_images_of_a_file(readers: list[ImageReader], place: int) -> None:
    reader = readers[place]
    held_out = held_out_images([reader], [np.array([0, 2])])
    some = reopen(select_images(reader.source, [1, 2]))
    assert held_out.mask(some).tolist() == [False, True]
    assert held_out.n_images(some.source) == 1
    assert named(some)[1] == named(reader)[2]
    assert held_out_images([some], [np.array([1])]).images[key_of(reader.source)] == (named(reader)[2],)


def test_that_chosen_images_of_a_folder_are_counted_without_opening_it_again(
    readers: list[ImageReader], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = readers[1]
    held_out = held_out_images([folder], [np.array([0, 2])])
    chosen = select_images(folder.source, [1, 2])
    assert held_out.n_images(chosen) == 1 == np.count_nonzero(held_out.mask(reopen(chosen)))
    opened: list[object] = []
    monkeypatch.setattr("aid_desktop.runs.held_out.reopen", opened.append)
    assert held_out.n_images(chosen) == held_out.n_images(select_images(folder.source, [0, 1])) == 1
    assert not opened
