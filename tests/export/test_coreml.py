import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aid_desktop.errors import ExportError
from aid_desktop.export import coreml
from aid_desktop.export.coreml import COREML, write_coreml
from aid_desktop.export.exporting import ExportChoice, export_model
from aid_desktop.export.network import make_network
from aid_desktop.export.sample import find_sample
from aid_desktop.models.files import LoadedModel

pytestmark = pytest.mark.keras
coremltools = pytest.importorskip("coremltools")


def test_that_the_specification_names_inputs_output_and_classes(
    make_loaded: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    loaded = make_loaded("LeNet5_bn_do", "rgb", method="standardize_each_image", temperature=1.7, size=(40, 24))
    report = export_model(loaded, COREML, tmp_path / "net.mlpackage", ExportChoice(is_raw=True))
    description = coremltools.utils.load_spec(str(tmp_path / "net.mlpackage")).description
    assert [one.name for one in description.input] == ["image"]
    assert list(description.input[0].type.multiArrayType.shape) == [1, 24, 40, 3]
    assert [one.name for one in description.output] == ["probabilities"]
    assert json.loads(description.metadata.userDefined["class_names"]) == ["cat", "dog", "Zelle β"]
    assert report.to_json()["inputs"][0]["dtype"] == "float32"  # type: ignore[index]
    assert "MIL" not in capfd.readouterr().err


def test_that_nothing_temporary_stays(make_loaded: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    export_model(make_loaded("MLP_24_16_24"), COREML, tmp_path / "net.mlpackage")
    assert (tmp_path / "net.mlpackage").exists()
    assert list(temporary.iterdir()) == []


@pytest.mark.skipif(sys.platform == "darwin", reason="Core ML computes there")
def test_that_it_is_not_said_to_have_been_run(make_loaded: Any, tmp_path: Path) -> None:
    report = export_model(make_loaded("MLP_24_16_24"), COREML, tmp_path / "net.mlpackage")
    assert report.difference is None
    assert report.verified_with == ""
    assert report.problems == ()
    assert any("read back, not computed" in one for one in report.remarks)


def test_that_other_weights_are_noticed(make_loaded: Any, tmp_path: Path) -> None:
    import keras

    path = tmp_path / "net.mlpackage"
    written = make_loaded("ResNet_small", "rgb")
    other = replace(written, model=keras.models.clone_model(written.model))
    networks = [make_network(loaded, find_sample(loaded.card), is_raw=False) for loaded in (written, other)]
    write_coreml(networks[0], path)
    with pytest.raises(ExportError, match=r"the layer conv2d\w* \(Conv2D\) cannot be written for Core ML: its weights"):
        coreml._check(path, networks[1])


def test_that_a_layer_that_cannot_be_converted_is_named(bent: LoadedModel, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"the layer bend \(Activation\) cannot be written for Core ML"):
        export_model(bent, COREML, tmp_path / "net.mlpackage")
    assert not list(tmp_path.iterdir())
