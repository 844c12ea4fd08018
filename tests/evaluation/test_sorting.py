"""Images sorted into folders of their classes."""

import csv
import errno
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aid_desktop.data.formats import open_source, reopen
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.data.source import DataSource
from aid_desktop.errors import DataError, ExportError
from aid_desktop.evaluation.decision import Decision
from aid_desktop.evaluation.predictions import Predictions
from aid_desktop.evaluation.sorting import HEADER, Link, class_folders, sort_images

VALUES = np.array([[0.9, 0.1], [0.2, 0.8], [0.55, 0.45], [0.4, 0.6]], np.float32)
NAMES = ("lym", "mono/cyte")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of four images, two of the same name."""
    for number, name in enumerate(("a/img.png", "a/x.png", "b/img.png", "b/y.png")):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(path), np.full((4, 5), number, np.uint8))
    return tmp_path / "in"


def predict(*sources: DataSource, values: np.ndarray = VALUES) -> Predictions:
    counts = [source.n_images for source in sources]
    return Predictions(
        NAMES,
        sources,
        (1.0,) * len(sources),
        np.repeat(np.arange(len(sources)), counts),
        np.concatenate([np.arange(n) for n in counts]),
        np.resize(values, (sum(counts), 2)),
    )


def files_of(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


def manifest(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize("link", list(Link))
def test_that_image_files_get_into_the_folders_of_their_classes(folder: Path, tmp_path: Path, link: Link) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*.png")}
    out = tmp_path / "out"
    report = sort_images(predict(open_source(folder).source), out, link=link)
    assert files_of(out) == ["lym/img.png", "lym/img_1.png", "manifest.csv", "mono-cyte/x.png", "mono-cyte/y.png"]
    assert (report.n, report.n_not_linked, report.manifest) == (4, 0, out / "manifest.csv")
    rows = manifest(report.manifest)
    assert rows[0] == list(HEADER)
    assert rows[1] == ["lym/img.png", str(folder / "a/img.png"), "lym", "0.900000", str(link)]
    for row in rows[1:]:
        written, original = out / row[0], Path(row[1])
        assert written.read_bytes() == original.read_bytes()
        assert written.is_symlink() == (link is Link.SYMBOLIC)
        assert (written.stat().st_ino == original.stat().st_ino) == (link is not Link.COPY)
    assert {path: path.read_bytes() for path in folder.rglob("*.png")} == before


def test_that_sorting_again_replaces_nothing(folder: Path, tmp_path: Path) -> None:
    predictions, out = predict(open_source(folder).source), tmp_path / "out"
    (out / "lym").mkdir(parents=True)
    (out / "lym" / "img.png").write_text("mine")
    sort_images(predictions, out)
    first = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert sort_images(predictions, out, link=Link.HARD).manifest.name == "manifest_1.csv"
    assert (out / "lym" / "img.png").read_text() == "mine"
    assert {path: path.read_bytes() for path in first} == first
    assert [name for name in files_of(out) if name.startswith("lym/")] == [
        f"lym/img{ending}.png" for ending in ("", "_1", "_2", "_3", "_4")
    ]


def test_that_rejected_images_are_put_aside(folder: Path, tmp_path: Path) -> None:
    report = sort_images(predict(open_source(folder).source), tmp_path / "out", Decision(reject=0.7))
    assert files_of(tmp_path / "out" / "not_sure") == ["img.png", "y.png"]
    assert [row[2:4] for row in manifest(report.manifest)[3:]] == [["", "0.550000"], ["", "0.600000"]]


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_that_images_of_stacks_are_written_as_they_are(tmp_path: Path, kind: type) -> None:
    rng = np.random.default_rng(0)
    stack = rng.integers(0, np.iinfo(kind).max, (4, 6, 7, 3), kind)
    np.save(tmp_path / "stack.npy", stack)
    write_rtdc(tmp_path / "blood.rtdc", stack[..., 0])
    sources = [open_source(tmp_path / name).source for name in ("stack.npy", "blood.rtdc")]
    sort_images(predict(*sources), tmp_path / "out", link=Link.HARD)
    assert files_of(tmp_path / "out" / "lym") == [
        "blood_00000.png", "blood_00002.png", "stack_00000.png", "stack_00002.png",
    ]  # fmt: skip
    for name, expected in (("stack_00002", stack[2]), ("blood_00002", stack[2, ..., 0])):
        [read] = open_source(tmp_path / "out" / "lym" / f"{name}.png").read([0])
        assert read.dtype == kind
        np.testing.assert_array_equal(read, expected)


def test_that_pages_and_floating_point_images_become_files(tmp_path: Path) -> None:
    import tifffile

    stack = np.random.default_rng(0).random((4, 6, 7), np.float32)
    (tmp_path / "in").mkdir()
    tifffile.imwrite(tmp_path / "in" / "pages.tif", stack, photometric="minisblack")
    source = open_source(tmp_path / "in").source
    sort_images(predict(source), tmp_path / "out", link=Link.SYMBOLIC)
    assert files_of(tmp_path / "out" / "lym") == ["pages_00000.tif", "pages_00002.tif"]
    [read] = open_source(tmp_path / "out" / "lym" / "pages_00002.tif").read([0])
    np.testing.assert_array_equal(read, stack[2])


@pytest.mark.parametrize(("link", "name"), [(Link.HARD, "link"), (Link.SYMBOLIC, "symlink")])
def test_that_copies_are_made_where_links_are_impossible(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, link: Link, name: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, name, refuse)
    report = sort_images(predict(open_source(folder).source), tmp_path / "out", link=link)
    assert report.n_not_linked == 4
    assert {row[4] for row in manifest(report.manifest)[1:]} == {"copy"}
    assert (tmp_path / "out" / "lym" / "img_1.png").read_bytes() == (folder / "b/img.png").read_bytes()


@pytest.mark.parametrize("inside", [".", "sorted"])
def test_that_a_folder_inside_of_a_source_is_refused(folder: Path, inside: str) -> None:
    with pytest.raises(DataError, match="outside of it"):
        sort_images(predict(open_source(folder).source), folder / inside)
    assert not (folder / "sorted").exists()


def test_that_what_cannot_be_written_is_told_and_leaves_no_half_file(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    predictions = predict(open_source(folder).source)
    (tmp_path / "file").write_text("x")
    with pytest.raises(ExportError, match="cannot be written"):
        sort_images(predictions, tmp_path / "file" / "out")

    def full(_: Path, target: Path) -> None:
        target.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("shutil.copy2", full)
    with pytest.raises(ExportError, match="No space left"):
        sort_images(predictions, tmp_path / "out")
    assert files_of(tmp_path / "out") == ["manifest.csv"]


def test_that_the_manifest_lists_what_was_written_until_a_cancel(tmp_path: Path) -> None:
    class LeftError(Exception):
        pass

    write_rtdc(tmp_path / "many.rtdc", np.zeros((600, 4, 4), np.uint8))

    def leave(done: int, total: int) -> None:
        assert total == 600
        if done == 512:
            raise LeftError

    with pytest.raises(LeftError):
        sort_images(predict(open_source(tmp_path / "many.rtdc").source), tmp_path / "out", progress=leave)
    assert len(manifest(tmp_path / "out" / "manifest.csv")) == 513
    assert len(files_of(tmp_path / "out")) == 513


def test_that_folders_have_names_that_every_system_takes() -> None:
    names = ("Lym", "lym", "a/b", "con", "  ", "x. ", "not_sure", "été")
    assert class_folders(names) == (
        "Lym", "lym_2", "a-b", "class_3", "class_4", "x", "not_sure", "été", "not_sure_2",
    )  # fmt: skip


@given(st.lists(st.text(max_size=6), max_size=20))
def test_that_no_two_classes_share_a_folder(names: list[str]) -> None:
    folders = class_folders(names)
    assert len({folder.casefold() for folder in folders}) == len(names) + 1
    assert all(folder == Path(folder).name for folder in folders)


def test_that_a_source_can_be_read_again_after_sorting(folder: Path, tmp_path: Path) -> None:
    source = open_source(folder).source
    sort_images(predict(source), tmp_path / "out")
    assert reopen(source).source.n_images == 4


def test_that_a_folder_inside_of_a_source_is_known_through_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(folder)
    with pytest.raises(DataError, match="outside of it"):
        sort_images(predict(open_source(folder).source), tmp_path / "alias" / "out")
    with pytest.raises(DataError, match="outside of it"):
        sort_images(predict(open_source(tmp_path / "alias").source), folder / "out")
