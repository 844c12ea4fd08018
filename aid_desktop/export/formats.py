"""All targets that a network can be exported to, in the order in which they are offered."""

from collections.abc import Mapping
from difflib import get_close_matches

from aid_desktop.errors import ExportError
from aid_desktop.export.caffe import CAFFE
from aid_desktop.export.coreml import COREML
from aid_desktop.export.exporter import ExportFormat
from aid_desktop.export.keras_file import H5, KERAS
from aid_desktop.export.mxnet import MXNET
from aid_desktop.export.nnet import NNET
from aid_desktop.export.onnx_file import ONNX
from aid_desktop.export.onnx_legacy import CNTK, ONNX_LEGACY
from aid_desktop.export.openvino_file import OPENVINO
from aid_desktop.export.pytorch import PYTORCH
from aid_desktop.export.tensorflow_graph import FROZEN, SAVED_MODEL
from aid_desktop.export.tflite import TFLITE, TFLITE_INT8

FORMATS: tuple[ExportFormat, ...] = (
    ONNX,
    KERAS,
    H5,
    FROZEN,
    SAVED_MODEL,
    PYTORCH,
    TFLITE,
    TFLITE_INT8,
    OPENVINO,
    COREML,
    CAFFE,
    MXNET,
    ONNX_LEGACY,
    CNTK,
    NNET,
)


def find_format(name: str) -> ExportFormat:
    """Return the format of that name. Raises ExportError naming the nearest one."""
    known: Mapping[str, ExportFormat] = {one.name: one for one in FORMATS}
    if name not in known:
        near = get_close_matches(name, known, 1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
        raise ExportError(f"there is no export format {name!r}: {hint}")
    return known[name]
