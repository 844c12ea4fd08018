"""Augmentation against albumentations, against Keras' layers and against OpenCV's warp alone, on one thread.

Prints one JSON line per figure. All do the same operations on images of 32 × 32 pixels: mirror half of them, rotate
by up to 10°, shift by up to 1 px, zoom by 0.65 to 1.35 in x and y, shear by up to 5°, blur a third of them by 3 × 3,
multiply by 0.7 to 1.3, add up to 15 grey levels, and Gaussian noise. What differs: Keras' layers turn around the mean
of an image in place of multiplying, use one strength of noise, and leave floating-point numbers; the bare warp does
nothing but one interpolation.
"""

import argparse
import json
import math
import os
import statistics
import time
from collections.abc import Callable
from itertools import count
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from aid_desktop.augment.pipeline import augment_batch
from aid_desktop.settings.augmentation import AugmentationSettings

SIDE = 32
# Kernels of 1, 1 and 3 pixels: a third of the images are blurred.
SETTINGS = AugmentationSettings(
    horizontal_flip=True, rotation=10, width_shift=1, height_shift=1, zoom=0.35, shear=5,
    brightness_multiply=(0.7, 1.3), brightness_add=(-15, 15), noise_std=10, gaussian_blur=(0, 2),
)  # fmt: skip
BLURRED = 1 / 3
KERAS_BATCH = 128
# The slow ones get fewer images, so that a round of each takes about as long.
SHARES = {"albumentations": 8, "Keras layers": 2}

Images = NDArray[np.uint8]
Work = Callable[[], object]


def ours(images: Images) -> Work:
    """Return our pipeline, with new random numbers in each call."""
    calls = count()

    def work() -> object:
        affine_rng, photometric_rng = np.random.default_rng(next(calls)).spawn(2)
        return augment_batch(images, SETTINGS, affine_rng, photometric_rng)

    return work


def bare_warp(images: Images) -> Work:
    """Return one warp per image into one array, with matrices made beforehand."""
    rng = np.random.default_rng(0)
    centre = ((SIDE - 1) / 2, (SIDE - 1) / 2)
    draws = zip(rng.uniform(-10, 10, len(images)).tolist(), rng.uniform(0.65, 1.35, len(images)).tolist(), strict=True)
    matrices = [cv2.getRotationMatrix2D(centre, angle, scale) for angle, scale in draws]

    def work() -> object:
        result = np.empty_like(images)
        for image, matrix, target in zip(images, matrices, result, strict=True):
            cv2.warpAffine(image, matrix, (SIDE, SIDE), target, cv2.INTER_LINEAR, cv2.BORDER_CONSTANT)
        return result

    return work


def with_albumentations(images: Images) -> Work:
    """Return albumentations' way: one composed transform, called per image."""
    # It would ask a server for a newer version when imported.
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
    import albumentations

    zoom = (0.65, 1.35)
    transform = albumentations.Compose(
        [
            albumentations.HorizontalFlip(p=0.5),
            albumentations.Affine(
                scale={"x": zoom, "y": zoom}, translate_px={"x": (-1, 1), "y": (-1, 1)}, rotate=(-10, 10),
                shear={"x": (-5, 5), "y": (-5, 5)}, p=1,
            ),
            albumentations.GaussianBlur(blur_limit=(3, 3), p=BLURRED),
            albumentations.RandomBrightnessContrast(brightness_limit=15 / 255, contrast_limit=0.3, p=1),
            albumentations.GaussNoise(std_range=(0, 10 / 255), p=1),
        ],
        seed=0,
    )  # fmt: skip

    def work() -> object:
        result = np.empty_like(images)
        for image, target in zip(images, result, strict=True):
            target[:] = transform(image=image)["image"].reshape(target.shape)
        return result

    return work


def with_keras_layers(images: Images) -> Work:
    """Return Keras' layers in the graph of a tf.data pipeline, in batches."""
    import keras
    import tensorflow as tf

    limits: dict[str, Any] = {"value_range": (0, 1)}
    slant = math.tan(math.radians(5))
    border: dict[str, Any] = {"fill_mode": "constant"}
    layers = [
        keras.layers.RandomFlip("horizontal"),
        keras.layers.RandomRotation(10 / 360, **border),
        keras.layers.RandomTranslation(1 / SIDE, 1 / SIDE, **border),
        keras.layers.RandomZoom((-0.35, 0.35), (-0.35, 0.35), **border),
        keras.layers.RandomShear(slant, slant, **border),
        keras.layers.RandomGaussianBlur(BLURRED, kernel_size=3, sigma=0.8, **limits),
        keras.layers.RandomContrast(0.3, **limits),
        keras.layers.RandomBrightness(15 / 255, **limits),
        keras.layers.GaussianNoise(10 / 255),
    ]

    def augment(images: Any) -> Any:
        # Their noise is limited to a standard deviation of 1.
        changed = tf.cast(images, tf.float32) / 255
        for layer in layers:
            changed = layer(changed, training=True)
        return changed

    options = tf.data.Options()
    options.threading.private_threadpool_size = 1
    data = tf.data.Dataset.from_tensor_slices(images).batch(KERAS_BATCH).map(augment, num_parallel_calls=1)
    data = data.with_options(options)
    return lambda: [batch.numpy() for batch in data]


def use_one_thread() -> None:
    """Give OpenCV and TensorFlow one thread each."""
    import tensorflow as tf

    cv2.setNumThreads(1)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def rate(work: Work, n_images: int) -> float:
    """Return the images per second of one call."""
    start = time.perf_counter()
    work()
    return n_images / (time.perf_counter() - start)


def show(name: str, rival: str, values: list[float], rival_values: list[float]) -> None:
    """Print one figure: medians, and the median of the ratios within the rounds."""
    ratio = statistics.median(value / other for value, other in zip(values, rival_values, strict=True))
    figures = {"value": statistics.median(values), "rival_value": statistics.median(rival_values)}
    rounded = {key: round(value) for key, value in figures.items()}
    document = {"name": name, "unit": "images/s", "rival": rival, **rounded, "ratio": round(ratio, 3)}
    print(json.dumps(document), flush=True)


def measure(n_channels: int, n_images: int, repeats: int) -> None:
    """Let all take turns and print how ours compares with each."""
    images = np.random.default_rng(0).integers(0, 256, (n_images, SIDE, SIDE, n_channels), np.uint8)
    parts = {name: images[: -(-n_images // SHARES.get(name, 1))] for name in CONTENDERS}
    works = {name: prepare(parts[name]) for name, prepare in CONTENDERS.items()}
    rounds: dict[str, list[float]] = {name: [] for name in works}
    # The first round only warms up.
    for number in range(repeats + 1):
        for name, work in works.items():
            value = rate(work, len(parts[name]))
            if number:
                rounds[name].append(value)
    own = rounds.pop("ours")
    for rival, values in rounds.items():
        show(f"augmentation, {SIDE} x {SIDE} x {n_channels}", rival, own, values)


CONTENDERS: dict[str, Callable[[Images], Work]] = {
    "ours": ours,
    "cv2.warpAffine alone": bare_warp,
    "albumentations": with_albumentations,
    "Keras layers": with_keras_layers,
}


def main() -> None:
    """Measure grey and colour images."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=4096, help="images of a round")
    parser.add_argument("--repeats", type=int, default=15)
    chosen = parser.parse_args()
    use_one_thread()
    for n_channels in (1, 3):
        measure(n_channels, chosen.images, chosen.repeats)


if __name__ == "__main__":
    main()
