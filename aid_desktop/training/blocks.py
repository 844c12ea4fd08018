"""The images of an epoch in blocks: the next one is made while the network trains on the last."""

import dataclasses
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aid_desktop.augment.pipeline import Randomness, augment_labelled
from aid_desktop.data.class_table import Role
from aid_desktop.data.pixels import Pixels
from aid_desktop.data.sampling import RowDraw, draw_epoch
from aid_desktop.errors import TrainingError
from aid_desktop.settings.augmentation import check_mixing
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.snapshot import TrainingSettings
from aid_desktop.training.datasets import TrainingData, TrainingRow
from aid_desktop.training.seeds import Stage, generator

# A block is copied into the graph in one call that holds the interpreter: 32 MB take about 5 ms.
MAX_BLOCK_BYTES = 32 * 2**20
MAX_BLOCK_IMAGES = 4096
# Nothing trains while the first block is made, so it is small; each further one is twice as large.
FIRST_BLOCK_IMAGES = 256


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Images (N, height, width, C) of the run's pixel type, labels float32 (N, n_classes), weights float32 (N,).

    `features` are float32 (N, F), standardized; None for a network of images alone.
    """

    images: Pixels
    labels: NDArray[np.float32]
    weights: NDArray[np.float32]
    features: NDArray[np.float32] | None = None

    def part(self, which: slice) -> "Block":
        """Return some of the images with what belongs to them."""
        features = None if self.features is None else self.features[which]
        return Block(self.images[which], self.labels[which], self.weights[which], features)


def block_length(batch_size: int, image_bytes: int) -> int:
    """Return the number of images of a large block: whole batches, at least one, not above the limits."""
    most = min(MAX_BLOCK_IMAGES, MAX_BLOCK_BYTES // max(1, image_bytes))
    return _whole_batches(most, batch_size)


def block_ends(n_images: int, batch_size: int, first: int, longest: int) -> list[int]:
    """Return where each block of an epoch ends: whole batches, from about `first` images up to `longest`, the rest."""
    length = min(longest, _whole_batches(first, batch_size))
    ends: list[int] = []
    while not ends or ends[-1] < n_images:
        ends.append(min(n_images, (ends[-1] if ends else 0) + length))
        length = min(longest, 2 * length)
    return ends


def _whole_batches(n_images: int, batch_size: int) -> int:
    return max(1, n_images // batch_size) * batch_size


class EpochBlocks:
    """The drawn, augmented and weighted images of one epoch under settings that do not change within it."""

    def __init__(
        self, data: TrainingData, image: ImageSettings, settings: TrainingSettings, seed: int, epoch: int
    ) -> None:
        self._data = data
        self._image = image
        self._settings = settings
        self._seed = seed
        self._epoch = epoch
        augmentation = settings.augmentation
        self._affine_epoch = epoch - epoch % augmentation.affine_refresh
        # Grey levels are kept for as long as the images that they were drawn for, at most.
        within = epoch - self._affine_epoch
        self._photometric_epoch = epoch - within % augmentation.photometric_refresh
        rng = generator(seed, Stage.DRAW, self._affine_epoch)
        self._rows, self._indices = draw_epoch(draws(settings, data), rng)
        self._labels = np.array([row.label for row in data.rows], np.intp)[self._rows]
        self._class_weights = class_weights(settings, data.class_names, self._labels)
        batch_size = settings.hyperparameters.batch_size
        image_bytes = int(np.prod(image.input_shape)) * np.dtype(data.pixel_type).itemsize
        longest = block_length(batch_size, image_bytes)
        # Images that are used again are put in another order within their block, which must hold many for that.
        first = FIRST_BLOCK_IMAGES if augmentation.affine_refresh == 1 else longest
        self._ends = block_ends(self.n_images, batch_size, first, longest)

    @property
    def n_images(self) -> int:
        """Number of images of the epoch."""
        return len(self._rows)

    @property
    def n_blocks(self) -> int:
        """Number of blocks of the epoch."""
        return len(self._ends)

    def __iter__(self) -> Iterator[Block]:
        """Yield the blocks; one background thread makes the next while the caller uses the last."""
        with ThreadPoolExecutor(1, thread_name_prefix="augmentation") as executor:
            coming = executor.submit(self.make, 0)
            for number in range(self.n_blocks):
                block = coming.result()
                if number + 1 < self.n_blocks:
                    coming = executor.submit(self.make, number + 1)
                yield block

    def make(self, number: int) -> Block:
        """Make one block; the same one whenever it is asked for."""
        chosen = slice(self._ends[number - 1] if number else 0, self._ends[number])
        augmentation = self._settings.augmentation
        n_classes = len(self._data.class_names)
        images, one_hot = augment_labelled(
            self._originals(chosen),
            np.eye(n_classes, dtype=np.float32)[self._labels[chosen]],
            augmentation,
            self._image,
            Randomness(
                generator(self._seed, Stage.AFFINE, self._affine_epoch, number),
                generator(self._seed, Stage.PHOTOMETRIC, self._photometric_epoch, number),
                generator(self._seed, Stage.MIX, self._epoch, number),
            ),
            self._data.normalization.white,
        )
        features = self._features(chosen)
        if augmentation.affine_refresh > 1:
            # The same images again, but not in the same batches.
            order = generator(self._seed, Stage.ORDER, self._epoch, number).permutation(len(images))
            images, one_hot = images[order], one_hot[order]
            features = None if features is None else features[order]
        smoothing = np.float32(self._settings.hyperparameters.label_smoothing)
        targets = one_hot * (1 - smoothing) + smoothing / n_classes
        # After mixing, an image weighs as much as its shares of the classes do.
        weights = (one_hot @ self._class_weights).astype(np.float32)
        return Block(images, targets.astype(np.float32), weights, features)

    def _originals(self, chosen: slice) -> Pixels:
        """Return the images of a part of the epoch as they are stored, with their margin."""
        originals = np.empty((len(self._rows[chosen]), *self._data.rows[0].images.shape[1:]), self._data.pixel_type)
        for row, places, indices in self._by_row(chosen):
            originals[places] = row.images[indices]
        return originals

    def _features(self, chosen: slice) -> NDArray[np.float32] | None:
        """Return the features of the same images, standardized; None without any."""
        scaling = self._data.scaling
        if not scaling:
            return None
        values = np.empty((len(self._rows[chosen]), len(scaling)))
        for row, places, indices in self._by_row(chosen):
            values[places] = row.features[indices]
        return scaling.apply(values)

    def _by_row(self, chosen: slice) -> Iterator[tuple[TrainingRow, NDArray[np.intp], NDArray[np.intp]]]:
        """Yield each row that a part of the epoch draws from, with the places in the part and the images drawn."""
        rows, indices = self._rows[chosen], self._indices[chosen]
        by_row = np.argsort(rows, kind="stable")
        for places in np.split(by_row, np.flatnonzero(np.diff(rows[by_row])) + 1):
            yield self._data.rows[rows[places[0]]], places, indices[places]


def draws(settings: TrainingSettings, data: TrainingData) -> list[RowDraw]:
    """Return how many images an epoch takes of each row: as the settings say, or else the class table."""
    numbers = settings.images_per_epoch
    if not numbers:
        return [row.draw for row in data.rows]
    return [dataclasses.replace(row.draw, images_per_epoch=numbers[row.place] or None) for row in data.rows]


def class_weights(
    settings: TrainingSettings, class_names: tuple[str, ...], labels: NDArray[np.intp]
) -> NDArray[np.float32]:
    """Return the weight of each class, float32 (n_classes,).

    `balanced` is n / (n_classes · images of the class in this epoch), as in scikit-learn, so that the mean weight
    of an image is 1. Raises TrainingError when custom weights do not name exactly the classes of the run.
    """
    wanted = settings.hyperparameters.class_weights
    if wanted == "none":
        return np.ones(len(class_names), np.float32)
    if wanted == "balanced":
        counts = np.maximum(np.bincount(labels, minlength=len(class_names)), 1)
        return (len(labels) / (len(class_names) * counts)).astype(np.float32)
    check_class_weights(settings, class_names)
    weights = dict(item for item in wanted if not isinstance(item, str))
    return np.array([weights[name] for name in class_names], np.float32)


def check_settings(settings: TrainingSettings, data: TrainingData) -> None:
    """Raise TrainingError, or SettingsError, when settings do not fit the classes, rows or features of the run."""
    check_class_weights(settings, data.class_names)
    check_mixing(settings.augmentation, data.scaling.names)
    n_rows = sum(row.role is Role.TRAINING for row in data.table.rows)
    if len(settings.images_per_epoch) not in (0, n_rows):
        raise TrainingError(
            f"images per epoch: got {len(settings.images_per_epoch)} numbers, the run has {n_rows} training rows"
        )


def check_class_weights(settings: TrainingSettings, class_names: tuple[str, ...]) -> None:
    """Raise TrainingError when custom weights do not name exactly the classes of the run."""
    wanted = settings.hyperparameters.class_weights
    if isinstance(wanted, str):
        return
    named = [name for name, _ in wanted]
    if set(named) != set(class_names):
        raise TrainingError(
            f"training.class_weights: got weights for {', '.join(named)}, the classes are {', '.join(class_names)}"
        )
