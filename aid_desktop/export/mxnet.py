"""Networks for MXNet: the symbol as JSON and the weights as a list of arrays.

MXNet itself, which is not developed any more and does not run beside today's NumPy, is not needed to write them.
"""

import json
import struct
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aid_desktop.errors import ExportError
from aid_desktop.export.channels_first import Order, find_orders, grouped_kernel
from aid_desktop.export.exporter import Check, ExportFormat, Package
from aid_desktop.export.graph import Array, Layer, LayerGraph, read_graph
from aid_desktop.export.network import ExportNetwork
from aid_desktop.export.old_runtimes import PYTHON_VARIABLE, run_elsewhere, version_elsewhere
from aid_desktop.export.padding import same_padding
from aid_desktop.models.onnx_graph import OUTPUT_NAME

TARGET = "MXNet"
_PARAMETERS = ".params"
_VERSION = 10901
"""Of the MXNet whose format is written, 1.9.1."""
# Numbers that MXNet's own files begin with: src/ndarray/ndarray.cc of MXNet 1.9.1.
_LIST_MAGIC, _ARRAY_MAGIC = 0x112, 0xF993FAC9
_CPU, _FLOAT32 = 1, 0
_LOWEST = -3.4e38
_ACTIVATIONS: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "relu": ("Activation", {"act_type": "relu"}),
    "sigmoid": ("Activation", {"act_type": "sigmoid"}),
    "tanh": ("Activation", {"act_type": "tanh"}),
    "softplus": ("Activation", {"act_type": "softrelu"}),
    "softsign": ("Activation", {"act_type": "softsign"}),
    "elu": ("LeakyReLU", {"act_type": "elu", "slope": 1.0}),
    "selu": ("LeakyReLU", {"act_type": "selu"}),
    "gelu": ("LeakyReLU", {"act_type": "gelu"}),
    "leaky_relu": ("LeakyReLU", {"act_type": "leaky", "slope": 0.2}),
    "relu6": ("clip", {"a_min": 0.0, "a_max": 6.0}),
    "softmax": ("softmax", {"axis": 1}),
}


def write_mxnet(network: ExportNetwork, path: Path) -> None:
    """Write the symbol, with the class names among its attributes, and its arrays beside it; images (N, C, H, W).

    Raises ExportError naming a layer that MXNet does not have.
    """
    if len(network.inputs) > 1:
        raise ExportError("MXNet: a network that takes features besides images is not written; choose ONNX")
    writer = MxnetWriter(read_graph(network.model))
    symbol = writer.write()
    symbol["attrs"]["class_names"] = ["str", json.dumps(network.card.class_names)]
    path.write_text(json.dumps(symbol, indent=1), encoding="utf-8")
    path.with_suffix(_PARAMETERS).write_bytes(list_of_arrays(writer.arrays))


def list_of_arrays(arrays: Mapping[str, Array]) -> bytes:
    """Return named arrays of float32 as mxnet.nd.load reads them."""
    parts = [struct.pack("<QQQ", _LIST_MAGIC, 0, len(arrays))]
    for array in arrays.values():
        # Version, dense storage, shape, where it was, type, and the numbers.
        parts.append(struct.pack("<IiI", _ARRAY_MAGIC, 0, array.ndim))
        parts.append(struct.pack(f"<{array.ndim}q", *array.shape))
        parts.append(struct.pack("<iii", _CPU, 0, _FLOAT32))
        parts.append(np.ascontiguousarray(array, "<f4").tobytes())
    parts.append(struct.pack("<Q", len(arrays)))
    for name in arrays:
        parts += [struct.pack("<Q", len(name.encode())), name.encode()]
    return b"".join(parts)


