"""Brightness (added and multiplied) and Gaussian noise."""

import cv2
import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.pixels import Pixels, to_type
from aid_desktop.settings.augmentation import AugmentationSettings

_POOL_SIZE = 1 << 20
_POOL_CENTRE, _POOL_STD = 128, 32


def is_identity(settings: AugmentationSettings) -> bool:
    """Return whether neither brightness nor noise is asked for."""
    return settings.brightness_add == (0, 0) and settings.brightness_multiply == (1, 1) and not settings.noise_std


def brightness(
    images: Pixels, settings: AugmentationSettings, rng: np.random.Generator, white: float = 255.0
) -> Pixels:
    """Return saturate(factor · image + added + noise), drawn per image.

    Args:
        images: (N, H, W, C) of any pixel type.
        settings: brightness_add in grey levels, brightness_multiply, noise_std in grey levels (the largest one).
        rng: source of all randomness.
        white: the grey level that 255 of the settings stands for; only used for images of more than 8 bits.

    Returns:
        (N, H, W, C) of the same type, rounded and saturated once. Noise comes from random stretches of a pool of
        normal numbers, which makes it as cheap as the sum itself; each pixel and channel has its own.
    """
    n = len(images)
    factors = rng.uniform(*settings.brightness_multiply, n)
    added = rng.uniform(*settings.brightness_add, n)
    sigmas = rng.uniform(0, settings.noise_std, n)
    result = np.empty_like(images)
    pixels = int(np.prod(images.shape[1:]))
    pool = _noise_pool(rng, pixels) if settings.noise_std else np.full(pixels, _POOL_CENTRE, np.uint8)
    offsets = rng.integers(0, len(pool) - pixels + 1, n)
    for image, target, factor, add, sigma, offset in zip(images, result, factors, added, sigmas, offsets, strict=True):
        noise = pool[offset : offset + pixels].reshape(1, pixels)
        share = sigma / _POOL_STD
        flat = np.ascontiguousarray(image).reshape(1, pixels)
        if images.dtype == np.uint8:
            changed = cv2.addWeighted(flat, factor, noise, share, add - _POOL_CENTRE * share)
        else:
            levels = add + share * (noise.astype(np.float64) - _POOL_CENTRE)
            changed = to_type(factor * flat.astype(np.float64) + levels * (white / 255), str(images.dtype))
        target[:] = changed.reshape(target.shape)
    return result


def _noise_pool(rng: np.random.Generator, pixels: int) -> NDArray[np.uint8]:
    """Return normal numbers of mean 128 and standard deviation 32 as uint8; 128 ± 4 sigma fits."""
    size = max(_POOL_SIZE, 4 * pixels)
    normal = rng.standard_normal(size, dtype=np.float32)
    return np.clip(np.rint(_POOL_CENTRE + _POOL_STD * normal), 0, 255).astype(np.uint8)
