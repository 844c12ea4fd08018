"""Bring changed settings into a network that is being trained."""

from typing import TYPE_CHECKING

from aid_desktop.errors import ModelError
from aid_desktop.models.build import compile_model, dropout_rates, set_dropout
from aid_desktop.models.optimizer import SETTINGS as OPTIMIZER_SETTINGS
from aid_desktop.models.optimizer import carry_state, make_optimizer
from aid_desktop.models.partial import set_trainable
from aid_desktop.models.precision import check_precision
from aid_desktop.settings.field import Cost
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.snapshot import SettingsDiff, TrainingSettings

if TYPE_CHECKING:
    import keras


def apply(
    model: "keras.Model", diff: SettingsDiff, settings: TrainingSettings, built_dropout: tuple[float, ...]
) -> bool:
    """Apply what changed; return whether the training step must be traced anew.

    Args:
        model: compiled.
        diff: what differs from the settings in force.
        settings: the new settings.
        built_dropout: the rates that the architecture has, for `dropout = []`.

    The optimizer keeps its state as far as it means the same afterwards. Raises ModelError for rates, layers or
    a precision that do not fit.
    """
    hyperparameters = settings.hyperparameters
    check_precision(hyperparameters.precision)
    dropout_before = dropout_rates(model)
    if diff.touches("training.dropout"):
        set_dropout(model, hyperparameters.dropout or built_dropout)
    if diff.touches("training.trainable"):
        try:
            set_trainable(model, hyperparameters.trainable)
        except ModelError:
            # The settings in force stay, all of them.
            set_dropout(model, dropout_before)
            raise
    if diff.touches(*OPTIMIZER_SETTINGS):
        renew_optimizer(model, hyperparameters)
    elif diff.touches("training.loss", "training.metrics"):
        compile_model(model, hyperparameters, model.optimizer)
    if diff.touches("training.learning_rate"):
        model.optimizer.learning_rate = hyperparameters.learning_rate
    return any(change.cost in (Cost.RETRACE, Cost.RECOMPILE) for change in diff.changes)


def renew_optimizer(model: "keras.Model", hyperparameters: HyperParameters) -> None:
    """Compile with an optimizer that has these parameters and the state of the one before.

    Also needed when other layers learn than before.
    """
    optimizer = make_optimizer(hyperparameters)
    carry_state(model.optimizer, optimizer, model.trainable_variables)
    compile_model(model, hyperparameters, optimizer)
