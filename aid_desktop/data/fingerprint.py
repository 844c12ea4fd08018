"""Short marks by which equal and nearly equal images are found again, and simple statistics of each image."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import cv2
import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.pixels import Pixels, white_level_of
from aid_desktop.data.source import ImageReader, Indices
from aid_desktop.long_work import Progress, ShouldStop, leave_if_stopped

SIDE = 32
"""Side of the small image that stands for a whole one, in pixels."""

_LOW = 8
_BLOCK_BYTES = 32 * 2**20
_MAX_BLOCK = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprints:
    """Marks of the N images of a source, in its order.

    `exact` uint64 (N,) differs for images of other pixels; `perceptual` uint64 (N,) is similar, that is differs in few
    bits, for images that look alike. `mean` and `std` float64 (N,) are of all grey levels; `saturated` float64 (N,) is
    the share of them that are black or white. Images of one grey level, which all look alike, have a `std` of 0.
    """

    exact: NDArray[np.uint64]
    perceptual: NDArray[np.uint64]
    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    saturated: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.exact)


def fingerprint(
    reader: ImageReader,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> Fingerprints:
    """Read all images of a source, some at a time, and return their marks.

    `progress(done, total)` counts images. Raises StoppedError when `should_stop` says yes, DataError if the
    source cannot be read.
    """
    n_images = reader.source.n_images
    largest = max(height * width * channels for height, width, channels in reader.source.shapes)
    size = max(1, min(_MAX_BLOCK, _BLOCK_BYTES // largest))
    marks = np.empty((n_images, 2), np.uint64)
    statistics = np.empty((n_images, 3))
    for start in range(0, n_images, size):
        leave_if_stopped(should_stop, f"Stopped while the images of {reader.source.name} were compared.")
        chosen = np.arange(start, min(start + size, n_images))
        images = reader.read(chosen)
        marks[chosen, 0] = [_exact(image) for image in images]
        marks[chosen, 1] = perceptual_hashes(np.stack([small_gray(image) for image in images]))
        statistics[chosen] = [_statistics(image) for image in images]
        if progress is not None:
            progress(int(chosen[-1]) + 1, n_images)
    return Fingerprints(marks[:, 0], marks[:, 1], *statistics.T)


def fingerprint_all(
    readers: Sequence[ImageReader], progress: Progress | None = None, should_stop: ShouldStop | None = None
) -> list[Fingerprints]:
    """Return the marks of all images of each source; those of equal content are read once.

    `progress(done, total)` counts the images that are read. Raises what `fingerprint` raises.
    """
    keys = [(reader.source.digest, reader.source.selection) for reader in readers]
    distinct = dict(zip(keys, readers, strict=True))
    total, done = sum(reader.source.n_images for reader in distinct.values()), 0
    known = {}
    for key, reader in distinct.items():

        def tell(n: int, _: int, before: int = done) -> None:
            if progress is not None:
                progress(before + n, total)

        known[key] = fingerprint(reader, tell, should_stop)
        done += reader.source.n_images
    return [known[key] for key in keys]


def small_gray(image: Pixels) -> NDArray[np.float32]:
    """Return the image in SIDE × SIDE pixels, float32, the mean of its channels."""
    gray = image if image.ndim == 2 else image.mean(axis=2, dtype=np.float32)
    resized = cv2.resize(gray.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(resized, np.float32)


def perceptual_hashes(small: NDArray[np.float32]) -> NDArray[np.uint64]:
    """Return uint64 (N,) for small grey images (N, SIDE, SIDE): the signs of their 8 × 8 lowest frequencies.

    The pHash of Zauner (2010): each coefficient of the cosine transform against their median. The first one, the mean
    grey level, is left out, so that a change of brightness changes nothing.
    """
    low = np.empty((len(small), _LOW * _LOW), np.float32)
    for row, image in zip(low, small, strict=True):
        row[:] = cv2.dct(image)[:_LOW, :_LOW].reshape(-1)
    low[:, 0] = 0
    bits = low > np.median(low[:, 1:], axis=1, keepdims=True)
    return np.packbits(bits, axis=1).view(np.uint64).reshape(-1)


def correlations(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return Pearson's correlation of pairs of small images (N, SIDE, SIDE), float64 (N,); 0 for flat ones."""
    a, b = (images.reshape(len(images), -1).astype(np.float64) for images in (one, other))
    a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    norm = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    return np.where(norm > 0, (a * b).sum(axis=1) / np.where(norm > 0, norm, 1), 0.0)


def read_small(reader: ImageReader, indices: Indices) -> NDArray[np.float32]:
    """Return small grey images (N, SIDE, SIDE) of a source."""
    return np.stack([small_gray(image) for image in reader.read(indices)])


def _exact(image: Pixels) -> int:
    mark = blake2b(f"{image.dtype} {image.shape}".encode(), digest_size=8)
    mark.update(np.ascontiguousarray(image).data)
    return int.from_bytes(mark.digest(), "little")


def _statistics(image: Pixels) -> tuple[float, float, float]:
    mean, std = cv2.meanStdDev(np.ascontiguousarray(image).reshape(-1, 1))
    white = white_level_of(str(image.dtype))
    saturated = float(np.count_nonzero((image <= 0) | (image >= white)) / image.size)
    return float(mean[0, 0]), float(std[0, 0]), saturated
