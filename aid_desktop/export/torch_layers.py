"""Layers of Keras as modules of PyTorch: images are (N, C, H, W) there, (N, H, W, C) in Keras; all else is as in Keras.

No library does this for Keras 3: its own export to PyTorch needs networks that were trained with PyTorch, and
onnx2torch needs a torchvision of its own.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aid_desktop.export.graph import Layer
from aid_desktop.export.padding import same_padding
from aid_desktop.export.torch_operations import OPERATIONS, TARGET, Function, Shapes, function_module, make_operation

if TYPE_CHECKING:
    import torch

_TO_KERAS, _TO_TORCH = (0, 2, 3, 1), (0, 3, 1, 2)
_IMAGE_AXES = 3
"""Axes of an image without the first one."""


def make_module(layer: Layer, shapes: Shapes) -> "torch.nn.Module":
    """Return a module that computes the layer, with its weights. Raises ExportError for a layer it cannot express."""
    make = _split if layer.kind.startswith("Split[") else _MAKERS.get(layer.kind)
    if make is None:
        raise layer.refuse("no module of PyTorch is known for it", TARGET)
    if layer.config.get("data_format", "channels_last") != "channels_last":
        raise layer.refuse("its channels come first", TARGET)
    return _with_activation(layer, make(layer, shapes))


def _with_activation(layer: Layer, module: "torch.nn.Module") -> "torch.nn.Module":
    from torch import nn

    if layer.activation == "linear" or layer.kind == "Activation":
        return module
    return nn.Sequential(module, function_module(_activation(layer)))


def _activation(layer: Layer) -> Function:
    import torch
    from torch.nn import functional

    axis = _channel_axis(layer.shape)
    known: dict[str, Function] = {
        "relu": torch.relu,
        "relu6": functional.relu6,
        "leaky_relu": lambda x: functional.leaky_relu(x, 0.2),
        "elu": functional.elu,
        "selu": torch.selu,
        "gelu": functional.gelu,
        "silu": functional.silu,
        "sigmoid": torch.sigmoid,
        "hard_sigmoid": functional.hardsigmoid,
        "hard_silu": functional.hardswish,
        "tanh": torch.tanh,
        "softplus": functional.softplus,
        "softsign": functional.softsign,
        "exponential": torch.exp,
        "softmax": lambda x: torch.softmax(x, axis),
        "linear": lambda x: x,
    }
    if layer.activation not in known:
        raise layer.refuse(f"the activation {layer.activation} is not known", TARGET)
    return known[layer.activation]


def _channel_axis(shape: tuple[int, ...]) -> int:
    """Return the axis in PyTorch of what is the last one in Keras."""
    return 1 if len(shape) == _IMAGE_AXES else -1


def _tensor(values: Any) -> "torch.Tensor":
    import torch

    return torch.from_numpy(np.array(values, np.float32))


def _bias(layer: Layer) -> "torch.Tensor | None":
    return _tensor(layer.weights["bias"]) if "bias" in layer.weights else None


def _pad(
    layer: Layer,
    shape: tuple[int, ...],
    kernel: Sequence[int],
    strides: Sequence[int],
    dilation: Sequence[int] = (1, 1),
) -> list[int]:
    """Return how far to pad left, right, above and below, as torch.nn.functional.pad takes it."""
    if layer.config["padding"] == "valid":
        return [0, 0, 0, 0]
    above, left = (same_padding(shape[i], kernel[i], strides[i], dilation[i]) for i in range(2))
    return [*left, *above]


def _convolution(
    layer: Layer, kernel: "np.ndarray[Any, Any]", bias: "torch.Tensor | None", groups: int, shape: tuple[int, ...]
) -> "torch.nn.Module":
    """Return a convolution with a kernel (out, in / groups, height, width)."""
    from torch import nn

    strides, dilation = tuple(layer.config["strides"]), tuple(layer.config.get("dilation_rate", (1, 1)))
    out, per_group, *size = kernel.shape
    padding = _pad(layer, shape, size, strides, dilation)
    module = nn.Conv2d(
        per_group * groups, out, tuple(size), strides, dilation=dilation, groups=groups, bias=bias is not None
    )
    module.weight.data = _tensor(np.ascontiguousarray(kernel))
    if bias is not None:
        module.bias = nn.Parameter(bias)
    left, right, above, below = padding
    return nn.Sequential(nn.ZeroPad2d((left, right, above, below)), module) if any(padding) else module


def _conv2d(layer: Layer, shapes: Shapes) -> "torch.nn.Module":
    kernel = layer.weights["kernel"].transpose(3, 2, 0, 1)
    return _convolution(layer, kernel, _bias(layer), int(layer.config.get("groups", 1)), shapes[0])


def _depthwise_kernel(kernel: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    height, width, channels, multiplier = kernel.shape
    return kernel.transpose(2, 3, 0, 1).reshape(channels * multiplier, 1, height, width)


def _depthwise(layer: Layer, shapes: Shapes) -> "torch.nn.Module":
    kernel = next(weights for name, weights in layer.weights.items() if name != "bias")
    return _convolution(layer, _depthwise_kernel(kernel), _bias(layer), kernel.shape[2], shapes[0])


def _separable(layer: Layer, shapes: Shapes) -> "torch.nn.Module":
    from torch import nn

    kernel = layer.weights["depthwise_kernel"]
    depthwise = _convolution(layer, _depthwise_kernel(kernel), None, kernel.shape[2], shapes[0])
    weights = layer.weights["pointwise_kernel"].transpose(3, 2, 0, 1)
    bias = _bias(layer)
    pointwise = nn.Conv2d(weights.shape[1], weights.shape[0], 1, bias=bias is not None)
    pointwise.weight.data = _tensor(np.ascontiguousarray(weights))
    if bias is not None:
        pointwise.bias = nn.Parameter(bias)
    return nn.Sequential(depthwise, pointwise)


def _transposed_convolution(layer: Layer, shapes: Shapes) -> "torch.nn.Module":
    from torch import nn

    strides, dilation = tuple(layer.config["strides"]), tuple(layer.config["dilation_rate"])
    if dilation != (1, 1) or layer.config.get("output_padding") is not None:
        raise layer.refuse("it has a dilation or a padding of its output", TARGET)
    kernel, bias = layer.weights["kernel"].transpose(3, 2, 0, 1), _bias(layer)
    # Pixels that the kernel does not reach, because it is smaller than a step, are made too.
    n_in, n_out, *size = kernel.shape
    unreached = tuple(max(stride - side, 0) for stride, side in zip(strides, size, strict=True))
    module = nn.ConvTranspose2d(n_in, n_out, tuple(size), strides, output_padding=unreached, bias=bias is not None)
    module.weight.data = _tensor(kernel)
    if bias is not None:
        module.bias = nn.Parameter(bias)
    # What the convolution that leads back would pad is cut off.
    left, right, above, below = (-n for n in _pad(layer, layer.shape, size, strides))
    return nn.Sequential(module, nn.ZeroPad2d((left, right, above, below)))


def _dense(layer: Layer, shapes: Shapes) -> "torch.nn.Module":
    from torch import nn

    kernel, bias = layer.weights["kernel"], _bias(layer)
    module = nn.Linear(kernel.shape[0], kernel.shape[1], bias=bias is not None)
    module.weight.data = _tensor(np.ascontiguousarray(kernel.T))
    if bias is not None:
        module.bias = nn.Parameter(bias)
    return _as_in_keras(layer, module, shapes)


def _as_in_keras(layer: Layer, module: "torch.nn.Module", shapes: Shapes) -> "torch.nn.Module":
    """Return a module that computes with the order of axes that Keras has."""
    from torch import nn

    steps = [module]
    if len(shapes[0]) == _IMAGE_AXES:
        steps.insert(0, function_module(lambda x: x.permute(_TO_KERAS)))
    if len(layer.shape) == _IMAGE_AXES:
        steps.append(function_module(lambda x: x.permute(_TO_TORCH)))
    return nn.Sequential(*steps) if len(steps) > 1 else module


def _batch_normalization(layer: Layer, shapes: Shapes) -> "torch.nn.Module":
    from torch import nn

    _need_last_axis(layer, shapes)
    if len(shapes[0]) not in (1, _IMAGE_AXES):
        raise layer.refuse(f"its input has {len(shapes[0]) + 1} axes", TARGET)
    weights, n = layer.weights, shapes[0][-1]
    kind = nn.BatchNorm2d if len(shapes[0]) == _IMAGE_AXES else nn.BatchNorm1d
    module = kind(n, eps=float(layer.config["epsilon"]))
    module.weight.data = _tensor(weights.get("gamma", np.ones(n)))
    module.bias.data = _tensor(weights.get("beta", np.zeros(n)))
    module.running_mean, module.running_var = _tensor(weights["moving_mean"]), _tensor(weights["moving_variance"])
    return module


def _layer_normalization(layer: Layer, shapes: Shapes) -> "torch.nn.Module":
    from torch import nn

    _need_last_axis(layer, shapes)
    if layer.config.get("rms_scaling"):
        raise layer.refuse("it scales by the root mean square", TARGET)
    n = shapes[0][-1]
    module = nn.LayerNorm(n, eps=float(layer.config["epsilon"]))
    module.weight.data = _tensor(layer.weights.get("gamma", np.ones(n)))
    module.bias.data = _tensor(layer.weights.get("beta", np.zeros(n)))
    return _as_in_keras(layer, module, shapes)


def _layer_scale(layer: Layer, shapes: Shapes) -> "torch.nn.Module":
    """ConvNeXt's factor of each channel, a class of keras.applications."""
    gamma = _along_channels(next(iter(layer.weights.values())), shapes[0])
    return function_module(lambda x, gamma: x * gamma, gamma=gamma)


