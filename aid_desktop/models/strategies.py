"""Strategies that train one network on several devices: which there are, and the scopes they build it in."""

import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from aid_desktop.errors import TrainingError
from aid_desktop.models.cluster import read_cluster

MIRRORED = "mirrored"
MULTI_WORKER = "multi_worker"

_Result = TypeVar("_Result")

_NAME = re.compile(r"(cpu|gpu):(\d+)")


def is_distributed(strategy: str) -> bool:
    """Return whether a value of device.strategy means several devices."""
    return strategy == MULTI_WORKER or strategy.partition(":")[0] == MIRRORED


def uses_gpu(strategy: str, n_gpus: int) -> bool:
    """Return whether a value of device.strategy means GPUs on a machine that has so many."""
    return n_gpus > 0 and (strategy == "auto" or strategy == MIRRORED or "gpu:" in strategy)


def device_in_use(strategy: str, n_gpus: int) -> str:
    """Return what a value of device.strategy means on a machine with so many GPUs; `auto` is never returned."""
    return strategy if strategy != "auto" else "gpu:0" if n_gpus else "cpu"


def distributed_scope(strategy: str) -> AbstractContextManager[Any]:
    """Return the scope in which a network is built and trained on several devices.

    `mirrored` means all GPUs, `mirrored:gpu:0,gpu:1` these; parts of the CPU can be named too (`cpu:0,cpu:1`), which
    is good for nothing but a trial. Raises TrainingError when that cannot be had.
    """
    import tensorflow as tf

    scope: AbstractContextManager[Any]
    if strategy == MULTI_WORKER:
        scope = _multi_worker().scope()
        return scope
    n_gpus = len(tf.config.list_physical_devices("GPU"))
    names = mirrored_devices(strategy, n_gpus)
    _divide_cpu(max((int(number) + 1 for kind, number in map(_parts, names) if kind == "cpu"), default=1))
    # TensorFlow's collective operations, the default, fail in a second run of one program: every strategy counts them
    # from the same number on, and TensorFlow remembers their shapes.
    together = tf.distribute.ReductionToOneDevice()
    scope = tf.distribute.MirroredStrategy([f"/{name.upper()}" for name in names], together).scope()
    return scope


def without_workers(function: Callable[[], _Result]) -> _Result:
    """Return what a function returns that must not wait for the other workers of a strategy, if there are any.

    Within their scope each new variable, and saving makes some, gets its first value from the chief.
    """
    import tensorflow as tf

    if not isinstance(tf.distribute.get_strategy(), tf.distribute.MultiWorkerMirroredStrategy):
        return function()
    # A strategy is in force in its own thread only.
    with ThreadPoolExecutor(1) as elsewhere:
        return elsewhere.submit(function).result()


def mirrored_devices(strategy: str, n_gpus: int) -> tuple[str, ...]:
    """Return the devices that `mirrored` or `mirrored:gpu:0,gpu:1` means on a machine with so many GPUs.

    Raises TrainingError when they are not there, or are fewer than two.
    """
    named = strategy.partition(":")[2]
    names = tuple(name.strip() for name in named.split(",")) if named else tuple(f"gpu:{n}" for n in range(n_gpus))
    for name in names:
        kind, number = _parts(name)
        if kind == "gpu" and int(number) >= n_gpus:
            raise TrainingError(f"device.strategy: got {strategy!r}, but there is no {name}: {_gpus(n_gpus)}")
    if len(set(names)) != len(names) or len(names) < 2:
        raise TrainingError(
            f"device.strategy: got {strategy!r}, which needs two devices or more, each once: {_gpus(n_gpus)}"
        )
    return names


def _parts(name: str) -> tuple[str, str]:
    found = _NAME.fullmatch(name)
    if found is None:
        raise TrainingError(
            f"device.strategy: {name!r} is no device: expected names such as gpu:0 with commas between them, for "
            "example mirrored:gpu:0,gpu:1"
        )
    return found[1], found[2]


def _gpus(n_gpus: int) -> str:
    return f"TensorFlow finds {n_gpus or 'no'} GPU{'s' if n_gpus != 1 else ''} on this machine"


def _divide_cpu(n_parts: int) -> None:
    import tensorflow as tf

    cpu = tf.config.list_physical_devices("CPU")[0]
    if n_parts <= len(tf.config.get_logical_device_configuration(cpu) or [None]):
        return
    try:
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * n_parts)
    except RuntimeError:
        raise TrainingError(
            f"device.strategy: the CPU can be divided into {n_parts} only before TensorFlow computes anything: start "
            "the program anew"
        ) from None


def _multi_worker() -> Any:
    import tensorflow as tf

    read_cluster(os.environ)
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except RuntimeError as error:
        raise TrainingError(
            f"device.strategy: multi_worker must be the first thing that TensorFlow does in a program: {error}"
        ) from error
