"""Contrast, saturation and hue."""

import math
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.pixels import Pixels, to_type
from aid_desktop.settings.augmentation import AugmentationSettings

_MIDDLE_GREY = 128


def contrast(
    images: Pixels,
    settings: AugmentationSettings,
    rng: np.random.Generator,
    white: float = 255.0,
    overwrite: bool = False,
) -> Pixels:
    """Return saturate(factor · (image - middle) + middle) with one factor per image; (N, H, W, C) of any pixel type.

    The middle is 128 for 8 bits, and as far towards `white` for deeper images. With `overwrite` the result takes the
    memory of `images`.
    """
    if settings.contrast == (1, 1):
        return images
    n, pixels = len(images), math.prod(images.shape[1:])
    factors = rng.uniform(*settings.contrast, n).tolist()
    middle = _MIDDLE_GREY if images.dtype == np.uint8 else _MIDDLE_GREY * white / 255
    # OpenCV takes a trailing axis of 3 or 4 for a colour, so the pixels of an image go in as one row.
    rows = images.reshape(n, pixels)
    targets = rows if overwrite else np.empty_like(rows)
    for row, target, factor in zip(rows, targets, factors, strict=True):
        cv2.addWeighted(row, factor, row, 0, middle * (1 - factor), target)
    return targets.reshape(images.shape)


def colour(
    images: Pixels,
    settings: AugmentationSettings,
    rng: np.random.Generator,
    white: float = 255.0,
    overwrite: bool = False,
) -> Pixels:
    """Scale the saturation and rotate the hue of images of three channels; others are returned as they are.

    Args:
        images: (N, H, W, C) of any pixel type.
        settings: saturation as a range of factors, hue as the largest part of the colour circle.
        rng: source of all randomness.
        white: the grey level of full brightness in images of more than 8 bits; what is brighter is cut there.
        overwrite: give the memory of `images` to the result.

    Returns:
        (N, H, W, C) of the same type. Saturation saturates, hue wraps around the circle.
    """
    if images.shape[-1] != 3 or (settings.saturation == (1, 1) and not settings.hue):
        return images
    factors = rng.uniform(*settings.saturation, len(images))
    turns = rng.uniform(-settings.hue, settings.hue, len(images))
    result = images if overwrite else np.empty(images.shape, images.dtype)
    if images.dtype == np.uint8:
        tables = _hue_tables(factors, turns)
        for image, target, table in zip(images, result, tables, strict=True):
            cv2.cvtColor(image, cv2.COLOR_RGB2HSV, target)
            cv2.LUT(target, table, target)
            cv2.cvtColor(target, cv2.COLOR_HSV2RGB, target)
        return result
    for image, target, factor, turn in zip(images, result, factors, turns, strict=True):
        changed = _coloured_exactly(image.astype(np.float32) / np.float32(white), factor, turn)
        target[:] = to_type(changed * white, str(images.dtype))
    return result


def _hue_tables(factors: NDArray[np.float64], turns: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return (N, 1, 256, 3): what becomes of each hue (of 180), saturation and value of OpenCV's 8 bits."""
    tables = np.empty((len(factors), 1, 256, 3), np.uint8)
    levels = np.arange(256)
    tables[:, 0, :, 0] = (levels + np.rint(turns * 180).astype(np.intp)[:, None]) % 180
    tables[:, 0, :, 1] = np.clip(np.rint(levels * factors[:, None]), 0, 255)
    tables[:, 0, :, 2] = levels
    return tables


def _coloured_exactly(image: Pixels, factor: float, turn: float) -> Pixels:
    """Return float32 RGB of 0 to 1 with the saturation scaled and the hue turned."""
    hsv = cv2.cvtColor(np.clip(image, 0, 1), cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0] + 360 * turn) % 360
    hsv[..., 1] = np.clip(hsv[..., 1] * factor, 0, 1)
    return cast(Pixels, cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB))
