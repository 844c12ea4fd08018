"""Which model file a path means, and what it asks of images, in one line."""

from dataclasses import dataclass
from pathlib import Path

from aid_desktop.gui.background import JobContext
from aid_desktop.models.metadata import ModelCard, read_card
from aid_desktop.runs.best import find_model
from aid_desktop.runs.folder import is_run_folder
from aid_desktop.runs.held_out import HeldOut, held_out_of

MODEL_SUFFIX = ".keras"

_NAMES_SHOWN = 8
_NORMALIZATIONS = {
    "none": "not normalized",
    "divide_by_255": "/255",
    "standardize_each_image": "each image standardized",
    "standardize_training_set": "standardized by the training images",
}


@dataclass(frozen=True, slots=True)
class ChosenModel:
    """A model file, its card, and the images that its run held out, if that is known."""

    path: Path
    card: ModelCard
    held_out: HeldOut | None = None


def identify(path: Path, _: JobContext) -> ChosenModel:
    """Find a model and read its card and what its run held out. Raises ModelError or RunError."""
    file = find_model(path)
    return ChosenModel(file, read_card(file), held_out_of(file))


def may_be_model(path: Path) -> bool:
    """Return whether a dropped path looks like a model or a run, without opening it."""
    return path.suffix.lower() == MODEL_SUFFIX or is_run_folder(path)


def contract_text(card: ModelCard) -> str:
    """Return for example `32×32 gray /255 · classes cat, automobile · LeNet5_do epoch 11`."""
    image = card.image
    names = list(card.class_names[:_NAMES_SHOWN])
    if len(card.class_names) > _NAMES_SHOWN:
        names.append(f"and {len(card.class_names) - _NAMES_SHOWN} more")
    normalization = _NORMALIZATIONS.get(card.normalization.method, card.normalization.method)
    zoom = "" if card.zoom == 1 else f" · zoom {card.zoom:g}"
    return (
        f"{image.width}×{image.height} {image.channels} {normalization}{zoom} · classes {', '.join(names)} · "
        f"{card.architecture} epoch {card.epoch}"
    )
