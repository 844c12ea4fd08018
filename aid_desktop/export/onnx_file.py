"""ONNX files of today: for ONNX Runtime, OpenCV, and most other runtimes."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aid_desktop.export.exporter import Check, ExportFormat, Package
from aid_desktop.export.network import ExportNetwork
from aid_desktop.export.opencv_process import run_dnn
from aid_desktop.export.openvino_file import OPENVINO_PACKAGE, run_openvino
from aid_desktop.models.onnx_graph import INPUT_NAMES, serialized, to_onnx

if TYPE_CHECKING:
    import onnx

CLASSES_KEY = "class_names"
"""Where the file's metadata hold the class names, as a JSON list."""


def write_onnx(network: ExportNetwork, path: Path) -> None:
    """Write the network, with its class names among the metadata. Raises ModelError, OSError."""
    graph = to_onnx(network.model)
    describe(graph, network)
    path.write_bytes(serialized(graph))


def describe(graph: "onnx.ModelProto", network: ExportNetwork) -> None:
    """Write program, class names and the form of the input into the metadata of a graph."""
    from aid_desktop import __version__

    graph.producer_name, graph.producer_version = "AID Desktop", __version__
    properties = {
        CLASSES_KEY: json.dumps(network.card.class_names),
        "architecture": network.card.architecture,
        "input": "grey levels as they are" if network.is_raw else json.dumps(network.card.normalization.to_json()),
    }
    for key, value in properties.items():
        entry = graph.metadata_props.add()
        entry.key, entry.value = key, value


def run_onnxruntime(path: Path, inputs: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
    """Return what ONNX Runtime computes on the CPU."""
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_inputs()]
    result: NDArray[np.float32] = session.run(None, dict(zip(names, inputs, strict=True)))[0]
    return result


def run_opencv(path: Path, inputs: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
    """Return what OpenCV's dnn module computes of an ONNX file."""
    return run_dnn("readNetFromONNX", [path], list(zip(INPUT_NAMES, inputs, strict=False)))


ONNXRUNTIME = Package("onnxruntime", "onnxruntime")
OPENCV = Package("cv2", "opencv-python-headless")

ONNX = ExportFormat(
    name="onnx",
    title="ONNX",
    suffix=".onnx",
    description="Read by ONNX Runtime, OpenCV, OpenVINO and most other runtimes, in any language; takes any number of "
    "images. OpenCV 4 may put an axis of length 1 between images and classes of the output.",
    write=write_onnx,
    checks=(
        Check("ONNX Runtime", ONNXRUNTIME, run_onnxruntime),
        Check("OpenCV", OPENCV, run_opencv, is_own=False),
        Check("OpenVINO", OPENVINO_PACKAGE, run_openvino, is_own=False),
    ),
)