def _need_last_axis(layer: Layer, shapes: Shapes) -> None:
    axis = layer.config["axis"]
    axis = axis[0] if isinstance(axis, list | tuple) and len(axis) == 1 else axis
    if axis not in (-1, len(shapes[0])):
        raise layer.refuse(f"it normalizes along the axis {axis}, not along the channels", TARGET)


def _max_pooling(layer: Layer, shapes: Shapes) -> "torch.nn.Module":
    from torch.nn import functional

    size, strides = tuple(layer.config["pool_size"]), tuple(layer.config["strides"])
    padding = _pad(layer, shapes[0], size, strides)

    def pool(x: "torch.Tensor") -> "torch.Tensor":
        padded = functional.pad(x, padding, value=float("-inf")) if any(padding) else x
        return functional.max_pool2d(padded, size, strides)

    return function_module(pool)


def _average_pooling(layer: Layer, shapes: Shapes) -> "torch.nn.Module":
    from torch.nn import functional

    size, strides = tuple(layer.config["pool_size"]), tuple(layer.config["strides"])
    padding = _pad(layer, shapes[0], size, strides)

    def pool(x: "torch.Tensor") -> "torch.Tensor":
        if not any(padding):
            return functional.avg_pool2d(x, size, strides)
        # What was padded does not count.
        share = functional.avg_pool2d(functional.pad(x.new_ones(x.shape[-2:])[None], padding), size, strides)
        return functional.avg_pool2d(functional.pad(x, padding), size, strides) / share

    return function_module(pool)