class MxnetWriter:
    """Makes the nodes of a symbol and the arrays that they take."""

    def __init__(self, graph: LayerGraph) -> None:
        self._graph = graph
        self._orders: Mapping[str, Order] = find_orders(graph, TARGET)
        self._shapes = {layer.name: layer.shape for layer in graph.layers}
        self._nodes: list[dict[str, Any]] = []
        self._found: dict[str, int] = {}
        """The node that computes a layer's output."""
        self.arrays: dict[str, Array] = {}

    def write(self) -> dict[str, Any]:
        """Return the symbol, as MXNet's JSON has it."""
        makers: dict[str, Callable[[Layer], int]] = {
            "InputLayer": lambda layer: self._node("null", "image"),
            "Conv2D": self._convolution,
            "DepthwiseConv2D": self._convolution,
            "Dense": self._dense,
            "BatchNormalization": self._batch_normalization,
            "LayerNormalization": self._layer_normalization,
            "MaxPooling2D": self._pooling,
            "AveragePooling2D": self._pooling,
            "GlobalAveragePooling2D": self._global_pooling,
            "GlobalMaxPooling2D": self._global_pooling,
            "Flatten": lambda layer: self._layer(layer, "Flatten"),
            "ZeroPadding2D": lambda layer: self._pad(layer, layer.config["padding"]),
            "Rescaling": self._rescaling,
            "Concatenate": self._concatenate,
            **dict.fromkeys(("Add", "Maximum", "Multiply", "Subtract"), self._elementwise),
            **dict.fromkeys(("Activation", "ELU", "LeakyReLU", "ReLU", "Softmax"), self._activation),
        }
        for layer in self._graph.layers:
            if layer.kind not in makers:
                raise layer.refuse("MXNet has no such operator", TARGET)
            node = makers[layer.kind](layer)
            if layer.activation != "linear" and layer.kind != "Activation":
                node = self._activate(layer, layer.activation, node)
            self._found[layer.name] = node
        last = self._node("_copy", OUTPUT_NAME, [self._found[self._graph.output]])
        return {
            "nodes": self._nodes,
            "arg_nodes": [number for number, node in enumerate(self._nodes) if node["op"] == "null"],
            "node_row_ptr": list(range(len(self._nodes) + 1)),
            "heads": [[last, 0, 0]],
            "attrs": {"mxnet_version": ["int", _VERSION]},
        }

    def _node(self, operator: str, name: str, inputs: Sequence[int] = (), **attributes: object) -> int:
        node: dict[str, Any] = {"op": operator, "name": name, "inputs": [[number, 0, 0] for number in inputs]}
        if attributes:
            node["attrs"] = {key: str(value) for key, value in attributes.items()}
        self._nodes.append(node)
        return len(self._nodes) - 1

    def _array(self, name: str, values: Array, is_auxiliary: bool = False) -> int:
        self.arrays[f"{'aux' if is_auxiliary else 'arg'}:{name}"] = np.asarray(values, np.float32)
        return self._node("null", name)

    def _layer(
        self, layer: Layer, operator: str, arrays: Mapping[str, Array] | None = None, **attributes: object
    ) -> int:
        inputs = [self._found[name] for name in layer.inputs]
        inputs += [self._array(f"{layer.name}_{name}", values) for name, values in (arrays or {}).items()]
        return self._node(operator, layer.name, inputs, **attributes)

    def _convolution(self, layer: Layer) -> int:
        config, shape = layer.config, self._shapes[layer.inputs[0]]
        kernel, groups = grouped_kernel(layer, TARGET)
        strides, dilation = tuple(config["strides"]), tuple(config.get("dilation_rate", (1, 1)))
        padding, source = self._padding(layer, shape, kernel.shape, strides, dilation, 0.0)
        arrays = {"weight": kernel.transpose(3, 2, 0, 1)}
        if "bias" in layer.weights:
            arrays["bias"] = layer.weights["bias"]
        inputs = [source, *(self._array(f"{layer.name}_{name}", values) for name, values in arrays.items())]
        return self._node(
            "Convolution", layer.name, inputs, kernel=tuple(kernel.shape[:2]), stride=strides, dilate=dilation,
            pad=padding, num_filter=kernel.shape[3], num_group=groups, no_bias="bias" not in arrays,
        )  # fmt: skip

    def _padding(
        self, layer: Layer, shape: tuple[int, ...], size: Sequence[int], strides: Sequence[int],
        dilation: Sequence[int], value: float,
    ) -> tuple[tuple[int, int], int]:  # fmt: skip
        """Return how far an operator is to pad, and the node it takes: a padded image where both sides differ."""
        source = self._found[layer.inputs[0]]
        if layer.config["padding"] == "valid":
            return (0, 0), source
        rows, columns = (same_padding(shape[axis], size[axis], strides[axis], dilation[axis]) for axis in (0, 1))
        if rows[0] == rows[1] and columns[0] == columns[1]:
            return (rows[0], columns[0]), source
        return (0, 0), self._pad(layer, (rows, columns), value)

    def _pad(self, layer: Layer, amounts: Sequence[Sequence[int]], value: float = 0.0) -> int:
        (above, below), (left, right) = amounts
        return self._node(
            "Pad", f"{layer.name}_pad", [self._found[layer.inputs[0]]], mode="constant", constant_value=value,
            pad_width=(0, 0, 0, 0, above, below, left, right),
        )  # fmt: skip

    def _dense(self, layer: Layer) -> int:
        order = self._orders.get(layer.inputs[0])
        if order is None:
            return self._dense_on_images(layer)
        arrays = {"weight": layer.weights["kernel"][order].T}
        if "bias" in layer.weights:
            arrays["bias"] = layer.weights["bias"]
        no_bias = "bias" not in arrays
        return self._layer(layer, "FullyConnected", arrays, num_hidden=layer.shape[0], no_bias=no_bias, flatten=False)

    def _dense_on_images(self, layer: Layer) -> int:
        """Write what is applied to each pixel as a convolution of one pixel."""
        arrays = {"weight": layer.weights["kernel"].T[:, :, None, None]}
        if "bias" in layer.weights:
            arrays["bias"] = layer.weights["bias"]
        no_bias = "bias" not in arrays
        return self._layer(layer, "Convolution", arrays, kernel=(1, 1), num_filter=layer.shape[-1], no_bias=no_bias)

    def _batch_normalization(self, layer: Layer) -> int:
        weights, n = layer.weights, layer.shape[-1]
        self._need_channels(layer)
        order = self._orders.get(layer.inputs[0], slice(None))
        ones, zeros = np.ones(n, np.float32), np.zeros(n, np.float32)
        arrays = {"gamma": weights.get("gamma", ones)[order], "beta": weights.get("beta", zeros)[order]}
        inputs = [self._found[layer.inputs[0]]]
        inputs += [self._array(f"{layer.name}_{name}", values) for name, values in arrays.items()]
        inputs += [
            self._array(f"{layer.name}_{name}", weights[name][order], is_auxiliary=True)
            for name in ("moving_mean", "moving_variance")
        ]
        epsilon = float(layer.config["epsilon"])
        return self._node("BatchNorm", layer.name, inputs, eps=epsilon, fix_gamma=False, use_global_stats=True, axis=1)

    def _layer_normalization(self, layer: Layer) -> int:
        self._need_channels(layer)
        if layer.config.get("rms_scaling"):
            raise layer.refuse("it scales by the root mean square", TARGET)
        n = layer.shape[-1]
        order = self._orders.get(layer.inputs[0], slice(None))
        ones, zeros = np.ones(n, np.float32), np.zeros(n, np.float32)
        arrays = {"gamma": layer.weights.get("gamma", ones)[order], "beta": layer.weights.get("beta", zeros)[order]}
        return self._layer(layer, "LayerNorm", arrays, axis=1, eps=float(layer.config["epsilon"]))

    def _need_channels(self, layer: Layer) -> None:
        axis = layer.config["axis"]
        axis = axis[0] if isinstance(axis, list | tuple) and len(axis) == 1 else axis
        if axis not in (-1, len(layer.shape)):
            raise layer.refuse("it does not normalize along the channels", TARGET)

    def _pooling(self, layer: Layer) -> int:
        config, shape = layer.config, self._shapes[layer.inputs[0]]
        size, strides = tuple(config["pool_size"]), tuple(config["strides"])
        is_average = layer.kind.startswith("Average")
        padding, source = self._padding(layer, shape, size, strides, (1, 1), _LOWEST)
        if is_average and source != self._found[layer.inputs[0]]:
            raise layer.refuse("padded pixels would count in its averages", TARGET)
        return self._node(
            "Pooling", layer.name, [source], kernel=size, stride=strides, pad=padding,
            pool_type="avg" if is_average else "max", pooling_convention="valid", count_include_pad=False,
        )  # fmt: skip

    def _global_pooling(self, layer: Layer) -> int:
        kind = "avg" if layer.kind.startswith("GlobalAverage") else "max"
        if layer.config.get("keepdims"):
            return self._layer(layer, "Pooling", global_pool=True, pool_type=kind, kernel=(1, 1))
        source = self._found[layer.inputs[0]]
        name = f"{layer.name}_pool"
        pooled = self._node("Pooling", name, [source], global_pool=True, pool_type=kind, kernel=(1, 1))
        return self._node("Flatten", layer.name, [pooled])

    def _rescaling(self, layer: Layer) -> int:
        scale, offset = (np.asarray(layer.config[name], np.float64) for name in ("scale", "offset"))
        if scale.size > 1 or offset.size > 1:
            raise layer.refuse("it scales each channel differently", TARGET)
        scaled = self._layer(layer, "_mul_scalar", scalar=float(scale))
        return self._node("_plus_scalar", f"{layer.name}_shifted", [scaled], scalar=float(offset))

    def _elementwise(self, layer: Layer) -> int:
        if any(number is not None for number in layer.arguments):
            raise layer.refuse("it was called with a number", TARGET)
        if len({len(self._shapes[name]) for name in layer.inputs}) > 1:
            raise layer.refuse("its inputs have different numbers of axes", TARGET)
        operator = {"Add": "add", "Subtract": "sub", "Multiply": "mul", "Maximum": "maximum"}[layer.kind]
        first, *others = (self._found[name] for name in layer.inputs)
        for number, other in enumerate(others):
            first = self._node(f"broadcast_{operator}", f"{layer.name}_{number}", [first, other])
        return first

    def _concatenate(self, layer: Layer) -> int:
        if layer.config["axis"] not in (-1, len(layer.shape)):
            raise layer.refuse("it does not join channels", TARGET)
        return self._layer(layer, "Concat", dim=1, num_args=len(layer.inputs))

    def _activation(self, layer: Layer) -> int:
        config, source = layer.config, self._found[layer.inputs[0]]
        if layer.kind == "Activation":
            return self._activate(layer, layer.activation, source)
        if layer.kind == "Softmax" and config.get("axis", -1) in (-1, len(layer.shape)):
            return self._activate(layer, "softmax", source)
        if layer.kind == "ELU":
            return self._layer(layer, "LeakyReLU", act_type="elu", slope=float(config["alpha"]))
        if layer.kind in ("ReLU", "LeakyReLU") and not config.get("threshold"):
            slope, most = float(config.get("negative_slope") or 0), config.get("max_value")
            if most is None:
                return self._layer(layer, "LeakyReLU", act_type="leaky", slope=slope)
            if not slope:
                return self._layer(layer, "clip", a_min=0.0, a_max=float(most))
        raise layer.refuse("MXNet has no such activation", TARGET)

    def _activate(self, layer: Layer, name: str, source: int) -> int:
        if name == "linear":
            return source
        if name == "silu":
            gate = self._node("sigmoid", f"{layer.name}_gate", [source])
            return self._node("elemwise_mul", f"{layer.name}_silu", [source, gate])
        if name not in _ACTIVATIONS:
            raise layer.refuse(f"MXNet has no activation {name}", TARGET)
        operator, attributes = _ACTIVATIONS[name]
        return self._node(operator, f"{layer.name}_{name}", [source], **attributes)


