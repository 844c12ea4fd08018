"""Fetching files and proving what came."""

import hashlib
from pathlib import Path

import pytest

from aid_desktop.data.download import fetch, has_digest, reason_of


def test_that_progress_counts_bytes_up_to_the_whole(tmp_path: Path) -> None:
    offered = tmp_path / "offered"
    offered.write_bytes(b"x" * 600_000)
    told: list[tuple[int, int]] = []
    fetch(offered.as_uri(), tmp_path / "fetched", lambda done, total: told.append((done, total)))
    assert told == [(262_144, 600_000), (524_288, 600_000), (600_000, 600_000)]
    assert (tmp_path / "fetched").read_bytes() == offered.read_bytes()


def test_that_md5_and_sha256_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    assert has_digest(path, hashlib.md5(b"content").hexdigest())
    assert has_digest(path, hashlib.sha256(b"content").hexdigest())
    assert not has_digest(path, hashlib.md5(b"other").hexdigest())


def test_that_an_error_of_the_network_is_told_by_its_reason(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file") as caught:
        fetch((tmp_path / "nothing").as_uri(), tmp_path / "fetched", lambda done, total: None)
    assert "No such file" in reason_of(caught.value)
    assert not reason_of(caught.value).startswith("<urlopen")
