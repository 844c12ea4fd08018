"""TensorFlow's start, and which device computes."""

import gc
import logging
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from aid_desktop.errors import TrainingError

logger = logging.getLogger(__name__)

_STDERR = 2


def warm_up() -> str:
    """Import TensorFlow and Keras; return their versions as text. Takes seconds, so call it in the background."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with _without_native_notes(), _without_collection():
        import keras
        import tensorflow as tf

        tf.config.list_physical_devices()
    # It takes the new graph of each run of a series for a function that is traced again and again.
    tf.get_logger().setLevel(logging.ERROR)
    return f"TensorFlow {tf.__version__}, Keras {keras.__version__}"


def list_devices() -> dict[str, Any]:
    """Return CPU, GPUs and strategies with the keys of `aid-desktop devices --json`."""
    warm_up()
    import tensorflow as tf

    gpus = [
        {
            "name": f"gpu:{index}",
            "description": tf.config.experimental.get_device_details(gpu).get("device_name", ""),
        }
        for index, gpu in enumerate(tf.config.list_physical_devices("GPU"))
    ]
    cpu = {"name": "cpu", "description": platform.processor() or platform.machine(), "cores": os.cpu_count()}
    strategies = ["auto", "cpu", *(gpu["name"] for gpu in gpus)]
    return {"cpu": cpu, "gpus": gpus, "strategies": strategies}


def device_scope(strategy: str, memory_fraction: float) -> AbstractContextManager[Any]:
    """Return the context in which a network is built and trained on the device asked for.

    Raises TrainingError when there is no such device.
    """
    warm_up()
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    names = {"cpu": "/CPU:0", "auto": "/GPU:0" if gpus else "/CPU:0"}
    names |= {f"gpu:{index}": f"/GPU:{index}" for index in range(len(gpus))}
    if strategy not in names:
        raise TrainingError(f"device.strategy: got {strategy!r}, this machine has {', '.join(names)}")
    _limit_memory(gpus, memory_fraction)
    scope: AbstractContextManager[Any] = tf.device(names[strategy])
    return scope


def make_repeatable(seed: int) -> None:
    """Seed Keras and let TensorFlow use only operations that give the same result each time.

    Must be called in the thread that builds the network: Keras keeps its random state per thread.
    """
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


@contextmanager
def _without_native_notes() -> Iterator[None]:
    """Keep TensorFlow's start-up notes off the console: they ignore TF_CPP_MIN_LOG_LEVEL and mean nothing to a user."""
    try:
        saved = os.dup(_STDERR)
    except OSError:
        # A window build on Windows has no stderr.
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, _STDERR)
        yield
    finally:
        os.dup2(saved, _STDERR)
        os.close(saved)
        os.close(nowhere)


@contextmanager
def _without_collection() -> Iterator[None]:
    """Keep the garbage collector off while TensorFlow is imported, and from ever going through what that makes.

    It would go through all of it several times, with all threads waiting for a tenth of a second or two, and find
    nothing: what an import makes lives as long as the program.
    """
    if "tensorflow" in sys.modules or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


def _limit_memory(gpus: list[Any], fraction: float) -> None:
    import tensorflow as tf

    for gpu in gpus:
        if tf.config.get_logical_device_configuration(gpu):
            continue
        try:
            _limit_one(gpu, fraction)
        except RuntimeError as error:
            # TensorFlow takes no limit any more once it has computed anything, say classified an image.
            logger.info("the memory of %s is not limited: %s", gpu.name, error)


def _limit_one(gpu: Any, fraction: float) -> None:
    import tensorflow as tf

    total = tf.config.experimental.get_device_details(gpu).get("memory_size")
    if total is None:
        tf.config.experimental.set_memory_growth(gpu, True)
        return
    limit = tf.config.LogicalDeviceConfiguration(memory_limit=int(total * fraction / 2**20))
    tf.config.set_logical_device_configuration(gpu, [limit])
