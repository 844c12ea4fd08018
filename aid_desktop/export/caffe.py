"""Networks for Caffe: a .prototxt with the layers and a .caffemodel with their weights.

No library that is looked after writes these files: caffe on PyPI is a placeholder.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aid_desktop.errors import ExportError
from aid_desktop.export.caffe_proto import net_parameter
from aid_desktop.export.channels_first import Order, find_orders, grouped_kernel
from aid_desktop.export.exporter import Check, ExportFormat
from aid_desktop.export.graph import Array, Layer, LayerGraph, read_graph
from aid_desktop.export.network import ExportNetwork
from aid_desktop.export.onnx_file import OPENCV
from aid_desktop.export.opencv_process import run_dnn
from aid_desktop.export.padding import same_padding
from aid_desktop.models.onnx_graph import OUTPUT_NAME

TARGET = "Caffe"
_WEIGHTS = ".caffemodel"
_ACTIVATIONS = {"relu": "ReLU", "sigmoid": "Sigmoid", "tanh": "TanH", "elu": "ELU", "softplus": "BNLL"}


def write_caffe(network: ExportNetwork, path: Path) -> None:
    """Write the layers as text, the class names in a comment, and all with weights beside it, images (N, C, H, W).

    Raises ExportError naming a layer that Caffe computes otherwise or does not have.
    """
    from google.protobuf import text_format

    if len(network.inputs) > 1:
        raise ExportError("Caffe: a network that takes features besides images is not written; choose ONNX")
    net = CaffeWriter(read_graph(network.model), network.card.architecture).write()
    path.with_suffix(_WEIGHTS).write_bytes(net.SerializeToString())
    for layer in net.layer:
        layer.ClearField("blobs")
    names = json.dumps(network.card.class_names, ensure_ascii=False)
    path.write_text(f"# class names: {names}\n{text_format.MessageToString(net)}", encoding="utf-8")


class CaffeWriter:
    """Makes a NetParameter of a network, layer by layer."""

    def __init__(self, graph: LayerGraph, name: str) -> None:
        self._graph = graph
        self._orders: Mapping[str, Order] = find_orders(graph, TARGET)
        self._shapes = {layer.name: layer.shape for layer in graph.layers}
        self._tops: dict[str, str] = {}
        """Name of the blob that holds a layer's output."""
        self.net = net_parameter()(name=name)

    def write(self) -> Any:
        """Return the message."""
        makers: dict[str, Callable[[Layer], str]] = {
            "InputLayer": self._input,
            "Conv2D": self._convolution,
            "DepthwiseConv2D": self._convolution,
            "Dense": self._dense,
            "BatchNormalization": self._batch_normalization,
            "MaxPooling2D": self._pooling,
            "AveragePooling2D": self._pooling,
            "GlobalAveragePooling2D": self._global_pooling,
            "GlobalMaxPooling2D": self._global_pooling,
            "Flatten": lambda layer: self._add(layer, "Flatten"),
            "Rescaling": self._rescaling,
            "Concatenate": self._concatenate,
            **dict.fromkeys(("Add", "Average", "Maximum", "Multiply", "Subtract"), self._elementwise),
            **dict.fromkeys(("Activation", "ELU", "LeakyReLU", "ReLU", "Softmax"), self._activation),
        }
        for layer in self._graph.layers:
            if layer.kind not in makers:
                raise layer.refuse("Caffe has no such layer", TARGET)
            self._tops[layer.name] = makers[layer.kind](layer)
            if layer.activation != "linear" and layer.kind != "Activation":
                self._tops[layer.name] = self._activate(layer, layer.activation, self._tops[layer.name])
        self.net.layer.add(name=OUTPUT_NAME, type="Power", bottom=[self._tops[self._graph.output]], top=[OUTPUT_NAME])
        return self.net

    def _add(self, layer: Layer, kind: str, weights: Sequence[Array] = (), suffix: str = "", **parameters: Any) -> str:
        """Add a layer that takes what the given one takes; return the name of its output."""
        name = f"{layer.name}{suffix}"
        bottom = [self._tops[one] for one in layer.inputs]
        self._append(kind, name, bottom, weights, parameters)
        return name

    def _append(
        self, kind: str, name: str, bottom: Sequence[str], weights: Sequence[Array], parameters: Mapping[str, Any]
    ) -> Any:
        made = self.net.layer.add(name=name, type=kind, bottom=bottom, top=[name])
        for field, values in parameters.items():
            message = getattr(made, field)
            message.SetInParent()
            for key, value in values.items():
                if isinstance(value, list):
                    getattr(message, key).extend(value)
                else:
                    setattr(message, key, value)
        for array in weights:
            blob = made.blobs.add()
            blob.shape.dim.extend(array.shape)
            blob.data.extend(np.ascontiguousarray(array, np.float32).ravel())
        return made

    def _input(self, layer: Layer) -> str:
        height, width, channels = layer.shape
        made = self.net.layer.add(name=layer.name, type="Input", top=[layer.name])
        made.input_param.shape.add(dim=[1, channels, height, width])
        return layer.name

    def _convolution(self, layer: Layer) -> str:
        config, shape = layer.config, self._shapes[layer.inputs[0]]
        kernel, groups = grouped_kernel(layer, TARGET)
        strides, dilation = config["strides"], config.get("dilation_rate", (1, 1))
        kernel, pads = self._padded(layer, kernel, shape, strides, dilation)
        bias = [layer.weights["bias"]] if "bias" in layer.weights else []
        values = {
            "num_output": kernel.shape[3], "bias_term": bool(bias), "group": groups, "pad_h": pads[0], "pad_w": pads[1],
            "kernel_h": kernel.shape[0], "kernel_w": kernel.shape[1], "stride_h": strides[0], "stride_w": strides[1],
            "dilation": [int(dilation[0])],
        }  # fmt: skip
        return self._add(layer, "Convolution", [kernel.transpose(3, 2, 0, 1), *bias], convolution_param=values)

    def _padded(
        self, layer: Layer, kernel: Array, shape: tuple[int, ...], strides: Sequence[int], dilation: Sequence[int]
    ) -> tuple[Array, list[int]]:
        """Return a kernel and how far to pad on both sides alike.

        Where TensorFlow pads one pixel more behind the image, the kernel begins with one zero more.
        """
        if dilation[0] != dilation[1]:
            raise layer.refuse("it is dilated differently in height and width", TARGET)
        if layer.config["padding"] == "valid":
            return kernel, [0, 0]
        pads = []
        for axis in (0, 1):
            before, after = same_padding(shape[axis], kernel.shape[axis], strides[axis], dilation[axis])
            if after != before:
                if dilation[axis] > 1:
                    raise layer.refuse("it is dilated, and its padding differs before and behind", TARGET)
                kernel = np.pad(kernel, [(after - before, 0) if axis == one else (0, 0) for one in range(4)])
            pads.append(after)
        return kernel, pads

    def _dense(self, layer: Layer) -> str:
        order = self._orders.get(layer.inputs[0])
        if order is None:
            raise layer.refuse("it is applied to images", TARGET)
        kernel = layer.weights["kernel"][order].T
        bias = [layer.weights["bias"]] if "bias" in layer.weights else []
        values = {"num_output": kernel.shape[0], "bias_term": bool(bias)}
        return self._add(layer, "InnerProduct", [kernel, *bias], inner_product_param=values)

    def _batch_normalization(self, layer: Layer) -> str:
        weights, shape = layer.weights, self._shapes[layer.inputs[0]]
        axis = layer.config["axis"]
        if (axis[0] if isinstance(axis, list | tuple) else axis) not in (-1, len(shape)):
            raise layer.refuse("it does not normalize along the channels", TARGET)
        variance = weights["moving_variance"].astype(np.float64)
        scale = weights.get("gamma", np.float32(1)) / np.sqrt(variance + float(layer.config["epsilon"]))
        shift = weights.get("beta", np.float32(0)) - weights["moving_mean"] * scale
        order = self._orders.get(layer.inputs[0], slice(None))
        arrays = [np.asarray(values[order], np.float32) for values in (scale, shift)]
        return self._add(layer, "Scale", arrays, scale_param={"axis": 1, "bias_term": True})

    def _pooling(self, layer: Layer) -> str:
        config, shape = layer.config, self._shapes[layer.inputs[0]]
        size, strides = config["pool_size"], config["strides"]
        pads = [0, 0]
        if config["padding"] == "same":
            padding = [same_padding(shape[axis], size[axis], strides[axis]) for axis in (0, 1)]
            if layer.kind.startswith("Average") and any(map(any, padding)):
                raise layer.refuse("Caffe counts padded pixels in an average", TARGET)
            pads = [before for before, _ in padding]
        values = {
            "pool": int(layer.kind.startswith("Average")), "kernel_h": size[0], "kernel_w": size[1],
            "stride_h": strides[0], "stride_w": strides[1], "pad_h": pads[0], "pad_w": pads[1],
        }  # fmt: skip
        made = [_pooled(shape[axis], size[axis], strides[axis], pads[axis]) for axis in (0, 1)]
        if any(one < wanted for one, wanted in zip(made, layer.shape[:2], strict=True)):
            raise layer.refuse("Caffe pools fewer windows there", TARGET)
        top = self._add(layer, "Pooling", pooling_param=values)
        for axis in (0, 1):
            # Caffe rounds up: windows that hang over the border are left out again.
            if made[axis] > layer.shape[axis]:
                top = self._sliced(layer, top, axis + 2, layer.shape[axis])
        return top

    def _sliced(self, layer: Layer, bottom: str, axis: int, n: int) -> str:
        name = f"{layer.name}_first{axis}"
        parameters = {"slice_param": {"axis": axis, "slice_point": [n]}}
        made = self._append("Slice", name, [bottom], [], parameters)
        made.top.append(f"{name}_rest")
        self.net.layer.add(name=f"{name}_silence", type="Silence", bottom=[f"{name}_rest"])
        return name

    def _global_pooling(self, layer: Layer) -> str:
        values = {"pool": int(layer.kind.startswith("GlobalAverage")), "global_pooling": True}
        top = self._add(layer, "Pooling", suffix="_pool", pooling_param=values)
        if layer.config.get("keepdims"):
            return top
        self._append("Flatten", layer.name, [top], [], {})
        return layer.name

    def _rescaling(self, layer: Layer) -> str:
        scale, offset = (np.asarray(layer.config[name], np.float64) for name in ("scale", "offset"))
        if scale.size > 1 or offset.size > 1:
            raise layer.refuse("it scales each channel differently", TARGET)
        values = {"scale": float(scale), "shift": float(offset), "power": 1.0}
        return self._add(layer, "Power", power_param=values)

    def _elementwise(self, layer: Layer) -> str:
        # The output's too: keras.ops has an Average that goes along an axis.
        shapes = {layer.shape, *(self._shapes[name] for name in layer.inputs)}
        if len(shapes) > 1 or any(number is not None for number in layer.arguments):
            raise layer.refuse("its inputs and its output have different shapes", TARGET)
        operation = {"Multiply": 0, "Maximum": 2}.get(layer.kind, 1)
        n = len(layer.inputs)
        coefficients = {"Average": [1 / n] * n, "Subtract": [1.0, -1.0]}.get(layer.kind, [])
        return self._add(layer, "Eltwise", eltwise_param={"operation": operation, "coeff": coefficients})

    def _concatenate(self, layer: Layer) -> str:
        if layer.config["axis"] not in (-1, len(layer.shape)):
            raise layer.refuse("it does not join channels", TARGET)
        return self._add(layer, "Concat", concat_param={"axis": 1})

    def _activation(self, layer: Layer) -> str:
        bottom = self._tops[layer.inputs[0]]
        config = layer.config
        if layer.kind == "Activation":
            return self._activate(layer, layer.activation, bottom)
        if layer.kind == "Softmax" and config.get("axis", -1) in (-1, len(layer.shape)):
            return self._activate(layer, "softmax", bottom)
        if layer.kind == "ELU":
            return self._add(layer, "ELU", elu_param={"alpha": float(config["alpha"])})
        if layer.kind in ("ReLU", "LeakyReLU") and not config.get("threshold") and config.get("max_value") is None:
            slope = float(config.get("negative_slope") or 0)
            return self._add(layer, "ReLU", relu_param={"negative_slope": slope})
        raise layer.refuse("Caffe has no such activation", TARGET)

    def _activate(self, layer: Layer, name: str, bottom: str) -> str:
        if name == "linear":
            return bottom
        top = f"{layer.name}_{name}"
        if name == "softmax":
            self._append("Softmax", top, [bottom], [], {"softmax_param": {"axis": 1}})
        elif name == "leaky_relu":
            self._append("ReLU", top, [bottom], [], {"relu_param": {"negative_slope": 0.2}})
        elif name in _ACTIVATIONS:
            self._append(_ACTIVATIONS[name], top, [bottom], [], {})
        else:
            raise layer.refuse(f"Caffe has no activation {name}", TARGET)
        return top


def _pooled(size: int, kernel: int, stride: int, pad: int) -> int:
    """Return the number of windows that Caffe pools along a side: rounded up, the last one begins inside."""
    n = -(-(size + 2 * pad - kernel) // stride) + 1
    return n - 1 if pad and (n - 1) * stride >= size + pad else n


def run_caffe_opencv(path: Path, inputs: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
    """Return what OpenCV's dnn module computes of the two files."""
    images = np.ascontiguousarray(inputs[0].transpose(0, 3, 1, 2), np.float32)
    return run_dnn("readNetFromCaffe", [path, path.with_suffix(_WEIGHTS)], [("", images)], OUTPUT_NAME)


CAFFE = ExportFormat(
    name="caffe",
    title="Caffe",
    suffix=".prototxt",
    description="Layers (.prototxt) and weights (.caffemodel) for Caffe and OpenCV 4; images are N × channels × "
    "height × width, grey levels go in as numbers of 32 bits.",
    write=write_caffe,
    checks=(Check("OpenCV", OPENCV, run_caffe_opencv),),
    not_verified="Caffe itself is not run: OpenCV, which reads its files, computes them instead.",
    companions=(_WEIGHTS,),
    layout="images × channels × height × width",
    takes="float32",
)
