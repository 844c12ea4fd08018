"""MixUp (Zhang et al., ICLR 2018) and CutMix (Yun et al., ICCV 2019): images and labels of two are mixed."""

import math

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
    n, pixels = len(images), math.prod(images.shape[1:])
    partners = rng.permutation(n)
    cut = rng.random(n) < 0.5 if settings.mixup and settings.cutmix else np.full(n, bool(settings.cutmix))
    shares = np.where(cut, _shares(settings.cutmix, n, rng), _shares(settings.mixup, n, rng))
    mixed = images.copy()
    rows, targets = images.reshape(n, pixels), mixed.reshape(n, pixels)
    for index in np.flatnonzero(~cut).tolist():
        share = float(shares[index])
        cv2.addWeighted(rows[index], share, rows[partners[index]], 1 - share, 0, targets[index])
    pasted = np.flatnonzero(cut)
    shares[pasted] = _paste(mixed, images, pasted, partners[pasted], shares[pasted], rng)
    weights = shares.astype(np.float32)[:, None]
    return mixed, np.asarray(weights * labels + (1 - weights) * labels[partners], np.float32)


def _shares(alpha: float, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    return rng.beta(alpha, alpha, n) if alpha else np.ones(n)


def _paste(
    mixed: Pixels,
    images: Pixels,
    chosen: NDArray[np.intp],
    partners: NDArray[np.int64],
    shares: NDArray[np.float64],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Cover all but the share of each chosen image by a rectangle of its partner.

    Returns the shares that are left of the chosen images, in whole pixels.
    """
    height, width = images.shape[1:3]
    sides = np.sqrt(1 - shares)
    rows, columns = (np.rint(side * sides).astype(np.intp) for side in (height, width))
    tops = rng.integers(0, height - rows, endpoint=True)
    lefts = rng.integers(0, width - columns, endpoint=True)
    corners = (tops, lefts, tops + rows, lefts + columns)
    draws = zip(chosen.tolist(), partners.tolist(), *(edge.tolist() for edge in corners), strict=True)
    for index, partner, top, left, bottom, right in draws:
        mixed[index, top:bottom, left:right] = images[partner, top:bottom, left:right]
    return np.asarray(1 - rows * columns / (height * width), np.float64)