def _global_pooling(layer: Layer, shapes: Shapes) -> "torch.nn.Module":
    keeps = bool(layer.config.get("keepdims"))
    if layer.kind.startswith("GlobalMax"):
        return function_module(lambda x: x.amax((2, 3), keepdim=keeps))
    return function_module(lambda x: x.mean((2, 3), keepdim=keeps))


def _flatten(layer: Layer, shapes: Shapes) -> "torch.nn.Module":
    return _as_in_keras(layer, function_module(lambda x: x.flatten(1)), shapes)


def _reshape(layer: Layer, shapes: Shapes) -> "torch.nn.Module":
    return _as_in_keras(layer, function_module(lambda x: x.reshape(-1, *layer.shape)), shapes)


def _permute(layer: Layer, shapes: Shapes) -> "torch.nn.Module":
    axes = (0, *layer.config["dims"])
    return _as_in_keras(layer, function_module(lambda x: x.permute(axes)), shapes)


def _zero_padding(layer: Layer, shapes: Shapes) -> "torch.nn.Module":
    from torch import nn

    (above, below), (left, right) = layer.config["padding"]
    return nn.ZeroPad2d((left, right, above, below))


def _cropping(layer: Layer, shapes: Shapes) -> "torch.nn.Module":
    (above, below), (left, right) = layer.config["cropping"]
    height, width = shapes[0][:2]
    return function_module(lambda x: x[:, :, above : height - below, left : width - right])


def _up_sampling(layer: Layer, shapes: Shapes) -> "torch.nn.Module":
    from torch import nn

    if layer.config.get("interpolation", "nearest") != "nearest":
        raise layer.refuse(f"it interpolates {layer.config['interpolation']}", TARGET)
    return nn.Upsample(scale_factor=tuple(map(float, layer.config["size"])), mode="nearest")


