import errno
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from aid_desktop.errors import ExportError, StoppedError
from aid_desktop.export import exporter
from aid_desktop.export.exporter import Check, ExportFormat, Package
from aid_desktop.export.exporting import ExportChoice, export_model
from aid_desktop.export.formats import find_format
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
    with pytest.raises(StoppedError):
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


TWO = replace(ONNX, suffix="", is_folder=True, write=write_two, checks=(), companions=(".bin",))


def test_that_a_folder_and_its_companion_are_replaced_together(make_loaded: Any, tmp_path: Path) -> None:
    for _ in range(2):
        export_model(make_loaded(), TWO, tmp_path / "net")
    names = sorted(one.name for one in tmp_path.iterdir())
    assert names == ["export_report.json", "labels.txt", "net", "net.bin"]


def test_that_a_failure_half_way_brings_both_old_ones_back(
    make_loaded: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_model(make_loaded(), TWO, tmp_path / "net")
    (tmp_path / "net" / "net").write_text("old", encoding="utf-8")
    (tmp_path / "net.bin").write_text("old", encoding="utf-8")
    replace_path = Path.replace

    def fail_at_second(self: Path, place: Path) -> Path:
        if place == tmp_path / "net.bin":
            raise OSError("disk full")
        return replace_path(self, place)

    monkeypatch.setattr(Path, "replace", fail_at_second)
    with pytest.raises(ExportError, match="net cannot be written: disk full"):
        export_model(make_loaded(), TWO, tmp_path / "net")
    names = sorted(one.name for one in tmp_path.iterdir())
    assert names == ["export_report.json", "labels.txt", "net", "net.bin"]
    assert (tmp_path / "net" / "net").read_text(encoding="utf-8") == "old"
    assert (tmp_path / "net.bin").read_text(encoding="utf-8") == "old"


def folder_with(path: Path) -> Path:
    path.mkdir()
    (path / "thesis.txt").write_text("precious", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "target", "message"),
    [
        ("Documents", TWO, r"thesis\.txt would be lost"),
        ("net.onnx", ONNX, "is a folder, and ONNX is a file"),
    ],
)
def test_that_a_folder_of_other_things_is_not_replaced(
    make_loaded: Any, tmp_path: Path, name: str, target: ExportFormat, message: str
) -> None:
    place = folder_with(tmp_path / name)
    with pytest.raises(ExportError, match=message):
        export_model(make_loaded(), target, place, ExportChoice(is_forced=True))
    assert (place / "thesis.txt").read_text(encoding="utf-8") == "precious"
    assert [one.name for one in tmp_path.iterdir()] == [name]


def test_that_what_was_put_into_an_exported_folder_is_not_lost(make_loaded: Any, tmp_path: Path) -> None:
    export_model(make_loaded(), TWO, tmp_path / "net")
    (tmp_path / "net" / "own").mkdir()
    (tmp_path / "net" / "own" / "thesis.txt").write_text("precious", encoding="utf-8")
    with pytest.raises(ExportError, match="own would be lost, it is no part of the export"):
        export_model(make_loaded(), TWO, tmp_path / "net")
    assert (tmp_path / "net" / "own" / "thesis.txt").read_text(encoding="utf-8") == "precious"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["export_report.json", "labels.txt", "net", "net.bin"]


@pytest.mark.parametrize("name", ["savedmodel", "coreml"])
def test_that_a_folder_is_replaced_by_the_next_export(make_loaded: Any, tmp_path: Path, name: str) -> None:
    target = find_format(name)
    if target.missing:
        pytest.skip(f"needs {target.missing}")
    for _ in range(2):
        export_model(make_loaded("MLP_24_16_24"), target, tmp_path / f"net{target.suffix}")
    names = {one.name for one in tmp_path.iterdir()}
    assert names == {"export_report.json", "labels.txt", f"net{target.suffix}"}


