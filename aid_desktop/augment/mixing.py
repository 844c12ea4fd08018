"""MixUp (Zhang et al., ICLR 2018) and CutMix (Yun et al., ICCV 2019): images and labels of two are mixed."""

import cv2
import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.pixels import Pixels
from aid_desktop.settings.augmentation import AugmentationSettings


def mix(
    images: Pixels,
    labels: NDArray[np.float32],
    settings: AugmentationSettings,
    rng: np.random.Generator,
) -> tuple[Pixels, NDArray[np.float32]]:
    """Mix each image and its label with those of another image of the batch.

    Args:
        images: (N, H, W, C) of any pixel type.
        labels: float32 (N, n_classes), rows of sum 1.
        settings: `mixup` and `cutmix` are the alpha of a beta distribution; with both on, each image takes one.
        rng: source of all randomness.

    Returns:
        Images and labels of the same shapes and dtypes.
    """
    if not (settings.mixup or settings.cutmix):
        return images, labels
    n = len(images)
    partners = rng.permutation(n)
    use_cutmix = rng.random(n) < 0.5 if settings.mixup and settings.cutmix else np.full(n, bool(settings.cutmix))
    mixed = images.copy()
    shares = np.ones(n, np.float32)
    for index, partner in enumerate(partners):
        if use_cutmix[index]:
            shares[index] = _paste(mixed[index], images[partner], rng.beta(settings.cutmix, settings.cutmix), rng)
        else:
            share = rng.beta(settings.mixup, settings.mixup)
            blended = cv2.addWeighted(_row(images[index]), share, _row(images[partner]), 1 - share, 0)
            mixed[index] = blended.reshape(mixed[index].shape)
            shares[index] = share
    weights = shares[:, None]
    return mixed, np.asarray(weights * labels + (1 - weights) * labels[partners], np.float32)


def _row(image: Pixels) -> Pixels:
    return np.ascontiguousarray(image).reshape(1, -1)


def _paste(target: Pixels, other: Pixels, share: float, rng: np.random.Generator) -> float:
    """Paste a rectangle of `other` that covers 1 - share of `target`; return the share that is left."""
    height, width = target.shape[:2]
    side = np.sqrt(1 - share)
    rows, columns = round(height * side), round(width * side)
    top = rng.integers(0, height - rows, endpoint=True)
    left = rng.integers(0, width - columns, endpoint=True)
    target[top : top + rows, left : left + columns] = other[top : top + rows, left : left + columns]
    return float(1 - rows * columns / (height * width))
