"""The number format that a training step computes in; all else stays in float32."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from aid_desktop.errors import ModelError
from aid_desktop.models.devices import computes_on_gpu

if TYPE_CHECKING:
    import keras

_PLAIN = "float32"


def check_precision(precision: str) -> None:
    """Raise ModelError when the device in force is unfit for a number format."""
    if precision == "mixed_float16" and not computes_on_gpu():
        raise ModelError(
            "training.precision: got mixed_float16, which needs a GPU, and the network computes on the CPU: choose "
            "mixed_bfloat16, auto or float32"
        )


@contextmanager
def computing_in(model: "keras.Model", precision: str) -> Iterator[None]:
    """Let what is traced meanwhile compute in a number format: `float32`, `mixed_bfloat16` or `mixed_float16`.

    Weights stay float32, and so do the layers that make the probabilities. Layers that say another format of their
    own keep it. Afterwards the network is as before, so validation and saved files know nothing of it.
    """
    layers = [] if precision == _PLAIN else _layers_to_change(model)
    for layer in layers:
        layer.dtype_policy = precision
    try:
        yield
    finally:
        for layer in layers:
            layer.dtype_policy = _PLAIN


def _layers_to_change(model: "keras.Model") -> list[Any]:
    # Keras' own walk, because it also finds layers inside of other layers that are no models.
    layers = model._flatten_layers(include_self=False)
    last = {id(layer) for layer in _output_layers(model)}
    return [layer for layer in layers if id(layer) not in last and layer.dtype_policy.name == _PLAIN]


def _output_layers(model: "keras.Model") -> Iterator[Any]:
    """Yield what makes the outputs: a layer, or a nested model and what makes that one's outputs."""
    for output in model.outputs:
        operation = output._keras_history.operation
        yield operation
        if hasattr(operation, "outputs") and hasattr(operation, "layers"):
            yield from _output_layers(operation)
