"""Where the network of a new run comes from: an architecture, or a model that has learnt already."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aid_desktop.data.pixels import pixel_type_text, white_level_of
from aid_desktop.errors import ModelError, TrainingError
from aid_desktop.models.backbone_weights import new_network
from aid_desktop.models.build import check_features_of
from aid_desktop.models.facts import ModelFacts
from aid_desktop.models.files import LoadedModel, load_model
from aid_desktop.models.metadata import ModelCard
from aid_desktop.models.transfer import restart, transfer
from aid_desktop.runs.best import find_model
from aid_desktop.runs.config import ModelChoice
from aid_desktop.runs.held_out import held_out_of
from aid_desktop.settings.image import ImageSettings
from aid_desktop.training.datasets import TrainingData
from aid_desktop.training.run import TrainingRun
from aid_desktop.training.seen import seen_images

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, slots=True)
class Origin:
    """What a network brings into a run.

    Attributes:
        architecture: its name.
        data: what its weights were trained on before, as in ModelCard.
        notes: sentences about what was kept of a model, `warnings` about images that it knows already.
    """

    architecture: str
    data: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def first_network(run: TrainingRun, data: TrainingData) -> tuple["keras.Model", Origin, TrainingData]:
    """Return the uncompiled network of a new run, its origin, and the data as that network wants them normalized.

    Raises AidError in plain words.
    """
    choice, image = run.config.model, run.config.image
    if choice.architecture is not None:
        model = new_network(run.model_zoo, choice.architecture, image, len(data.class_names), choice.weights)
        return model, Origin(choice.architecture), data
    if choice.start_from is None:
        raise TrainingError("model: neither an architecture nor a model to start from is given")
    loaded = load_origin(choice, image, data.class_names)
    model, origin = started_from(loaded, choice, image, data.class_names, data.pixel_type)
    if choice.mode == "restart":
        return model, origin, data
    warnings = seen_images(loaded.card.data, held_out_of(loaded.path), data.table, data.held_out)
    # The weights were learnt with these statistics.
    return model, dataclasses.replace(origin, warnings=warnings), with_statistics(data, loaded.card)


def with_statistics(data: TrainingData, card: ModelCard) -> TrainingData:
    """Return the data with the statistics that a model's weights were learnt with."""
    return dataclasses.replace(data, normalization=card.normalization, scaling=card.features)


def load_origin(choice: ModelChoice, image: ImageSettings, class_names: tuple[str, ...]) -> LoadedModel:
    """Load the model of `choice.start_from`, a file or a run folder. Raises AidError.

    What it does not say of itself is taken from the run.
    """
    is_restart = choice.mode == "restart"
    said = ModelFacts.of_run(class_names, image, is_restart)
    return load_model(find_model(choice.start_from or Path()), said=said, needs_weights=not is_restart)


def started_from(
    loaded: LoadedModel, choice: ModelChoice, image: ImageSettings, class_names: tuple[str, ...], pixel_type: str
) -> tuple["keras.Model", Origin]:
    """Return the network that a saved model becomes for these images and classes. Raises ModelError."""
    card = loaded.card
    check_features_of(loaded.model, len(image.features))
    if choice.mode == "restart":
        model = restart(loaded.model, image.input_shape, len(class_names))
        return model, Origin(card.architecture, notes=("Only the architecture is used: all weights are drawn anew.",))
    _check_same_use(card, image, pixel_type)
    model, report = transfer(loaded.model, card, image.input_shape, class_names, choice.renew_layers)
    notes = report.sentences
    if card.image.channels != image.channels:
        was, now = (_channels_text(settings) for settings in (card.image, image))
        notes = (*notes, f"The model has learnt from the channels {was}, the run has {now}.")
    return model, Origin(card.architecture, card.data, notes)


def _check_same_use(card: ModelCard, image: ImageSettings, pixel_type: str) -> None:
    """Raise ModelError when grey levels or features mean something else to the weights."""
    if card.pixel_type != pixel_type:
        was = "was" if "aid_desktop" in dict(card.versions) else "does not say so, but is taken to have been"
        raise ModelError(
            f"the model {was} trained on images of {pixel_type_text(card.pixel_type)}, the data have "
            f"{pixel_type_text(pixel_type)}: grey levels of another depth mean something else"
        )
    if card.image.features != image.features:
        raise ModelError(
            f"the model was trained with the features {', '.join(card.image.features)}, the run is set to "
            f"{', '.join(image.features)} (image.features): choose the model's, in its order"
        )
    white = image.white_level or white_level_of(pixel_type)
    if image.normalization == "divide_by_255" and card.normalization.white != white:
        raise ModelError(
            f"the model was trained with the white level {card.normalization.white:g}, the run is set to {white:g}: "
            "choose the model's"
        )
    if card.image.normalization != image.normalization:
        raise ModelError(
            f"the model was trained with the normalization {card.image.normalization}, the run is set to "
            f"{image.normalization}: choose the model's"
        )


def _channels_text(image: ImageSettings) -> str:
    return image.channels if isinstance(image.channels, str) else ", ".join(image.channels)
