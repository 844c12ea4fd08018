"""Contrast, saturation and hue."""

from typing import cast

import cv2
import numpy as np

from aid_desktop.data.pixels import Pixels, to_type
from aid_desktop.settings.augmentation import AugmentationSettings

_MIDDLE_GREY = 128


def contrast(images: Pixels, settings: AugmentationSettings, rng: np.random.Generator, white: float = 255.0) -> Pixels:
    """Return saturate(factor · (image - middle) + middle) with one factor per image; (N, H, W, C) of any pixel type.

    The middle is 128 for 8 bits, and as far towards `white` for deeper images.
    """
    if settings.contrast == (1, 1):
        return images
    factors = rng.uniform(*settings.contrast, len(images))
    middle = _MIDDLE_GREY if images.dtype == np.uint8 else _MIDDLE_GREY * white / 255
    result = np.empty_like(images)
    for image, target, factor in zip(images, result, factors, strict=True):
        # OpenCV takes a trailing axis of 3 or 4 for a colour, so pixels go in as one row.
        flat = np.ascontiguousarray(image).reshape(1, -1)
        stretched = cv2.addWeighted(flat, factor, flat, 0, middle * (1 - factor))
        target[:] = stretched.reshape(target.shape)
    return result


def colour(images: Pixels, settings: AugmentationSettings, rng: np.random.Generator, white: float = 255.0) -> Pixels:
    """Scale the saturation and rotate the hue of images of three channels; others are returned as they are.

    Args:
        images: (N, H, W, C) of any pixel type.
        settings: saturation as a range of factors, hue as the largest part of the colour circle.
        rng: source of all randomness.
        white: the grey level of full brightness in images of more than 8 bits; what is brighter is cut there.

    Returns:
        (N, H, W, C) of the same type. Saturation saturates, hue wraps around the circle.
    """
    if images.shape[-1] != 3 or (settings.saturation == (1, 1) and not settings.hue):
        return images
    factors = rng.uniform(*settings.saturation, len(images))
    turns = rng.uniform(-settings.hue, settings.hue, len(images))
    result = np.empty_like(images)
    for image, target, factor, turn in zip(images, result, factors, turns, strict=True):
        if images.dtype == np.uint8:
            target[:] = _coloured(np.ascontiguousarray(image), factor, turn)
        else:
            changed = _coloured_exactly(image.astype(np.float32) / np.float32(white), factor, turn)
            target[:] = to_type(changed * white, str(images.dtype))
    return result


def _coloured(image: Pixels, factor: float, turn: float) -> Pixels:
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0].astype(np.int16) + np.int16(np.rint(turn * 180))) % 180
    hsv[..., 1] = cv2.convertScaleAbs(hsv[..., 1], alpha=factor)
    return cast(Pixels, cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB))


def _coloured_exactly(image: Pixels, factor: float, turn: float) -> Pixels:
    """Return float32 RGB of 0 to 1 with the saturation scaled and the hue turned."""
    hsv = cv2.cvtColor(np.clip(image, 0, 1), cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0] + 360 * turn) % 360
    hsv[..., 1] = np.clip(hsv[..., 1] * factor, 0, 1)
    return cast(Pixels, cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB))
