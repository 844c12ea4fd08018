"""What a report says, and which reports stay in its file."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aid_desktop.export.onnx_file import ONNX
from aid_desktop.export.report import REPORT_NAME, ExportReport, exported_files, report_text
from aid_desktop.export.verify import Verification

pytestmark = pytest.mark.keras

SAME = Verification("A", "1.0", 2e-7, 0.0, is_same=True)
OTHER = Verification("B", "2.0", 0.25, 0.5)
ABSENT = Verification("C", "", problem="not installed: pip install c")
FAILED = Verification("D", "3.0", problem="no such layer")

MakeReport = Callable[..., ExportReport]


def write_report(report: ExportReport) -> None:
    (report.path.parent / REPORT_NAME).write_text(report_text(report), encoding="utf-8")


@pytest.fixture
def make_report(make_loaded: Any, make_written: Any, tmp_path: Path) -> MakeReport:
    loaded = make_loaded("MLP_24_16_24")
    network = make_written(loaded)

    def make(*verifications: Verification, path: Path = tmp_path / "net.onnx", **options: Any) -> ExportReport:
        return ExportReport(ONNX, path, loaded.path, network, verifications, "64 images", 64, **options)

    return make


def test_that_runtimes_that_agree_are_named_with_the_largest_difference(make_report: MakeReport) -> None:
    report = make_report(SAME, replace(SAME, runtime="E", difference=5e-6, is_own=False))
    assert report.verified_with == "A 1.0, E 1.0"
    assert report.difference == 5e-6
    assert (report.problems, report.remarks) == ((), ())
    assert report.summary == "computed by A 1.0, E 1.0 on 64 images: the largest difference to Keras is 5.0e-06"


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        (OTHER, "B 2.0 computes other numbers than Keras: the largest difference is 2.5e-01, 50.0% of the images"),
        (FAILED, "D 3.0 cannot compute it: no such layer"),
    ],
)
def test_that_the_own_runtime_makes_a_problem_and_another_one_a_remark(
    make_report: MakeReport, found: Verification, problem: str
) -> None:
    report = make_report(SAME, found)
    assert report.problems[0].startswith(problem)
    other = make_report(SAME, replace(found, is_own=False))
    assert other.problems == ()
    assert len(other.remarks) == 1
    assert other.difference == SAME.difference


def test_that_nothing_run_is_no_proof(make_report: MakeReport) -> None:
    report = make_report(ABSENT)
    assert (report.difference, report.verified_with, report.problems) == (None, "", ())
    assert report.summary == "written, but not computed by any runtime here"
    assert report.remarks == ("C: not installed: pip install c",)
    assert report.to_json()["max_abs_difference"] is None


def test_that_a_forced_export_says_so(make_report: MakeReport) -> None:
    report = make_report(OTHER, is_forced=True)
    assert "forced" in report.summary
    assert report.to_json()["is_forced"] is True


def test_that_reports_of_files_that_are_gone_go_too(make_report: MakeReport, tmp_path: Path) -> None:
    for name in ("a.onnx", "b.onnx", "c.onnx"):
        (tmp_path / name).touch()
        write_report(make_report(SAME, path=tmp_path / name))
    (tmp_path / "b.onnx").unlink()
    write_report(make_report(SAME, path=tmp_path / "a.onnx"))
    document = json.loads((tmp_path / REPORT_NAME).read_text(encoding="utf-8"))
    assert Path(document["path"]).name == "a.onnx"
    assert [Path(one["path"]).name for one in document["others"]] == ["c.onnx"]
    assert exported_files(tmp_path) == (tmp_path / "a.onnx", tmp_path / "c.onnx")


def test_that_files_are_known_from_another_working_folder_and_after_a_move(
    make_report: MakeReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("out").mkdir()
    Path("out/net.onnx").touch()
    write_report(make_report(SAME, path=Path("out/net.onnx")))
    moved = Path("out").rename("moved").absolute()
    monkeypatch.chdir(moved.parent.parent)
    assert exported_files(moved) == (moved / "net.onnx",)


@pytest.mark.parametrize("text", ["", "[]", "no json", '{"others": 3}', '{"path": 7}'])
def test_that_what_is_no_report_is_replaced(make_report: MakeReport, tmp_path: Path, text: str) -> None:
    (tmp_path / REPORT_NAME).write_text(text, encoding="utf-8")
    assert exported_files(tmp_path) == ()
    write_report(make_report(SAME))
    assert json.loads((tmp_path / REPORT_NAME).read_text(encoding="utf-8"))["others"] == []
