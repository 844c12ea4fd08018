"""Presets: a whole set of settings that suits the images and the machine, with a reason for each choice."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aid_desktop.errors import TrainingError
from aid_desktop.models.registry import Architecture
from aid_desktop.numbers import grouped
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.saving import SavingSettings
from aid_desktop.settings.snapshot import TrainingSettings
from aid_desktop.training.speed_model import Situation, seconds_per_epoch


class Preset(StrEnum):
    """How much time the result is worth."""

    QUICK = "quick"
    BALANCED = "balanced"
    BEST = "best"


@dataclass(frozen=True, slots=True)
class Reason:
    """What was chosen for one group of settings, and why, in one sentence each."""

    title: str
    choice: str
    text: str

    def __str__(self) -> str:
        return f"{self.title}: {self.choice}. {self.text}"


@dataclass(frozen=True, slots=True)
class Recommendation:
    """An architecture and settings; `seconds` is how long the training will take, rather too long than too short."""

    preset: Preset
    architecture: str
    training: TrainingSettings
    seconds: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class _Net:
    """A network that presets choose.

    `smallest_side` is where its halvings still leave something to see; `fewest` the images of an epoch that its
    weights are worth. speed_model.py knows how quick it is.
    """

    name: str
    smallest_side: int
    fewest: int = 0
    is_residual: bool = True


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a preset aims at; `nets` in the order of preference. The first that fits and is done in time is taken."""

    seconds: float
    fewest_epochs: int
    most_epochs: int
    n_steps: int
    """With few images, more epochs than the most are made to come to so many steps of the optimizer."""
    nets: tuple[_Net, ...]
    label_smoothing: float
    random_erasing: float
    shift: float
    """Part of the image's smaller side."""


_COMPACT = _Net("ResNet_compact", 12, 4000)
_SMALL = _Net("ResNet_small", 8)
_LENET = _Net("LeNet5_do", 16, is_residual=False)
_PERCEPTRON = _Net("MLP_64_32_16", 1, is_residual=False)
# A user may have taken the others out of model_zoo.py.
_ANY_SIZE = (_SMALL, _LENET, _PERCEPTRON)

_PLANS = {
    Preset.QUICK: _Plan(270, 2, 20, 500, _ANY_SIZE, 0.0, 0.0, 0.03),
    Preset.BALANCED: _Plan(1200, 5, 60, 1500, (_COMPACT, *_ANY_SIZE), 0.05, 0.0, 0.07),
    Preset.BEST: _Plan(3600, 10, 150, 3000, (_COMPACT, *_ANY_SIZE), 0.1, 0.25, 0.07),
}

_WORTH_MEASURING = 600.0
"""Seconds of training beside which some seconds of measuring the number format do not count."""
_FEW = 500
"""Images of a class below which they are varied more."""
_IMBALANCE = 2
_RATE, _RATE_BATCH = 0.1, 128


