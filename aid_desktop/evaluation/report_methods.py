"""A paragraph for the methods section of a paper, made of facts alone: what is not known is not said."""

from pathlib import Path

from aid_desktop.evaluation.confusion import ConfusionMatrix
from aid_desktop.evaluation.metrics import HEADLINES, Scores
from aid_desktop.evaluation.report_facts import ReportedRun, value_text, versions
from aid_desktop.models.metadata import ModelCard
from aid_desktop.runs.config import RunConfig
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.field import field_infos
from aid_desktop.settings.pretrained import IMAGENET, RANDOM

_NORMALIZATIONS = {
    "none": "were not normalized",
    "divide_by_255": "were divided by {white:g}",
    "standardize_each_image": "were standardized to mean 0 and standard deviation 1 in each image",
    "standardize_training_set": "were standardized by mean {mean:.4g} and standard deviation {std:.4g} of the training "
    "images",
}
_FITS = {
    "crop_pad": "cropped to {size} around the object",
    "scale": "scaled to {size}",
    "scale_keep_aspect": "scaled to {size} with their aspect kept",
}
_OPTIMIZERS = {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD", "rmsprop": "RMSprop", "nadam": "Nadam", "lion": "Lion"}
_NAMES_SHOWN = 12
_REPORTED = ("balanced_accuracy", "mcc", "macro_f1", "roc_auc", "log_loss")
# Only how often images are augmented anew; says nothing about what is done to them.
_NOT_AUGMENTATION = ("affine_refresh", "photometric_refresh", "motion_blur_angle")


def methods_text(
    scores: Scores, matrix: ConfusionMatrix, card: ModelCard | None, run: ReportedRun | None, role: str
) -> str:
    """Return English sentences on images, network, training and assessment. Names in it are not escaped."""
    sentences = [] if card is None else [*_image_sentences(card), *_training_sentences(card, run)]
    sentences += _score_sentences(scores, matrix, card, role)
    known = dict(versions())
    libraries = [
        f"{name} {known[key]}" for key, name in (("keras", "Keras"), ("tensorflow", "TensorFlow")) if key in known
    ]
    libraries.append(f"scikit-learn {known.get('scikit-learn', '')}".strip())
    sentences.append(
        f"Images were classified and scores computed with AID Desktop {known['AID Desktop']} ({', '.join(libraries)})."
    )
    return " ".join(sentences)


def _image_sentences(card: ModelCard) -> list[str]:
    image, normalization = card.image, card.normalization
    names = list(card.class_names[:_NAMES_SHOWN])
    if len(card.class_names) > _NAMES_SHOWN:
        names.append(f"and {len(card.class_names) - _NAMES_SHOWN} more")
    size = f"{image.width} × {image.height} px"
    fit = _FITS.get(image.fit, "brought to {size}").format(size=size)
    zoom = f" after a zoom by {card.zoom:g} ({image.resize} interpolation)" if card.zoom != 1 else ""
    colour = {"gray": "as grey levels", "rgb": "in colour (RGB)"}.get(
        image.channels if isinstance(image.channels, str) else "",
        f"with the channels {', '.join(image.channels)}" if isinstance(image.channels, tuple) else "",
    )
    method = _NORMALIZATIONS.get(normalization.method, "were normalized").format(
        white=normalization.white, mean=normalization.mean, std=normalization.std
    )
    sentences = [
        f"Images of {len(card.class_names)} classes ({', '.join(names)}) were used {colour} and {fit}{zoom}; "
        f"parts outside of the image were filled by the mode “{image.padding}”. Grey levels {method}."
    ]
    if card.features:
        sentences.append(f"Besides the image the network took the features {', '.join(image.features)}.")
    return sentences


def _training_sentences(card: ModelCard, run: ReportedRun | None) -> list[str]:
    if run is None or run.settings is None:
        return [f"The network {card.architecture} was used as saved after epoch {card.epoch} (counted from 0)."]
    settings = run.settings.hyperparameters
    config = run.config
    # None at all may also mean that the history could not be read.
    duration = f" for {len(run.history)} epochs" if len(run.history) else ""
    optimizer = _OPTIMIZERS.get(settings.optimizer, settings.optimizer)
    sentences = [
        f"The network {card.architecture} was trained{_start(config)}{duration} with the optimizer "
        f"{optimizer}, a batch size of {settings.batch_size}, an initial learning rate of "
        f"{settings.learning_rate:g} (schedule: {settings.schedule.replace('_', ' ')}) and the loss "
        f"{settings.loss.replace('_', ' ')}."
    ]
    augmentation = _augmentation(run.settings.augmentation)
    sentences.append(
        f"Training images were augmented: {augmentation}." if augmentation else "Training images were not augmented."
    )
    if config is not None and config.split is not None:
        share = config.split.validation_fraction
        sentences.append(
            f"A share of {share:g} of the training images was held out for validation (kept together by "
            f"{config.split.group_by.replace('_', ' ')})."
        )
    if run.changes:
        times = "once" if len(run.changes) == 1 else f"{len(run.changes)} times"
        sentences.append(f"Settings were changed {times} during training (see “Settings that were changed”).")
    seed = "" if config is None else f" The random seed was {config.seed}."
    sentences.append(f"The model saved after epoch {card.epoch} (counted from 0) was assessed.{seed}")
    return sentences


def _start(config: RunConfig | None) -> str:
    if config is None:
        return ""
    choice = config.model
    if choice.start_from is not None:
        kept = "the weights" if choice.mode == "continue" else "the architecture alone"
        return f", beginning with {kept} of {choice.start_from.name},"
    if isinstance(choice.weights, Path):
        return f", beginning with the weights in {choice.weights.name},"
    return {IMAGENET: ", beginning with weights pretrained on ImageNet,", RANDOM: " from random weights"}.get(
        choice.weights or "", ""
    )


def _augmentation(settings: AugmentationSettings) -> str:
    default = AugmentationSettings()
    parts = []
    for name, info in field_infos(AugmentationSettings).items():
        value = getattr(settings, name)
        if name not in _NOT_AUGMENTATION and value != getattr(default, name):
            label = info.label[:1].lower() + info.label[1:]
            parts.append(label if value is True else f"{label} {value_text(info, value)}")
    return "; ".join(parts)


def _score_sentences(scores: Scores, matrix: ConfusionMatrix, card: ModelCard | None, role: str) -> list[str]:
    kind = f"{role} images" if role else "images"
    parts = [f"accuracy {_number(scores, 'accuracy')}"]
    for key in _REPORTED:
        if scores.headlines[key] is not None:
            title = HEADLINES[key][0]
            shown = title if title.isupper() or "-" in title else title[:1].lower() + title[1:]
            parts.append(f"{shown} {_number(scores, key)}")
    sentences = [
        f"On {scores.n} {kind} the model reached: {'; '.join(parts)}. Intervals are 95 % percentile bootstrap "
        f"intervals over images{_wilson(scores)}."
    ]
    if matrix.threshold is not None:
        name = matrix.class_names[matrix.threshold.class_index]
        sentences.append(
            f"Images were given to the class {name} where its probability was greater than "
            f"{matrix.threshold.probability:g}, otherwise to the most probable other class."
        )
    if card is not None and card.temperature != 1:
        sentences.append(f"Probabilities were calibrated by temperature scaling (T = {card.temperature:.3g}).")
    return sentences


def _wilson(scores: Scores) -> str:
    return "; that of the accuracy is Wilson's score interval" if scores.accuracy in (0, 1) else ""


def _number(scores: Scores, key: str) -> str:
    value, interval = scores.headlines[key], scores.intervals.get(key)
    if value is None:
        return "not defined"
    return f"{value:.3f}" if interval is None else f"{value:.3f} ({interval[0]:.3f}–{interval[1]:.3f})"
