import json
from pathlib import Path
from typing import Any

import onnx
import pytest

from aid_desktop.errors import ExportError
from aid_desktop.export.exporting import ExportChoice, export_model
from aid_desktop.export.onnx_legacy import CNTK, ONNX_LEGACY
from aid_desktop.models.files import LoadedModel

pytestmark = pytest.mark.keras

# What the importers of CNTK 2.7 and MXNet 1.9.1 were seen to stumble over.
UNKNOWN_IN_2018 = {"Shape", "Squeeze", "Cast", "Gather"}


@pytest.mark.parametrize("architecture", ["MLP_24_16_24", "LeNet5_bn_do", "ResNet_small"])
def test_that_old_readers_know_the_graph(make_loaded: Any, tmp_path: Path, architecture: str) -> None:
    export_model(make_loaded(architecture, "rgb"), ONNX_LEGACY, tmp_path / "net.onnx", ExportChoice(is_raw=True))
    proto = onnx.load(str(tmp_path / "net.onnx"))
    graph = proto.graph
    assert proto.ir_version == 3
    assert [(one.domain, one.version) for one in proto.opset_import] == [("", 7)]
    assert {one.name for one in graph.initializer} <= {one.name for one in graph.input}
    assert not {node.op_type for node in graph.node} & UNKNOWN_IN_2018
    image = next(one for one in graph.input if one.name == "image").type.tensor_type
    assert image.elem_type == onnx.TensorProto.FLOAT
    assert [one.dim_value for one in image.shape.dim] == [1, 32, 32, 3]
    assert [one.dim_value for one in graph.output[0].type.tensor_type.shape.dim] == [1, 3]
    said = {one.key: one.value for one in proto.metadata_props}
    assert json.loads(said["class_names"]) == ["cat", "dog", "Zelle β"]


@pytest.mark.parametrize("is_raw", [False, True])
def test_that_each_image_can_be_standardized(make_loaded: Any, tmp_path: Path, is_raw: bool) -> None:
    loaded = make_loaded("LeNet5_bn_do", "gray", method="standardize_each_image", temperature=1.7, size=(40, 24))
    report = export_model(loaded, ONNX_LEGACY, tmp_path / "net.onnx", ExportChoice(is_raw=is_raw))
    assert report.difference is not None
    assert report.difference < 1e-5
    assert report.to_json()["inputs"][0]["dtype"] == "float32"  # type: ignore[index]


def test_that_cntk_gets_the_same_graph_and_is_not_said_to_have_been_run(make_loaded: Any, tmp_path: Path) -> None:
    for target in (ONNX_LEGACY, CNTK):
        report = export_model(make_loaded(), target, tmp_path / f"{target.name}.onnx")
    graphs = [onnx.load(str(tmp_path / f"{name}.onnx")).graph for name in ("onnx_legacy", "cntk")]
    assert [node.op_type for node in graphs[0].node] == [node.op_type for node in graphs[1].node]
    assert report.verified_with.startswith("ONNX Runtime")
    assert any("CNTK itself is not run" in one for one in report.remarks)


def test_that_a_layer_without_old_operator_is_named(bent: LoadedModel, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"the layer bend \(Activation\) cannot be written for old ONNX"):
        export_model(bent, ONNX_LEGACY, tmp_path / "net.onnx")
    assert not list(tmp_path.iterdir())
