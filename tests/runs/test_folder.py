from pathlib import Path

import pytest

from aid_desktop.errors import RunError
from aid_desktop.runs.folder import (
    LastState,
    RunFolder,
    check_resumable,
    is_run_folder,
    model_name,
    read_state,
    unused_folder,
    write_state,
)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path / "new" / "run")


def test_that_the_files_have_the_names_of_the_manual(folder: RunFolder) -> None:
    paths = {
        folder.run_toml, folder.settings_jsonl, folder.history_csv, folder.models, folder.last_model,
        folder.last_state, folder.meta_xlsx, folder.model_zoo, folder.log,
    }  # fmt: skip
    assert {path.relative_to(folder.path).as_posix() for path in paths} == {
        "run.toml", "settings.jsonl", "history.csv", "models", "last.keras", "last_state.json", "meta.xlsx",
        "model_zoo.py", "run.log",
    }  # fmt: skip
    assert folder.model(model_name(12)) == folder.path / "models" / "epoch_00012.keras"


def test_that_a_new_folder_is_made_with_all_above_it(folder: RunFolder) -> None:
    folder.create()
    assert folder.models.is_dir()
    assert not is_run_folder(folder.path)
    folder.create()


def test_that_a_folder_that_holds_a_run_is_refused(folder: RunFolder) -> None:
    folder.create()
    folder.run_toml.touch()
    folder.last_model.touch()
    assert is_run_folder(folder.path)
    with pytest.raises(RunError, match="holds a run already: choose another folder, or resume that run"):
        folder.create()


def test_that_only_a_folder_without_anything_to_resume_from_is_used_again(folder: RunFolder) -> None:
    folder.create()
    folder.run_toml.touch()
    # Killed before the first last.keras was written.
    folder.history_csv.write_text("epoch,loss\n0,1.0\n", encoding="utf-8")
    folder.create()
    with pytest.raises(RunError, match="no finished epoch to resume from"):
        check_resumable(folder)
    # Somebody has deleted last.keras.
    folder.history_csv.write_text("epoch,loss\n0,1.0\n1,0.9\n", encoding="utf-8")
    with pytest.raises(RunError, match="holds a run already"):
        folder.create()
    with pytest.raises(RunError, match=r"last\.keras is missing, so that the run cannot go on: start a new one from"):
        check_resumable(folder)


def test_that_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    folder = RunFolder(tmp_path / "file" / "run")
    with pytest.raises(RunError, match=r"the run folder .* cannot be written \(Not a directory\): choose another"):
        folder.create()


def test_that_the_state_is_read_as_it_was_written(folder: RunFolder) -> None:
    folder.create()
    state = LastState(3, 2, finished=False, built_dropout=(0.2, 0.5))
    write_state(folder, state)
    assert read_state(folder) == state


def test_that_a_run_without_a_finished_epoch_cannot_be_resumed(folder: RunFolder) -> None:
    with pytest.raises(RunError, match="no finished epoch to resume from"):
        read_state(folder)


@pytest.mark.parametrize("text", ["", "{}", "[]", "3", '{"epoch": "x", "revision": 0, "finished": true}'])
def test_that_a_broken_state_is_a_run_error(folder: RunFolder, text: str) -> None:
    folder.create()
    folder.last_state.write_text(text, encoding="utf-8")
    with pytest.raises(RunError, match=r"last_state\.json cannot be read"):
        read_state(folder)


def test_that_a_name_of_a_folder_has_no_signs_that_lead_elsewhere(tmp_path: Path) -> None:
    folder = unused_folder(tmp_path, "../my net: 2")
    assert folder.parent == tmp_path
    assert folder.name.endswith("_..-my-net-2")
