import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aid_desktop.data.listing import list_files, natural_key, portable_name


def test_that_numbers_are_sorted_by_value_and_folders_stay_together():
    names = ["img10.png", "img2.png", "IMG3.png", "a/10.png", "a/9.png", "a b.png", "img02.png", "2.png"]
    assert sorted(names, key=natural_key) == [
        "2.png", "a/9.png", "a/10.png", "a b.png", "img02.png", "img2.png", "IMG3.png", "img10.png",
    ]  # fmt: skip


@given(st.lists(st.text(max_size=8), unique=True))
def test_that_any_names_have_one_order(names):
    once = sorted(names, key=natural_key)
    names.reverse()
    assert sorted(names, key=natural_key) == once


def test_that_both_spellings_of_an_accent_are_one_name():
    assert portable_name("e\u0301.png") == portable_name("\u00e9.png")


def test_that_a_folder_that_stays_shut_is_a_problem(tmp_path, write_image, monkeypatch):
    write_image(tmp_path / "a.png")
    write_image(tmp_path / "shut" / "b.png")
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    listing = list_files(tmp_path)
    assert listing.images == ("a.png",)
    assert str(listing.others[0]) == "shut: cannot be opened (Permission denied)"


@pytest.mark.skipif(os.name == "nt", reason="links need a right of their own on Windows")
def test_that_a_link_that_cannot_be_followed_leaves_the_rest(tmp_path, write_image):
    write_image(tmp_path / "a.png")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    listing = list_files(tmp_path)
    assert listing.images == ("a.png",)
    assert [problem.name for problem in listing.others] == ["loop"]
