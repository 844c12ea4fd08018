import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from aid_desktop.export.exporter import Check
from aid_desktop.export.exporting import ExportChoice, export_model
from aid_desktop.export.network import make_network
from aid_desktop.export.onnx_file import ONNX, OPENCV, run_onnxruntime, run_opencv, write_onnx
from aid_desktop.export.sample import find_sample

pytestmark = pytest.mark.keras


@pytest.mark.parametrize("is_raw", [False, True])
def test_that_all_runtimes_compute_images_that_are_no_squares(make_loaded: Any, tmp_path: Path, is_raw: bool) -> None:
    loaded = make_loaded("LeNet5_bn_do", "rgb", method="standardize_training_set", temperature=1.7, size=(40, 24))
    report = export_model(loaded, ONNX, tmp_path / "net.onnx", ExportChoice(is_raw=is_raw))
    assert [one.runtime for one in report.verifications] == ["ONNX Runtime", "OpenCV", "OpenVINO"]
    assert all(one.difference < 1e-5 for one in report.verifications if one.version)


def test_that_one_image_alone_has_the_same_answer(make_loaded: Any, tmp_path: Path) -> None:
    loaded = make_loaded("LeNet5_bn_do", "gray")
    network, path = make_network(loaded, find_sample(loaded.card), is_raw=True), tmp_path / "net.onnx"
    write_onnx(network, path)
    together = run_onnxruntime(path, network.inputs)
    for run in (run_onnxruntime, run_opencv):
        np.testing.assert_allclose(run(path, [network.inputs[0][:1]]), together[:1], atol=1e-6)


def test_that_the_file_names_program_classes_and_form_of_the_input(make_loaded: Any, tmp_path: Path) -> None:
    export_model(make_loaded(), ONNX, tmp_path / "net.onnx")
    graph = onnx.load(str(tmp_path / "net.onnx"))
    said = {one.key: one.value for one in graph.metadata_props}
    assert graph.producer_name == "AID Desktop"
    assert json.loads(said["class_names"]) == ["cat", "dog", "Zelle β"]
    assert json.loads(said["input"])["method"] == "divide_by_255"


def wrong(path: Path, inputs: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
    return np.full((len(inputs[0]), 3), 1 / 3, np.float32)


def test_that_what_a_further_runtime_computes_wrongly_is_told(make_loaded: Any, tmp_path: Path) -> None:
    target = replace(ONNX, checks=(ONNX.checks[0], Check("Another", OPENCV, wrong, is_own=False)))
    report = export_model(make_loaded(), target, tmp_path / "net.onnx")
    assert report.problems == ()
    assert len(report.remarks) == 1
    assert report.remarks[0].endswith("computes other numbers: do not use it with this file")
