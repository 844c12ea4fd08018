import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from aid_desktop.export.exporting import ExportChoice, export_model
from aid_desktop.export.openvino_file import OPENVINO

pytestmark = pytest.mark.keras

# In a process of its own: what is imported once stays imported.
WATCHED = """
import multiprocessing, socket, sys
started = []
multiprocessing.Process.start = started.append
socket.getaddrinfo = lambda *a, **k: started.append(a)
from aid_desktop.export.openvino_file import _openvino
try:
    _openvino().convert_model("missing.onnx")
except Exception as error:
    print(type(error).__name__, started)
"""


@pytest.mark.parametrize("is_raw", [False, True])
def test_that_both_files_hold_the_network(make_loaded: Any, tmp_path: Path, is_raw: bool) -> None:
    if OPENVINO.missing:
        pytest.skip("OpenVINO is not installed")
    loaded = make_loaded("LeNet5_bn_do", "rgb", method="standardize_each_image", temperature=1.7, size=(40, 24))
    report = export_model(loaded, OPENVINO, tmp_path / "net.xml", ExportChoice(is_raw=is_raw))
    # Only now: the program forbids it to send anything before it is imported.
    import openvino

    model = openvino.Core().read_model(str(tmp_path / "net.xml"))
    assert report.difference is not None
    assert report.difference < 1e-5
    assert json.loads(model.get_rt_info(["model_info", "labels"]).astype(str)) == ["cat", "dog", "Zelle β"]
    assert model.inputs[0].get_element_type().get_type_name() == ("u8" if is_raw else "f32")
    names = ["export_report.json", "labels.txt", "net.bin", "net.xml"]
    assert sorted(one.name for one in tmp_path.iterdir()) == names


def test_that_nothing_is_sent_and_nothing_left_in_the_home_folder(tmp_path: Path) -> None:
    if OPENVINO.missing:
        pytest.skip("OpenVINO is not installed")
    # On build servers OpenVINO is silent by itself.
    servers = ("CI", "TF_BUILD", "JENKINS_URL")
    environment = {name: value for name, value in os.environ.items() if name not in servers}
    environment |= {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", WATCHED], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "Error []", done.stderr
    assert not list(tmp_path.iterdir())