def _rescaling(layer: Layer, shapes: Shapes) -> "torch.nn.Module":
    scale, offset = (_along_channels(layer.config[name], shapes[0]) for name in ("scale", "offset"))
    return function_module(lambda x: x.float() * scale + offset)


def _normalization(layer: Layer, shapes: Shapes) -> "torch.nn.Module":
    _need_last_axis(layer, shapes)
    mean = layer.weights.get("mean", layer.config.get("mean"))
    variance = layer.weights.get("variance", layer.config.get("variance"))
    if mean is None or variance is None or layer.config.get("invert"):
        raise layer.refuse("its mean and variance are not known", TARGET)
    mean, std = (_along_channels(values, shapes[0]) for values in (mean, np.sqrt(variance)))
    return function_module(lambda x, mean, std: (x.float() - mean) / std.clamp(min=1e-7), mean=mean, std=std)


def _along_channels(values: Any, shape: tuple[int, ...]) -> "torch.Tensor":
    """Return numbers, one or one for each channel, in a form that is broadcast along the channels."""
    tensor = _tensor(values).reshape(-1)
    return tensor[:, None, None] if len(shape) == _IMAGE_AXES else tensor


def _split(layer: Layer, shapes: Shapes) -> "torch.nn.Module":
    """One part of keras.ops.split; the reader of the graph names it Split[number]."""
    number = int(layer.kind.partition("[")[2].rstrip("]"))
    parts, axis = layer.config["indices_or_sections"], int(layer.config["axis"])
    if not isinstance(parts, int) or axis not in (-1, len(shapes[0])):
        raise layer.refuse("it does not split the channels into equal parts", TARGET)
    channels = _channel_axis(shapes[0])
    return function_module(lambda x: x.chunk(parts, channels)[number])


def _activations(layer: Layer, shapes: Shapes) -> "torch.nn.Module":
    from torch.nn import functional

    config = layer.config
    if layer.kind == "Activation":
        return function_module(_activation(layer))
    if layer.kind == "Softmax":
        if config.get("axis", -1) not in (-1, len(shapes[0])):
            raise layer.refuse("it is not along the channels", TARGET)
        axis = _channel_axis(shapes[0])
        return function_module(lambda x: x.softmax(axis))
    if layer.kind == "LeakyReLU":
        slope = float(config["negative_slope"])
        return function_module(lambda x: functional.leaky_relu(x, slope))
    if layer.kind == "ELU":
        alpha = float(config["alpha"])
        return function_module(lambda x: functional.elu(x, alpha))
    if layer.kind == "PReLU":
        slopes = _tensor(layer.weights["alpha"])
        slopes = slopes.permute(2, 0, 1) if slopes.dim() == _IMAGE_AXES else slopes
        return function_module(lambda x, alpha: x.clamp(min=0) + alpha * x.clamp(max=0), alpha=slopes)
    return _relu(layer)


def _relu(layer: Layer) -> "torch.nn.Module":
    from torch.nn import functional

    slope, most = float(layer.config.get("negative_slope") or 0), layer.config.get("max_value")
    if layer.config.get("threshold"):
        raise layer.refuse("it has a threshold", TARGET)

    def relu(x: "torch.Tensor") -> "torch.Tensor":
        x = functional.leaky_relu(x, slope) if slope else functional.relu(x)
        return x if most is None else x.clamp(max=float(most))

    return function_module(relu)


_MAKERS: dict[str, Callable[[Layer, Shapes], "torch.nn.Module"]] = {
    "Conv2D": _conv2d,
    "DepthwiseConv2D": _depthwise,
    "SeparableConv2D": _separable,
    "Conv2DTranspose": _transposed_convolution,
    "Dense": _dense,
    "BatchNormalization": _batch_normalization,
    "LayerNormalization": _layer_normalization,
    "LayerScale": _layer_scale,
    "MaxPooling2D": _max_pooling,
    "AveragePooling2D": _average_pooling,
    "GlobalMaxPooling2D": _global_pooling,
    "GlobalAveragePooling2D": _global_pooling,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Permute": _permute,
    "ZeroPadding2D": _zero_padding,
    "Cropping2D": _cropping,
    "UpSampling2D": _up_sampling,
    "Rescaling": _rescaling,
    "Normalization": _normalization,
    **dict.fromkeys(("Activation", "ELU", "LeakyReLU", "PReLU", "ReLU", "Softmax"), _activations),
    **dict.fromkeys(OPERATIONS, make_operation),
}
