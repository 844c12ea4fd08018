"""Networks of which only some layers learn."""

from difflib import get_close_matches
from typing import TYPE_CHECKING

from aid_desktop.errors import ModelError
from aid_desktop.models.layers import all_layers

if TYPE_CHECKING:
    import keras

Rule = str | tuple[tuple[str, bool], ...]
"""The values of the setting `trainable`."""

_CONVOLUTION = "Conv"


def learning_layers(model: "keras.Model") -> list["keras.layers.Layer"]:
    """Return the layers that have weights of their own, from the first to the last."""
    return [layer for layer in all_layers(model) if layer.weights and not hasattr(layer, "layers")]


def set_trainable(model: "keras.Model", rule: Rule, n_more: int = 0) -> bool:
    """Let the layers of a rule learn, and the last `n_more` of the others; return whether that changes anything.

    A model must be compiled anew after a change. Raises ModelError for a layer that is not there, or if no layer
    would learn.
    """
    layers = learning_layers(model)
    wanted = _wanted(layers, rule)
    frozen = [place for place, is_on in enumerate(wanted) if not is_on]
    for place in frozen[::-1][:n_more]:
        wanted[place] = True
    if not any(wanted):
        raise ModelError("training.trainable: no layer is left that learns: tick one, or choose all")
    before = [layer.trainable for layer in layers]
    for container in (layer for layer in all_layers(model) if hasattr(layer, "layers")):
        container.trainable = True
    for layer, is_on in zip(layers, wanted, strict=True):
        layer.trainable = is_on
    return before != wanted


def n_frozen(model: "keras.Model", rule: Rule) -> int:
    """Return how many layers do not learn under a rule. Raises ModelError as `set_trainable` does."""
    return _wanted(learning_layers(model), rule).count(False)


def _wanted(layers: "list[keras.layers.Layer]", rule: Rule) -> list[bool]:
    if rule == "all":
        return [True] * len(layers)
    if rule == "dense":
        convolutions = [place for place, layer in enumerate(layers) if _CONVOLUTION in type(layer).__name__]
        first = convolutions[-1] + 1 if convolutions else 0
        return [place >= first for place in range(len(layers))]
    if isinstance(rule, str):
        first = len(layers) - int(rule.partition(":")[2])
        return [place >= first for place in range(len(layers))]
    return _ticked([layer.name for layer in layers], dict(rule))


def _ticked(names: list[str], ticks: dict[str, bool]) -> list[bool]:
    """Return which layers are ticked; those that are not named learn."""
    for name in ticks:
        if name not in names:
            near = get_close_matches(name, names, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"the network has {', '.join(names)}"
            raise ModelError(f"training.trainable: there is no layer {name!r} with weights: {hint}")
    return [ticks.get(name, True) for name in names]