def test_that_an_empty_folder_takes_a_format_that_is_a_folder(make_loaded: Any, tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    export_model(make_loaded(), TWO, tmp_path / "net")
    assert (tmp_path / "net" / "net").read_text(encoding="utf-8") == "new"


@pytest.mark.parametrize(
    ("name", "message"), [("net", "is a file, and ONNX is a folder"), ("net.bin", "is there already")]
)
def test_that_files_of_others_are_not_replaced(make_loaded: Any, tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / name).write_text("precious", encoding="utf-8")
    with pytest.raises(ExportError, match=message):
        export_model(make_loaded(), TWO, tmp_path / "net")
    assert (tmp_path / name).read_text(encoding="utf-8") == "precious"


def test_that_the_model_is_not_replaced_by_its_export(make_loaded: Any, tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_text("the model", encoding="utf-8")
    with pytest.raises(ExportError, match="is the model itself"):
        export_model(replace(make_loaded(), path=path), ONNX, path)
    assert path.read_text(encoding="utf-8") == "the model"


def write_half(failure: BaseException) -> ExportFormat:
    def write(network: ExportNetwork, path: Path) -> None:
        path.write_text("half", encoding="utf-8")
        raise failure

    return replace(ONNX, write=write)


def test_that_a_full_disk_is_told_plainly_and_the_old_file_stays(make_loaded: Any, tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_text("old", encoding="utf-8")
    full = OSError(errno.ENOSPC, "No space left on device", "a hidden file")
    with pytest.raises(ExportError) as caught:
        export_model(make_loaded(), write_half(full), path)
    assert str(caught.value).startswith(
        f"{path} cannot be written: No space left on device. Choose another folder, or make room"
    )
    assert [one.name for one in tmp_path.iterdir()] == ["net.onnx"]
    assert path.read_text(encoding="utf-8") == "old"


def test_that_a_folder_that_must_not_be_written_to_is_told(
    make_loaded: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, *arguments: object, **options: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    loaded = make_loaded()
    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(ExportError, match=r"net\.onnx cannot be written: Permission denied\. Choose another folder"):
        export_model(loaded, ONNX, tmp_path / "net.onnx")
    assert not list(tmp_path.iterdir())


def test_that_ctrl_c_leaves_nothing(make_loaded: Any, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        export_model(make_loaded(), write_half(KeyboardInterrupt()), tmp_path / "net.onnx")
    assert not list(tmp_path.iterdir())


def test_that_labels_of_another_network_are_not_replaced(make_loaded: Any, tmp_path: Path) -> None:
    loaded = make_loaded("MLP_24_16_24")
    export_model(loaded, ONNX, tmp_path / "a.onnx")
    other = replace(loaded, card=replace(loaded.card, class_names=("x", "y", "z")))
    with pytest.raises(ExportError, match=r"labels\.txt names the classes of a\.onnx, which are other ones"):
        export_model(other, ONNX, tmp_path / "b.onnx")
    assert (tmp_path / "labels.txt").read_text(encoding="utf-8").split()[0] == "cat"
    export_model(other, ONNX, tmp_path / "a.onnx")
    assert (tmp_path / "labels.txt").read_text(encoding="utf-8").split() == ["x", "y", "z"]


def test_that_files_of_others_beside_the_export_stay(make_loaded: Any, tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ExportError, match="is there already, with other names"):
        export_model(make_loaded(), ONNX, tmp_path / "net.onnx")
    (tmp_path / "labels.txt").unlink()
    (tmp_path / "export_report.json").write_text('{"mine": 1}', encoding="utf-8")
    with pytest.raises(ExportError, match="is no report of an export"):
        export_model(make_loaded(), ONNX, tmp_path / "net.onnx")
    assert [one.name for one in tmp_path.iterdir()] == ["export_report.json"]


def test_that_a_model_of_a_run_is_not_replaced(make_loaded: Any, tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text("version = 1\n", encoding="utf-8")
    (tmp_path / "history.csv").touch()
    (tmp_path / "last.keras").write_text("mine", encoding="utf-8")
    with pytest.raises(ExportError, match="is a model of a run"):
        export_model(make_loaded(), find_format("keras"), tmp_path / "last.keras")
    assert (tmp_path / "last.keras").read_text(encoding="utf-8") == "mine"


def test_that_what_a_converter_fails_with_becomes_a_plain_error(make_loaded: Any, tmp_path: Path) -> None:
    def fail(network: ExportNetwork, path: Path) -> None:
        raise KeyError("no operator for network/dense_1/MatMul")

    with pytest.raises(ExportError, match="no operator for"):
        export_model(make_loaded(), replace(ONNX, write=fail), tmp_path / "net.onnx")
    assert not list(tmp_path.iterdir())


def test_that_files_of_the_user_in_a_kit_stay(make_loaded: Any, tmp_path: Path) -> None:
    choice = ExportChoice(with_kit=True)
    export_model(make_loaded("MLP_24_16_24"), ONNX, tmp_path / "net.onnx", choice)
    (tmp_path / "net_kit" / "mine.py").touch()
    with pytest.raises(ExportError, match=r"mine\.py would be lost"):
        export_model(make_loaded("MLP_24_16_24"), ONNX, tmp_path / "net.onnx", choice)
    assert (tmp_path / "net_kit" / "mine.py").exists()


def test_that_a_standalone_program_does_not_ask_for_packages_that_it_cannot_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert exporter.how_to_install("a", "b") == "pip install a b"
    monkeypatch.setattr(exporter, "is_frozen", lambda: True)
    assert exporter.how_to_install("a").startswith("pip install a, beside an AID Desktop installed with pip")
