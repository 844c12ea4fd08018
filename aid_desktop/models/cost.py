"""What a network costs: its weights, and for one image its multiply-adds and what its layers give."""

import math
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aid_desktop.models.layers import all_layers

if TYPE_CHECKING:
    import keras

# Weights with fewer axes than a matrix only shift and scale.
_MATRIX_AXES = 2
# What multiplies by a matrix without having one among its weights.
_PRODUCTS = {"Dot", "Attention", "AdditiveAttention", "Matmul", "Einsum", "Tensordot", "Inner", "Conv"}


@dataclass(frozen=True, slots=True)
class Cost:
    """`parameters` counts all weights, also those that are not trained.

    `multiply_adds` counts the multiplications, each with its addition, of convolutions and dense layers for one image,
    as papers on compact networks do (Howard et al. 2017, "MobileNets"); what other layers do is small beside that.
    It is None where a layer multiplies in a way that is not known here, or where a size is left open.

    `activations` counts the numbers that all layers give for one image, which training keeps for the way back. It is
    None where a size is left open. `layers` counts the layers, those of nested networks included.
    """

    parameters: int
    multiply_adds: int | None
    activations: int | None = field(default=None, compare=False)
    layers: int = field(default=0, compare=False)


def cost_of(model: Any) -> Cost:
    """Return the cost of a model."""
    graph = _graph(model) if getattr(model, "inputs", None) else None
    if graph is None:
        return Cost(int(model.count_params()), None)
    n_layers = sum(1 for _ in all_layers(model))
    return Cost(int(model.count_params()), _multiply_adds(*graph), _activations(*graph), n_layers)


def without_weights() -> AbstractContextManager[Any]:
    """Return a context in which networks are made without the numbers in their weights: quickly, and in no memory.

    Use it in a thread that ends afterwards: Keras keeps a list of what has no numbers yet, for each thread. TensorFlow
    need not start its devices for most networks, so that their memory and threads can still be set.
    """
    # Files of networks may do without Keras, and then nothing is to be loaded for them.
    if "keras" not in sys.modules:
        return nullcontext()
    import keras

    scope: AbstractContextManager[Any] = keras.StatelessScope(initialize_variables=False)
    return scope


def _graph(model: "keras.Model") -> "tuple[keras.Model, list[dict[str, Any]]] | None":
    """Return a network as a graph of layers, and of each what it is called on; None if that cannot be written down."""
    import keras

    try:
        # In this form the configuration says on which shapes each layer is called, that of a Sequential as well.
        functional = keras.Model(model.inputs, model.outputs)
        return functional, functional.get_config()["layers"]
    # A layer of the user's own that cannot be written down.
    except NotImplementedError:
        return None


def _multiply_adds(functional: "keras.Model", entries: list[dict[str, Any]]) -> int | None:
    layers = {layer.name: layer for layer in functional.layers}
    calls = [
        _of_call(layers.get(entry["name"]), entry["class_name"], _first_shape(node))
        for entry in entries
        for node in entry["inbound_nodes"]
    ]
    return None if None in calls else sum(one for one in calls if one is not None)


def _activations(functional: "keras.Model", entries: list[dict[str, Any]]) -> int | None:
    operations = {operation.name: operation for operation in functional.operations}
    total = 0
    for entry in entries:
        n_calls = len(entry["inbound_nodes"])
        given = _given(operations[entry["name"]]) if n_calls else 0
        if given is None:
            return None
        total += n_calls * given
    return total


def _given(operation: Any) -> int | None:
    """Return how many numbers a layer, or a network used as one, gives for an image."""
    import keras

    if hasattr(operation, "layers") and getattr(operation, "inputs", None):
        graph = _graph(operation)
        return None if graph is None else _activations(*graph)
    shapes = [tensor.shape[1:] for tensor in keras.tree.flatten(operation.output)]
    return None if any(None in shape for shape in shapes) else sum(map(math.prod, shapes))


def _of_call(layer: "keras.layers.Layer | None", kind: str, shape: tuple[int | None, ...]) -> int | None:
    """Return the multiply-adds of one call on `shape`, None if they are not known. `layer` is None for an operation."""
    from keras import layers

    if kind in _PRODUCTS:
        return None
    if layer is None or isinstance(layer, layers.PReLU):
        return 0
    if hasattr(layer, "layers"):
        graph = _graph(layer) if getattr(layer, "inputs", None) else None
        return None if graph is None else _multiply_adds(*graph)
    if not shape:
        return None
    matrices = [math.prod(weight.shape) for weight in layer.weights if len(weight.shape) >= _MATRIX_AXES]
    if not matrices:
        return 0
    if isinstance(layer, layers.Dense):
        places = shape[1:-1]
    elif isinstance(layer, layers.Conv1DTranspose | layers.Conv2DTranspose | layers.Conv3DTranspose):
        places = _places(layer, shape)
    elif isinstance(
        layer,
        layers.Conv1D | layers.Conv2D | layers.Conv3D | layers.DepthwiseConv1D | layers.DepthwiseConv2D
        | layers.SeparableConv1D | layers.SeparableConv2D,
    ):  # fmt: skip
        places = _places(layer, layer.compute_output_shape(shape))
    else:
        return None
    sizes = [size for size in places if size is not None]
    return sum(matrices) * math.prod(sizes) if len(sizes) == len(places) else None


def _places(layer: "keras.layers.Layer", shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
    return shape[1:-1] if layer.data_format == "channels_last" else shape[2:]


def _first_shape(node: dict[str, Any]) -> tuple[int | None, ...]:
    """Return the shape of the first tensor that a layer is called on, () if that is not written down."""
    found: Any = [node["args"], list(node["kwargs"].values())]
    while isinstance(found, list | tuple) and found:
        found = next((part for part in found if part), None)
    return tuple(found["config"]["shape"]) if isinstance(found, dict) and "shape" in found.get("config", {}) else ()
