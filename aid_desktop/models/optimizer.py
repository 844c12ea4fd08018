"""Make an optimizer from hyper-parameters, and carry what another one has learned into it."""

from typing import TYPE_CHECKING, Any

from aid_desktop.settings.hyperparameters import OPTIMIZERS_WITH, HyperParameters

if TYPE_CHECKING:
    import keras

SETTINGS = (
    "training.optimizer", "training.weight_decay", "training.clip_norm", "training.weight_average",
    "training.trainable", "training.precision",
    *(f"training.{name}" for name in OPTIMIZERS_WITH),
)  # fmt: skip
"""Settings whose change needs another optimizer object: Keras writes their values into the traced step."""

_CLASSES = {
    "adam": "Adam", "adamw": "AdamW", "sgd": "SGD", "rmsprop": "RMSprop", "adagrad": "Adagrad",
    "adadelta": "Adadelta", "adamax": "Adamax", "nadam": "Nadam", "lion": "Lion",
}  # fmt: skip
# Their averages of gradients mean the same.
_FAMILY = ("Adam", "AdamW", "Nadam")
_AVERAGE = "_average"


def make_optimizer(hyperparameters: HyperParameters) -> "keras.optimizers.Optimizer":
    """Return a new optimizer with the parameters that its kind has."""
    import keras

    kind = getattr(keras.optimizers, _CLASSES[hyperparameters.optimizer])
    parameters = {
        name: getattr(hyperparameters, name)
        for name, kinds in OPTIMIZERS_WITH.items()
        if hyperparameters.optimizer in kinds
    }
    if hyperparameters.weight_decay or hyperparameters.optimizer == "adamw":
        parameters["weight_decay"] = hyperparameters.weight_decay
    if hyperparameters.clip_norm:
        parameters["clipnorm"] = hyperparameters.clip_norm
    if hyperparameters.weight_average:
        parameters |= {"use_ema": True, "ema_momentum": hyperparameters.weight_average}
    optimizer = kind(learning_rate=hyperparameters.learning_rate, **parameters)
    if hyperparameters.precision == "mixed_float16":
        # Small gradients would become zero in this format.
        return keras.optimizers.LossScaleOptimizer(optimizer)
    return optimizer


def carry_state(
    old: "keras.optimizers.Optimizer", new: "keras.optimizers.Optimizer", weights: "list[keras.Variable]"
) -> None:
    """Build `new` for the trainable weights and give it all that `old` knows of them and that means the same to it.

    What `old` does not know begins as in a new optimizer; a moving average of weights begins at the weights.
    """
    new.build(weights)
    known = {_place(variable): variable for variable in old.variables} if _same_meaning(old, new) else {}
    for variable in new.variables:
        before = known.get(_place(variable))
        if before is not None and before.shape == variable.shape:
            variable.assign(before)
    if _bare(new).use_ema:
        for weight, average in zip(weights, averages(new), strict=True):
            if _place(average) not in known:
                average.assign(weight)


def averages(optimizer: "keras.optimizers.Optimizer") -> "list[keras.Variable]":
    """Return the moving averages of the trainable weights, in their order; empty without them."""
    return [v for v in optimizer.variables if v.path.endswith(_AVERAGE)] if _bare(optimizer).use_ema else []


def _bare(optimizer: Any) -> Any:
    """Return the optimizer itself, without the one that scales the loss around it."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def _same_meaning(old: Any, new: Any) -> bool:
    kinds = {type(_bare(optimizer)).__name__ for optimizer in (old, new)}
    return len(kinds) == 1 or kinds <= set(_FAMILY)


def _place(variable: "keras.Variable") -> str:
    """Return what a variable is for, for example `lenet_conv2d_kernel_momentum`, without the optimizer's name."""
    return str(variable.path.partition("/")[2])
