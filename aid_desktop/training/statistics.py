"""Statistics of batch normalization that belong to averaged weights.

The moving mean and variance of a layer are those of the weights that were trained. Averaged weights give other
activations, and with the old statistics a network can be no better than chance while it still learns fast; so they are
measured anew (Izmailov et al. 2018, "Averaging weights leads to wider optima and better generalization", section 3.2).
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np

from aid_desktop.models.layers import all_layers
from aid_desktop.models.optimizer import averages

if TYPE_CHECKING:
    import keras


def moving_normalizations(model: "keras.Model") -> "list[keras.layers.BatchNormalization]":
    """Return the layers whose moving statistics do not fit the averaged weights; none without such weights."""
    import keras

    if not averages(model.optimizer):
        return []
    # What is frozen does not move.
    return [
        layer for layer in all_layers(model) if isinstance(layer, keras.layers.BatchNormalization) and layer.trainable
    ]


def measure_statistics(
    layers: "Iterable[keras.layers.BatchNormalization]", forwards: Iterable[Callable[[], object]]
) -> None:
    """Set the layers' moving statistics to the mean over some batches.

    Each of `forwards` applies the network to one batch in training mode.
    """
    variables = [(v, 1 - layer.momentum) for layer in layers for v in (layer.moving_mean, layer.moving_variance)]
    sums = [np.zeros(variable.shape, np.float64) for variable, _ in variables]
    n_batches = 0
    for forward in forwards:
        for variable, _ in variables:
            variable.assign(np.zeros(variable.shape, np.float32))
        forward()
        # From zero the layer has moved by this share of the way to the batch's own statistics.
        for total, (variable, share) in zip(sums, variables, strict=True):
            total += variable.value.numpy() / share
        n_batches += 1
    for total, (variable, _) in zip(sums, variables, strict=True):
        variable.assign((total / n_batches).astype(np.float32))
