from pathlib import Path

import pytest

from aid_desktop.runs.best import run_of


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    (folder / "models").mkdir(parents=True)
    (folder / "run.toml").write_text("")
    return folder


@pytest.mark.parametrize("name", ["last.keras", "models/epoch_00001.keras"])
def test_that_a_model_belongs_to_the_run_that_saved_it(run_folder: Path, name: str) -> None:
    found = run_of(run_folder / name)
    assert found is not None
    assert found.path == run_folder


@pytest.mark.parametrize("name", ["copy.keras", "other/epoch_00001.keras", "../last.keras"])
def test_that_a_model_elsewhere_belongs_to_no_run(run_folder: Path, name: str) -> None:
    assert run_of(run_folder / name) is None
