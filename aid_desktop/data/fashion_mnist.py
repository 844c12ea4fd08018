"""Fetch Fashion-MNIST, 70 000 grey images of 28 × 28 pixels in ten classes, and write it as .rtdc files.

Xiao, Rasul and Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms", 2017;
MIT licence. Nothing is fetched unless `download_fashion_mnist` is called, for which the user has to be asked first.
"""

import gzip
import tempfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.class_table import Role
from aid_desktop.data.download import fetch, has_digest, reason_of
from aid_desktop.data.sample import ROLE_FOLDERS, new_sample_folder
from aid_desktop.errors import DataError

CLASSES = ("T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
"""By label; the first one is "T-shirt/top" in the paper, which cannot be the name of a file."""

BASE = "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"


@dataclass(frozen=True, slots=True)
class OfferedFile:
    """A file of the authors: address, length in bytes, MD5 as they state it."""

    url: str
    n_bytes: int
    digest: str


@dataclass(frozen=True, slots=True)
class Offer:
    """The four files: images and labels, for training and for the test."""

    train_images: OfferedFile
    train_labels: OfferedFile
    test_images: OfferedFile
    test_labels: OfferedFile

    @property
    def files(self) -> tuple[OfferedFile, ...]:
        """All four."""
        return self.train_images, self.train_labels, self.test_images, self.test_labels

    @property
    def n_bytes(self) -> int:
        """The length of all four."""
        return sum(file.n_bytes for file in self.files)


OFFER = Offer(
    OfferedFile(f"{BASE}train-images-idx3-ubyte.gz", 26_421_880, "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
    OfferedFile(f"{BASE}train-labels-idx1-ubyte.gz", 29_515, "25c81989df183df01b3e8a0aad5dffbe"),
    OfferedFile(f"{BASE}t10k-images-idx3-ubyte.gz", 4_422_102, "bef4ecab320f06d8554ea6380940ec79"),
    OfferedFile(f"{BASE}t10k-labels-idx1-ubyte.gz", 5_148, "bb300cfdad3c16e7a12a480ee83cd310"),
)
"""What the authors offer in their repository."""

_VALIDATION_SHARE = 6
"""The last sixth of each class's training images is for validation: 10 000, as many as for the test."""

# http://yann.lecun.com/exdb/mnist describes IDX: two zero bytes, 8 for uint8, the number of axes, their lengths.
_IDX_TYPE = b"\0\0\x08"


def is_written(folder: Path) -> bool:
    """Return whether the data set lies in a folder, so that nothing need be fetched."""
    return (folder / ROLE_FOLDERS[Role.TEST] / f"{CLASSES[-1]}.rtdc").is_file()


def download_fashion_mnist(folder: Path, progress: Callable[[int, int], None], offer: Offer = OFFER) -> Path:
    """Fetch the data set into `folder`: train, validation and test, a file for each class; return `folder`.

    A folder that has it already is left alone; else it gets its name only when all is written. `progress(done,
    total)` is told of bytes; what it raises ends the download, and nothing is left of it. Raises DataError when a
    file cannot be fetched, is not what the authors offer, or cannot be written.
    """
    if is_written(folder):
        return folder
    with new_sample_folder(folder) as written, tempfile.TemporaryDirectory() as temporary:
        paths = _fetch_all(offer, Path(temporary), progress)
        arrays = [read_idx(path) for path in paths]
        _write(arrays[0], arrays[1], (Role.TRAINING, Role.VALIDATION), written)
        _write(arrays[2], arrays[3], (Role.TEST,), written)
    return folder


def _fetch_all(offer: Offer, folder: Path, progress: Callable[[int, int], None]) -> list[Path]:
    def tell(before: int, done: int, total: int) -> None:
        progress(before + done, max(offer.n_bytes, before + done))

    before, paths = 0, []
    for number, file in enumerate(offer.files):
        path = folder / f"{number}.gz"
        _fetch(file, path, partial(tell, before))
        before += file.n_bytes
        paths.append(path)
    return paths


def _fetch(file: OfferedFile, path: Path, progress: Callable[[int, int], None]) -> None:
    from http.client import HTTPException

    try:
        fetch(file.url, path, progress)
    except (OSError, HTTPException) as error:
        raise DataError(
            f"Fashion-MNIST could not be downloaded from {file.url}: {reason_of(error)}. Try again when this computer "
            "is connected; the handwritten digits need no connection"
        ) from error
    if not has_digest(path, file.digest):
        raise DataError(f"What came from {file.url} is not the file that the authors offer: try again later")


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Return the array of a compressed IDX file. Raises DataError if it is none, OSError if it cannot be read."""
    try:
        content = gzip.decompress(path.read_bytes())
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path.name} is damaged: {error}") from error
    n_axes = content[3]
    shape = np.frombuffer(content, ">u4", n_axes, 4).astype(int)
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * n_axes)
    if content[:3] != _IDX_TYPE or values.size != shape.prod():
        raise DataError(f"{path.name} is no IDX file of bytes")
    return values.reshape(shape)


def _write(images: NDArray[np.uint8], labels: NDArray[np.uint8], roles: Sequence[Role], folder: Path) -> None:
    from aid_desktop.data.rtdc_writing import write_rtdc

    for label, name in enumerate(CLASSES):
        of_class = images[labels == label]
        n_first = len(of_class) if len(roles) == 1 else len(of_class) - len(of_class) // _VALIDATION_SHARE
        for role, part in zip(roles, (of_class[:n_first], of_class[n_first:]), strict=False):
            path = folder / ROLE_FOLDERS[role] / f"{name}.rtdc"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_rtdc(path, part)
