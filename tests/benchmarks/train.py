"""Training with full augmentation against plain `keras.Model.fit` on arrays in memory without any.

Prints JSON lines. Everything takes turns. For each network and batch size there is the median of all
rounds and the quickest round of each, which other work on the machine has disturbed least. The images are
scikit-learn's digits at 32 × 32 pixels. A second rival is the same `fit` in a process of its own with TensorFlow as
it is installed, that is without oneDNN on processors where TensorFlow does not take it by itself. `--deterministic`
measures as the program trains: same seed, same numbers; it slows the rivals' input too, so by default it is off for
all. `--precision mixed_bfloat16` is that of the program's own steps, for processors with AVX512_BF16 or AMX.
"""

import argparse
import json
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.class_table import ClassTable
from aid_desktop.data.normalize import Normalization
from aid_desktop.data.sampling import RowDraw
from aid_desktop.environment import ONEDNN, set_defaults
from aid_desktop.models.build import compile_model
from aid_desktop.models.devices import make_repeatable
from aid_desktop.models.zoo import find_zoo, load_zoo
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.snapshot import TrainingSettings
from aid_desktop.training.auto_precision import CANDIDATES
from aid_desktop.training.blocks import EpochBlocks, block_length
from aid_desktop.training.datasets import TrainingData, TrainingRow
from aid_desktop.training.fit import BlockFitter
from aid_desktop.training.image_store import ImageStore, StoredPart

SIDE = 32
IMAGE = ImageSettings(width=SIDE, height=SIDE)
NORMALIZATION = Normalization("divide_by_255")
N_CLASSES = 10
FULL = AugmentationSettings(
    horizontal_flip=True, rotation=10, width_shift=1, height_shift=1, zoom=0.35, shear=5,
    brightness_multiply=(0.7, 1.3), brightness_add=(-15, 15), noise_std=10, gaussian_blur=(0, 2),
)  # fmt: skip

Work = Callable[[], object]
Images = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Case:
    """A network, its batch size, and with how many images an epoch takes about a second."""

    network: str
    batch_size: int
    n_images: int
    n_validation: int = 0

    @property
    def title(self) -> str:
        """What the figures are called."""
        validation = f", {self.n_images} images and validation" if self.n_validation else ""
        return f"{self.network}, batch {self.batch_size}{validation}"


CASES = (
    Case("MLP 256-128-64", 32, 25_600),
    Case("MLP 256-128-64", 128, 25_600),
    Case("LeNet5_do", 32, 12_800),
    Case("LeNet5_do", 128, 12_800),
    Case("Nitta_et_al_6layer", 32, 2_560),
    Case("Nitta_et_al_6layer", 128, 2_560),
    Case("ResNet_small", 128, 2_560),
    Case("ResNet_compact", 128, 1_280),
    Case("LeNet5_do", 128, 2_000, 500),
)


def digits(n_images: int) -> tuple[Images, NDArray[np.intp]]:
    """Return images (N, 32, 32, 1) and labels (N,)."""
    from sklearn.datasets import load_digits

    data = load_digits()
    large = [cv2.resize(image, (SIDE, SIDE)) for image in (data.images * 15).astype(np.uint8)]
    places = np.resize(np.arange(len(large)), n_images)
    return np.array(large)[places][..., None], data.target[places].astype(np.intp)


def build(network: str) -> Any:
    """Return a network of the zoo, or the paper's largest MLP, not compiled."""
    import keras

    if not network.startswith("MLP"):
        return load_zoo(find_zoo()).build(network, IMAGE.input_shape, N_CLASSES)
    widths = [int(width) for width in network.split()[1].split("-")]
    layers = [keras.layers.Dense(width, activation="relu") for width in widths]
    end = keras.layers.Dense(N_CLASSES, activation="softmax")
    return keras.Sequential([keras.Input(IMAGE.input_shape), keras.layers.Flatten(), *layers, end])


def plain_fit(case: Case, images: Images, labels: NDArray[np.intp]) -> Work:
    """Return the rival: an epoch of `fit` on normalized arrays."""
    model = build(case.network)
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    x, y = images.astype(np.float32) / 255, np.eye(N_CLASSES, dtype=np.float32)[labels]
    n = case.n_images
    validation = (x[n:], y[n:]) if case.n_validation else None
    return lambda: model.fit(x[:n], y[:n], case.batch_size, 1, verbose=0, validation_data=validation)


