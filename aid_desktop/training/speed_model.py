"""What a recommendation or an estimate is for, and how quick the networks of presets are there."""

from dataclasses import dataclass

from aid_desktop.data.class_table import ClassTable
from aid_desktop.errors import TrainingError
from aid_desktop.settings.image import ImageSettings
from aid_desktop.settings.split import SplitSettings

_PERCEPTRON = "MLP_64_32_16"
# Those of the residual networks are eight tenths or less of what was measured per core on 2 idle cores of an AMD EPYC
# with AVX2 (`bootstrap.py benchmark train`, `bootstrap.py benchmark fashion_mnist`), the others low guesses.
_SPEEDS = {"ResNet_compact": 280, "ResNet_small": 450, "LeNet5_do": 1500, _PERCEPTRON: 5000}
"""Images of 32 × 32 gray pixels that one core trains on in a second, of the networks that presets choose."""
_PIXELS = 32 * 32
_GPU_CORES = 20
"""A GPU is counted as so many cores. Not measured; chosen low, so that runs end too early rather than too late."""
_BETWEEN_EPOCHS = 1.0
"""Seconds for validating and saving, ample for networks of this size."""


@dataclass(frozen=True, slots=True)
class Situation:
    """The images and the machine that a recommendation or an estimate is for.

    `images_per_class` are the training images that an epoch has of each class, at least 1 in one of them.
    `on_gpu` says whether a GPU trains, otherwise `n_cores` of the CPU do.
    """

    images_per_class: tuple[int, ...]
    image: ImageSettings
    n_cores: int = 1
    on_gpu: bool = False

    def __post_init__(self) -> None:
        if self.n_images < 1:
            raise TrainingError("there are no training images to recommend settings for: add them on the Data tab")

    @property
    def n_images(self) -> int:
        """Number of training images in an epoch."""
        return sum(self.images_per_class)

    @property
    def smallest_class(self) -> int:
        """Number of images of the class that has the fewest."""
        return min(self.images_per_class)


def situation_of(
    table: ClassTable, split: SplitSettings | None, image: ImageSettings, n_cores: int, on_gpu: bool
) -> Situation:
    """Return what a class table and a machine mean for a recommendation. Raises TrainingError without images."""
    held_out = 0.0 if split is None else split.held_out_share
    counts = table.drawn_by_class().values()
    return Situation(tuple(max(1, round(n * (1 - held_out))) for n in counts if n), image, n_cores, on_gpu)


def seconds_per_epoch(architecture: str, situation: Situation) -> float:
    """Return about how long an epoch takes with a network that presets choose, rather too long than too short.

    Raises KeyError for another one.
    """
    height, width, channels = situation.image.input_shape
    # Only the first layer sees the channels, except in a perceptron.
    size = height * width * (channels if architecture == _PERCEPTRON else 1) / _PIXELS
    cores = counted_cores(situation.on_gpu, situation.n_cores)
    # Preparation of images and steps that are too small to keep a core busy do not become shorter with the images.
    return _BETWEEN_EPOCHS + situation.n_images * max(size, 0.1) / (_SPEEDS[architecture] * cores)


def counted_cores(on_gpu: bool, n_cores: int) -> int:
    """Return as how many cores of the CPU that which trains counts: a GPU, or so many cores."""
    return _GPU_CORES if on_gpu else n_cores
