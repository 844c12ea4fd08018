import os
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from aid_desktop.errors import ExportError
from aid_desktop.export import opencv_process
from aid_desktop.export.opencv_process import run_dnn


@pytest.fixture
def relu(tmp_path: Path) -> Path:
    image, output = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 3]) for name in ("image", "out"))
    graph = helper.make_graph([helper.make_node("Relu", ["image"], ["out"])], "relu", [image], [output])
    path = tmp_path / "relu.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8), str(path))
    return path


def test_that_the_network_is_computed(relu: Path) -> None:
    values = np.array([[-1, 2, -3], [4, -5, 6]], np.float32)
    np.testing.assert_array_equal(run_dnn("readNetFromONNX", [relu], [("image", values)]), values.clip(0))


def test_that_what_opencv_says_is_told(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"missing\.onnx"):
        run_dnn("readNetFromONNX", [tmp_path / "missing.onnx"], [("image", np.zeros((1, 3), np.float32))])


class Crash:
    """Ends the process that receives it."""

    def __reduce__(self) -> tuple[object, tuple[int]]:
        return os._exit, (139,)


def test_that_a_crash_ends_the_other_process_only(relu: Path) -> None:
    with pytest.raises(ExportError, match="it crashes on this network"):
        run_dnn("readNetFromONNX", [relu], [("image", Crash())])  # type: ignore[list-item]


def test_that_a_network_that_comes_to_no_end_is_given_up(relu: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Less than any process takes to start.
    monkeypatch.setattr(opencv_process, "_LIMIT_S", 0.0)
    with pytest.raises(ExportError, match="no result within 0 s, so it was ended"):
        run_dnn("readNetFromONNX", [relu], [("image", np.zeros((1, 3), np.float32))])
