"""Images on disk against images in memory: speed of an epoch, making of the cache, private memory, opening.

Prints one JSON line per figure. `--images` sets the size of the epoch, `--events` that of the file that is opened.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import h5py
import hdf5plugin
import numpy as np
import psutil
from _figures import show
from numpy.typing import NDArray

from aid_desktop.data.cache import CropCache
from aid_desktop.data.class_table import ClassTable, Role
from aid_desktop.data.formats import open_source
from aid_desktop.data.hdf5 import open_hdf5
from aid_desktop.data.normalize import Normalization
from aid_desktop.data.pixels import Pixels
from aid_desktop.data.prepare import prepare_row
from aid_desktop.data.sampling import RowDraw, draw_epoch
from aid_desktop.data.source import ImageReader
from aid_desktop.models.build import compile_model
from aid_desktop.models.zoo import find_zoo, load_zoo
from aid_desktop.numbers import GB
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.snapshot import TrainingSettings
from aid_desktop.training.blocks import EpochBlocks
from aid_desktop.training.datasets import TrainingData, TrainingRow
from aid_desktop.training.fit import BlockFitter
from aid_desktop.training.image_store import ImageStore, StoredPart

HEIGHT, WIDTH = 80, 250
IMAGE = ImageSettings(width=32, height=32)
CHUNK = 32
FILTERS = {
    "raw": {},
    "gzip": {"compression": "gzip", "compression_opts": 4},
    "zstd": dict(hdf5plugin.Zstd(clevel=5)),
}


def write_stack(path: Path, n_images: int, compression: str) -> None:
    """Write an .rtdc file of bright blobs in noise, as an imaging flow cytometer records them."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    blob = 60 * np.exp(-((x - WIDTH / 2) ** 2 + (y - HEIGHT / 2) ** 2) / 200)
    patterns = np.clip(100 + blob + rng.normal(0, 3, (500, HEIGHT, WIDTH)), 0, 255).astype(np.uint8)
    with h5py.File(path, "w") as file:
        stack = file.create_dataset(
            "events/image", (n_images, HEIGHT, WIDTH), np.uint8, chunks=(CHUNK, HEIGHT, WIDTH), **FILTERS[compression]
        )
        for start in range(0, n_images, len(patterns)):
            stop = min(start + len(patterns), n_images)
            stack[start:stop] = patterns[: stop - start]
        file["events/pos_x"] = np.full(n_images, WIDTH / 2, np.float32)
        file["events/pos_y"] = np.full(n_images, HEIGHT / 2, np.float32)
        file.attrs["imaging:pixel size"] = 1.0


def nothing(*_: object) -> None:
    """Be told, and say nothing."""


