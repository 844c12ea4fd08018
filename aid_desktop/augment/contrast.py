"""Contrast, saturation and hue."""

import cv2
import numpy as np
from numpy.typing import NDArray

from aid_desktop.settings.augmentation import AugmentationSettings

_MIDDLE_GREY = 128


def contrast(images: NDArray[np.uint8], settings: AugmentationSettings, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return saturate(factor · (image - 128) + 128) with one factor per image; uint8 (N, H, W, C)."""
    if settings.contrast == (1, 1):
        return images
    factors = rng.uniform(*settings.contrast, len(images))
    result = np.empty_like(images)
    for image, target, factor in zip(images, result, factors, strict=True):
        # OpenCV takes a trailing axis of 3 or 4 for a colour, so pixels go in as one row.
        flat = np.ascontiguousarray(image).reshape(1, -1)
        stretched = cv2.addWeighted(flat, factor, flat, 0, _MIDDLE_GREY * (1 - factor))
        target[:] = stretched.reshape(target.shape)
    return result


def colour(images: NDArray[np.uint8], settings: AugmentationSettings, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Scale the saturation and rotate the hue of RGB images; images of one channel are returned as they are.

    Args:
        images: uint8 (N, H, W, C).
        settings: saturation as a range of factors, hue as the largest part of the colour circle.
        rng: source of all randomness.

    Returns:
        uint8 (N, H, W, C). Saturation saturates at 255, hue wraps around the circle of 180 steps.
    """
    if images.shape[-1] != 3 or (settings.saturation == (1, 1) and not settings.hue):
        return images
    factors = rng.uniform(*settings.saturation, len(images))
    turns = np.rint(rng.uniform(-settings.hue, settings.hue, len(images)) * 180).astype(np.int16)
    result = np.empty_like(images)
    for image, target, factor, turn in zip(images, result, factors, turns, strict=True):
        hsv = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2HSV)
        hsv[..., 0] = (hsv[..., 0].astype(np.int16) + turn) % 180
        hsv[..., 1] = cv2.convertScaleAbs(hsv[..., 1], alpha=factor)
        target[:] = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
    return result
