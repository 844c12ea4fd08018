"""Files of OpenVINO (.xml with .bin), and what OpenVINO computes of other files."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from aid_desktop.export.exporter import Check, ExportFormat, Package
from aid_desktop.export.network import ExportNetwork
from aid_desktop.models.onnx_graph import INPUT_NAMES, serialized, to_onnx

OPENVINO_PACKAGE = Package("openvino", "openvino")


def write_openvino(network: ExportNetwork, path: Path) -> None:
    """Write the network with weights of 32 bits, and its class names as run-time information."""
    openvino = _openvino()
    onnx = path.with_suffix(".onnx")
    onnx.write_bytes(serialized(to_onnx(network.model)))
    model = openvino.convert_model(str(onnx))
    model.set_rt_info(json.dumps(network.card.class_names), ["model_info", "labels"])
    openvino.save_model(model, str(path), compress_to_fp16=False)
    del model
    onnx.unlink()


def run_openvino(path: Path, inputs: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
    """Return what OpenVINO computes on the CPU with numbers of 32 bits."""
    openvino = _openvino()
    core = openvino.Core()
    model = core.compile_model(openvino.convert_model(str(path)) if path.is_dir() else str(path), "CPU", _EXACT)
    names = [next((name for name in INPUT_NAMES if _is_named(one, name)), None) for one in model.inputs]
    given = {
        place: values
        for place, name in enumerate(names)
        for known, values in zip(INPUT_NAMES, inputs, strict=False)
        if name == known or (name is None and len(inputs) == 1)
    }
    return np.asarray(model(given)[0], np.float32)


_EXACT = {"INFERENCE_PRECISION_HINT": "f32"}


def _is_named(value: Any, name: str) -> bool:
    return any(one.split(":")[0].removeprefix("serving_default_") == name for one in value.get_names())


def _openvino() -> Any:
    # Nothing leaves this computer. OpenVINO would report its first import and each conversion, and no variable of the
    # environment forbids that; where its package of telemetry cannot be imported, it takes a stub of its own instead.
    sys.modules.setdefault("openvino_telemetry", cast(ModuleType, None))
    import openvino

    return openvino


OPENVINO = ExportFormat(
    name="openvino",
    title="OpenVINO",
    suffix=".xml",
    description="For Intel's OpenVINO on processors, graphics and accelerators of Intel; weights of 32 bits.",
    write=write_openvino,
    checks=(Check("OpenVINO", OPENVINO_PACKAGE, run_openvino),),
    needs=(OPENVINO_PACKAGE,),
    companions=(".bin",),
)
