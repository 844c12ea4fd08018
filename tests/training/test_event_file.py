"""The event file for TensorBoard, read back record by record."""

from dataclasses import replace
from pathlib import Path

import pytest

from aid_desktop.runs.records import EpochRecord
from aid_desktop.training.event_file import EventFile

pytestmark = pytest.mark.keras


def make_record(epoch: int, loss: float) -> EpochRecord:
    return EpochRecord(epoch, 0, 0.01, (("loss", loss), ("val_loss", 2 * loss)), 1.5)


def read_events(folder: Path) -> list[tuple[int, dict[str, float]]]:
    """Return step and values of each event after the first one, which names the format."""
    import tensorflow as tf

    (path,) = folder.glob("events.out.tfevents.*")
    events = [tf.compat.v1.Event.FromString(record.numpy()) for record in tf.data.TFRecordDataset(str(path))]
    assert events[0].file_version == "brain.Event:2"
    assert all(event.wall_time > 0 for event in events)
    return [(event.step, {value.tag: value.simple_value for value in event.summary.value}) for event in events[1:]]


def test_that_each_epoch_is_there_at_once(tmp_path: Path) -> None:
    events, records = EventFile(), [make_record(0, 0.5)]
    folder = tmp_path / "tensorboard"
    events.follow(folder, records)
    ((step, values),) = read_events(folder)
    assert step == 0
    assert values == pytest.approx(
        {"loss/training": 0.5, "loss/validation": 1.0, "learning_rate": 0.01, "seconds": 1.5}
    )
    records.append(make_record(1, 0.25))
    events.follow(folder, records)
    assert [(step, values["loss/training"]) for step, values in read_events(folder)] == [(0, 0.5), (1, 0.25)]
    events.close()


def test_that_a_resumed_or_rewound_run_and_another_folder_get_a_file_of_their_own(tmp_path: Path) -> None:
    records = [make_record(epoch, 1 / (epoch + 1)) for epoch in range(4)]
    first = EventFile()
    first.follow(tmp_path, records)
    first.close()
    (tmp_path / "events.out.tfevents.1.someone-else").write_bytes(b"")
    resumed = EventFile()
    resumed.follow(tmp_path, records[:2])
    (tmp_path / "events.out.tfevents.1.someone-else").unlink()
    assert [step for step, _ in read_events(tmp_path)] == [0, 1]
    resumed.follow(tmp_path, records[:1])
    assert [step for step, _ in read_events(tmp_path)] == [0]
    (tmp_path / "away").mkdir()
    resumed.follow(tmp_path / "away", records)
    assert [step for step, _ in read_events(tmp_path / "away")] == [0, 1, 2, 3]
    resumed.close()


def test_that_a_folder_that_cannot_be_made_is_told_in_the_log_alone(
    tmp_path: Path, expected_warnings: list[object]
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    events = EventFile()
    events.follow(tmp_path / "file" / "tensorboard", [make_record(0, 1.0)])
    assert len(expected_warnings) == 1
    events.follow(tmp_path, [replace(make_record(0, 1.0), seconds=2.0)])
    assert read_events(tmp_path)[0][1]["seconds"] == 2.0
    events.close()
