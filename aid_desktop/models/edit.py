"""Bring changed settings into a network that is being trained."""

from typing import TYPE_CHECKING

from aid_desktop.models.build import compile_model, make_optimizer, set_dropout
from aid_desktop.settings.field import Cost
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

    The optimizer keeps its state unless its kind changed. Raises ModelError when a rate does not fit.
    """
    hyperparameters = settings.hyperparameters
    if diff.touches("training.dropout"):
        set_dropout(model, hyperparameters.dropout or built_dropout)
    if diff.touches("training.optimizer"):
        compile_model(model, hyperparameters, make_optimizer(hyperparameters))
    elif diff.touches("training.loss"):
        compile_model(model, hyperparameters, model.optimizer)
    if diff.touches("training.learning_rate"):
        model.optimizer.learning_rate = hyperparameters.learning_rate
    return any(change.cost in (Cost.RETRACE, Cost.RECOMPILE) for change in diff.changes)
