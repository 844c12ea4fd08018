"""What changes for a network when its images are (N, C, H, W): values behind Flatten, and kernels in groups."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from aid_desktop.export.graph import Array, Layer, LayerGraph

Order = NDArray[np.intp]

_WITH_OWN_ORDER = frozenset({"Dense", "GlobalAveragePooling2D", "GlobalMaxPooling2D", "InputLayer"})
_IMAGE_AXES = 3


def find_orders(graph: LayerGraph, target: str) -> Mapping[str, Order]:
    """Return for each layer whose output is flat where each of its values stands in Keras.

    Raises ExportError for a layer that mixes values of different orders, or reshapes images.
    """
    orders: dict[str, Order] = {}
    shapes = {layer.name: layer.shape for layer in graph.layers}
    for layer in graph.layers:
        if len(layer.shape) == 1:
            orders[layer.name] = _order(layer, shapes, orders, target)
        elif len(layer.shape) != _IMAGE_AXES:
            raise layer.refuse(f"its output has {len(layer.shape) + 1} axes", target)
    return orders


def _order(layer: Layer, shapes: Mapping[str, tuple[int, ...]], orders: Mapping[str, Order], target: str) -> Order:
    if layer.kind in _WITH_OWN_ORDER:
        return np.arange(layer.shape[0])
    before = [shapes[name] for name in layer.inputs]
    if layer.kind == "Flatten" and len(before[0]) == _IMAGE_AXES:
        return np.arange(layer.shape[0]).reshape(before[0]).transpose(2, 0, 1).ravel()
    if any(len(shape) != 1 for shape in before):
        raise layer.refuse("it makes something else of an image", target)
    inputs = [orders[name] for name in layer.inputs]
    if layer.kind == "Concatenate":
        starts = np.cumsum([0, *(len(one) for one in inputs[:-1])])
        return np.concatenate([start + one for start, one in zip(starts, inputs, strict=True)])
    if any(not np.array_equal(one, inputs[0]) for one in inputs[1:]):
        raise layer.refuse("it joins values that have another order when channels come first", target)
    return inputs[0]


def grouped_kernel(layer: Layer, target: str) -> tuple[Array, int]:
    """Return the kernel of a convolution (height, width, inputs of a group, outputs), and the number of its groups.

    A depthwise one has as many groups as channels. Raises ExportError where channels come first in Keras.
    """
    if layer.config["data_format"] != "channels_last":
        raise layer.refuse("its channels come first", target)
    kernel = next(values for name, values in layer.weights.items() if name != "bias")
    if layer.kind == "DepthwiseConv2D":
        return kernel.reshape(*kernel.shape[:2], 1, -1), kernel.shape[2]
    return kernel, int(layer.config.get("groups", 1))
