"""The data set that is fetched when the user asks for it; here from local files."""

import gzip
import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from aid_desktop.data.class_table import Role
from aid_desktop.data.drops import resolve_drop
from aid_desktop.data.fashion_mnist import (
    BASE,
    CLASSES,
    OFFER,
    Offer,
    OfferedFile,
    download_fashion_mnist,
    is_written,
)
from aid_desktop.data.formats import open_source
from aid_desktop.errors import DataError


def offered(path: Path, array: NDArray[np.uint8]) -> OfferedFile:
    """Return an array as an IDX file that is offered locally."""
    head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    content = gzip.compress(head + array.tobytes())
    path.write_bytes(content)
    return OfferedFile(path.as_uri(), len(content), hashlib.md5(content).hexdigest())


@pytest.fixture
def offer(tmp_path: Path) -> Offer:
    """Return twelve images of each class for training, two for the test; all grey levels are the label."""
    arrays = []
    for n in (12, 2):
        labels = np.tile(np.arange(10, dtype=np.uint8), n)
        arrays += [np.broadcast_to(labels[:, None, None], (10 * n, 28, 28)), labels]
    names = ("train_images", "train_labels", "test_images", "test_labels")
    return Offer(*(offered(tmp_path / name, np.array(array)) for name, array in zip(names, arrays, strict=True)))


def test_that_each_class_has_a_file_in_each_role(tmp_path: Path, offer: Offer) -> None:
    told: list[tuple[int, int]] = []
    folder = download_fashion_mnist(tmp_path / "fashion", lambda done, total: told.append((done, total)), offer)
    items = resolve_drop([folder]).items
    assert {item.class_name for item in items} == set(CLASSES)
    numbers = {Role.TRAINING: 10, Role.VALIDATION: 2, Role.TEST: 2}
    for item in items:
        reader = open_source(item.path)
        assert reader.source.n_images == numbers[item.role]
        assert np.unique(reader.read([0])[0]) == CLASSES.index(item.class_name)
    assert told[-1] == (offer.n_bytes, offer.n_bytes)
    assert is_written(folder)


def test_that_it_is_fetched_once(tmp_path: Path, offer: Offer) -> None:
    folder = download_fashion_mnist(tmp_path / "fashion", lambda done, total: None, offer)
    (tmp_path / "train_images").unlink()
    assert download_fashion_mnist(folder, lambda done, total: None, offer) == folder


def test_that_nothing_is_left_of_a_download_that_fails(tmp_path: Path, offer: Offer) -> None:
    (tmp_path / "test_labels").unlink()
    target = tmp_path / "samples" / "fashion"
    with pytest.raises(DataError, match=r"could not be downloaded from .*test_labels: .*need no connection"):
        download_fashion_mnist(target, lambda done, total: None, offer)
    assert list(target.parent.iterdir()) == []


def test_that_another_file_is_not_taken(tmp_path: Path, offer: Offer) -> None:
    (tmp_path / "train_labels").write_bytes(b"a page that says: log in")
    with pytest.raises(DataError, match="not the file that the authors offer"):
        download_fashion_mnist(tmp_path / "fashion", lambda done, total: None, offer)
    assert not (tmp_path / "fashion").exists()


def test_that_a_cancel_ends_it_and_leaves_nothing(tmp_path: Path, offer: Offer) -> None:
    class LeftError(Exception):
        pass

    def leave(done: int, total: int) -> None:
        raise LeftError

    with pytest.raises(LeftError):
        download_fashion_mnist(tmp_path / "samples" / "fashion", leave, offer)
    assert list((tmp_path / "samples").iterdir()) == []


def test_that_the_offer_is_official_and_encrypted() -> None:
    assert BASE.startswith("https://raw.githubusercontent.com/zalandoresearch/")
    assert all(file.url.startswith(BASE) and len(file.digest) == 32 for file in OFFER.files)
    assert OFFER.n_bytes == 30_878_645
