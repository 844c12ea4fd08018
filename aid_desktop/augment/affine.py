"""Flip, zoom, shear, rotate and shift in one interpolation."""

import cv2
import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.geometry import OPENCV_CHANNELS, centre_crop
from aid_desktop.data.pixels import Pixels
from aid_desktop.settings.augmentation import AugmentationSettings

_BORDERS = {
    "constant": cv2.BORDER_CONSTANT,
    "edge": cv2.BORDER_REPLICATE,
    "reflect": cv2.BORDER_REFLECT_101,
    "symmetric": cv2.BORDER_REFLECT,
    "wrap": cv2.BORDER_WRAP,
}


def is_identity(settings: AugmentationSettings) -> bool:
    """Return whether no geometric change is asked for."""
    amounts = (settings.rotation, settings.width_shift, settings.height_shift, settings.zoom, settings.shear)
    return not (any(amounts) or settings.horizontal_flip or settings.vertical_flip)


def affine(
    images: Pixels,
    settings: AugmentationSettings,
    rng: np.random.Generator,
    size: tuple[int, int] | None = None,
    padding: str = "constant",
) -> Pixels:
    """Change the geometry of each image at random and cut out its centre.

    Args:
        images: (N, H, W, C) of any pixel type.
        settings: rotation and shear in degrees, shifts in pixels, zoom as a factor 1 ± zoom.
        rng: source of all randomness.
        size: (height, width) of the result; default (H, W). Larger images leave room to turn.
        padding: what fills places that no pixel of the image reaches; a padding mode of ImageSettings.

    Returns:
        (N, height, width, C) of the same type. One matrix per image, bilinear, so that pixels are interpolated once.
    """
    n, rows, columns, channels = images.shape
    height, width = size or (rows, columns)
    if is_identity(settings):
        return centre_crop(images, width, height).copy()
    matrices = _matrices(n, (rows, columns), (height, width), settings, rng)
    result = np.empty((n, height, width, channels), images.dtype)
    if channels <= OPENCV_CHANNELS:
        _warp(images, matrices, result, _BORDERS[padding])
        return result
    for first in range(0, channels, OPENCV_CHANNELS):
        some = slice(first, first + OPENCV_CHANNELS)
        part = np.empty_like(result[..., some], order="C")
        _warp(np.ascontiguousarray(images[..., some]), matrices, part, _BORDERS[padding])
        result[..., some] = part
    return result


def _warp(images: Pixels, matrices: NDArray[np.float64], result: Pixels, border: int) -> None:
    """Write each image, moved by its matrix, to its place in `result`; no more channels than OpenCV takes."""
    height, width = result.shape[1:3]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    for image, matrix, target in zip(images, matrices, result, strict=True):
        cv2.warpAffine(image, matrix, (width, height), target, flags, border)


def _matrices(
    n: int,
    source: tuple[int, int],
    target: tuple[int, int],
    settings: AugmentationSettings,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Return (N, 2, 3) matrices that map target pixels to source pixels.

    Every random number is drawn whether used or not, so that changing one amount leaves the other draws alone.
    """
    draws = rng.uniform(-1.0, 1.0, (6, n))
    flips = rng.random((2, n)) < 0.5
    angle = np.deg2rad(draws[0] * settings.rotation)
    shear = np.tan(np.deg2rad(draws[1] * settings.shear))
    zoom_x, zoom_y = 1 + draws[2] * settings.zoom, 1 + draws[3] * settings.zoom
    shift_x, shift_y = draws[4] * settings.width_shift, draws[5] * settings.height_shift
    scale_x = np.where(flips[0] & settings.horizontal_flip, -zoom_x, zoom_x)
    scale_y = np.where(flips[1] & settings.vertical_flip, -zoom_y, zoom_y)

    # Forward: scale, then the symmetric shear of AIDeveloper, then rotation. This is the inverse, as OpenCV takes it.
    cos, sin, area = np.cos(angle), np.sin(angle), 1 - shear**2
    matrices = np.empty((n, 2, 3))
    matrices[:, 0, 0] = (cos - shear * sin) / (area * scale_x)
    matrices[:, 0, 1] = (-sin - shear * cos) / (area * scale_x)
    matrices[:, 1, 0] = (sin - shear * cos) / (area * scale_y)
    matrices[:, 1, 1] = (cos + shear * sin) / (area * scale_y)
    centre_x, centre_y = (target[1] - 1) / 2 + shift_x, (target[0] - 1) / 2 + shift_y
    matrices[:, 0, 2] = (source[1] - 1) / 2 - matrices[:, 0, 0] * centre_x - matrices[:, 0, 1] * centre_y
    matrices[:, 1, 2] = (source[0] - 1) / 2 - matrices[:, 1, 0] * centre_x - matrices[:, 1, 1] * centre_y
    return matrices
