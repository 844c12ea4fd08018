"""Everything before the first epoch: data, network, graph; anew or from where a run stopped."""

import dataclasses
import logging
from collections.abc import Callable

from aid_desktop.errors import StoppedError, TrainingError
from aid_desktop.models.backbones import check_takes
from aid_desktop.models.build import check_shapes, compile_model, dropout_rates, set_dropout
from aid_desktop.models.devices import make_repeatable
from aid_desktop.models.files import load_model
from aid_desktop.models.metadata import ModelCard
from aid_desktop.models.partial import set_trainable
from aid_desktop.models.precision import check_precision
from aid_desktop.models.seeding import making_network
from aid_desktop.models.zoo import find_architecture, list_architectures
from aid_desktop.runs.folder import check_resumable, read_state
from aid_desktop.runs.history import truncate_history
from aid_desktop.runs.settings_log import Revision, truncate_revisions
from aid_desktop.settings.snapshot import SettingsDiff
from aid_desktop.training.datasets import load_training_data
from aid_desktop.training.origin import Origin, first_network, with_statistics
from aid_desktop.training.replicas import make_fitter
from aid_desktop.training.run import TrainingRun
from aid_desktop.training.state import RunState

logger = logging.getLogger(__name__)


def prepare(run: TrainingRun, say: Callable[[str], None]) -> RunState | None:
    """Load, build and compile; None when the run was stopped meanwhile. Raises AidError in plain words."""
    config = run.config
    make_repeatable()
    if run.resume:
        check_resumable(run.folder)
    if config.model.architecture is not None and not run.resume:
        # Before the images are loaded, which may take long.
        check_takes(find_architecture(list_architectures(run.model_zoo), config.model.architecture), config.image)
    try:
        data = load_training_data(config, say, lambda: run.control.stop_requested)
    except StoppedError:
        return None
    say("Building the network")
    saved = latest = Revision(0, 0, "", config.training)
    first_epoch = 0
    if run.resume:
        built_dropout = read_state(run.folder).built_dropout
        with making_network(config.seed):
            loaded = load_model(run.folder.last_model, for_training=True)
        model = loaded.model
        check_shapes(model, config.image.input_shape, len(data.class_names), len(data.scaling))
        origin = Origin(loaded.card.architecture, loaded.card.data)
        # A run that started from a model has that model's statistics, not those of its own images.
        data = with_statistics(data, loaded.card)
        saved, latest, first_epoch = _resume_point(run, loaded.card)
    else:
        # Other threads may have drawn random numbers while the images were loaded.
        with making_network(config.seed):
            model, origin, data = first_network(run, data)
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
    for text in (*origin.notes, *origin.warnings):
        logger.info("%s", text)
    state = RunState(
        config, data, model, fitter, origin, built_dropout, saved.settings, saved.revision, first_epoch,
        trained_revision=saved.revision, auto_precision=config.device.measured_precision,
    )  # fmt: skip
    # Settings that were taken after last.keras was saved act from the first resumed epoch on.
    state.apply(SettingsDiff.between(saved.settings, latest.settings), latest.settings, latest.revision)
    return state


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
