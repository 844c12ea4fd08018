"""`aid-desktop export` on the model of a run."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aid_desktop.export import formats
from aid_desktop.export.network import ExportNetwork
from aid_desktop.export.onnx_file import ONNX

pytestmark = pytest.mark.keras


def test_that_a_model_is_exported_and_its_proof_printed(call: Any, run_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    result = call("export", run_folder, "--format", "onnx", "--out", path, "--json")
    assert result.code == 0, result.err
    document = result.document
    assert (document["format"], Path(document["path"])) == ("onnx", path)
    assert 0 <= document["max_abs_difference"] < 1e-5
    assert "ONNX Runtime" in document["verified_with"]
    report = json.loads((tmp_path / "export_report.json").read_text(encoding="utf-8"))
    assert report["max_abs_difference"] == document["max_abs_difference"]


def test_that_a_raw_network_takes_grey_levels(call: Any, run_folder: Path, tmp_path: Path) -> None:
    import onnxruntime

    path = tmp_path / "net.onnx"
    result = call("export", run_folder, "--format", "onnx", "--out", path, "--include-preprocessing")
    assert result.code == 0, result.err
    (image,) = onnxruntime.InferenceSession(str(path)).get_inputs()
    assert image.type == "tensor(uint8)"
    assert "largest difference to Keras" in result.out


def test_that_several_formats_go_into_a_folder_and_one_that_fails_is_told(
    call: Any, run_folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "broken.keras"
    other.write_bytes(b"no model")
    out = tmp_path / "out"
    result = call("export", run_folder, other, "--format", "onnx", "--format", "pb", "--out", out, "--json")
    assert result.code == 1
    assert [one["format"] for one in result.document["exports"]] == ["onnx", "pb"]
    assert [one["format"] for one in result.document["failed"]] == ["onnx", "pb"]
    assert len(result.err.splitlines()) == 2
    assert len(list(out.rglob("export_report.json"))) == 2


def test_that_images_to_verify_on_may_lie_in_folders_of_classes(
    call: Any, run_folder: Path, tiny_folders: Path, tmp_path: Path
) -> None:
    folder = tiny_folders / "test"
    result = call(
        "export", run_folder, "--format", "keras", "--out", tmp_path / "a.keras", "--verify", folder, "--json"
    )
    assert result.code == 0, result.err
    assert str(folder) in result.document["images"]
    assert result.document["n_images"] >= 32


def test_that_the_formats_are_listed(call: Any) -> None:
    result = call("export", "--list-formats", "--json")
    assert result.code == 0
    names = [one["name"] for one in result.document]
    assert {"onnx", "pb", "savedmodel", "keras", "h5", "tflite", "tflite_int8", "pytorch"} <= set(names)
    assert all({"name", "available", "needs"} <= set(one) for one in result.document)
    assert call("export", "--list-formats").out.startswith("onnx ")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--format", "onxx"), "did you mean onnx?"),
        (("--format", "onnx", "--out", "net.pb"), "expected a name that ends with .onnx"),
        (("--format", "onnx", "--out", "missing/net.onnx", "--verify", "nowhere"), "nowhere"),
    ],
)
def test_that_bad_input_gives_one_plain_line_and_no_file(
    call: Any, run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: Any, expected: str
) -> None:
    monkeypatch.chdir(tmp_path)
    out = () if "--out" in arguments else ("--out", "net.onnx")
    result = call("export", run_folder, *arguments, *out)
    assert (result.code, result.out) == (1, "")
    assert expected in result.err
    assert len(result.err.splitlines()) == 1
    assert not list(tmp_path.rglob("*.onnx"))


def test_that_a_folder_of_other_things_is_not_lost(call: Any, run_folder: Path, tmp_path: Path) -> None:
    for name, kind, message in (("Documents", "savedmodel", "would be lost"), ("net.onnx", "onnx", "is a folder")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "thesis.txt").write_text("precious", encoding="utf-8")
        result = call("export", run_folder, "--format", kind, "--out", tmp_path / name)
        assert result.code == 1
        assert message in result.err
        assert (tmp_path / name / "thesis.txt").read_text(encoding="utf-8") == "precious"


def test_that_ctrl_c_ends_with_its_own_code_and_leaves_no_file(
    call: Any, run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(network: ExportNetwork, path: Path) -> None:
        path.write_text("half", encoding="utf-8")
        raise KeyboardInterrupt

    monkeypatch.setattr(formats, "FORMATS", (replace(ONNX, write=write),))
    result = call("export", run_folder, "--format", "onnx", "--out", tmp_path / "new" / "net.onnx")
    assert (result.code, result.out, result.err) == (130, "", "interrupted\n")
    assert not list(tmp_path.iterdir())


def test_that_what_is_no_model_is_refused(call: Any, tmp_path: Path) -> None:
    path = tmp_path / "image.npy"
    np.save(path, np.zeros((4, 4), np.uint8))
    result = call("export", path, "--format", "onnx", "--out", tmp_path / "net.onnx")
    assert result.code == 1
    assert "image.npy" in result.err
    assert [one.name for one in tmp_path.iterdir()] == ["image.npy"]


def test_that_wrong_usage_ends_with_two(call: Any, run_folder: Path) -> None:
    result = call("export", run_folder)
    assert result.code == 2
    assert "give a MODEL, --format NAME and --out PATH" in result.err
