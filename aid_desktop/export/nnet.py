"""AIDeveloper's .nnet files: a perceptron or plain convolutional network as text.

Source of the format: keras2cpp of P. Płoński, which AIDeveloper took over, and the C++ programs that read it.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aid_desktop.errors import ExportError
from aid_desktop.export.channels_first import find_orders
from aid_desktop.export.exporter import Check, ExportFormat, Package
from aid_desktop.export.graph import Array, Layer, LayerGraph, read_graph
from aid_desktop.export.network import ExportNetwork

TARGET = ".nnet"
_ACTIVATIONS = ("relu", "sigmoid", "softmax", "tanh")

Numbers = Callable[..., Array]
"""Takes as many numbers from the text as an array of that shape has."""


def write_nnet(network: ExportNetwork, path: Path) -> None:
    """Write the layers and their weights, with as many digits as float32 has; images (C, H, W).

    Kernels are turned by 180°, as Theano convolves. Raises ExportError for a network that is no single row of
    layers, or naming a layer that the format does not have.
    """
    graph = read_graph(network.model)
    blocks = list(_blocks(graph))
    lines = [f"layers {len(blocks)}"]
    for number, (kind, content) in enumerate(blocks):
        lines += [f"layer {number} {kind}", *content]
    path.write_text("\n".join(lines) + "\n", encoding="ascii")


def _blocks(graph: LayerGraph) -> Iterator[tuple[str, list[str]]]:
    """Yield the kind of each layer of the file, and its lines."""
    if len(graph.inputs) != 1 or any(
        len(layer.inputs) > 1 or len(graph.readers(layer.name)) > 1 for layer in graph.layers
    ):
        raise ExportError(f"{TARGET} holds networks of a single row of layers; choose another format, for example ONNX")
    orders = find_orders(graph, TARGET)
    shapes = {layer.name: layer.shape for layer in graph.layers}
    for layer in graph.layers:
        if layer.kind == "InputLayer":
            continue
        if layer.kind == "Conv2D":
            yield "Conv2D", _convolution(layer)
        elif layer.kind == "Dense":
            order = orders.get(layer.inputs[0])
            if order is None:
                raise layer.refuse("it is applied to images", TARGET)
            yield "Dense", _matrix(layer.weights["kernel"][order], _bias(layer))
        elif layer.kind == "MaxPooling2D":
            yield "MaxPooling2D", _pooling(layer)
        elif layer.kind == "Flatten":
            if len(shapes[layer.inputs[0]]) > 1:
                yield "Flatten", []
        elif layer.kind not in ("Activation", "ReLU", "Softmax"):
            raise layer.refuse("the format has no such layer", TARGET)
        if layer.kind in ("ReLU", "Softmax"):
            yield "Activation", [_activation(layer, layer.kind.lower())]
        elif layer.activation != "linear":
            yield "Activation", [_activation(layer, layer.activation)]


def _activation(layer: Layer, name: str) -> str:
    is_plain = layer.kind != "ReLU" or not any(
        layer.config.get(key) for key in ("max_value", "negative_slope", "threshold")
    )
    if name not in _ACTIVATIONS or not is_plain:
        raise layer.refuse(f"the format has no such activation, only {', '.join(_ACTIVATIONS)}", TARGET)
    return name


def _convolution(layer: Layer) -> list[str]:
    config, kernel = layer.config, layer.weights["kernel"]
    padding = config["padding"]
    is_plain = tuple(config["strides"]) == (1, 1) and tuple(config["dilation_rate"]) == (1, 1) and config["groups"] == 1
    if not is_plain or (padding == "same" and not (kernel.shape[0] % 2 and kernel.shape[1] % 2)):
        raise layer.refuse("the format has only steps of one pixel, and odd kernels for padding='same'", TARGET)
    turned = kernel.transpose(3, 2, 0, 1)[:, :, ::-1, ::-1]
    rows = [_row(row) for filters in turned for channel in filters for row in channel]
    return [f"{' '.join(map(str, turned.shape))} {padding}", *rows, _row(_bias(layer))]


def _matrix(kernel: Array, bias: Array) -> list[str]:
    return [f"{kernel.shape[0]} {kernel.shape[1]}", *map(_row, kernel), _row(bias)]


def _pooling(layer: Layer) -> list[str]:
    size = tuple(layer.config["pool_size"])
    if tuple(layer.config["strides"]) != size or layer.config["padding"] != "valid":
        raise layer.refuse("the format pools windows that lie side by side", TARGET)
    return [f"{size[0]} {size[1]}"]


def _bias(layer: Layer) -> Array:
    kernel = layer.weights["kernel"]
    return layer.weights.get("bias", np.zeros(kernel.shape[-1], np.float32))


def _row(values: Array) -> str:
    # Nine digits tell each float32 from all others.
    return f"[{' '.join(f'{value:.9g}' for value in values.tolist())}]"


def run_nnet(path: Path, inputs: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
    """Return what the text says, computed with NumPy alone. Raises ValueError for a text that is not of the format."""
    words = iter(path.read_text(encoding="ascii").replace("[", " ").replace("]", " ").split())

    def numbers(*shape: int) -> NDArray[np.float32]:
        return np.array([float(next(words)) for _ in range(int(np.prod(shape)))], np.float32).reshape(shape)

    def expect(word: str) -> int:
        found = next(words)
        if found != word:
            raise ValueError(f"found {found}, expected {word}")
        return int(next(words))

    values = inputs[0].transpose(0, 3, 1, 2).astype(np.float32)
    for _ in range(expect("layers")):
        expect("layer")
        values = _READERS[next(words)](values, words, numbers)
    return values


def _read_convolution(values: Array, words: Iterator[str], numbers: Numbers) -> Array:
    shape = [int(next(words)) for _ in range(4)]
    is_same = next(words) == "same"
    kernel, bias = numbers(*shape)[:, :, ::-1, ::-1], numbers(shape[0])
    if is_same:
        rows, columns = shape[2] // 2, shape[3] // 2
        values = np.pad(values, ((0, 0), (0, 0), (rows, rows), (columns, columns)))
    windows = np.lib.stride_tricks.sliding_window_view(values, shape[2:], axis=(2, 3))
    convolved: Array = np.einsum("nchwij,ocij->nohw", windows, kernel, optimize=True)
    return convolved + bias[:, None, None]


def _read_dense(values: Array, words: Iterator[str], numbers: Numbers) -> Array:
    n_inputs, n_outputs = int(next(words)), int(next(words))
    kernel = numbers(n_inputs, n_outputs)
    dense: Array = values @ kernel + numbers(n_outputs)
    return dense


def _read_pooling(values: Array, words: Iterator[str], numbers: Numbers) -> Array:
    rows, columns = int(next(words)), int(next(words))
    height, width = values.shape[2] // rows, values.shape[3] // columns
    cut = values[:, :, : height * rows, : width * columns]
    pooled: Array = cut.reshape(*values.shape[:2], height, rows, width, columns).max(axis=(3, 5))
    return pooled


def _read_activation(values: Array, words: Iterator[str], numbers: Numbers) -> Array:
    name = next(words)
    if name == "softmax":
        powers = np.exp(values - values.max(axis=1, keepdims=True))
        shares: Array = powers / powers.sum(axis=1, keepdims=True)
        return shares
    if name == "relu":
        return np.maximum(values, np.float32(0))
    if name == "sigmoid":
        return np.asarray(1 / (1 + np.exp(-values)), np.float32)
    if name == "tanh":
        return np.tanh(values)
    raise ValueError(f"found the activation {name}, expected one of {', '.join(_ACTIVATIONS)}")


def _read_flatten(values: Array, words: Iterator[str], numbers: Numbers) -> Array:
    return values.reshape(len(values), -1)


_READERS: dict[str, Callable[[Array, Iterator[str], Numbers], Array]] = {
    "Activation": _read_activation,
    "Conv2D": _read_convolution,
    "Dense": _read_dense,
    "Flatten": _read_flatten,
    "MaxPooling2D": _read_pooling,
}

NNET = ExportFormat(
    name="nnet",
    title=".nnet text",
    suffix=".nnet",
    description="AIDeveloper's text for sorting in real time; perceptrons and plain convolutional networks only.",
    write=write_nnet,
    checks=(Check("NumPy", Package("numpy", "numpy"), run_nnet),),
    not_verified="The C++ programs that read such files are not run: a reader of ours in NumPy computes it instead.",
    layout="images × channels × height × width",
)
