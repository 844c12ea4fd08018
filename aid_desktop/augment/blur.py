"""Average, Gaussian and motion blur with kernel sizes drawn per image, both ends of the range included."""

import cv2
import numpy as np
from numpy.typing import NDArray

from aid_desktop.data.pixels import Pixels
from aid_desktop.settings.augmentation import AugmentationSettings


def average_blur(images: Pixels, settings: AugmentationSettings, rng: np.random.Generator) -> Pixels:
    """Average over k × k pixels; k of 0 or 1 leaves the image as it is. (N, H, W, C) of any pixel type."""
    if settings.average_blur[1] <= 1:
        return images
    sizes = rng.integers(*settings.average_blur, len(images), endpoint=True)
    result = images.copy()
    for index in np.flatnonzero(sizes > 1):
        size = int(sizes[index])
        result[index] = cv2.blur(images[index], (size, size)).reshape(images[index].shape)
    return result


def gaussian_blur(images: Pixels, settings: AugmentationSettings, rng: np.random.Generator) -> Pixels:
    """Blur with a Gaussian kernel of k pixels, even k made odd; sigma follows from k. (N, H, W, C) of any type."""
    if settings.gaussian_blur[1] <= 1:
        return images
    sizes = 2 * (rng.integers(*settings.gaussian_blur, len(images), endpoint=True) // 2) + 1
    result = images.copy()
    for index in np.flatnonzero(sizes > 1):
        size = int(sizes[index])
        result[index] = cv2.GaussianBlur(images[index], (size, size), 0).reshape(images[index].shape)
    return result


def motion_blur(images: Pixels, settings: AugmentationSettings, rng: np.random.Generator) -> Pixels:
    """Smear along a line of k pixels in a direction in degrees. (N, H, W, C) of any pixel type."""
    if settings.motion_blur[1] <= 1:
        return images
    lengths = rng.integers(*settings.motion_blur, len(images), endpoint=True)
    angles = rng.uniform(*settings.motion_blur_angle, len(images))
    result = images.copy()
    for index in np.flatnonzero(lengths > 1):
        kernel = line_kernel(int(lengths[index]), float(angles[index]))
        result[index] = cv2.filter2D(images[index], -1, kernel).reshape(images[index].shape)
    return result


def line_kernel(length: int, angle: float) -> NDArray[np.float32]:
    """Return a (length, length) kernel of sum 1: a line through the middle, turned by `angle` degrees."""
    kernel = np.zeros((length, length), np.float32)
    kernel[(length - 1) // 2] = 1
    centre = ((length - 1) / 2, (length - 1) // 2)
    turned = cv2.warpAffine(kernel, cv2.getRotationMatrix2D(centre, angle, 1.0), (length, length))
    return np.asarray(turned / turned.sum(), np.float32)
