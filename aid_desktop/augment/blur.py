"""Average, Gaussian and motion blur with kernel sizes drawn per image, both ends of the range included.

With `overwrite` the result takes the memory of `images`.
"""

from collections.abc import Callable

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from aid_desktop.data.pixels import Pixels
from aid_desktop.settings.augmentation import AugmentationSettings


def average_blur(
    images: Pixels, settings: AugmentationSettings, rng: np.random.Generator, overwrite: bool = False
) -> Pixels:
    """Average over k × k pixels; k of 0 or 1 leaves the image as it is. (N, H, W, C) of any pixel type."""
    if settings.average_blur[1] <= 1:
        return images
    sizes = rng.integers(*settings.average_blur, len(images), endpoint=True)
    return _filtered(images, sizes, overwrite, lambda tall, size: cv2.blur(tall, (size, size)))


def gaussian_blur(
    images: Pixels, settings: AugmentationSettings, rng: np.random.Generator, overwrite: bool = False
) -> Pixels:
    """Blur with a Gaussian kernel of k pixels, even k made odd; sigma follows from k. (N, H, W, C) of any type."""
    if settings.gaussian_blur[1] <= 1:
        return images
    sizes = 2 * (rng.integers(*settings.gaussian_blur, len(images), endpoint=True) // 2) + 1
    return _filtered(images, sizes, overwrite, lambda tall, size: cv2.GaussianBlur(tall, (size, size), 0))


def motion_blur(
    images: Pixels, settings: AugmentationSettings, rng: np.random.Generator, overwrite: bool = False
) -> Pixels:
    """Smear along a line of k pixels in a direction in degrees. (N, H, W, C) of any pixel type."""
    if settings.motion_blur[1] <= 1:
        return images
    lengths = rng.integers(*settings.motion_blur, len(images), endpoint=True)
    angles = rng.uniform(*settings.motion_blur_angle, len(images))
    result = images if overwrite else images.copy()
    for index in np.flatnonzero(lengths > 1).tolist():
        cv2.filter2D(images[index], -1, line_kernel(int(lengths[index]), float(angles[index])), result[index])
    return result


def _filtered(
    images: Pixels, sizes: NDArray[np.int64], overwrite: bool, blur: Callable[[Pixels, int], MatLike]
) -> Pixels:
    """Blur each image with a kernel of its own size.

    Images of one size go through OpenCV as one tall image, each with its own mirrored border: for small images a call
    costs several times as much as its arithmetic.
    """
    result = images if overwrite else images.copy()
    for size in np.unique(sizes[sizes > 1]).tolist():
        chosen = np.flatnonzero(sizes == size)
        margin = size // 2
        padded = np.pad(images[chosen], ((0, 0), (margin, margin), (margin, margin), (0, 0)), "reflect")
        n, height, width, channels = padded.shape
        tall = blur(padded.reshape(n * height, width, channels), size)
        result[chosen] = tall.reshape(padded.shape)[:, margin : height - margin, margin : width - margin]
    return result


def line_kernel(length: int, angle: float) -> NDArray[np.float32]:
    """Return a (length, length) kernel of sum 1: a line through the middle, turned by `angle` degrees."""
    kernel = np.zeros((length, length), np.float32)
    kernel[(length - 1) // 2] = 1
    centre = ((length - 1) / 2, (length - 1) // 2)
    turned = cv2.warpAffine(kernel, cv2.getRotationMatrix2D(centre, angle, 1.0), (length, length))
    return np.asarray(turned / turned.sum(), np.float32)