def as_installed(deterministic: bool) -> None:
    """Let this process have TensorFlow without what the program sets for it; call it before TensorFlow's import."""
    os.environ.pop(ONEDNN, None)
    if deterministic:
        make_repeatable()


@cache
def fit_of(case: Case) -> Work:
    """Return the rival of this process, which keeps it for the next round."""
    return plain_fit(case, *digits(case.n_images + case.n_validation))


def seconds_of_fit(case: Case) -> float:
    """Return the seconds of an epoch of `fit` in this process."""
    return seconds_of(fit_of(case))


def block_loop(
    case: Case, images: Images, labels: NDArray[np.intp], augmentation: AugmentationSettings, precision: str
) -> Work:
    """Return an epoch as the program trains it."""
    model = build(case.network)
    settings = TrainingSettings(augmentation, HyperParameters(batch_size=case.batch_size))
    compile_model(model, settings.hyperparameters)
    fitter = BlockFitter(model, IMAGE.input_shape, NORMALIZATION)
    fitter.precision = precision
    n = case.n_images
    data = training_data(images, labels, n)
    epochs = count()

    def epoch() -> object:
        first = True
        for block in EpochBlocks(data, IMAGE, settings, 1, next(epochs)):
            fitter.fit_block(block, case.batch_size, lambda _: True, first)
            first = False
        fitter.metrics()
        if case.n_validation:
            length = block_length(1, SIDE * SIDE)
            fitter.evaluate(data.validation_images, data.validation_labels, length, lambda _: True)
        return fitter.metrics()

    return epoch


def training_data(images: Images, labels: NDArray[np.intp], n_training: int) -> TrainingData:
    """Return the data of a run: one row per class, the images behind the first `n_training` to validate."""
    rows = []
    for label in range(N_CLASSES):
        places = np.flatnonzero(labels[:n_training] == label)
        store = ImageStore([StoredPart(images, places)])
        rows.append(TrainingRow(store, label, RowDraw(len(store)), label))
    rest = np.arange(n_training, len(images))
    validation = ImageStore([StoredPart(images, rest)], (SIDE, SIDE))
    names = tuple(map(str, range(N_CLASSES)))
    return TrainingData(names, tuple(rows), validation, labels[rest], NORMALIZATION, ClassTable())


def seconds_of(work: Work) -> float:
    """Return the seconds of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def show(name: str, value: float, rival: str, rival_value: float) -> None:
    """Print one figure."""
    ratio = {"value": round(value), "rival_value": round(rival_value), "ratio": round(value / rival_value, 3)}
    print(json.dumps({"name": name, "unit": "images/s", "rival": rival, **ratio}), flush=True)


def measure(case: Case, repeats: int, precision: str, other_process: ProcessPoolExecutor) -> None:
    """Measure one case and print its figures."""
    images, labels = digits(case.n_images + case.n_validation)
    full, rival, bare = (
        block_loop(case, images, labels, FULL, precision),
        plain_fit(case, images, labels),
        block_loop(case, images, labels, AugmentationSettings(), precision),
    )
    takes: tuple[Callable[[], float], ...] = (
        lambda: seconds_of(full),
        lambda: seconds_of(rival),
        lambda: other_process.submit(seconds_of_fit, case).result(),
        lambda: seconds_of(bare),
    )
    for take in takes:
        take()
    columns = list(zip(*([take() for take in takes] for _ in range(repeats)), strict=True))
    title = case.title if precision == "float32" else f"{case.title}, {precision}"
    for kind, pick in (("median", statistics.median), ("best round", min)):
        ours, fit, installed_fit, unaugmented = (case.n_images / pick(column) for column in columns)
        show(f"{title}, {kind}", ours, "plain fit, no augmentation", fit)
        show(f"{title}, {kind}", ours, "plain fit, no augmentation, TensorFlow as installed", installed_fit)
        show(f"{title}, cost of augmentation, {kind}", ours, "the same without augmentation", unaugmented)


def main() -> None:
    """Measure all cases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--only", default="", help="measure cases whose title has this text")
    parser.add_argument("--deterministic", action="store_true")
    parser.add_argument("--precision", choices=CANDIDATES, default=CANDIDATES[0], help="of our steps alone")
    chosen = parser.parse_args()
    set_defaults()
    if chosen.deterministic:
        make_repeatable()
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawn, as_installed, (chosen.deterministic,)) as other_process:
        for case in CASES:
            if chosen.only in case.title:
                measure(case, chosen.repeats, chosen.precision, other_process)


if __name__ == "__main__":
    main()