def timed(work: Callable[[], object]) -> float:
    """Return the seconds of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def interleaved(measurements: Sequence[Callable[[], float]], repeats: int) -> list[float]:
    """Return the medians of measurements that take turns."""
    rounds = [[measure() for measure in measurements] for _ in range(repeats)]
    return [statistics.median(values) for values in zip(*rounds, strict=True)]


def decode(reader: ImageReader) -> None:
    """Read a file from its first chunk to its last, and keep nothing."""
    with open_hdf5(reader.source.path) as file:
        images = file["events/image"]
        buffer = np.empty((CHUNK * 32, HEIGHT, WIDTH), np.uint8)
        for start in range(0, len(images), len(buffer)):
            stop = min(start + len(buffer), len(images))
            images.read_direct(buffer, np.s_[start:stop], np.s_[: stop - start])


def measure_making(folder: Path, n_images: int, repeats: int) -> None:
    """Compare making the cache with bare decoding, for each compression."""
    for compression in FILTERS:
        path = folder / f"{compression}.rtdc"
        write_stack(path, n_images, compression)
        reader = open_source(path)

        def make(reader: ImageReader = reader) -> float:
            cache = CropCache(folder / "making")
            seconds = timed(lambda: cache.images(reader, IMAGE, 1.0, True, nothing, lambda: False))
            CropCache(cache.folder).empty()
            return n_images / seconds

        def read(reader: ImageReader = reader) -> float:
            return n_images / timed(lambda: decode(reader))

        ours, bare = interleaved((make, read), repeats)
        show(f"making the cache, {compression}", ours, "images/s", "decoding alone", bare)
        path.unlink()


class ColdStore(ImageStore):
    """Has the system forget the file before each reading, as if it were larger than the memory."""

    def __getitem__(self, which: slice | NDArray[np.intp]) -> Pixels:
        for part in self._parts:
            if isinstance(part.images, np.memmap):
                with Path(str(part.images.filename)).open("rb") as file:
                    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return super().__getitem__(which)


def training_data(reader: ImageReader, images: Pixels, kind: type[ImageStore] = ImageStore) -> TrainingData:
    """Return the data of a run of two classes, the halves of the images."""
    table = ClassTable().add_sources([(reader.source, "one", Role.TRAINING)])
    halves = np.array_split(np.arange(len(images)), 2)
    stores = [kind([StoredPart(images, half)]) for half in halves]
    rows = tuple(TrainingRow(store, label, RowDraw(len(store)), label) for label, store in enumerate(stores))
    few = ImageStore([StoredPart(np.zeros((2, 32, 32, 1), np.uint8))])
    labels = np.array([0, 1])
    return TrainingData(("one", "two"), rows, few, labels, Normalization("divide_by_255"), table)


def measure_epochs(folder: Path, n_images: int, repeats: int) -> None:
    """Compare epochs of LeNet5_do with full augmentation, streamed from the cache and in memory."""
    path = folder / "epochs.rtdc"
    write_stack(path, n_images, "raw")
    reader = open_source(path)
    mapped = CropCache(folder / "epochs").images(reader, IMAGE, 1.0, True, nothing, lambda: False)
    model = load_zoo(find_zoo()).build("LeNet5_do", IMAGE.input_shape, 2)
    hyperparameters = HyperParameters(batch_size=128)
    compile_model(model, hyperparameters)
    amounts = AugmentationSettings(
        horizontal_flip=True, rotation=10, width_shift=1, height_shift=1, zoom=0.3, shear=5,
        brightness_add=(-15, 15), brightness_multiply=(0.7, 1.3), noise_std=10,
    )  # fmt: skip
    settings = TrainingSettings(amounts, hyperparameters)
    fitter = BlockFitter(model, IMAGE.input_shape, Normalization("divide_by_255"))
    epochs = iter(range(10**6))

    def epoch(data: TrainingData) -> float:
        blocks = EpochBlocks(data, IMAGE, settings, 1, next(epochs))

        def fit() -> None:
            for block in blocks:
                fitter.fit_block(block, 128, lambda _: True, False)

        return blocks.n_images / timed(fit)

    streamed = training_data(reader, mapped)
    for _ in range(2):
        epoch(streamed)
    private = psutil.Process().memory_full_info().uss / GB
    in_memory = training_data(reader, np.array(mapped))
    kinds = [lambda: epoch(streamed), lambda: epoch(in_memory)]
    if hasattr(os, "posix_fadvise"):
        cold = training_data(reader, mapped, ColdStore)
        kinds.append(lambda: epoch(cold))
    ours, rival, *beyond = interleaved(kinds, repeats)
    show("epoch from disk", ours, "images/s", "epoch in memory", rival)
    for value in beyond:
        show("epoch from disk, none of it in memory", value, "images/s", "epoch in memory", rival)
    show("private memory of an epoch from disk", private, "GB", "limit", 2.0)


def measure_opening(folder: Path, n_events: int) -> None:
    """Time what a user waits for with a very large file: opening, one preview, drawing an epoch."""
    path = folder / "large.rtdc"
    with h5py.File(path, "w") as file:
        # Chunks that were never written take no room and are read as zeros.
        file.create_dataset("events/image", (n_events, HEIGHT, WIDTH), np.uint8, chunks=(CHUNK, HEIGHT, WIDTH))
        for name in ("pos_x", "pos_y"):
            file[f"events/{name}"] = np.full(n_events, 40.0, np.float32)
        file.attrs["imaging:pixel size"] = 1.0
    start = time.perf_counter()
    reader = open_source(path)
    ClassTable().add_sources([(reader.source, "one", Role.TRAINING)])
    opened = time.perf_counter()
    few = np.random.default_rng(0).choice(n_events, min(8, n_events), replace=False)
    prepare_row(reader, IMAGE, 1.0, False, few)
    previewed = time.perf_counter()
    draw_epoch([RowDraw(n_events, n_events // 2)], np.random.default_rng(0))
    drawn = time.perf_counter()
    for name, seconds in (
        ("opening", opened - start), ("preview", previewed - opened), ("drawing an epoch", drawn - previewed),
    ):  # fmt: skip
        show(f"{name}, {n_events} images", seconds, "s", "limit", 2.0)


def main() -> None:
    """Measure everything in a temporary folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=200_000, help="images of an epoch")
    parser.add_argument("--decoded", type=int, default=20_000, help="images of the files that are decoded")
    parser.add_argument("--events", type=int, default=1_200_000, help="images of the file that is opened")
    parser.add_argument("--repeats", type=int, default=5)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aid-benchmark-") as name:
        folder = Path(name)
        measure_opening(folder, chosen.events)
        measure_making(folder, chosen.decoded, chosen.repeats)
        measure_epochs(folder, chosen.images, chosen.repeats)


if __name__ == "__main__":
    main()
