import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from aid_desktop.errors import ExportError
from aid_desktop.export import exporter
from aid_desktop.export.exporter import Check, Package
from aid_desktop.export.exporting import ExportChoice, ExportStoppedError, export_model
from aid_desktop.export.network import ExportNetwork
from aid_desktop.export.onnx_file import ONNX

pytestmark = pytest.mark.keras


def wrong(path: Path, inputs: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
    return np.eye(3, dtype=np.float32)[np.arange(len(inputs[0])) % 3]


WRONG = replace(ONNX, checks=(Check("Wrong runtime", Package("numpy", "numpy"), wrong),))


@pytest.mark.parametrize("is_raw", [False, True])
@pytest.mark.parametrize("method", ["divide_by_255", "standardize_each_image", "standardize_training_set", "none"])
def test_that_an_export_is_proven_and_described(make_loaded: Any, tmp_path: Path, method: str, is_raw: bool) -> None:
    path = tmp_path / "net.onnx"
    loaded = make_loaded("LeNet5_bn_do", "rgb", method=method, temperature=1.7)
    report = export_model(loaded, ONNX, path, ExportChoice(is_raw=is_raw))
    document = json.loads((tmp_path / "export_report.json").read_text(encoding="utf-8"))
    assert report.difference is not None
    # Grey levels that nobody divides make sums of larger numbers.
    assert report.difference < (1e-4 if method == "none" else 1e-5)
    assert document["max_abs_difference"] == report.difference
    assert document["verified_with"].startswith("ONNX Runtime 1.")
    assert document["n_images"] >= 32
    assert document["inputs"][0]["dtype"] == ("uint8" if is_raw else "float32")
    assert (tmp_path / "labels.txt").read_text(encoding="utf-8").splitlines() == ["cat", "dog", "Zelle β"]
    assert sorted(one.name for one in tmp_path.iterdir()) == ["export_report.json", "labels.txt", "net.onnx"]


def test_that_a_file_with_other_numbers_is_refused_and_the_old_one_stays(make_loaded: Any, tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(ExportError, match="computes other numbers than Keras"):
        export_model(make_loaded(), WRONG, path)
    assert [one.name for one in tmp_path.iterdir()] == ["net.onnx"]
    assert path.read_text(encoding="utf-8") == "old"


def test_that_a_refused_export_can_be_forced_and_says_so(make_loaded: Any, tmp_path: Path) -> None:
    report = export_model(make_loaded(), WRONG, tmp_path / "net.onnx", ExportChoice(is_forced=True))
    assert report.problems
    assert json.loads((tmp_path / "export_report.json").read_text(encoding="utf-8"))["is_forced"] is True


def test_that_a_stop_leaves_nothing(make_loaded: Any, tmp_path: Path) -> None:
    with pytest.raises(ExportStoppedError):
        export_model(make_loaded(), ONNX, tmp_path / "net.onnx", should_stop=lambda: True)
    assert not list(tmp_path.iterdir())


def test_that_reports_of_other_files_stay(make_loaded: Any, tmp_path: Path) -> None:
    for name in ("a.onnx", "b.onnx", "a.onnx"):
        export_model(make_loaded(), ONNX, tmp_path / name)
    document = json.loads((tmp_path / "export_report.json").read_text(encoding="utf-8"))
    assert Path(document["path"]).name == "a.onnx"
    assert [Path(one["path"]).name for one in document["others"]] == ["b.onnx"]


def write_two(network: ExportNetwork, path: Path) -> None:
    path.mkdir()
    (path / "net").write_text("new", encoding="utf-8")
    path.with_suffix(".bin").write_text("new", encoding="utf-8")


TWO = replace(ONNX, suffix="", write=write_two, checks=(), companions=(".bin",))


def test_that_a_folder_and_its_companion_are_replaced_together(make_loaded: Any, tmp_path: Path) -> None:
    for _ in range(2):
        export_model(make_loaded(), TWO, tmp_path / "net")
    names = sorted(one.name for one in tmp_path.iterdir())
    assert names == ["export_report.json", "labels.txt", "net", "net.bin"]


def test_that_a_failure_half_way_brings_both_old_ones_back(
    make_loaded: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "old").touch()
    (tmp_path / "net.bin").write_text("old", encoding="utf-8")
    rename = Path.rename

    def fail_at_last(self: Path, place: Path) -> Path:
        if place == tmp_path / "net" and self.name == "net":
            raise OSError("disk full")
        return rename(self, place)

    monkeypatch.setattr(Path, "rename", fail_at_last)
    with pytest.raises(OSError, match="disk full"):
        export_model(make_loaded(), TWO, tmp_path / "net")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["net", "net.bin"]
    assert [one.name for one in (tmp_path / "net").iterdir()] == ["old"]
    assert (tmp_path / "net.bin").read_text(encoding="utf-8") == "old"


def test_that_a_standalone_program_does_not_ask_for_packages_that_it_cannot_take(monkeypatch: Any) -> None:
    assert exporter.how_to_install("a", "b") == "pip install a b"
    monkeypatch.setattr(exporter, "is_frozen", lambda: True)
    assert exporter.how_to_install("a").startswith("pip install a, beside an AID Desktop installed with pip")
