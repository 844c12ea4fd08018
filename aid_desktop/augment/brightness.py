"""Brightness (added and multiplied) and Gaussian noise."""

import math
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.pixels import Pixels
from aid_desktop.settings.augmentation import AugmentationSettings

_POOL_BITS = 22
_POOL_CENTRE, _POOL_STD = 128, 32
# How OpenCV names the type of a sum with the pool; -1 is the type of both, which is quicker.
_DEPTHS = {"uint8": -1, "uint16": cv2.CV_16U, "float32": cv2.CV_32F}


def is_identity(settings: AugmentationSettings) -> bool:
    """Return whether neither brightness nor noise is asked for."""
    return settings.brightness_add == (0, 0) and settings.brightness_multiply == (1, 1) and not settings.noise_std


def brightness(
    images: Pixels,
    settings: AugmentationSettings,
    rng: np.random.Generator,
    white: float = 255.0,
    overwrite: bool = False,
) -> Pixels:
    """Return saturate(factor · image + added + noise), drawn per image.

    Args:
        images: (N, H, W, C) of any pixel type.
        settings: brightness_add in grey levels, brightness_multiply, noise_std in grey levels (the largest one).
        rng: source of all randomness.
        white: the grey level that 255 of the settings stands for; only used for images of more than 8 bits.
        overwrite: give the memory of `images` to the result.

    Returns:
        (N, H, W, C) of the same type, rounded and saturated once. Noise comes from random stretches of a pool of
        normal numbers, which makes it as cheap as the sum itself; each pixel and channel has its own.
    """
    n, pixels = len(images), math.prod(images.shape[1:])
    factors = rng.uniform(*settings.brightness_multiply, n)
    added = rng.uniform(*settings.brightness_add, n)
    sigmas = rng.uniform(0, settings.noise_std, n)
    pool = _noise_pool(pixels) if settings.noise_std else np.zeros(pixels, np.uint8)
    offsets = rng.integers(0, len(pool) - pixels + 1, n)
    unit = 1.0 if images.dtype == np.uint8 else white / 255
    shares = sigmas * (unit / _POOL_STD)
    levels = added * unit - _POOL_CENTRE * shares
    depth = _DEPTHS[str(images.dtype)]
    rows = images.reshape(n, pixels)
    targets = rows if overwrite else np.empty_like(rows)
    # Plain numbers: what a loop costs beside OpenCV's own work counts with small images.
    draws = zip(factors.tolist(), shares.tolist(), levels.tolist(), offsets.tolist(), strict=True)
    for row, target, (factor, share, level, offset) in zip(rows, targets, draws, strict=True):
        cv2.addWeighted(row, factor, pool[offset : offset + pixels], share, level, target, depth)
    return targets.reshape(images.shape)


def _noise_pool(pixels: int) -> NDArray[np.uint8]:
    """Return normal numbers of mean 128 and standard deviation 32 as uint8, many times as many as `pixels`."""
    return _normal_numbers(1 << max(_POOL_BITS, (4 * pixels).bit_length()))


@lru_cache(maxsize=1)
def _normal_numbers(size: int) -> NDArray[np.uint8]:
    """Return always the same numbers; 128 ± 4 sigma fits into uint8."""
    normal = np.random.default_rng(0).standard_normal(size, dtype=np.float32)
    numbers = np.clip(np.rint(_POOL_CENTRE + _POOL_STD * normal), 0, 255).astype(np.uint8)
    numbers.flags.writeable = False
    return numbers
