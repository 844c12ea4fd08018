"""TensorFlow's start, and which device computes."""

import gc
import logging
import os
import platform
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

from aid_desktop.environment import set_defaults
from aid_desktop.errors import TrainingError
from aid_desktop.models.strategies import MIRRORED, MULTI_WORKER, distributed_scope, is_distributed
from aid_desktop.settings.device import DeviceSettings

logger = logging.getLogger(__name__)

_STDERR = 2
# Else one thread would give back what another one has put in its place.
_NOTES_OFF = threading.RLock()
_WHY_NO_GPU = {
    "Windows": "TensorFlow has used no GPU on Windows itself since its version 2.11: install AID Desktop in WSL2, the "
    "Windows Subsystem for Linux.",
    "Darwin": "TensorFlow uses no GPU on macOS.",
    "Linux": "TensorFlow finds no GPU: it needs one by NVIDIA, its driver, and the packages of "
    "pip install 'aid-desktop[gpu]'.",
}
_COMMAND_LINE_ONLY = (
    "Only with aid-desktop train, started on every computer with a description of them all in TF_CONFIG: see "
    "docs/devices.md."
)


def warm_up() -> str:
    """Import TensorFlow and Keras; return their versions as text. Takes seconds, so call it in the background."""
    set_defaults()
    with without_native_notes(), _without_collection():
        import keras
        import tensorflow as tf

        tf.config.list_physical_devices()
    # It takes the new graph of each run of a series for a function that is traced again and again.
    tf.get_logger().setLevel(logging.ERROR)
    return f"TensorFlow {tf.__version__}, Keras {keras.__version__}"


def list_devices() -> dict[str, Any]:
    """Return CPU, GPUs and strategies with the keys of `aid-desktop devices --json`.

    `strategies` are the names that can be used here; `choices` are those and others in the order to offer them, each
    with what it is, and with the reason why this machine lacks it, which is empty if it does not.
    """
    warm_up()
    import tensorflow as tf

    gpus = [
        {
            "name": f"gpu:{index}",
            "description": tf.config.experimental.get_device_details(gpu).get("device_name", ""),
        }
        for index, gpu in enumerate(tf.config.list_physical_devices("GPU"))
    ]
    processor = processor_name()
    cpu = {"name": "cpu", "description": processor, "cores": os.cpu_count()}
    choices = _choices(processor, [(gpu["name"], gpu["description"]) for gpu in gpus], platform.system())
    strategies = [choice["name"] for choice in choices if not choice["reason"]]
    return {"cpu": cpu, "gpus": gpus, "strategies": strategies, "choices": choices}


def n_usable_gpus() -> int:
    """Return how many GPUs TensorFlow can use."""
    warm_up()
    import tensorflow as tf

    return len(tf.config.list_physical_devices("GPU"))


def processor_name() -> str:
    """Return the name of the processor as its maker writes it, as far as the system tells it."""
    if sys.platform == "win32":
        import winreg

        key = r"HARDWARE\DESCRIPTION\System\CentralProcessor\0"
        with suppress(OSError), winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key) as found:
            return str(winreg.QueryValueEx(found, "ProcessorNameString")[0]).strip()
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def cuda_versions() -> dict[str, str]:
    """Return the versions of CUDA and cuDNN that TensorFlow was built for; nothing if it was built without."""
    warm_up()
    import tensorflow as tf

    build = tf.sysconfig.get_build_info()
    if not build.get("is_cuda_build"):
        return {}
    return {"CUDA": str(build.get("cuda_version", "")), "cuDNN": str(build.get("cudnn_version", ""))}


def _choices(cpu: str, gpus: list[tuple[str, str]], system: str) -> list[dict[str, str]]:
    names = ", ".join(name for name, _ in gpus)
    too_few = f"Needs two GPUs or more; TensorFlow finds {len(gpus) or 'none'} here."
    found = [(*gpu, "") for gpu in gpus] or [("gpu:0", "The first GPU", _WHY_NO_GPU.get(system, _WHY_NO_GPU["Linux"]))]
    rows = [
        ("auto", f"The first GPU that TensorFlow can use, else the CPU; here {gpus[0][0] if gpus else 'the CPU'}", ""),
        ("cpu", cpu, ""),
        *found,
        (MIRRORED, f"Every batch is shared out among all GPUs: {names}", "" if len(gpus) > 1 else too_few),
        (MULTI_WORKER, "Every batch is shared out among several computers", _COMMAND_LINE_ONLY),
    ]
    return [{"name": name, "description": text, "reason": reason} for name, text, reason in rows]


