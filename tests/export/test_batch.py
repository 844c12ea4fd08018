from pathlib import Path
from typing import Any

import pytest

from aid_desktop.export.batch import ExportTask, export_all, plan_exports
from aid_desktop.export.formats import find_format
from aid_desktop.export.onnx_file import ONNX
from aid_desktop.models.files import save_model

pytestmark = pytest.mark.keras


@pytest.fixture(scope="module")
def models(make_loaded: Any, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("models")
    loaded = make_loaded("MLP_24_16_24")
    paths = [folder / "a" / "net.keras", folder / "b" / "net.keras"]
    for path in paths:
        path.parent.mkdir()
        save_model(loaded.model, loaded.card, path)
    return paths


def test_that_no_two_exports_have_the_same_place(models: list[Path], tmp_path: Path) -> None:
    tasks = plan_exports(models, [ONNX], tmp_path)
    assert [task.path.relative_to(tmp_path).as_posix() for task in tasks] == [
        "net_onnx/net.onnx",
        "net_2_onnx/net_2.onnx",
    ]


def test_that_a_model_that_fails_does_not_stop_the_others(models: list[Path], tmp_path: Path) -> None:
    broken = tmp_path / "broken.keras"
    broken.write_bytes(b"no model")
    seen: list[tuple[int, int]] = []
    tasks = plan_exports([broken, models[0]], [ONNX], tmp_path / "out")
    outcomes = export_all(tasks, progress=lambda done, total: seen.append((done, total)))
    assert outcomes[0].report is None
    assert "broken.keras" in outcomes[0].problem
    assert outcomes[1].report is not None
    assert outcomes[1].task.path.is_file()
    assert not outcomes[0].task.path.parent.exists()
    assert seen == [(0, 2), (1, 2), (2, 2)]


def test_that_a_stop_leaves_what_is_done(models: list[Path], tmp_path: Path) -> None:
    tasks = plan_exports(models, [ONNX], tmp_path)
    outcomes = export_all(tasks, should_stop=lambda: (tmp_path / "net_onnx" / "export_report.json").exists())
    assert [outcome.task for outcome in outcomes] == [tasks[0]]
    assert not tasks[1].path.parent.exists()


def test_that_new_folders_go_away_with_what_failed(models: list[Path], tmp_path: Path) -> None:
    (outcome,) = export_all([ExportTask(models[0], find_format("nnet"), tmp_path / "a" / "b" / "net.onnx")])
    assert outcome.report is None
    assert "expected a name that ends with .nnet" in outcome.problem
    assert not (tmp_path / "a").exists()


def test_that_a_file_in_the_place_of_a_folder_is_told(models: list[Path], tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a file", encoding="utf-8")
    (outcome,) = export_all([ExportTask(models[0], ONNX, tmp_path / "a" / "b" / "net.onnx")])
    assert outcome.problem.startswith(f"the folder {tmp_path / 'a' / 'b'} cannot be made: ")
    assert (tmp_path / "a").read_text(encoding="utf-8") == "a file"
