"""A network as an ONNX graph: for quick classification here, and for other programs."""

import importlib
import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from aid_desktop.errors import ModelError

if TYPE_CHECKING:
    import keras
    import onnx

logger = logging.getLogger(__name__)

OPSET = 15
"""Version of ONNX' operators: what tf2onnx takes by itself, and all readers of today know."""
INPUT_NAMES = ("image", "features")
"""Names of the graph's inputs, of a network that takes the image alone or scalar features too."""
OUTPUT_NAME = "probabilities"
BATCH = "batch"
"""Name of the first axis of all inputs and outputs, whose length is open."""

Shape = tuple[int | None, ...]

# Whatever a converter meets in a network that it does not know ends in one of these, or in those of _converter_errors.
_CONVERTER_ERRORS = (
    ValueError, TypeError, KeyError, IndexError, AttributeError, NotImplementedError, RuntimeError, AssertionError,
    ImportError, OverflowError, MemoryError,
)  # fmt: skip
# tf2onnx counts the names it gives in a variable of its module.
_CONVERTING = threading.Lock()


class MissingOperatorError(ModelError):
    """A network has an operator that ONNX does not have: it will fail again."""


def input_shapes(model: "keras.Model") -> tuple[Shape, ...]:
    """Return the shapes of the network's inputs, without the first axis."""
    return tuple(tuple(one.shape[1:]) for one in model.inputs)


def to_onnx(
    model: "keras.Model", shapes: Sequence[Shape] = (), opset: int = OPSET, batch: int | None = None
) -> "onnx.ModelProto":
    """Return the network, in inference mode, as a graph with its weights inside.

    Inputs are (batch, *shape) in the order and of the number formats of the network's, with any number of images
    unless `batch` says how many; `shapes` are their other axes, by default as the network says. They are named as in
    INPUT_NAMES, or by their number where there are more. The output is OUTPUT_NAME. Normalization is not part of it:
    see ModelCard.

    Weights become constants before the graph is converted: Keras' own export silently mixes up statistics of batch
    normalizations where layers such as Resizing stand before them. Still, compare the result with the network before
    it is used, see onnx_cache.py. Threads wait for one another. Raises MissingOperatorError, and ModelError where
    tf2onnx or onnx is missing, or anything else goes wrong.
    """
    try:
        with _CONVERTING, _silence():
            return _convert(model, tuple(shapes) or input_shapes(model), opset, batch)
    except _converter_errors() as error:
        raise ModelError(f"the network cannot be written as ONNX: {_first_line(error)}") from error


def serialized(graph: "onnx.ModelProto") -> bytes:
    """Return the graph as the bytes of a file. Raises ModelError for more than 2 GB, which the format cannot hold."""
    try:
        content: bytes = graph.SerializeToString()
    except _converter_errors() as error:
        raise ModelError(f"the network cannot be written as ONNX: {_first_line(error)}") from error
    return content


def _converter_errors() -> tuple[type[Exception], ...]:
    """Return all of them: TensorFlow's and protobuf's have bases of their own."""
    import tensorflow as tf

    # It has no types.
    protobuf = importlib.import_module("google.protobuf.message")
    return (*_CONVERTER_ERRORS, tf.errors.OpError, protobuf.Error)


def _convert(model: "keras.Model", shapes: Sequence[Shape], opset: int, batch: int | None) -> "onnx.ModelProto":
    import onnx
    import tf2onnx

    function = frozen_function(model, shapes, batch)
    inputs, outputs = [one.name for one in function.inputs], [one.name for one in function.outputs]
    if len(inputs) != len(shapes) or len(outputs) != 1:
        raise ValueError(f"it has {len(inputs)} inputs and {len(outputs)} outputs")
    proto: onnx.ModelProto
    proto, _ = tf2onnx.convert.from_graph_def(
        function.graph.as_graph_def(),
        name="AID Desktop",
        input_names=inputs,
        output_names=outputs,
        opset=opset,
        custom_op_handlers={"Erfc": (_write_erfc, [])},
    )
    names = (*_names(len(shapes)), OUTPUT_NAME)
    _rename(proto.graph, dict(zip((*inputs, *outputs), names, strict=True)))
    for value in (*proto.graph.input, *proto.graph.output):
        # Before operators of version 9 weights are inputs too.
        if batch is None and value.name in names:
            value.type.tensor_type.shape.dim[0].dim_param = BATCH
    try:
        # tf2onnx leaves operators that it does not know where they are.
        onnx.checker.check_model(proto)
    except onnx.checker.ValidationError as error:
        raise MissingOperatorError(f"the network cannot be written as ONNX: {_first_line(error)}") from error
    return proto


def frozen_function(model: "keras.Model", shapes: Sequence[Shape], batch: int | None = None) -> Any:
    """Return the network in inference mode as a function of TensorFlow whose weights are constants.

    It takes tensors (batch, *shape) in the number formats of the network's inputs; None: of any number of images.
    """
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    function = tf.function(
        lambda *inputs: model(list(inputs) if len(inputs) > 1 else inputs[0], training=False),
        input_signature=[
            tf.TensorSpec((batch, *shape), one.dtype) for shape, one in zip(shapes, model.inputs, strict=True)
        ],
    )
    return convert_variables_to_constants_v2(
        function.get_concrete_function(), lower_control_flow=False, aggressive_inlining=True
    )


def _names(n_inputs: int) -> tuple[str, ...]:
    return INPUT_NAMES[:n_inputs] if n_inputs <= len(INPUT_NAMES) else tuple(f"input_{i}" for i in range(n_inputs))


def _write_erfc(graph: Any, node: Any, name: str, arguments: Any) -> None:
    """Write erfc(x), which ONNX does not have and GELU is made of, as 1 - erf(x)."""
    import numpy as np
    from tf2onnx import utils

    kind = utils.map_onnx_to_numpy_type(graph.get_dtype(node.input[0]))
    one = graph.make_const(utils.make_name(f"{name}_one"), np.array(1, kind))
    erf = graph.make_node("Erf", [node.input[0]], name=utils.make_name(f"{name}_erf"))
    node.type, node.domain = "Sub", ""
    graph.replace_inputs(node, [one.output[0], erf.output[0]])


def _rename(graph: "onnx.GraphProto", names: Mapping[str, str]) -> None:
    for value in (*graph.input, *graph.output):
        value.name = names.get(value.name, value.name)
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
        for attribute in node.attribute:
            for part in (*attribute.graphs, *([attribute.g] if attribute.HasField("g") else [])):
                _rename(part, names)


@contextmanager
def _silence() -> Iterator[None]:
    """Keep what tf2onnx says to itself: it prints tracebacks of optimizations that it then leaves out."""
    said = logging.getLogger("tf2onnx")
    level = said.level
    said.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        said.setLevel(level)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__
