"""Runs as read from their folders."""

from pathlib import Path

import pytest

from aid_desktop.errors import RunError
from aid_desktop.gui.history.opened_run import OpenedRun
from aid_desktop.gui.history.run_files import read_run, run_folder_of, summarize
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.history import append_record
from aid_desktop.runs.records import EpochRecord
from aid_desktop.runs.settings_log import Revision, append_revision
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.snapshot import TrainingSettings


def record(epoch: int, accuracy: float = 0.5, model: str | None = None, revision: int = 0) -> EpochRecord:
    metrics = (("loss", 1 - accuracy), ("accuracy", accuracy), ("val_loss", 1.0), ("val_accuracy", accuracy))
    return EpochRecord(epoch, revision, 0.001, metrics, 1.0, model)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path / "cat")
    folder.create()
    folder.run_toml.write_text("version = 1\n", encoding="utf-8")
    return folder


def test_that_history_and_settings_are_read(folder: RunFolder) -> None:
    for epoch, accuracy in enumerate((0.5, 0.9, 0.8)):
        append_record(folder.history_csv, record(epoch, accuracy, "m.keras" if epoch != 1 else None, epoch // 2))
    folder.model("m.keras").touch()
    append_revision(folder.settings_jsonl, Revision.now(0, 0, TrainingSettings()))
    changed = TrainingSettings(hyperparameters=HyperParameters(learning_rate=0.1))
    append_revision(folder.settings_jsonl, Revision.now(1, 2, changed))
    files = read_run(folder.path)
    run = OpenedRun(files)
    assert files.problems == ()
    assert len(files.series) == 3
    assert (run.best.epoch, run.best_saved.epoch, run.last_epoch) == (1, 2, 2)
    assert run.model_path(run.record(2)) == folder.models / "m.keras"
    assert run.model_path(run.record(1)) is None
    in_force, before = run.settings_of(run.record(2))
    assert (in_force.revision, before.revision) == (1, 0)
    assert run.settings_of(run.record(0))[1] is None
    assert run.settings_of(record(3, revision=7)) == (None, None)
    assert run.record(5) is None
    assert run.summary().best == pytest.approx(0.9)


def test_that_the_best_epoch_is_kept_up_to_date(folder: RunFolder) -> None:
    run = OpenedRun(read_run(folder.path))
    assert (run.last_epoch, run.best) == (-1, None)
    for epoch, (accuracy, model) in enumerate([(0.5, "a"), (0.7, None), (0.6, "b"), (0.7, "c")]):
        run.append(record(epoch, accuracy, model))
    assert (run.best.epoch, run.best_saved.epoch) == (1, 3)


def test_that_models_that_are_not_kept_are_forgotten(folder: RunFolder) -> None:
    run = OpenedRun(read_run(folder.path))
    run.append(record(0, 0.9, "a"))
    run.append(record(1, 0.7, "b"), removed=(0,))
    assert (run.best.epoch, run.best_saved.epoch) == (0, 1)
    assert run.model_path(run.record(0)) is None


def test_that_a_run_that_began_late_finds_its_epochs(folder: RunFolder) -> None:
    for epoch in (5, 6):
        append_record(folder.history_csv, record(epoch))
    assert OpenedRun(read_run(folder.path)).record(6).epoch == 6


def test_that_a_run_without_epochs_is_told_plainly(folder: RunFolder) -> None:
    assert "no finished epoch" in read_run(folder.path).problems[0]
    folder.history_csv.write_text("", encoding="utf-8")
    assert "no finished epoch" in read_run(folder.path).problems[0]


@pytest.mark.parametrize("content", ["a,b\n1,2\n", "epoch,revision,learning_rate,loss,seconds,model\n0,x,1,1,1,\n"])
def test_that_a_broken_history_leaves_the_settings(folder: RunFolder, content: str) -> None:
    folder.history_csv.write_text(content, encoding="utf-8")
    append_revision(folder.settings_jsonl, Revision.now(0, 0, TrainingSettings()))
    files = read_run(folder.path)
    assert len(files.revisions) == 1
    assert len(files.history) == 0
    assert "history.csv" in files.problems[0]


def test_that_broken_settings_leave_the_history(folder: RunFolder) -> None:
    append_record(folder.history_csv, record(0))
    folder.settings_jsonl.write_text("nonsense\n", encoding="utf-8")
    files = read_run(folder.path)
    assert len(files.history) == 1
    assert "settings.jsonl" in files.problems[0]


def test_that_other_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is not the folder of a run"):
        read_run(tmp_path)
    with pytest.raises(RunError, match="does not exist"):
        read_run(tmp_path / "gone")


def test_that_files_of_a_run_lead_to_its_folder(folder: RunFolder, tmp_path: Path) -> None:
    for path in (folder.path, folder.history_csv, folder.models / "epoch_00001.keras", folder.models):
        assert run_folder_of(path) == folder.path
    other = folder.path / "other"
    other.mkdir()
    assert run_folder_of(other) is None
    assert run_folder_of(other / "x.png") is None
    assert run_folder_of(tmp_path / "x" / "y") is None


def test_that_runs_are_summarized_even_when_they_are_broken(folder: RunFolder, tmp_path: Path) -> None:
    append_record(folder.history_csv, record(0, 0.75))
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "history.csv").write_text("nonsense\n", encoding="utf-8")
    lines = summarize([folder.path, broken, tmp_path / "gone"])
    assert (lines[folder.path].n_epochs, lines[folder.path].best) == (1, pytest.approx(0.75))
    assert lines[broken].problem == "history.csv cannot be read"
    assert lines[tmp_path / "gone"].problem == "folder not found"