_RUN = """
import mxnet, numpy, sys
symbol, parameters, images, result = sys.argv[1:]
network = mxnet.gluon.SymbolBlock.imports(symbol, ["image"], parameters, ctx=mxnet.cpu())
found = network(mxnet.nd.array(numpy.load(images)))
numpy.save(result, found.asnumpy())
"""


def run_mxnet(path: Path, inputs: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
    """Return what MXNet computes in the Python that PYTHON_VARIABLE names."""
    images = np.ascontiguousarray(inputs[0].transpose(0, 3, 1, 2), np.float32)
    return run_elsewhere(_RUN, [str(path), str(path.with_suffix(_PARAMETERS))], images)


MXNET = ExportFormat(
    name="mxnet",
    title="MXNet",
    suffix=".json",
    description="Symbol (.json) and arrays (.params) for SymbolBlock.imports of MXNet 1.x; images are N × channels × "
    "height × width, grey levels go in as numbers of 32 bits.",
    write=write_mxnet,
    checks=(
        Check(
            "MXNet",
            Package("mxnet", "mxnet"),
            run_mxnet,
            find=lambda: version_elsewhere("mxnet"),
            lacking=f"it needs a Python of its own with mxnet 1.9.1, which {PYTHON_VARIABLE} names",
        ),
    ),
    companions=(_PARAMETERS,),
    layout="images × channels × height × width",
    takes="float32",
)
