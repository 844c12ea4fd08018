"""What a layer makes of an image, and how a class's score depends on it: what Grad-CAM needs of a network."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aid_desktop.errors import ModelError
from aid_desktop.models.layers import all_layers

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, slots=True, eq=False)
class LayerGradient:
    """What a layer gives for one image, float32 (h, w, k), and the gradient of a class's score by it, same shape.

    `is_pre_softmax` says that the score is the value that the last layer turns into a probability, else it is the
    network's output.
    """

    activations: NDArray[np.float32]
    gradients: NDArray[np.float32]
    score: float
    is_pre_softmax: bool


def spatial_layers(model: "keras.Model") -> tuple["keras.layers.Layer", ...]:
    """Return the layers whose output is a picture, (N, h, w, k) of more than one pixel, the last one first.

    Inputs, nested models as a whole and layers that pass several things on are left out.
    """
    return tuple(layer for layer in reversed(list(all_layers(model))) if _is_spatial(layer))


def layer_gradient(
    model: "keras.Model", layer: "keras.layers.Layer", inputs: Sequence[NDArray[np.float32]], class_index: int
) -> LayerGradient:
    """Return a layer's output for one image, and how a class's score changes with it.

    `inputs` are those of the network, each of one row. The score is taken before the softmax if the last layer is one,
    or a Dense layer that ends in one. Not to be called for the same model by two threads at a time. Raises ModelError
    if the score does not depend on the layer.
    """
    import tensorflow as tf

    tape, outputs = tf.GradientTape(watch_accessed_variables=False), []

    def watched(call: Callable[..., Any]) -> Callable[..., Any]:
        def watch(*arguments: Any, **options: Any) -> Any:
            output = call(*arguments, **options)
            tape.watch(output)
            outputs.append(output)
            return output

        return watch

    with ExitStack() as stack:
        is_pre_softmax = stack.enter_context(_without_softmax(model))
        stack.enter_context(_calling(layer, watched))
        stack.enter_context(tape)
        tensors = [tf.convert_to_tensor(array) for array in inputs]
        scores = model(tensors if len(tensors) > 1 else tensors[0], training=False)
        score = tf.cast(scores, tf.float32)[0, class_index]
    gradient = tape.gradient(score, outputs[-1]) if outputs else None
    if gradient is None:
        raise ModelError(f"the score does not depend on the layer {layer.name}: choose another layer")
    activations, gradients = (np.asarray(tf.cast(values, tf.float32))[0] for values in (outputs[-1], gradient))
    return LayerGradient(activations, gradients, float(score), is_pre_softmax)


@contextmanager
def _calling(layer: "keras.layers.Layer", change: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Iterator[None]:
    """Let a layer, also one of a nested model, compute something else for a while."""
    layer.call = change(layer.call)
    try:
        yield
    finally:
        # What hides the method of the class goes.
        del layer.call


@contextmanager
def _without_softmax(model: "keras.Model") -> Iterator[bool]:
    """Let the last layer leave its softmax out for a while; yield whether it has one."""
    import keras

    last = list(all_layers(model))[-1]
    if isinstance(last, keras.layers.Softmax) or (
        isinstance(last, keras.layers.Activation) and last.activation is keras.activations.softmax
    ):
        with _calling(last, lambda call: lambda values, *arguments, **options: values):
            yield True
    elif isinstance(last, keras.layers.Dense) and last.activation is keras.activations.softmax:
        last.activation = keras.activations.linear
        try:
            yield True
        finally:
            last.activation = keras.activations.softmax
    else:
        yield False


def _is_spatial(layer: "keras.layers.Layer") -> bool:
    import keras

    if hasattr(layer, "layers") or isinstance(layer, keras.layers.InputLayer):
        return False
    try:
        shape: tuple[int | None, ...] = getattr(layer.output, "shape", ())
    except (AttributeError, ValueError):
        # It is of no graph: its model was written as a class.
        return False
    return len(shape) == 4 and (shape[1] or 2) * (shape[2] or 2) > 1
