"""The scalar features that a network takes besides the image: read, checked and standardized."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.rtdc import RtdcReader
from aid_desktop.data.selection import whole_reader
from aid_desktop.data.source import ImageReader
from aid_desktop.errors import DataError

RawFeatures = NDArray[np.float64]
"""Features (N, F) as they are stored, in the units of their file."""


@dataclass(frozen=True, slots=True)
class FeatureScaling:
    """The features of a network by name, with mean and standard deviation of each over its training images.

    Raises DataError for numbers that cannot be used.
    """

    names: tuple[str, ...] = ()
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not len(self.names) == len(self.mean) == len(self.std):
            raise DataError(f"The features {', '.join(self.names)} need one mean and one standard deviation each.")
        for name, mean, std in zip(self.names, self.mean, self.std, strict=True):
            if not (math.isfinite(mean) and math.isfinite(std) and std > 0):
                raise DataError(f"The feature {name} has mean {mean} and standard deviation {std}.")

    def __len__(self) -> int:
        return len(self.names)

    def apply(self, values: RawFeatures) -> NDArray[np.float32]:
        """Return features (N, F) as the network takes them: less the mean, divided by the standard deviation."""
        scaled: RawFeatures = (values - np.array(self.mean)) / np.array(self.std)
        return scaled.astype(np.float32)

    def to_json(self) -> dict[str, dict[str, float]]:
        """Return mean and standard deviation of each feature, by name."""
        rows = zip(self.names, self.mean, self.std, strict=True)
        return {name: {"mean": mean, "std": std} for name, mean, std in rows}

    @classmethod
    def from_json(cls, document: Mapping[str, Any], names: Sequence[str]) -> "FeatureScaling":
        """Return what `to_json` has written, in the order of `names`. Raises DataError if it cannot be used."""
        try:
            mean, std = (tuple(float(document[name][key]) for name in names) for key in ("mean", "std"))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise DataError(f"The features {document!r} cannot be read: {error!r}.") from error
        return cls(tuple(names), mean, std)


NO_FEATURES = FeatureScaling()


def fit_scaling(names: Sequence[str], parts: Iterable[RawFeatures]) -> FeatureScaling:
    """Return the scaling for these features of the training images, (N, F) each, together at least one image.

    A feature that is the same in all of them is divided by 1, as scikit-learn's StandardScaler does.
    """
    if not names:
        return NO_FEATURES
    values = np.concatenate(list(parts))
    # A mean of equal numbers may be off by their last digit, which a deviation would magnify.
    varies, std = np.ptp(values, axis=0) > 0, values.std(axis=0)
    std = np.where(varies & (std > 0), std, 1.0)
    return FeatureScaling(tuple(names), tuple(values.mean(axis=0).tolist()), tuple(std.tolist()))


def read_features(reader: ImageReader, names: Sequence[str], indices: NDArray[np.intp]) -> RawFeatures:
    """Return features (N, F) of some images of a source; (N, 0) without names.

    Raises DataError, naming source and feature, where one is missing, or is no finite number.
    """
    if not names:
        return np.empty((len(indices), 0))
    reader, indices = whole_reader(reader, indices)
    source = reader.source
    if not isinstance(reader, RtdcReader):
        raise DataError(
            f"{source.path} has no feature {names[0]!r}: it has images alone, features come with .rtdc files."
        )
    values = reader.features(names, indices)
    for name, column in zip(names, values.T, strict=True):
        wrong = np.flatnonzero(~np.isfinite(column))
        if len(wrong):
            raise DataError(
                f"{source.path}: the feature {name!r} is no finite number in {len(wrong)} of {len(indices)} images, "
                f"the first is number {indices[wrong[0]]}: choose other features, or take such events out of the file"
            )
    return values
