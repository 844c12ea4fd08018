"""Which models stay, and what happens when the folder of a run cannot be written."""

import dataclasses
import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aid_desktop.models.metadata import read_card
from aid_desktop.runs.best import saved_history
from aid_desktop.runs.folder import RunFolder
from aid_desktop.runs.history import read_history
from aid_desktop.runs.run_toml import read_run_toml
from aid_desktop.runs.settings_log import read_revisions
from aid_desktop.settings.saving import SavingSettings
from aid_desktop.settings.snapshot import TrainingSettings
from aid_desktop.training import loop, storage
from aid_desktop.training.events import EpochFinished, RunFailed, RunFinished, StorageChanged, TrainingEvent
from aid_desktop.training.loop import train
from aid_desktop.training.run import TrainingRun

pytestmark = [pytest.mark.keras, pytest.mark.usefixtures("eager")]

MakeRun = Callable[..., TrainingRun]


def watch(run: TrainingRun, after: dict[int, Callable[[], object]] | None = None) -> list[TrainingEvent]:
    """Train; call the functions of `after` when the epochs with these numbers have finished; return all events."""
    events: list[TrainingEvent] = []

    def publish(event: TrainingEvent) -> None:
        events.append(event)
        if isinstance(event, EpochFinished) and after and event.record.epoch in after:
            after[event.record.epoch]()

    train(run, publish)
    return events


def saving(run: TrainingRun, **values: Any) -> TrainingRun:
    """Return the run with these settings of saving."""
    settings = run.config.training
    training = TrainingSettings(settings.augmentation, settings.hyperparameters, SavingSettings(**values))
    return dataclasses.replace(run, config=dataclasses.replace(run.config, training=training))


def models(folder: RunFolder) -> list[str]:
    return sorted(path.name for path in folder.models.iterdir())


# --- which models are saved, and which stay -------------------------------------------------------------------


def test_that_models_are_saved_every_so_many_epochs_whatever_their_metrics(make_run: MakeRun) -> None:
    run = saving(make_run(epochs=6), improvement=(), every=2)
    watch(run)
    assert models(run.folder) == ["epoch_00001.keras", "epoch_00003.keras", "epoch_00005.keras"]
    assert [record.model is not None for record in read_history(run.folder.history_csv).records] == [False, True] * 3


def test_that_only_chosen_metrics_count_as_better(make_run: MakeRun) -> None:
    run = saving(make_run(epochs=5, metrics=("accuracy", "f1")), improvement=("val_f1",))
    watch(run)
    records = read_history(run.folder.history_csv).records
    best, expected = -1.0, []
    for record in records:
        if record.metric("val_f1") > best:
            best = record.metric("val_f1")
            expected.append(record.epoch)
    assert [record.epoch for record in records if record.model] == expected


def test_that_only_the_best_the_newest_and_those_asked_for_stay_also_after_a_resume(make_run: MakeRun) -> None:
    run = saving(make_run(epochs=4), improvement=("val_loss",), every=1, keep_best=2)
    events = watch(run, {0: run.control.keep_model})
    last = [event for event in events if isinstance(event, EpochFinished)][-1]
    sizes = [path.stat().st_size for path in run.folder.models.iterdir()]
    assert (last.n_models, last.model_bytes) == (len(sizes), sum(sizes))
    removed = {epoch for event in events if isinstance(event, EpochFinished) for epoch in event.removed}
    assert removed == {0, 1, 2, 3} - {int(name[6:11]) for name in models(run.folder)}
    assert "epoch_00001.keras" in models(run.folder)
    assert read_card(run.folder.model("epoch_00001.keras")).is_asked_for
    config = read_run_toml(run.folder.run_toml).with_changes(epochs=8)
    watch(TrainingRun(config, run.folder, run.folder.model_zoo, resume=True))
    records = read_history(run.folder.history_csv).records
    rated = sorted((record for record in records if record.epoch != 1), key=lambda r: r.metric("val_loss"))
    stay = {rated[0].epoch, rated[1].epoch, 7, 1}
    assert models(run.folder) == [f"epoch_{epoch:05d}.keras" for epoch in sorted(stay)]
    assert [record.epoch for record in saved_history(run.folder).records if record.model] == sorted(stay)


def test_that_events_for_tensorboard_are_written_if_wanted_and_have_all_epochs_after_a_resume(
    make_run: MakeRun,
) -> None:
    import tensorflow as tf

    plain = make_run("plain", epochs=1)
    watch(plain)
    assert not plain.folder.tensorboard.exists()
    run = saving(make_run(epochs=2), tensorboard=True)
    watch(run)
    config = read_run_toml(run.folder.run_toml).with_changes(epochs=3)
    assert config.training.saving.tensorboard
    watch(TrainingRun(config, run.folder, run.folder.model_zoo, resume=True))
    (path,) = run.folder.tensorboard.iterdir()
    events = [tf.compat.v1.Event.FromString(record.numpy()) for record in tf.data.TFRecordDataset(str(path))]
    losses = {event.step: event.summary.value[0].simple_value for event in events[1:]}
    records = read_history(run.folder.history_csv).records
    assert losses == pytest.approx({record.epoch: record.metric("loss") for record in records}, rel=1e-5)