def recommend(
    preset: Preset, situation: Situation, architectures: Sequence[Architecture], epochs: int | None = None
) -> Recommendation:
    """Return settings that suit the situation, out of the architectures of model_zoo.py.

    `epochs` takes the place of the number that the preset's time allows; the schedule is made for it. The same
    arguments give the same result. Raises TrainingError when none of the networks that presets know of is there and
    takes images of this size.
    """
    plan = _PLANS[preset]
    net = _choose_net(plan, situation, architectures)
    asked, epochs = epochs is not None, epochs or _epochs(plan, net, situation)
    seconds = epochs * seconds_per_epoch(net.name, situation)
    batch_size = _batch_size(situation.n_images)
    n_steps = epochs * _n_steps(situation.n_images)
    training = TrainingSettings(
        _augmentation(plan, situation),
        HyperParameters(
            epochs=epochs,
            batch_size=batch_size,
            **_optimizer(net, batch_size),
            schedule="cosine",
            schedule_epochs=max(1, epochs // 10),
            schedule_low=0.001,
            label_smoothing=plan.label_smoothing,
            class_weights="balanced" if _is_unbalanced(situation) else "none",
            weight_average=_weight_average(n_steps),
            precision=_precision(plan),
        ),
        SavingSettings(keep_best=3),
    )
    reasons = (
        _about_net(net, situation),
        _about_epochs(epochs, asked, plan, situation, seconds),
        *_about_learning(net, training.hyperparameters, situation),
        *_about_augmentation(training.augmentation, situation),
        Reason("Saving", "the best 3 models", "Those of the highest validation accuracy are all that one compares."),
    )
    return Recommendation(preset, net.name, training, seconds, reasons)


def _choose_net(plan: _Plan, situation: Situation, architectures: Sequence[Architecture]) -> _Net:
    there = {item.name: item.min_size for item in architectures}
    side = min(situation.image.height, situation.image.width)
    fitting = [net for net in plan.nets if net.name in there and side >= max(there[net.name], net.smallest_side)]
    if not fitting:
        names = ", ".join(net.name for net in plan.nets)
        raise TrainingError(
            f"none of the networks that presets choose from takes images of {situation.image.width} × "
            f"{situation.image.height} px: expected one of {names} in model_zoo.py"
        )
    # A perceptron of large images has more weights than any time or memory allows.
    fitting = [net for net in fitting if net is not _PERCEPTRON] or fitting
    worth = [net for net in fitting if situation.n_images >= net.fewest] or fitting
    seconds = {net: seconds_per_epoch(net.name, situation) for net in worth}
    in_time = (net for net in worth if plan.fewest_epochs * seconds[net] <= plan.seconds)
    # The quickest where even that takes longer than planned.
    return next(in_time, min(worth, key=lambda net: seconds[net]))


def _epochs(plan: _Plan, net: _Net, situation: Situation) -> int:
    affordable = int(plan.seconds / seconds_per_epoch(net.name, situation))
    return min(max(affordable, plan.fewest_epochs), _most_epochs(plan, situation))


def _most_epochs(plan: _Plan, situation: Situation) -> int:
    return max(plan.most_epochs, math.ceil(plan.n_steps / _n_steps(situation.n_images)))


def _n_steps(n_images: int) -> int:
    """Return the number of steps in an epoch; a last batch that is not full counts."""
    return math.ceil(n_images / _batch_size(n_images))


def _batch_size(n_images: int) -> int:
    """Return a power of two that leaves some tens of steps in an epoch, where there are images for that."""
    return next((size for size, fewest in ((128, 5000), (64, 1000), (32, 200)) if n_images >= fewest), 16)


def _optimizer(net: _Net, batch_size: int) -> dict[str, Any]:
    if not net.is_residual:
        return {"optimizer": "adam", "learning_rate": 0.001}
    # A rate in proportion to the batch size keeps the noise of the steps: Goyal et al. 2017 (arXiv:1706.02677).
    rate = round(_RATE * batch_size / _RATE_BATCH, 6)
    return {"optimizer": "sgd", "momentum": 0.9, "nesterov": True, "learning_rate": rate, "weight_decay": 0.005}


def _weight_average(n_steps: int) -> float:
    """Return the decay that averages over about the last twentieth of all steps, 10 to 1000 of them."""
    return round(1 - 1 / min(max(n_steps / 20, 10), 1000), 4)


def _precision(plan: _Plan) -> str:
    """Return `auto` where the seconds that its measurement takes do not count."""
    return "auto" if plan.seconds >= _WORTH_MEASURING else "float32"


def _is_unbalanced(situation: Situation) -> bool:
    return max(situation.images_per_class) > _IMBALANCE * situation.smallest_class


def _augmentation(plan: _Plan, situation: Situation) -> AugmentationSettings:
    few = situation.smallest_class < _FEW
    colour = situation.image.channels == "rgb"
    side = min(situation.image.height, situation.image.width)
    shift = min(max(1.0, round(plan.shift * side)), 100.0)
    return AugmentationSettings(
        horizontal_flip=True,
        width_shift=shift,
        height_shift=shift,
        random_erasing=plan.random_erasing,
        rotation=10.0 if few else 0.0,
        zoom=0.1 if few else 0.0,
        brightness_multiply=(0.85, 1.15) if few else (1.0, 1.0),
        contrast=(0.85, 1.15) if few else (1.0, 1.0),
        saturation=(0.85, 1.15) if few and colour else (1.0, 1.0),
    )


def _about_net(net: _Net, situation: Situation) -> Reason:
    height, width, _ = situation.image.input_shape
    n = grouped(situation.n_images)
    texts = {
        _COMPACT: f"With {n} training images its residual blocks have enough to learn from, at any image size.",
        _SMALL: f"It is quick on {n} images of {width} × {height} px, and still has residual blocks.",
        _LENET: "It is the quickest network with convolutions in model_zoo.py.",
        _PERCEPTRON: f"No network with convolutions that presets know takes images of {width} × {height} px.",
    }
    return Reason("Architecture", net.name, texts[net])


def _about_epochs(epochs: int, asked: bool, plan: _Plan, situation: Situation, seconds: float) -> Reason:
    where = "on the GPU" if situation.on_gpu else f"with {situation.n_cores} cores of the CPU"
    about = f"about {max(1, math.ceil(seconds / 60))} min {where}, rather less than more"
    if asked:
        text = f"As many as were asked for: {about}."
    elif seconds > plan.seconds:
        text = f"Fewer would teach it little, but they take {about}: fewer images per epoch or smaller ones help."
    elif epochs == _most_epochs(plan, situation):
        text = f"More would hardly help; they take {about}."
    else:
        text = f"As many as the time of this preset allows: {about}."
    return Reason("Epochs", str(epochs), text)


def _about_learning(net: _Net, values: HyperParameters, situation: Situation) -> list[Reason]:
    rate = f"{values.optimizer}, rate {values.learning_rate:g}, batch size {values.batch_size}"
    why = (
        "It is the usual choice for residual networks with batch normalization."
        if net.is_residual
        else "Adam learns well at its usual rate without further tuning."
    )
    warm_up = f"{values.schedule_epochs} {'epoch' if values.schedule_epochs == 1 else 'epochs'} of warm-up"
    smoothing = f"{values.label_smoothing:g}"
    reasons = [
        Reason("Optimizer", rate, why),
        Reason("Schedule", f"cosine, {warm_up}", "Large steps find a good region, ever smaller ones its best point."),
        Reason("Early stopping", "off", "The last epochs, at the lowest rates, are the best ones of this schedule."),
        Reason("Weight average", f"{values.weight_average:g}", "The mean of the last steps is steadier than any one."),
    ]
    if values.weight_decay:
        decay = Reason(
            "Weight decay", f"{values.weight_decay:g}", "Small weights mean smooth answers, which hold for new images."
        )
        reasons.insert(1, decay)
    if values.label_smoothing:
        reasons.append(Reason("Label smoothing", smoothing, "It keeps the network from becoming too sure of itself."))
    if values.precision == "auto":
        reasons.append(
            Reason("Precision", "auto", "The quicker one of float32 and bfloat16 here, measured at the start.")
        )
    if values.class_weights == "balanced":
        most, least = max(situation.images_per_class), situation.smallest_class
        reasons.append(
            Reason("Class weights", "balanced", f"Classes have from {least} to {most} images: each gets the same say.")
        )
    return reasons


def _about_augmentation(values: AugmentationSettings, situation: Situation) -> list[Reason]:
    reasons = [
        Reason(
            "Flip left-right",
            "on",
            "Cells and most objects stay the same in a mirror; untick it for digits, letters, or where sides matter.",
        ),
        Reason("Shift", f"{values.width_shift:g} px", "Where in the image an object lies says nothing of its class."),
    ]
    if situation.smallest_class < _FEW:
        colour = ", saturation" if values.saturation != (1.0, 1.0) else ""
        reasons.append(
            Reason(
                "Rotation, zoom, brightness, contrast" + colour,
                "on",
                f"A class has only {situation.smallest_class} images, which are learnt by heart unless they vary.",
            )
        )
    if values.random_erasing:
        reasons.append(
            Reason(
                "Random erasing",
                f"{values.random_erasing:g} of images",
                "With a part hidden, the network learns to look at the whole object.",
            )
        )
    return reasons
