"""`precision = "auto"`: which number format trains this network quicker on this machine."""

import logging
import math
import time
from collections.abc import Callable

import numpy as np

from aid_desktop.errors import OutOfMemoryError
from aid_desktop.training.blocks import Block, block_length
from aid_desktop.training.fit import BlockFitter
from aid_desktop.training.state import RunState
from aid_desktop.training.storage import RunStorage

logger = logging.getLogger(__name__)

CANDIDATES = ("float32", "mixed_bfloat16")
_SECONDS_EACH = 1.0
_BATCHES = 8


def settle_precision(state: RunState, storage: RunStorage, say: Callable[[str], None]) -> None:
    """Decide what `auto` means in this run, unless that is not asked for or has been decided before.

    The decision goes into the run's run.toml, so that the run resumed or repeated computes the same numbers.
    Weights, optimizer and random state are afterwards as before. Raises OSError.
    """
    if state.settings.hyperparameters.precision != "auto" or state.auto_precision is not None:
        return
    say("Measuring float32 and mixed_bfloat16")
    speeds = images_per_second(state)
    chosen = max(speeds, key=speeds.__getitem__)
    state.use_auto_precision(chosen)
    storage.pin_precision(chosen)
    text = ", ".join(f"{name} {speed:.0f} images/s" for name, speed in speeds.items())
    logger.info("precision auto: %s, so %s is used", text, chosen)
    say(f"Training in {chosen} ({text})")


def images_per_second(state: RunState) -> dict[str, float]:
    """Return the speed of the training step in each number format, measured for about a second each.

    A format that the network cannot compute in is left out.
    """
    import tensorflow as tf

    batch_size = state.settings.hyperparameters.batch_size
    most = block_length(batch_size, math.prod(state.config.image.input_shape))
    block = _noise(state, min(most, _BATCHES * batch_size))
    state.remember()
    speeds = {}
    try:
        for precision in CANDIDATES:
            try:
                speeds[precision] = _speed(state, precision, block, batch_size)
            except OutOfMemoryError:
                # The run will halve its batches.
                speeds[precision] = 0.0
            except (TypeError, ValueError, tf.errors.OpError) as error:
                if precision == CANDIDATES[0]:
                    raise
                # A layer of somebody's own, or an operation that TensorFlow has in float32 only.
                logger.info("the network cannot compute in %s: %s", precision, error)
    finally:
        state.take_back()
    return speeds


def _speed(state: RunState, precision: str, block: Block, batch_size: int) -> float:
    fitter = state.fitter
    fitter.precision = precision
    fitter.trace_anew()
    return training_speed(fitter, block, batch_size, _SECONDS_EACH)


def training_speed(fitter: BlockFitter, block: Block, batch_size: int, seconds: float) -> float:
    """Train on a block again and again; return the images per second of the quickest call into the graph.

    Other work of the machine disturbs the others. The time to trace the step comes on top of `seconds`.
    """
    # The first step is traced.
    fitter.fit_block(block, batch_size, _leave, metrics_from_zero=True)
    end = time.perf_counter() + seconds
    best = 0.0
    while not best or time.perf_counter() < end:
        best = max(best, _one_round(fitter, block, batch_size, end))
    return best


def _one_round(fitter: BlockFitter, block: Block, batch_size: int, end: float) -> float:
    speeds: list[float] = []
    before = (0, time.perf_counter())

    def note(done: int) -> bool:
        nonlocal before
        now = time.perf_counter()
        images = min(done * batch_size, len(block.images)) - before[0] * batch_size
        speeds.append(images / max(now - before[1], 1e-9))
        before = (done, time.perf_counter())
        return now < end

    fitter.fit_block(block, batch_size, note, metrics_from_zero=True)
    return max(speeds)


def _noise(state: RunState, n_images: int) -> Block:
    data = state.data
    shape = state.config.image.input_shape
    return noise_block(n_images, shape, len(data.class_names), data.pixel_type, len(data.scaling))


def noise_block(
    n_images: int, input_shape: tuple[int, int, int], n_classes: int, pixel_type: str = "uint8", n_features: int = 0
) -> Block:
    """Return images of noise with labels at random, the same ones each time."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (n_images, *input_shape), np.uint8)
    labels = np.eye(n_classes, dtype=np.float32)[rng.integers(0, n_classes, n_images)]
    features = rng.standard_normal((n_images, n_features), np.float32) if n_features else None
    return Block(images.astype(pixel_type), labels, np.ones(n_images, np.float32), features)


def _leave(_: int) -> bool:
    return False
