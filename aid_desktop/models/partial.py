"""Networks of which only some layers learn, or only some units of a layer."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from aid_desktop.errors import ModelError
from aid_desktop.models.layers import all_layers
from aid_desktop.models.optimizer import averages

if TYPE_CHECKING:
    import keras

Rule = str | tuple[tuple[str, bool | float], ...]
"""The values of the setting `trainable`."""

_CONVOLUTION = "Conv"
# Set on a layer; neither its configuration nor a saved file holds it.
_SHARE = "aid_learning_share"


def learning_layers(model: "keras.Model") -> list["keras.layers.Layer"]:
    """Return the layers that have weights of their own, from the first to the last."""
    return [layer for layer in all_layers(model) if layer.weights and not hasattr(layer, "layers")]


def n_units(layer: "keras.layers.Layer") -> int | None:
    """Return the number of units of a layer of which a part can learn, Dense or Conv2D; else None."""
    import keras

    if isinstance(layer, keras.layers.Dense):
        return int(layer.units)
    return int(layer.filters) if isinstance(layer, keras.layers.Conv2D) else None


def set_trainable(model: "keras.Model", rule: Rule, n_more: int = 0) -> bool:
    """Let the layers of a rule learn, and the last `n_more` of the others; return whether that changes anything.

    A layer of which only some units are to learn counts among the others. A model must be compiled anew after a change.
    Raises ModelError for a layer that is not there or cannot learn in part, or if no layer would learn.
    """
    layers = learning_layers(model)
    wanted = _wanted(layers, rule)
    held = [place for place, share in enumerate(wanted) if share < 1]
    for place in held[::-1][:n_more]:
        wanted[place] = 1.0
    if not any(wanted):
        raise ModelError("training.trainable: no layer is left that learns: tick one, or choose all")
    before = [(layer.trainable, _share(layer)) for layer in layers]
    for container in (layer for layer in all_layers(model) if hasattr(layer, "layers")):
        container.trainable = True
    for layer, share in zip(layers, wanted, strict=True):
        layer.trainable = share > 0
        setattr(layer, _SHARE, share if 0 < share < 1 else 1.0)
    return before != [(layer.trainable, _share(layer)) for layer in layers]


def hold_units(model: "keras.Model") -> None:
    """Let the optimizer of a compiled model leave alone the units that do not learn: the first ones of their layer.

    They get no gradient, and whatever else a step does to them (momentum, weight decay, moving averages) is undone.
    The network stays one of plain Keras layers.
    """
    masks = {id(weight): mask for layer in learning_layers(model) for weight, mask in _masks(layer)}
    optimizer = model.optimizer
    plain = getattr(optimizer.apply, "plain", optimizer.apply)
    optimizer.apply = _Holding(optimizer, plain, model.trainable_variables, masks) if masks else plain


class _Holding:
    """Stands for the method `apply` of an optimizer."""

    def __init__(self, optimizer: Any, plain: Any, weights: Sequence[Any], masks: dict[int, Any]) -> None:
        self.plain = plain
        self._optimizer = optimizer
        self._weights = weights
        self._masks = masks

    def __call__(self, grads: Sequence[Any], trainable_variables: Sequence[Any] | None = None) -> None:
        import tensorflow as tf

        weights = self._weights if trainable_variables is None else list(trainable_variables)
        masks = [self._masks.get(id(weight)) for weight in weights]
        masked = [
            gradient if mask is None or gradient is None else tf.where(mask, gradient, tf.zeros_like(gradient))
            for gradient, mask in zip(grads, masks, strict=True)
        ]
        held = [(weight.value, mask) for weight, mask in zip(weights, masks, strict=True) if mask is not None]
        pairs = zip(self._weights, averages(self._optimizer), strict=False)
        held += [(average.value, self._masks[id(w)]) for w, average in pairs if id(w) in self._masks]
        before = [tf.identity(variable) for variable, _ in held]
        self.plain(masked, trainable_variables)
        # On each replica for itself, as Keras' optimizers write: a mean of equal numbers may differ in its last digit.
        tf.__internal__.distribute.interim.maybe_merge_call(_put_back, tf.distribute.get_strategy(), held, before)


def _put_back(strategy: Any, held: Sequence[tuple[Any, Any]], before: Sequence[Any]) -> None:
    import tensorflow as tf

    for (variable, mask), value in zip(held, before, strict=True):

        def write(local: Any, old: Any, mask: Any = mask) -> Any:
            return local.assign(tf.where(mask, local, old))

        strategy.extended.update(variable, write, args=(value,), group=False)


def _masks(layer: Any) -> list[tuple[Any, Any]]:
    """Return the weights of a layer of which only a part learns, with masks (n_units,): true for units that do."""
    import numpy as np

    units = n_units(layer)
    if units is None or _share(layer) == 1 or not layer.trainable:
        return []
    # Half a unit is rounded up, and one at least learns.
    n_held = min(int((1 - _share(layer)) * units + 0.5), units - 1)
    # Units are the last axis of kernel and bias.
    return [(weight, np.arange(units) >= n_held) for weight in layer.trainable_variables]


def _share(layer: Any) -> float:
    return float(getattr(layer, _SHARE, 1.0))


def _wanted(layers: "list[keras.layers.Layer]", rule: Rule) -> list[float]:
    """Return the share of units that is to learn of each layer, from 0 to 1."""
    if rule == "all":
        return [1.0] * len(layers)
    if rule == "dense":
        convolutions = [place for place, layer in enumerate(layers) if _CONVOLUTION in type(layer).__name__]
        first = convolutions[-1] + 1 if convolutions else 0
        return [float(place >= first) for place in range(len(layers))]
    if isinstance(rule, str):
        first = len(layers) - int(rule.partition(":")[2])
        return [float(place >= first) for place in range(len(layers))]
    return _ticked(layers, dict(rule))


def _ticked(layers: "list[keras.layers.Layer]", ticks: dict[str, bool | float]) -> list[float]:
    """Return the shares of layers; those that are not named learn."""
    names = [layer.name for layer in layers]
    for name, share in ticks.items():
        if name not in names:
            near = get_close_matches(name, names, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"the network has {', '.join(names)}"
            raise ModelError(f"training.trainable: there is no layer {name!r} with weights: {hint}")
        layer = layers[names.index(name)]
        if 0 < share < 1 and n_units(layer) is None:
            raise ModelError(
                f"training.trainable: layer {name!r} ({type(layer).__name__}) learns as a whole or not at all, got "
                f"{share:g}: a part of the units can learn of Dense and Conv2D layers"
            )
    return [float(ticks.get(name, True)) for name in names]
