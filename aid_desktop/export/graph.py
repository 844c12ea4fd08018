"""A network as a list of its layers in the order of computation: for writers that go layer by layer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aid_desktop.errors import ExportError

if TYPE_CHECKING:
    import keras

Array = NDArray[np.float32]

_WITHOUT_EFFECT = frozenset(
    {
        "ActivityRegularization", "AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise", "Identity",
        "SpatialDropout1D", "SpatialDropout2D",
    }
)  # fmt: skip
"""Layers that do nothing outside training."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer, or one operation of keras.ops, at one place of the network.

    Attributes:
        kind: name of its class, "InputLayer" for an input.
        name: unique in the network.
        inputs: names of the layers whose outputs it takes.
        shape: of its output, without the first axis.
        config: what its `get_config` says; empty for operations.
        weights: float32, by the name of the variable: kernel, bias, gamma, moving_mean …
        activation: name of its activation, "linear" if it has none.
        arguments: what it was called with besides its inputs: numbers, texts, tuples.
    """

    kind: str
    name: str
    inputs: tuple[str, ...]
    shape: tuple[int, ...]
    config: Mapping[str, Any] = field(default_factory=dict)
    weights: Mapping[str, Array] = field(default_factory=dict)
    activation: str = "linear"
    arguments: tuple[Any, ...] = ()

    def refuse(self, reason: str, target: str) -> ExportError:
        """Return the error that this layer cannot be written for a target."""
        return ExportError(
            f"the layer {self.name} ({self.kind}) cannot be written for {target}: {reason}; choose another format, "
            "ONNX takes most networks"
        )


@dataclass(frozen=True, slots=True)
class LayerGraph:
    """Layers in the order of computation: each comes after those whose outputs it takes; one output."""

    layers: tuple[Layer, ...]
    output: str

    @property
    def inputs(self) -> tuple[Layer, ...]:
        """The network's inputs, in its order."""
        return tuple(layer for layer in self.layers if layer.kind == "InputLayer")

    def layer(self, name: str) -> Layer:
        """Return the layer of that name."""
        return next(layer for layer in self.layers if layer.name == name)

    def readers(self, name: str) -> tuple[Layer, ...]:
        """Return the layers that take a layer's output."""
        return tuple(layer for layer in self.layers if name in layer.inputs)


def layer_in(graph: LayerGraph, text: str) -> Layer | None:
    """Return the layer of a node of TensorFlow's that a converter names in its error; None if there is none.

    Nodes are named network_1/functional_1/<layer>_1/…, where the number is TensorFlow's.
    """
    names = {layer.name for layer in graph.layers}
    for path in re.findall(r"[\w.-]+(?:/[\w.-]+)+", text):
        for part in reversed(path.split("/")):
            known = next((name for name in (re.sub(r"_\d+$", "", part), part) if name in names), None)
            if known is not None:
                return graph.layer(known)
    return None


def read_graph(model: "keras.Model") -> LayerGraph:
    """Return the layers of a functional network, nested models laid open, without those that only act in training.

    Raises ExportError for a network whose layers are not known, because its class computes them.
    """
    reader = _Reader()
    for tensor in model.inputs:
        reader.add_input(tensor)
    output = reader.find(model.outputs[0], {})
    return LayerGraph(tuple(reader.layers), output)


class _Reader:
    """Follows tensors back to the layers that made them; explicit stacks, since networks have hundreds of layers."""

    def __init__(self) -> None:
        self.layers: list[Layer] = []
        self._names: set[str] = set()

    def add_input(self, tensor: Any) -> None:
        name = tensor._keras_history.operation.name
        self.layers.append(Layer("InputLayer", name, (), tuple(tensor.shape[1:])))
        self._names.add(name)

    def find(self, wanted: Any, known: dict[int, str]) -> str:
        """Return the name of the layer that makes a tensor, after adding all that it needs.

        `known` are names of layers by the identity of their tensors; inputs of the network need not be in it.
        """
        stack = [wanted]
        while stack:
            tensor = stack[-1]
            if id(tensor) in known:
                stack.pop()
                continue
            operation, node_index, tensor_index = tensor._keras_history
            if type(operation).__name__ == "InputLayer":
                known[id(tensor)] = operation.name
                continue
            node = operation._inbound_nodes[node_index]
            missing = [one for one in node.input_tensors if id(one) not in known]
            if missing:
                stack.extend(missing)
                continue
            inputs = tuple(known[id(one)] for one in node.input_tensors)
            known[id(tensor)] = self._add(operation, node, inputs, tensor_index)
        return known[id(wanted)]

    def _add(self, operation: Any, node: Any, inputs: tuple[str, ...], tensor_index: int) -> str:
        kind = type(operation).__name__
        if hasattr(operation, "layers"):
            return self._add_model(operation, inputs, tensor_index)
        if kind in _WITHOUT_EFFECT:
            return inputs[0]
        if len(node.output_tensors) > 1:
            # Of an operation with several outputs each is written as if it were alone.
            kind = f"{kind}[{tensor_index}]"
        is_layer = hasattr(operation, "weights")
        self.layers.append(
            Layer(
                kind,
                self._unique(operation.name),
                inputs,
                tuple(node.output_tensors[tensor_index].shape[1:]),
                operation.get_config() if is_layer else _attributes_of(operation),
                {one.name: np.asarray(one, np.float32) for one in operation.weights} if is_layer else {},
                _activation_of(operation),
                _arguments_of(node),
            )
        )
        return self.layers[-1].name

    def _add_model(self, model: Any, inputs: tuple[str, ...], tensor_index: int) -> str:
        if not getattr(model, "outputs", None):
            raise ExportError(
                f"the layers of {model.name} are not known, because it was written as a class of its own: choose ONNX "
                "or TensorFlow as the format"
            )
        known = {id(tensor): name for tensor, name in zip(model.inputs, inputs, strict=True)}
        return self.find(model.outputs[tensor_index], known)

    def _unique(self, name: str) -> str:
        found, number = name, 1
        while found in self._names:
            found, number = f"{name}_{number}", number + 1
        self._names.add(found)
        return found


def _activation_of(operation: Any) -> str:
    activation = getattr(operation, "activation", None)
    return "linear" if activation is None else str(getattr(activation, "__name__", type(activation).__name__))


def _attributes_of(operation: Any) -> dict[str, Any]:
    """Return what an operation of keras.ops was made with: axis, keepdims and the like."""
    return {
        name: value
        for name, value in vars(operation).items()
        if not name.startswith("_") and isinstance(value, int | float | str | tuple | list)
    }


def _arguments_of(node: Any) -> tuple[Any, ...]:
    """Return the arguments of a call that are no tensors of the network, in their order; None where one is."""
    found: list[Any] = []
    for given in (*node.arguments.args, *node.arguments.kwargs.values()):
        is_list = isinstance(given, list | tuple) and any(hasattr(one, "_keras_history") for one in given)
        found += given if is_list else [given]
    return tuple(None if hasattr(one, "_keras_history") else one for one in found)
