"""Everything before the first epoch: data, network, graph; anew or from where a run stopped."""

import dataclasses
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from aid_desktop.data.pixels import pixel_type_text
from aid_desktop.data.prepare import PreparationStoppedError
from aid_desktop.errors import ModelError, TrainingError
from aid_desktop.models.backbone_weights import load_backbone
from aid_desktop.models.backbones import check_image, weights_file
from aid_desktop.models.build import check_shapes, compile_model, dropout_rates, set_dropout, with_new_weights
from aid_desktop.models.facts import ModelFacts
from aid_desktop.models.files import load_model, load_network
from aid_desktop.models.metadata import ModelCard
from aid_desktop.models.partial import set_trainable
from aid_desktop.models.precision import check_precision
from aid_desktop.models.zoo import check_features, find_architecture, list_architectures, load_zoo
from aid_desktop.runs.best import find_model
from aid_desktop.runs.config import RunConfig
from aid_desktop.runs.folder import read_state
from aid_desktop.runs.history import truncate_history
from aid_desktop.runs.settings_log import Revision, truncate_revisions
from aid_desktop.settings.snapshot import SettingsDiff
from aid_desktop.training.datasets import TrainingData, load_training_data
from aid_desktop.training.replicas import make_fitter
from aid_desktop.training.run import TrainingRun
from aid_desktop.training.state import RunState

if TYPE_CHECKING:
    import keras

logger = logging.getLogger(__name__)


def prepare(run: TrainingRun, say: Callable[[str], None]) -> RunState | None:
    """Load, build and compile; None when the run was stopped meanwhile. Raises AidError in plain words."""
    config = run.config
    if config.model.architecture is not None and not run.resume:
        # Before the images are loaded, which may take long.
        check_features(
            find_architecture(list_architectures(run.model_zoo), config.model.architecture), len(config.image.features)
        )
    try:
        data = load_training_data(config, say, lambda: run.control.stop_requested)
    except PreparationStoppedError:
        return None
    say("Building the network")
    saved = latest = Revision(0, 0, "", config.training)
    first_epoch = 0
    if run.resume:
        built_dropout = read_state(run.folder).built_dropout
        loaded = load_model(run.folder.last_model, for_training=True)
        model = loaded.model
        check_shapes(model, config.image.input_shape, len(data.class_names), len(data.scaling))
        # A run that has continued a model keeps that model's statistics.
        data = _with_statistics(data, loaded.card)
        saved, latest, first_epoch = _resume_point(run, loaded.card)
    else:
        model, data = _new_model(run, data)
        built_dropout = dropout_rates(model)
        set_trainable(model, saved.settings.hyperparameters.trainable)
        compile_model(model, saved.settings.hyperparameters)
    check_precision(saved.settings.hyperparameters.precision)
    set_dropout(model, saved.settings.hyperparameters.dropout)
    say("Preparing the first epoch")
    fitter = make_fitter(model, config.image.input_shape, data.normalization, data.pixel_type, len(data.scaling))
    logger.info(
        "%s: %d weights, %d images per epoch, %d to validate",
        config.model.name, model.count_params(), data.images_per_epoch, len(data.validation_labels),
    )  # fmt: skip
    state = RunState(
        config, data, model, fitter, built_dropout, saved.settings, saved.revision, first_epoch,
        trained_revision=saved.revision, auto_precision=config.device.measured_precision,
    )  # fmt: skip
    # Settings that were taken after last.keras was saved act from the first resumed epoch on.
    state.apply(SettingsDiff.between(saved.settings, latest.settings), latest.settings, latest.revision)
    return state