# --- a folder that cannot be written ----------------------------------------------------------------------------


@pytest.fixture
def _retry_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "_RETRY_SECONDS", 0.0)
    monkeypatch.setattr(loop, "_LAST_MODEL_INTERVAL", 0.0)


@pytest.mark.usefixtures("_retry_at_once")
def test_that_a_run_whose_drive_is_away_for_a_while_loses_nothing(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run("drive/run", epochs=6)
    drive, away = tmp_path / "drive", tmp_path / "away"
    drive.mkdir()
    plain = make_run("plain", epochs=6)
    watch(plain)
    events = watch(run, {1: lambda: drive.rename(away), 3: lambda: away.rename(drive)})
    assert isinstance(events[-1], RunFinished)
    left, back = [event for event in events if isinstance(event, StorageChanged)]
    assert left.is_fallback
    assert not back.is_fallback
    assert left.folder.name == "run"
    assert left.folder != run.folder.path
    assert "cannot be written any more" in left.message
    assert not left.folder.exists()
    assert (back.folder, events[-1].folder) == (run.folder.path, run.folder.path)
    ours, theirs = (read_history(each.folder.history_csv).records for each in (run, plain))
    assert [record.metrics for record in ours] == [record.metrics for record in theirs]
    assert models(run.folder) == models(plain.folder)
    assert read_card(run.folder.last_model).epoch == 5
    assert read_run_toml(run.folder.run_toml).training == run.config.training
    log = run.folder.log.read_text(encoding="utf-8")
    assert all(f"epoch {epoch}, revision 0" in log for epoch in range(6))


@pytest.mark.usefixtures("_retry_at_once")
def test_that_models_are_removed_also_while_their_folder_is_away(make_run: MakeRun, tmp_path: Path) -> None:
    choice: dict[str, Any] = {"improvement": (), "every": 1, "keep_best": 1}
    run, plain = (saving(make_run(name, epochs=6), **choice) for name in ("drive/run", "plain"))
    drive, away = tmp_path / "drive", tmp_path / "away"
    drive.mkdir()
    watch(plain)
    watch(run, {1: lambda: drive.rename(away), 3: lambda: away.rename(drive)})
    assert models(run.folder) == models(plain.folder)


@pytest.mark.usefixtures("_retry_at_once")
def test_that_a_run_that_ended_away_from_its_folder_can_be_resumed_there(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run("drive/run", epochs=4)
    (tmp_path / "drive").mkdir()
    events = watch(run, {1: lambda: (tmp_path / "drive").rename(tmp_path / "away")})
    finished = events[-1]
    assert isinstance(finished, RunFinished)
    folder = RunFolder(finished.folder)
    assert [record.epoch for record in read_history(folder.history_csv).records] == [0, 1, 2, 3]
    assert [item.revision for item in read_revisions(folder.settings_jsonl)] == [0]
    config = read_run_toml(folder.run_toml).with_changes(epochs=5)
    resumed = watch(TrainingRun(config, folder, folder.model_zoo, resume=True))
    assert isinstance(resumed[-1], RunFinished)
    assert len(read_history(folder.history_csv)) == 5
    shutil.rmtree(folder.path)


def test_that_a_full_disk_does_not_end_a_run_as_long_as_there_is_another_place(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(epochs=3)

    def append(path: Path, record: Any) -> None:
        if path.parent == run.folder.path and record.epoch:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        append_record(path, record)

    append_record = storage.append_record
    monkeypatch.setattr(storage, "append_record", append)
    events = watch(run)
    assert isinstance(events[-1], RunFinished)
    left, back = [event for event in events if isinstance(event, StorageChanged)]
    assert left.message.startswith(f"The disk of {run.folder.path} is full.")
    assert back.folder == run.folder.path
    assert len(read_history(run.folder.history_csv)) == 3


def test_that_a_run_ends_with_a_message_when_there_is_no_other_place(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nowhere = tmp_path / "file"
    nowhere.touch()
    monkeypatch.setattr(storage, "user_data_dir", lambda: nowhere)
    monkeypatch.setattr(storage.tempfile, "gettempdir", lambda: str(nowhere))
    run = make_run("drive/run", epochs=3)
    (tmp_path / "drive").mkdir()
    events = watch(run, {0: lambda: (tmp_path / "drive").rename(tmp_path / "away")})
    assert isinstance(events[-1], RunFailed)
    assert "cannot be read or written" in events[-1].message
    assert not any(isinstance(event, StorageChanged) for event in events)
