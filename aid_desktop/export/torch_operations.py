"""Operations of Keras without weights as modules of PyTorch: sums, products, means, and what keras.ops has of these."""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

from aid_desktop.export.graph import Layer

if TYPE_CHECKING:
    import torch

Function = Callable[..., "torch.Tensor"]
Shapes = Sequence[tuple[int, ...]]
"""Shapes of a layer's inputs as Keras has them, without the first axis."""

TARGET = "PyTorch"
OPERATIONS = (
    "Add", "Average", "Concatenate", "Divide", "Log", "Maximum", "Mean", "Minimum", "Multiply", "Sqrt",
    "Subtract", "TrueDivide",
)  # fmt: skip
_AXES = {0: 0, 1: 2, 2: 3, 3: 1, -1: 1, -2: 3, -3: 2}
"""Axes of images (N, C, H, W) by those in Keras (N, H, W, C)."""


def function_module(function: Function, **weights: "torch.Tensor") -> "torch.nn.Module":
    """Return a module that computes a function, which takes the weights by their names."""
    from torch import nn

    class Computation(nn.Module):
        """Computes a function."""

        def __init__(self) -> None:
            super().__init__()
            for name, values in weights.items():
                self.register_buffer(name, values)

        def forward(self, *tensors: Any) -> Any:
            """Compute it."""
            return function(*tensors, **dict(self.named_buffers()))

    return Computation()


def make_operation(layer: Layer, shapes: Shapes) -> "torch.nn.Module":
    """Return a module that computes one of OPERATIONS. Raises ExportError for one that PyTorch computes otherwise."""
    if len({len(shape) for shape in shapes}) > 1:
        raise layer.refuse("its inputs have different numbers of axes", TARGET)
    if layer.kind == "Concatenate":
        axis = _axis(layer, int(layer.config["axis"]), shapes[0])
        return function_module(lambda *tensors: _torch().cat(tensors, axis))
    if layer.kind == "Mean":
        return _mean(layer, shapes)
    return function_module(_filled(layer, _function(layer)))


def _function(layer: Layer) -> Function:
    torch = _torch()
    known: dict[str, Function] = {
        "Add": lambda *tensors: reduce(torch.add, tensors),
        "Subtract": torch.sub,
        "Multiply": lambda *tensors: reduce(torch.mul, tensors),
        "Divide": torch.div,
        "TrueDivide": torch.div,
        "Average": lambda *tensors: reduce(torch.add, tensors) / len(tensors),
        "Maximum": lambda *tensors: reduce(torch.maximum, map(torch.as_tensor, tensors)),
        "Minimum": lambda *tensors: reduce(torch.minimum, map(torch.as_tensor, tensors)),
        "Sqrt": torch.sqrt,
        "Log": torch.log,
    }
    return known[layer.kind]


def _filled(layer: Layer, function: Function) -> Function:
    """Return a function of the layer's inputs alone, with the numbers that it was called with in their places."""
    numbers = layer.arguments
    if all(number is None for number in numbers):
        return function
    if any(not isinstance(number, int | float | None) for number in numbers):
        raise layer.refuse("it was called with an array", TARGET)

    def compute(*tensors: "torch.Tensor") -> "torch.Tensor":
        left = iter(tensors)
        return function(*(next(left) if number is None else number for number in numbers))

    return compute


def _mean(layer: Layer, shapes: Shapes) -> "torch.nn.Module":
    axis, keeps = layer.config.get("axis"), bool(layer.config.get("keepdims"))
    if axis is None:
        raise layer.refuse("it is over all images together", TARGET)
    axes = tuple(_axis(layer, int(one), shapes[0]) for one in (axis if isinstance(axis, tuple | list) else (axis,)))
    if len(shapes[0]) == 3 and not keeps and set(axes) not in ({2, 3}, {1, 2, 3}):
        raise layer.refuse("what is left is no image", TARGET)
    return function_module(lambda x: x.mean(axes, keepdim=keeps))


def _axis(layer: Layer, axis: int, shape: tuple[int, ...]) -> int:
    if len(shape) == 3:
        return _AXES[axis]
    if len(shape) == 1:
        return axis
    raise layer.refuse(f"its input has {len(shape) + 1} axes", TARGET)


def _torch() -> Any:
    import torch

    return torch
