"""How much memory and time a run will take, before it starts."""

import os
from dataclasses import dataclass

import numpy as np
import psutil

from aid_desktop.data.class_table import ClassTable
from aid_desktop.models.cost import Cost
from aid_desktop.models.strategies import uses_gpu
from aid_desktop.numbers import GB
from aid_desktop.runs.config import RunConfig
from aid_desktop.settings.device import DeviceSettings
from aid_desktop.training.blocks import block_length
from aid_desktop.training.loading import expected_bytes, memory_for_images
from aid_desktop.training.progress import rough_duration
from aid_desktop.training.speed_model import counted_cores, situation_of

MEMORY_FACTOR = 2
"""The memory that a run takes lies between the estimate divided and multiplied by this: tests measure small runs."""
TIME_FACTOR = 2
"""The same of the time of an epoch: tests know what was measured for all networks of model_zoo.py."""
_FLOAT = 4
_SLOTS = {"sgd": 1, "rmsprop": 2, "adagrad": 1, "lion": 1}
"""Numbers that an optimizer keeps for each weight; the others keep two."""
# Measured with TensorFlow 2.21 on the CPU: what a run adds to the memory of the process, for six networks and batches.
_GRAPHS = 60 * 2**20
_ACTIVATION_COPIES = 1.3
_BLOCK_COPIES = 10
_COMFORT = 0.9
# Seconds of a core: see guess_epoch.
_PER_ACTIVATION, _PER_MULTIPLY_ADD, _PER_WEIGHT, _PER_LAYER = 7.6e-9, 4.5e-11, 8.0e-9, 1.0e-4
_BETWEEN_EPOCHS = 0.1
_OF_VALIDATION = 1 / 3
"""An image that is only looked at costs one of the three passes that one to learn from costs."""


@dataclass(frozen=True, slots=True)
class Here:
    """The computer: `free_memory` and `gpu_memory` in bytes, the latter 0 where it is unknown or there is no GPU."""

    cores: int
    free_memory: int
    n_gpus: int = 0
    gpu_memory: int = 0