def check_strategy(strategy: str) -> None:
    """Raise TrainingError when this machine has no such device."""
    names = _device_names()
    if strategy not in names and not is_distributed(strategy):
        raise TrainingError(
            f"device.strategy: got {strategy!r}, this machine has {', '.join(names)}, mirrored and multi_worker"
        )


def device_scope(settings: DeviceSettings) -> AbstractContextManager[Any]:
    """Return the context in which a network is built and trained on the device, or the devices, asked for.

    Raises TrainingError when there is no such device, or TensorFlow has started with another number of threads.
    """
    warm_up()
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    strategy = settings.strategy
    check_strategy(strategy)
    _set_threads(settings.threads)
    _limit_memory(gpus, settings)
    if is_distributed(strategy):
        return distributed_scope(strategy)
    scope: AbstractContextManager[Any] = tf.device(_device_names()[strategy])
    return scope


def _device_names() -> dict[str, str]:
    """Return the settings that mean one device, with TensorFlow's names for it."""
    n_gpus = n_usable_gpus()
    gpus = {f"gpu:{index}": f"/GPU:{index}" for index in range(n_gpus)}
    return {"cpu": "/CPU:0", "auto": "/GPU:0" if n_gpus else "/CPU:0", **gpus}


def computes_on_gpu() -> bool:
    """Return whether what is computed now, in the scope in force, runs on a GPU."""
    import tensorflow as tf

    if tf.distribute.has_strategy():
        return all("GPU" in device for device in tf.distribute.get_strategy().extended.worker_devices)
    return "GPU" in tf.zeros(()).device


def make_repeatable() -> None:
    """Let TensorFlow use only operations that give the same result each time; seeds are `making_network`'s work."""
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()


@contextmanager
def without_native_notes() -> Iterator[None]:
    """Keep notes of TensorFlow's own code off the console: they ignore TF_CPP_MIN_LOG_LEVEL and mean nothing to a user.

    All that the process writes to stderr meanwhile is gone. Threads wait for one another.
    """
    with _NOTES_OFF:
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


def _set_threads(wanted: int) -> None:
    """Let TensorFlow compute with so many threads, 0 meaning all. Raises TrainingError when it is too late."""
    import tensorflow as tf

    threading = tf.config.threading
    present = threading.get_intra_op_parallelism_threads()
    if present == wanted:
        return
    try:
        threading.set_intra_op_parallelism_threads(wanted)
        threading.set_inter_op_parallelism_threads(wanted)
    except RuntimeError:
        raise TrainingError(
            f"device.threads: got {wanted}, but TensorFlow computes with {present or 'all'} already and takes another "
            f"number only when the program starts: start it anew, or set {present}"
        ) from None


def _limit_memory(gpus: list[Any], settings: DeviceSettings) -> None:
    import tensorflow as tf

    for gpu in gpus:
        if tf.config.get_logical_device_configuration(gpu):
            continue
        try:
            _limit_one(gpu, settings)
        except RuntimeError as error:
            # TensorFlow takes no limit any more once it has computed anything, say classified an image.
            logger.info("the memory of %s is not limited: %s", gpu.name, error)


def _limit_one(gpu: Any, settings: DeviceSettings) -> None:
    import tensorflow as tf

    total = tf.config.experimental.get_device_details(gpu).get("memory_size")
    if total is None or settings.memory_growth:
        tf.config.experimental.set_memory_growth(gpu, True)
        return
    limit = tf.config.LogicalDeviceConfiguration(memory_limit=int(total * settings.memory_fraction / 2**20))
    tf.config.set_logical_device_configuration(gpu, [limit])
