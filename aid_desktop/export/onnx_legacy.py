"""ONNX files for old runtimes: operators of version 7, one image at a time. CNTK reads them too."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aid_desktop.errors import ExportError
from aid_desktop.export.exporter import Check, ExportFormat
from aid_desktop.export.graph import layer_in, read_graph
from aid_desktop.export.network import ExportNetwork
from aid_desktop.export.onnx_file import ONNXRUNTIME, describe
from aid_desktop.models.onnx_graph import INPUT_NAMES, MissingOperatorError, serialized, to_onnx

if TYPE_CHECKING:
    import onnx

TARGET = "old ONNX runtimes"
_OPSET = 7
_IR_VERSION = 3
"""Version of the file format in which weights are inputs too, as readers of 2018 expect."""
_SPATIAL = [2, 3]


def write_onnx_legacy(network: ExportNetwork, path: Path) -> None:
    """Write the network for one image at a time, float32. Raises ExportError for operators that came later, OSError."""
    try:
        graph = to_onnx(network.model, opset=_OPSET, batch=1)
    except MissingOperatorError as error:
        raise _refusal(network, error) from error
    _make_old(graph)
    describe(graph, network)
    path.write_bytes(serialized(graph))


def _refusal(network: ExportNetwork, error: MissingOperatorError) -> ExportError:
    layer = layer_in(read_graph(network.model), str(error.__cause__))
    if layer is None:
        return ExportError(f"{error}, of the version of 2018: choose another format, ONNX takes most networks")
    return layer.refuse("ONNX of 2018 has no operator for it", TARGET)


def _make_old(graph: "onnx.ModelProto") -> None:
    """Write what old readers do not know as something that they know, in place."""
    import onnx

    graph.ir_version = _IR_VERSION
    # Readers of that time know the operators of ONNX alone.
    versions = [one for one in graph.opset_import if not one.domain]
    graph.ClearField("opset_import")
    graph.opset_import.extend(versions)
    _take_float(graph.graph)
    known = {value.name for value in graph.graph.input}
    for weights in graph.graph.initializer:
        if weights.name not in known:
            value = onnx.helper.make_tensor_value_info(weights.name, weights.data_type, list(weights.dims))
            graph.graph.input.append(value)
    for node in graph.graph.node:
        axes = [list(one.ints) for one in node.attribute if one.name == "axes"]
        if node.op_type == "Squeeze" and axes == [_SPATIAL]:
            # CNTK refuses to squeeze behind a global pooling.
            node.op_type = "Flatten"
            node.ClearField("attribute")
            node.attribute.append(onnx.helper.make_attribute("axis", 1))
    onnx.checker.check_model(graph)


def _take_float(graph: "onnx.GraphProto") -> None:
    """Make grey levels come in as float32: old readers have no other numbers."""
    import onnx

    for value in graph.input:
        if value.name in INPUT_NAMES:
            value.type.tensor_type.elem_type = onnx.TensorProto.FLOAT
    casts = [node for node in graph.node if node.op_type == "Cast" and node.input[0] in INPUT_NAMES]
    names = {node.output[0]: node.input[0] for node in casts}
    for node in casts:
        graph.node.remove(node)
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]


def run_onnxruntime_singly(path: Path, inputs: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
    """Return what ONNX Runtime computes, image by image."""
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    # It would warn of weights that are inputs too.
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    values = [np.asarray(one, np.float32) for one in inputs]
    found = [
        session.run(None, {name: one[number : number + 1] for name, one in zip(INPUT_NAMES, values, strict=False)})[0]
        for number in range(len(inputs[0]))
    ]
    return np.concatenate(found)


_CHECKS = (Check("ONNX Runtime", ONNXRUNTIME, run_onnxruntime_singly),)

ONNX_LEGACY = ExportFormat(
    name="onnx_legacy",
    title="ONNX for old runtimes",
    suffix=".onnx",
    description="Operators of version 7 (2018), one image at a time: for programs that cannot read the ONNX of today; "
    "grey levels go in as numbers of 32 bits.",
    write=write_onnx_legacy,
    checks=_CHECKS,
    n_images=1,
    takes="float32",
)
CNTK = ExportFormat(
    name="cntk",
    title="CNTK",
    suffix=".onnx",
    description="The ONNX that Microsoft's CNTK 2.7 loads (Function.load with ModelFormat.ONNX); one image at a time, "
    "grey levels go in as numbers of 32 bits.",
    write=write_onnx_legacy,
    checks=_CHECKS,
    n_images=1,
    takes="float32",
    not_verified="CNTK itself is not run: it needs Python 3.6. The file is computed by ONNX Runtime instead.",
)
