"""What a model says about each of many images, and where each image comes from."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.formats import reopen
from aid_desktop.data.selection import whole_numbers
from aid_desktop.data.source import DataSource
from aid_desktop.errors import DataError

# Rounding in half precision may end a little outside of 0 to 1.
TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class Threshold:
    """The probability above which an image is given to one class, whatever the others say.

    `class_index` counts from 0 in the order of the model's classes, `probability` lies in 0 to 1.
    Raises DataError for other values.
    """

    class_index: int
    probability: float

    def __post_init__(self) -> None:
        if self.class_index < 0:
            raise DataError(f"the threshold is for class number {self.class_index}; classes count from 0")
        if not 0 <= self.probability <= 1:
            raise DataError(f"the threshold is {self.probability:g}; a probability lies between 0 and 1")


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """The model's probabilities for N images and C classes. All arrays are read-only copies.

    `source` (N,) intp is each image's position in `sources`, `index` (N,) intp its number from 0 within
    that source; `zooms` has one factor per source; `probabilities` is float32 (N, C); `labels` (N,) intp
    is the true class, or None for unlabelled images. Raises DataError where these do not fit together
    or the probabilities are not numbers from 0 to 1.
    """

    class_names: tuple[str, ...]
    sources: tuple[DataSource, ...]
    zooms: tuple[float, ...]
    source: NDArray[np.intp]
    index: NDArray[np.intp]
    probabilities: NDArray[np.float32]
    labels: NDArray[np.intp] | None = None

    def __post_init__(self) -> None:
        if not self.class_names or len(set(self.class_names)) != len(self.class_names):
            raise DataError(f"predictions need classes of different names, got {self.class_names}")
        if len(self.zooms) != len(self.sources):
            raise DataError(f"got {len(self.zooms)} zoom factors for {len(self.sources)} sources")
        probabilities = checked_probabilities(self.probabilities, self.n_classes)
        object.__setattr__(self, "probabilities", probabilities)
        n = len(probabilities)
        object.__setattr__(self, "source", _checked_numbers("source", self.source, n, len(self.sources)))
        object.__setattr__(self, "index", _checked_numbers("index", self.index, n, None))
        if self.labels is not None:
            object.__setattr__(self, "labels", _checked_numbers("label", self.labels, n, self.n_classes))

    @property
    def n(self) -> int:
        """Number of images."""
        return len(self.probabilities)

    @property
    def n_classes(self) -> int:
        """Number of classes that the model knows."""
        return len(self.class_names)

    @property
    def labelled(self) -> bool:
        """Whether the true classes are known."""
        return self.labels is not None

    def predicted(self, threshold: Threshold | None = None) -> NDArray[np.intp]:
        """Return the predicted class of each image, (N,) intp; see `predicted_classes`."""
        return predicted_classes(self.probabilities, threshold)

    def class_counts(self, threshold: Threshold | None = None) -> dict[str, int]:
        """Return how many images are predicted as each class, in the order of the classes."""
        numbers = np.bincount(self.predicted(threshold), minlength=self.n_classes)
        return dict(zip(self.class_names, numbers.tolist(), strict=True))

    def probability_of(self, classes: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return the model's probability of one class per image, (N,) float32; `classes` is (N,) intp."""
        return np.take_along_axis(self.probabilities, classes[:, None], axis=1)[:, 0]

    def origins(self) -> list[str]:
        """Return where each image comes from: a file's path, or `path#index` within a stack.

        Opens the sources anew; raises DataError for one that is gone. For very many images see `origins_of_parts`.
        """
        return [origin for part in self.origins_of_parts() for origin in part]

    def origins_of_parts(
        self, n_images: int = 4096, progress: Callable[[int, int], None] | None = None
    ) -> Iterator[list[str]]:
        """Yield the same texts in pieces of `n_images`, the last one perhaps shorter. Raises DataError at once.

        `progress` counts the files of folders while they are listed, see formats.reopen.
        """
        readers = {position: reopen(self.sources[position], progress) for position in np.unique(self.source).tolist()}

        def piece(start: int) -> list[str]:
            part = slice(start, start + n_images)
            pairs = zip(self.source[part].tolist(), self.index[part].tolist(), strict=True)
            return [readers[position].origin(index) for position, index in pairs]

        return (piece(start) for start in range(0, self.n, n_images))

    def file_numbers(self, which: NDArray[np.intp] | None = None) -> NDArray[np.intp]:
        """Return each image's number from 0 in its whole file, (N,): its index, unless its source is a part of one.

        `which` (M,) are the positions of the images that are asked for; None: all.
        """
        chosen = slice(None) if which is None else which
        numbers, sources = self.index[chosen].copy(), self.source[chosen]
        for position, source in enumerate(self.sources):
            if source.selection is not None:
                here = sources == position
                numbers[here] = whole_numbers(source, numbers[here])
        return numbers

    def select(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> "Predictions":
        """Return the predictions of some images: a mask (N,) or positions from 0, in the order given."""
        return Predictions(
            self.class_names,
            self.sources,
            self.zooms,
            self.source[which],
            self.index[which],
            self.probabilities[which],
            None if self.labels is None else self.labels[which],
        )


def predicted_classes(probabilities: NDArray[np.float32], threshold: Threshold | None = None) -> NDArray[np.intp]:
    """Return the predicted class (N,) for probabilities (N, C).

    Without a threshold: the class of the highest probability p. With one, AIDeveloper's rule: the p of
    the threshold's class becomes 1 where it is greater than the threshold and 0 elsewhere, then the
    highest wins. Of equal values the first class wins. Raises DataError for a class that is not there.
    """
    return _highest(thresholded(probabilities, threshold))


def thresholded(probabilities: NDArray[np.float32], threshold: Threshold | None) -> NDArray[np.float32]:
    """Return the values (N, C) of which the highest wins, see `predicted_classes`; itself without a threshold.

    Raises DataError for a class that is not there.
    """
    if threshold is None:
        return probabilities
    n_classes = probabilities.shape[1]
    if threshold.class_index >= n_classes:
        raise DataError(
            f"the threshold is for class number {threshold.class_index}; the model has the classes 0 to {n_classes - 1}"
        )
    ruled = probabilities.copy()
    column = ruled[:, threshold.class_index]
    ruled[:, threshold.class_index] = column > np.float32(threshold.probability)
    return ruled


def _highest(values: NDArray[np.float32]) -> NDArray[np.intp]:
    columns: NDArray[np.intp] = np.argmax(values, axis=1)
    return columns


def checked_probabilities(values: NDArray[np.float32], n_classes: int) -> NDArray[np.float32]:
    """Return a read-only copy (N, C), cut to 0 to 1.

    Raises DataError if the values are not so many probabilities for each image, within TOLERANCE.
    """
    array = np.array(values, dtype=np.float32)
    if array.ndim != 2 or array.shape[1] != n_classes:
        raise DataError(
            f"the model returned values of shape {array.shape} for {n_classes} classes; expected "
            f"(images, {n_classes}). Its class names do not fit its output."
        )
    broken = int(np.count_nonzero(~np.isfinite(array).all(axis=1)))
    if broken:
        raise DataError(
            f"the model returned values that are not numbers for {broken} of {len(array)} images: its "
            "weights are broken. Choose the model of an earlier epoch."
        )
    if array.size and (array.min() < -TOLERANCE or array.max() > 1 + TOLERANCE):
        raise DataError(
            f"the model returned values from {array.min():g} to {array.max():g}; expected probabilities from "
            "0 to 1. Its last layer needs a softmax."
        )
    np.clip(array, 0, 1, out=array)
    array.setflags(write=False)
    return array


def _checked_numbers(name: str, values: NDArray[np.intp], n: int, end: int | None) -> NDArray[np.intp]:
    array = np.asarray(values)
    if array.shape != (n,):
        raise DataError(f"got {name} numbers of shape {array.shape} for {n} images")
    if n and not np.issubdtype(array.dtype, np.integer):
        raise DataError(f"got {name} numbers of type {array.dtype}; expected whole numbers")
    if n and (array.min() < 0 or (end is not None and array.max() >= end)):
        expected = "0 or more" if end is None else f"0 to {end - 1}"
        raise DataError(f"got {name} numbers from {array.min()} to {array.max()}; expected {expected}")
    array = np.array(array, dtype=np.intp)
    array.setflags(write=False)
    return array
