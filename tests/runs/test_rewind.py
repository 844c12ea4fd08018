from pathlib import Path

import pytest

from aid_desktop.errors import RunError
from aid_desktop.runs.folder import RunFolder, model_name
from aid_desktop.runs.history import append_record, read_history
from aid_desktop.runs.records import EpochRecord
from aid_desktop.runs.rewind import can_go_back, go_back
from aid_desktop.runs.settings_log import Revision, append_revision, read_revisions
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.snapshot import TrainingSettings

N_EPOCHS = 6
CHANGES = {1: 2, 2: 4}


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """Return a run of six epochs, all saved, whose settings changed in epochs 2 and 4."""
    folder = RunFolder(tmp_path / "run")
    folder.create()
    folder.points.mkdir()
    for revision, epoch in {0: 0, **CHANGES}.items():
        settings = TrainingSettings(hyperparameters=HyperParameters(batch_size=revision + 1))
        append_revision(folder.settings_jsonl, Revision.now(revision, epoch, settings))
        if epoch:
            folder.point(epoch - 1).write_text(f"network after {epoch - 1}")
    for epoch in range(N_EPOCHS):
        folder.model(model_name(epoch)).write_text(f"model {epoch}")
        metrics = (("loss", 1.0), ("val_loss", 1.0), ("val_accuracy", 0.5))
        append_record(folder.history_csv, EpochRecord(epoch, 0, 0.1, metrics, 1.0, model_name(epoch)))
    folder.last_model.write_text("network after 5")
    return folder


def test_that_only_epochs_whose_network_is_kept_can_be_gone_back_to(folder: RunFolder) -> None:
    assert [epoch for epoch in range(N_EPOCHS + 1) if can_go_back(folder, epoch)] == [2, 4]
    with pytest.raises(RunError, match="cannot go back to epoch 3: the network before it is not kept"):
        go_back(folder, 3)
    assert folder.last_model.read_text() == "network after 5"


def test_that_a_run_is_what_it_was_before_the_change_and_nothing_is_lost(folder: RunFolder) -> None:
    undone = RunFolder(go_back(folder, 4))
    assert undone.path == folder.path / "undone_01"
    assert folder.last_model.read_text() == "network after 3"
    assert [record.epoch for record in read_history(folder.history_csv).records] == [0, 1, 2, 3]
    assert [item.revision for item in read_revisions(folder.settings_jsonl)] == [0, 1]
    assert sorted(path.name for path in folder.models.iterdir()) == [model_name(epoch) for epoch in range(4)]
    assert undone.last_model.read_text() == "network after 5"
    assert len(read_history(undone.history_csv)) == N_EPOCHS
    assert [item.revision for item in read_revisions(undone.settings_jsonl)] == [0, 1, 2]
    assert sorted(path.name for path in undone.models.iterdir()) == [model_name(4), model_name(5)]


def test_that_a_run_can_go_back_again(folder: RunFolder) -> None:
    go_back(folder, 4)
    assert can_go_back(folder, 2)
    assert go_back(folder, 2).name == "undone_02"
    assert not can_go_back(folder, 4)
    assert folder.last_model.read_text() == "network after 1"
    assert [item.revision for item in read_revisions(folder.settings_jsonl)] == [0]


def test_that_epochs_of_six_digits_come_after_those_of_five(folder: RunFolder) -> None:
    epochs = (99_998, 100_000, 99_999)
    for epoch in epochs:
        folder.point(epoch).write_text(f"network after {epoch}")
    assert folder.point_files()[-3:] == [folder.point(epoch) for epoch in sorted(epochs)]
    undone = RunFolder(go_back(folder, 99_999))
    assert undone.point_files() == [undone.point(99_999), undone.point(100_000)]
    assert folder.last_model.read_text() == "network after 99998"