def this_computer(n_gpus: int, gpu_memory: int = 0) -> Here:
    """Return what this computer has at this moment."""
    return Here(os.cpu_count() or 1, psutil.virtual_memory().available, n_gpus, gpu_memory)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run will take.

    Attributes:
        images: bytes of all prepared images; `on_disk` says that they are kept there, since they are too many.
        network: bytes of weights, optimizer, a batch's activations and the images in hand; None if that is unknown.
        room: bytes that are there for what is computed: of the GPU, else of the computer; 0 if that is unknown.
        on_gpu: whether a GPU computes.
        epoch_seconds: of an epoch; None if that is unknown. `is_measured` says that an earlier run took as long, else
            it is a guess, see guess_epoch.
        epochs: how many there will be at most.
        fitting_batch: a batch size that fits, where that asked for does not; 0 if none does, or none is needed.
    """

    images: int
    on_disk: bool
    network: int | None
    room: int
    on_gpu: bool
    epoch_seconds: float | None
    is_measured: bool
    epochs: int
    fitting_batch: int = 0

    @property
    def memory(self) -> int | None:
        """Bytes that the run adds to the memory of the program; on a GPU, to that of the GPU."""
        return None if self.network is None else self.network + (0 if self.on_disk or self.on_gpu else self.images)

    @property
    def warning(self) -> str:
        """Why the memory will not do, and what to do; empty if it will."""
        if self.memory is None or not self.room or self.memory <= self.room:
            return ""
        where = "of the GPU can be had" if self.on_gpu else "are free"
        text = f"A run needs about {_size(self.memory)} of memory, and {_size(self.room)} {where}"
        advice = f"batches of {self.fitting_batch} fit" if self.fitting_batch else "choose smaller images or batches"
        return f"{text}: {advice}."

    @property
    def text(self) -> str:
        """Memory and time in a few words."""
        parts = []
        if self.memory is not None:
            parts.append(f"about {_size(self.memory)} of {'GPU ' if self.on_gpu else ''}memory")
        if self.on_disk:
            parts.append(f"{_size(self.images)} of images on disk")
        if self.epoch_seconds is not None:
            how = "about" if self.is_measured else "roughly"
            whole = rough_duration(self.epoch_seconds * self.epochs)
            parts.append(f"{how} {rough_duration(self.epoch_seconds)} an epoch, {whole} in all")
        return ", ".join(parts)


def cores_of(device: DeviceSettings, n_gpus: int, n_cores: int) -> int:
    """Return how many cores a run counts with on a computer of so many; a GPU counts as some."""
    return counted_cores(uses_gpu(device.strategy, n_gpus), device.threads or n_cores)


def guess_epoch(cost: Cost | None, batch_size: int, cores: int, n_trained: int, n_validated: int) -> float | None:
    """Return about how many seconds an epoch with so many images takes; None if too little is known of the network.

    An image costs so much for each number that a layer gives and for each multiply-add, a step so much for each weight
    and each layer. Fitted to the networks of model_zoo.py on two cores of an AMD EPYC with AVX512: there it lies within
    TIME_FACTOR, see tests/benchmarks/estimate.py. For other computers see SpeedBook.pace.
    """
    if cost is None or cost.multiply_adds is None or cost.activations is None:
        return None
    image = _PER_ACTIVATION * cost.activations + _PER_MULTIPLY_ADD * cost.multiply_adds
    step = _PER_WEIGHT * cost.parameters + _PER_LAYER * cost.layers
    n_images = n_trained + _OF_VALIDATION * n_validated
    return _BETWEEN_EPOCHS + n_images * (image + step / min(batch_size, n_trained)) / cores


def estimate_run(
    table: ClassTable,
    config: RunConfig,
    cost: Cost | None,
    here: Here,
    seconds_per_image: float | None = None,
    pace: float = 1.0,
) -> Estimate:
    """Estimate a run from its settings and what its network costs.

    `seconds_per_image` and `pace` are what earlier runs tell of this very network, and of others: see SpeedBook.

    Memory lies within MEMORY_FACTOR on the CPU. Raises TrainingError without training images.
    """
    hyperparameters, device = config.training.hyperparameters, config.device
    on_gpu = uses_gpu(device.strategy, here.n_gpus)
    images = expected_bytes(config.image, table, config.split)
    on_disk = images > memory_for_images(device, here.free_memory)
    cores = cores_of(device, here.n_gpus, here.cores)
    situation = situation_of(table, config.split, config.image, cores, on_gpu)
    room = (
        int(here.gpu_memory * (1.0 if device.memory_growth else device.memory_fraction))
        if on_gpu
        else int(here.free_memory * _COMFORT)
    )
    n_validated = table.n_validated(config.split.held_out_share if config.split else 0.0)
    network, fitting = None, 0
    if cost is not None and cost.activations is not None:
        network = _network_bytes(config, cost, cost.activations, hyperparameters.batch_size, situation.n_images)
        left = room - (0 if on_disk or on_gpu else images)
        if network > left and room:
            fitting = _fitting_batch(config, cost, cost.activations, situation.n_images, left)
    seconds = guess_epoch(cost, hyperparameters.batch_size, cores, situation.n_images, n_validated)
    seconds = None if seconds is None else seconds * pace
    measured = seconds_per_image is not None
    if seconds_per_image is not None:
        seconds = (situation.n_images + n_validated) * seconds_per_image
    return Estimate(images, on_disk, network, room, on_gpu, seconds, measured, hyperparameters.epochs, fitting)


def _network_bytes(config: RunConfig, cost: Cost, activations: int, batch_size: int, n_images: int) -> int:
    hyperparameters = config.training.hyperparameters
    # Weights, those of the optimizer and the moving average are kept twice, so that an epoch can be taken back.
    kept = 1 + _SLOTS.get(hyperparameters.optimizer, 2) + (hyperparameters.weight_average > 0)
    weights = cost.parameters * _FLOAT * (2 * kept + 2)
    image_numbers = int(np.prod(config.image.input_shape))
    in_block = min(n_images, block_length(batch_size, image_numbers)) * image_numbers
    in_batch = (activations + image_numbers) * min(batch_size, n_images) * _FLOAT
    return int(_GRAPHS + weights + _ACTIVATION_COPIES * in_batch + _BLOCK_COPIES * in_block)


def _fitting_batch(config: RunConfig, cost: Cost, activations: int, n_images: int, room: int) -> int:
    """Return the largest power of two that fits, 0 if not even 1 does."""
    size = config.training.hyperparameters.batch_size
    while size >= 1:
        size = 1 << (size.bit_length() - 1) if size & (size - 1) else size // 2
        if size and _network_bytes(config, cost, activations, size, n_images) <= room:
            return size
    return 0


def _size(n_bytes: int) -> str:
    return f"{n_bytes / GB:.1f} GB" if n_bytes >= GB / 10 else f"{max(1, round(n_bytes / 10**6))} MB"
