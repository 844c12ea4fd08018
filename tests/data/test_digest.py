import re

import numpy as np
import pytest

from aid_desktop.data import digest
from aid_desktop.data.digest import digest_of
from aid_desktop.data.formats import open_source
from aid_desktop.data.rtdc_writing import write_rtdc
from aid_desktop.errors import DataError


def test_that_a_digest_names_its_kind_and_depends_on_the_content_only(tmp_path):
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / "b").write_bytes(b"1")
    (tmp_path / "c").write_bytes(b"2")
    assert re.fullmatch("blake2b:[0-9a-f]{32}", digest_of(tmp_path / "a"))
    assert digest_of(tmp_path / "a") == digest_of(tmp_path / "b") != digest_of(tmp_path / "c")


@pytest.mark.parametrize("place", [0, 999, 100 * 999])
def test_that_large_files_are_sampled_at_both_ends_and_by_size(tmp_path, monkeypatch, place):
    monkeypatch.setattr(digest, "WHOLE_LIMIT", 1000)
    monkeypatch.setattr(digest, "BLOCK", 10)
    path = tmp_path / "a"
    content = bytearray(100 * 1000)
    path.write_bytes(content)
    before = digest_of(path)
    assert digest_of(path) == before
    path.write_bytes(content + b"\0")
    assert digest_of(path) != before
    content[-1 if place > 1000 else min(place, 9)] = 1
    path.write_bytes(content)
    assert digest_of(path) != before


def test_that_a_folder_counts_by_names_and_content(tmp_path, write_image):
    for folder in ("x", "y"):
        for i in range(3):
            write_image(tmp_path / folder / f"{i}.png")
    assert digest_of(tmp_path / "x") != digest_of(tmp_path / "y")
    for i in range(3):
        (tmp_path / "y" / f"{i}.png").write_bytes((tmp_path / "x" / f"{i}.png").read_bytes())
    same = digest_of(tmp_path / "x")
    assert same == digest_of(tmp_path / "y")
    (tmp_path / "y" / "0.png").rename(tmp_path / "y" / "9.png")
    assert same != digest_of(tmp_path / "y")


def test_that_opening_finds_the_same_digest(tmp_path, write_image):
    write_image(tmp_path / "f" / "a" / "1.png")
    (tmp_path / "f" / "2.png").write_text("broken")
    assert open_source(tmp_path / "f").source.digest == digest_of(tmp_path / "f")
    write_rtdc(tmp_path / "a.rtdc", np.zeros((2, 4, 4), np.uint8))
    assert open_source(tmp_path / "a.rtdc").source.digest == digest_of(tmp_path / "a.rtdc")


def test_that_a_missing_file_has_no_digest(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        digest_of(tmp_path / "no")
