"""All layers of a network, those of nested models included; how they are numbered."""

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


def number_layers_from_start() -> None:
    """Let layers made from now on in this thread be called dense, dense_1 … again, whatever was built before.

    Settings name layers, so that a network must have the same names whenever it is built.
    """
    # Keras 3.15 offers this in public only as clear_session, which would take it from all threads, with much else.
    from keras.src.utils.naming import reset_uids

    reset_uids()