def _new_model(run: TrainingRun, data: TrainingData) -> tuple["keras.Model", TrainingData]:
    """Return the uncompiled network of the configuration, and the data as that network wants them normalized."""
    config = run.config
    shape, n_classes, n_features = config.image.input_shape, len(data.class_names), len(data.scaling)
    if config.model.architecture is not None:
        return _from_architecture(run, config.model.architecture, n_classes), data
    if config.model.start_from is None:
        raise TrainingError("model: neither an architecture nor a model to start from is given")
    start_from = find_model(config.model.start_from)
    if config.model.mode == "restart":
        model = load_network(start_from)
        check_shapes(model, shape, n_classes, n_features)
        return with_new_weights(model), data
    loaded = load_model(start_from, said=_said_by_run(data, config))
    check_shapes(loaded.model, shape, n_classes, n_features)
    _check_same_use(loaded.card, data, config)
    return loaded.model, _with_statistics(data, loaded.card)


def _with_statistics(data: TrainingData, card: ModelCard) -> TrainingData:
    """Return the data with the statistics that a model's weights were learnt with."""
    return dataclasses.replace(data, normalization=card.normalization, scaling=card.features)


def _said_by_run(data: TrainingData, config: RunConfig) -> ModelFacts:
    """Return what the run says of a model that has no card; mean and deviation it cannot know."""
    image = config.image
    return ModelFacts(
        data.class_names, image.normalization, size=(image.width, image.height), channels=image.channel_names or ()
    )


def _from_architecture(run: TrainingRun, name: str, n_classes: int) -> "keras.Model":
    """Return a new network, with pretrained weights where it begins with such."""
    image = run.config.image
    zoo = load_zoo(run.model_zoo)
    architecture = find_architecture(zoo.architectures, name)
    check_image(architecture, image)
    path = weights_file(architecture, run.config.model.weights)
    model = zoo.build(name, image.input_shape, n_classes, len(image.features))
    if path is not None:
        logger.info("%d layers of %s begin with the weights of %s", load_backbone(model, path), name, path)
    return model


def _check_same_use(card: ModelCard, data: TrainingData, config: RunConfig) -> None:
    """Raise ModelError when the weights mean other classes, or another normalization."""
    if card.class_names != data.class_names:
        raise ModelError(
            f"the model's outputs are {', '.join(card.class_names)} in this order, the data have "
            f"{', '.join(data.class_names)}: give the classes the same names and indices"
        )
    if card.pixel_type != data.pixel_type:
        raise ModelError(
            f"the model was trained on images of {pixel_type_text(card.pixel_type)}, the data have "
            f"{pixel_type_text(data.pixel_type)}: grey levels of another depth mean something else"
        )
    if card.image.features != config.image.features:
        raise ModelError(
            f"the model was trained with the features {', '.join(card.image.features)}, the run is set to "
            f"{', '.join(config.image.features)} (image.features): choose the model's, in its order"
        )
    if card.image.normalization != config.image.normalization:
        raise ModelError(
            f"the model was trained with the normalization {card.image.normalization}, the run is set to "
            f"{config.image.normalization}: choose the model's"
        )


def _resume_point(run: TrainingRun, card: ModelCard) -> tuple[Revision, Revision, int]:
    """Return the settings that last.keras was saved under, those of the epoch to go on with, and that epoch.

    Epoch and revision come from the card inside last.keras, not from last_state.json, which a crash may have left
    a step ahead. Rows of later epochs leave the history. The number of epochs comes from the configuration if that
    says another one than at the start, so that a finished run can be prolonged.
    """
    first_epoch = card.epoch + 1
    truncate_history(run.folder.history_csv, first_epoch)
    revisions = truncate_revisions(run.folder.settings_jsonl, first_epoch)
    saved = [item for item in revisions if item.revision <= card.revision]
    if not saved:
        raise TrainingError(
            f"{run.folder.settings_jsonl} says nothing about epoch {card.epoch}: the run cannot be resumed"
        )
    run.mailbox.start_after(revisions[-1].revision)
    epochs = run.config.training.hyperparameters.epochs
    if epochs == revisions[0].settings.hyperparameters.epochs:
        epochs = revisions[-1].settings.hyperparameters.epochs
    return _with_epochs(saved[-1], epochs), _with_epochs(revisions[-1], epochs), first_epoch


def _with_epochs(item: Revision, epochs: int) -> Revision:
    return dataclasses.replace(item, settings=item.settings.with_hyperparameters(epochs=epochs))
