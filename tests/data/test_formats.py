from pathlib import Path

import h5py
import numpy as np
import pytest

from aid_desktop.data.formats import file_dialog_filter, open_source, reopen
from aid_desktop.data.listing import IMAGE_SUFFIXES
from aid_desktop.data.selection import select_images
from aid_desktop.data.source import SourceKind
from aid_desktop.errors import DataError


@pytest.mark.parametrize("name", ["notes.txt", "table.ods", "no_suffix"])
def test_that_a_text_file_is_refused_in_plain_words(tmp_path, name):
    (tmp_path / name).write_text("hello")
    with pytest.raises(DataError, match=r"is not an image file\. Use a folder"):
        open_source(tmp_path / name)


@pytest.mark.parametrize("name", ["gone.rtdc", "gone.png", "gone", "gone.txt"])
def test_that_a_missing_path_is_refused(tmp_path, name):
    with pytest.raises(DataError, match="does not exist"):
        open_source(tmp_path / name)


def test_that_hdf5_is_known_by_content_whatever_its_suffix(tmp_path):
    with h5py.File(tmp_path / "a.dat", "w") as file:
        file["events/image"] = np.zeros((2, 3, 4), np.uint8)
    assert open_source(tmp_path / "a.dat").source.kind is SourceKind.RTDC


@pytest.mark.parametrize("name", ["a.h5", "a.hdf5", "a.dat"])
def test_that_hdf5_without_the_layout_of_rtdc_is_an_array(tmp_path, name):
    with h5py.File(tmp_path / name, "w") as file:
        file["cells"] = np.zeros((2, 3, 4), np.uint16)
    source = open_source(tmp_path / name).source
    assert (source.kind, source.part, source.name) == (SourceKind.ARRAY, "cells", f"{name}: cells")
    assert reopen(source).source == source


def test_that_a_file_named_rtdc_is_not_taken_for_an_array(tmp_path):
    with h5py.File(tmp_path / "a.rtdc", "w") as file:
        file["cells"] = np.zeros((2, 3, 4), np.uint16)
    with pytest.raises(DataError, match="has no images: expected the dataset events/image"):
        open_source(tmp_path / "a.rtdc")


def test_that_an_image_with_the_suffix_of_another_kind_is_read(tmp_path, write_image):
    path = write_image(tmp_path / "a.jpg")
    path = path.rename(tmp_path / "a.png")
    assert open_source(path).source.n_images == 1


def test_that_relative_paths_become_absolute(tmp_path, write_image, monkeypatch):
    write_image(tmp_path / "cat" / "a.png")
    monkeypatch.chdir(tmp_path)
    assert open_source(Path("cat")).source.path == tmp_path / "cat"


def test_that_a_source_that_has_gone_is_not_reopened(tmp_path, write_image):
    path = write_image(tmp_path / "cat" / "a.png")
    source = open_source(tmp_path / "cat").source
    path.unlink()
    path.parent.rmdir()
    with pytest.raises(DataError, match="moved or renamed"):
        reopen(source)


def test_that_listing_a_folder_again_can_be_left(tmp_path, write_image):
    for number in range(3):
        write_image(tmp_path / f"{number}.png")
    source = open_source(tmp_path).source
    told = []
    assert reopen(source, lambda *counts: told.append(counts)).source == source
    assert told == [(0, 0), (0, 3)]

    def leave(done, total):
        raise RuntimeError("left")

    with pytest.raises(RuntimeError, match="left"):
        reopen(source, leave)
    with pytest.raises(RuntimeError, match="left"):
        reopen(select_images(source, [1]), leave)


def test_that_a_path_without_permission_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "a.rtdc"

    def refuse(self, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "is_dir", lambda self: False)
    monkeypatch.setattr(type(path), "stat", refuse)
    with pytest.raises(DataError, match="cannot be opened: Permission denied"):
        open_source(path)


def test_that_the_file_dialog_offers_every_suffix():
    text = file_dialog_filter()
    assert all(f"*{suffix}" in text for suffix in (*IMAGE_SUFFIXES, ".rtdc", ".h5", ".npy", ".npz", ".csv", ".xlsx"))
    assert text.endswith("All files (*)")
