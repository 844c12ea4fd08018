"""All layers of a network, those of nested models included."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


def all_layers(model: "keras.Model") -> Iterator["keras.layers.Layer"]:
    """Yield the layers in order; a nested model comes before its own."""
    for layer in model.layers:
        yield layer
        if hasattr(layer, "layers"):
            yield from all_layers(layer)
