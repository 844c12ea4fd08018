"""Every target, for a perceptron, a LeNet-5 with batch normalization and dropout, and a residual network."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aid_desktop.errors import ExportError
from aid_desktop.export.exporter import ExportFormat, Limit
from aid_desktop.export.exporting import ExportChoice, export_model
from aid_desktop.export.formats import FORMATS, find_format
from aid_desktop.export.old_runtimes import PYTHON_VARIABLE
from aid_desktop.export.verify import MOST_CHANGED

pytestmark = pytest.mark.keras

ARCHITECTURES = ("MLP_24_16_24", "LeNet5_bn_do", "ResNet_small")
FORMAT_NAMES = [one.name for one in FORMATS]
WITHOUT_BATCH_NORMALIZATION = "LeNet5_do"


def needed(name: str) -> ExportFormat:
    target = find_format(name)
    for package in target.needs:
        pytest.importorskip(package.module)
    return target


def architecture_for(target: ExportFormat, architecture: str) -> str:
    if target.name != "nnet" or architecture == "MLP_24_16_24":
        return architecture
    if architecture == "LeNet5_bn_do":
        return WITHOUT_BATCH_NORMALIZATION
    pytest.skip("the format has no residual networks, see test_that_a_layer_that_cannot_be_written_is_named")


@pytest.mark.parametrize("channels", ["gray", "rgb"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_that_an_exported_file_answers_as_keras_does(
    make_loaded: Any, tmp_path: Path, name: str, architecture: str, channels: str
) -> None:
    target = needed(name)
    path = tmp_path / f"net{target.suffix}"
    loaded = make_loaded(architecture_for(target, architecture), channels, temperature=1.5)
    report = export_model(loaded, target, path)
    assert path.exists()
    assert all(path.with_suffix(suffix).exists() for suffix in target.companions)
    if not report.agreeing:
        # No runtime of it can be installed here; that is said.
        assert name in ("coreml", "mxnet")
        assert report.difference is None
        assert report.remarks
        return
    assert report.difference is not None
    if target.limit is Limit.ANSWERS:
        assert all(one.changed <= MOST_CHANGED for one in report.agreeing)
    else:
        assert report.difference <= 1e-5
    assert report.n_images >= 32


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_that_a_network_that_takes_grey_levels_answers_as_keras_does(
    make_loaded: Any, tmp_path: Path, name: str
) -> None:
    target = needed(name)
    path = tmp_path / f"net{target.suffix}"
    if name == "nnet":
        with pytest.raises(ExportError, match=r"divide_by_white \(Rescaling\) cannot be written"):
            export_model(make_loaded("MLP_24_16_24"), target, path, ExportChoice(is_raw=True))
        return
    report = export_model(make_loaded("LeNet5_bn_do", "rgb"), target, path, ExportChoice(is_raw=True))
    assert report.difference is None or report.difference < (0.1 if target.limit is Limit.ANSWERS else 1e-5)
    assert report.to_json()["preprocessing_included"] is True


@pytest.mark.parametrize(
    ("name", "architecture", "message"),
    [
        ("caffe", "CompactConvNeXt", r"layer_normalization \(LayerNormalization\) cannot be written for Caffe"),
        ("nnet", "LeNet5_bn_do", r"batch_normalization \(BatchNormalization\) cannot be written for .nnet"),
        ("nnet", "ResNet_small", "holds networks of a single row of layers"),
    ],
)
def test_that_a_layer_that_cannot_be_written_is_named(
    make_loaded: Any, tmp_path: Path, name: str, architecture: str, message: str
) -> None:
    target = needed(name)
    with pytest.raises(ExportError, match=message):
        export_model(make_loaded(architecture), target, tmp_path / f"net{target.suffix}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["caffe", "mxnet"])
def test_that_a_mean_over_each_image_is_refused_where_there_is_no_layer_for_it(
    make_loaded: Any, tmp_path: Path, name: str
) -> None:
    target = needed(name)
    loaded = make_loaded("MLP_24_16_24", method="standardize_each_image")
    with pytest.raises(ExportError, match="Mean"):
        export_model(loaded, target, tmp_path / f"net{target.suffix}", ExportChoice(is_raw=True))


def test_that_a_torchscript_needs_nothing_but_torch(make_loaded: Any, make_written: Any, tmp_path: Path) -> None:
    target = needed("pytorch")
    path = tmp_path / "net.pt"
    export_model(make_loaded("ResNet_small", "rgb"), target, path)
    network = make_written(make_loaded("ResNet_small", "rgb"))
    expected = np.asarray(network.model(network.inputs[0], training=False))
    np.save(tmp_path / "images.npy", network.inputs[0].transpose(0, 3, 1, 2))
    code = (
        "import json, sys, numpy, torch\n"
        "names = {'class_names.json': ''}\n"
        "network = torch.jit.load('net.pt', _extra_files=names)\n"
        "images = torch.from_numpy(numpy.load('images.npy'))\n"
        "with torch.no_grad(): numpy.save('found.npy', network(images).numpy())\n"
        "state = torch.load('net.state_dict.pt', weights_only=True)\n"
        "wrong = [name for name in ('keras', 'tensorflow', 'aid_desktop') if name in sys.modules]\n"
        "print(json.dumps([json.loads(names['class_names.json']), len(state) > 10, wrong]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == '[["cat", "dog", "Zelle \\u03b2"], true, []]'
    assert np.abs(np.load(tmp_path / "found.npy") - expected).max() < 1e-6


@pytest.mark.parametrize("name", ["tflite", "tflite_int8"])
def test_that_tflite_says_nothing_on_the_console(
    make_loaded: Any, tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    target, loaded = needed(name), make_loaded("MLP_24_16_24")
    capfd.readouterr()
    export_model(loaded, target, tmp_path / "net.tflite")
    assert capfd.readouterr() == ("", "")


@pytest.mark.exports_old
def test_that_mxnet_itself_computes_its_files(make_loaded: Any, tmp_path: Path) -> None:
    for architecture in (*ARCHITECTURES, "CompactConvNeXt"):
        report = export_model(make_loaded(architecture, "rgb"), find_format("mxnet"), tmp_path / "net.json")
        assert report.verified_with.startswith("MXNet 1."), (PYTHON_VARIABLE, report.remarks)
        assert report.difference is not None
        assert report.difference < 1e-5


def test_that_class_names_are_in_the_files(make_loaded: Any, tmp_path: Path) -> None:
    import h5py
    import onnx

    loaded = make_loaded("MLP_24_16_24")
    for name in ("onnx", "h5", "savedmodel", "tflite", "caffe", "mxnet"):
        target = find_format(name)
        export_model(loaded, target, tmp_path / f"{name}{target.suffix}")
    properties = {one.key: one.value for one in onnx.load(tmp_path / "onnx.onnx").metadata_props}
    with h5py.File(tmp_path / "h5.h5") as file:
        attribute = file.attrs["class_names"]
    asset = (tmp_path / "savedmodel" / "assets" / "labels.txt").read_text(encoding="utf-8")
    assert properties["class_names"] == attribute == '["cat", "dog", "Zelle \\u03b2"]'
    assert asset == "cat\ndog\nZelle β\n"
    assert "labels.txt" in zip_names(tmp_path / "tflite.tflite")
    assert "Zelle β" in (tmp_path / "caffe.prototxt").read_text(encoding="utf-8")
    assert "class_names" in (tmp_path / "mxnet.json").read_text(encoding="utf-8")


def zip_names(path: Path) -> list[str]:
    import zipfile

    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def test_that_the_runtimes_of_the_extra_are_asked_for_by_name() -> None:
    for one in FORMATS:
        absent = [package.distribution for package in one.needs if importlib.util.find_spec(package.module) is None]
        assert list(one.missing) == absent
    assert len({one.name for one in FORMATS}) == len(FORMATS)
