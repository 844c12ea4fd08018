"""Images that an exported network is compared on: the user's own, or the built-in sample."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.drops import resolve_drop
from aid_desktop.data.formats import open_source
from aid_desktop.data.pixels import white_level_of
from aid_desktop.data.prepare import prepare_row
from aid_desktop.data.scalar_features import RawFeatures, read_features
from aid_desktop.errors import DataError
from aid_desktop.evaluation.assess import check_sources
from aid_desktop.export.network import Sample
from aid_desktop.models.metadata import ModelCard

N_IMAGES = 256
"""Images that are compared, where there are so many."""
FEWEST = 64
"""Images that are compared at least."""


def find_sample(card: ModelCard, path: Path | None = None) -> Sample:
    """Return images for a model: of a folder or file, spread evenly over it, or the built-in ones.

    Without a path, those that the model was trained on where they still lie in their place. Fewer than FEWEST are
    filled up with built-in ones. Raises DataError for a path that has no images, or others than the model takes.
    """
    built_in = _built_in(card)
    if path is not None:
        return _filled(_read(card, [path], str(path)), built_in)
    known = [Path(name) for name in dict.fromkeys(name for name, _ in card.data) if Path(name).exists()]
    if not known:
        return built_in
    more = f" and {len(known) - 1} more" if len(known) > 1 else ""
    try:
        return _filled(_read(card, known, f"{known[0]}{more}"), built_in)
    except DataError:
        # They need not be as they were, and nobody has asked for them.
        return built_in


def _read(card: ModelCard, paths: Sequence[Path], where: str) -> Sample:
    plan = resolve_drop(paths)
    if not plan.items:
        reason = f": {plan.rejected[0].reason}" if plan.rejected else ""
        raise DataError(f"{where} has no images to compare on{reason}; choose a folder of images or an .rtdc file")
    items = [plan.items[place] for place in _spread(len(plan.items), N_IMAGES)]
    readers = [open_source(item.path, part=item.part) for item in items]
    check_sources([reader.source for reader in readers], card)
    # As many of each class, where there are so many; the file's images are looked at from the first to the last.
    share = max(1, N_IMAGES // len(readers))
    images, features = [], []
    for reader in readers:
        indices = _spread(reader.source.n_images, share)
        images.append(prepare_row(reader, card.image, card.zoom, indices=indices))
        features.append(read_features(reader, card.image.features, indices))
    taken = np.concatenate(images)
    return Sample(taken, np.concatenate(features), f"{len(taken)} images of {where}")


def _spread(n: int, most: int) -> NDArray[np.intp]:
    """Return at most so many of n numbers, from the first to the last."""
    return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(np.intp))


def _filled(found: Sample, built_in: Sample) -> Sample:
    lacking = FEWEST - len(found.images)
    if lacking <= 0:
        return found
    return Sample(
        np.concatenate((found.images, built_in.images[:lacking])),
        np.concatenate((found.features, built_in.features[:lacking])),
        f"{found.origin} and {lacking} handwritten digits",
    )


def _built_in(card: ModelCard) -> Sample:
    """Return scikit-learn's digits in the model's size; each channel shows another digit."""
    from sklearn.datasets import load_digits

    digits: NDArray[np.float32] = (load_digits().images / 16).astype(np.float32)
    height, width, n_channels = card.image.input_shape
    channels = [
        np.stack([cv2.resize(digits[(first + i) % len(digits)], (width, height)) for i in range(FEWEST)])
        for first in range(0, n_channels * FEWEST, FEWEST)
    ]
    levels = np.stack(channels, axis=-1) * white_level_of(card.pixel_type)
    images = levels if card.pixel_type == "float32" else np.rint(levels)
    return Sample(images.astype(card.pixel_type), _likely(card), f"{FEWEST} handwritten digits of scikit-learn")


def _likely(card: ModelCard) -> RawFeatures:
    """Return features (FEWEST, F) drawn around the means of the training images."""
    drawn = np.random.default_rng(0).normal(size=(FEWEST, len(card.features)))
    values: RawFeatures = drawn * np.array(card.features.std) + np.array(card.features.mean)
    return values
