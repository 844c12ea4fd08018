import dataclasses
import pickle
from pathlib import Path
from typing import get_args

import pytest

from aid_desktop.runs.records import EpochRecord
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.snapshot import SettingsDiff, TrainingSettings
from aid_desktop.training import events
from aid_desktop.training.events import TrainingEvent

SETTINGS = TrainingSettings(hyperparameters=HyperParameters(class_weights={"a": 1}, dropout=(0.5,)))
EVENTS = (
    events.StageChanged("Loading"),
    events.RunStarted(Path("run"), ("a", "b"), 10, 5, 0, 99, SETTINGS),
    events.BatchProgress(0, 1, 2, 0.5, 0.75),
    events.SettingsApplied(1, 1, SETTINGS, SettingsDiff.between(TrainingSettings(), SETTINGS)),
    events.SettingsRefused(1, 2, "No such class."),
    events.EpochFinished(EpochRecord(0, 0, 0.1, (("loss", 0.5),), 1.0, None), 10),
    events.RunPaused(1),
    events.RunResumed(1),
    events.StorageChanged(Path("elsewhere"), "The disk is full.", True),
    events.RunFinished(Path("run"), "Stopped.", 1, 0, Path("m.keras")),
    events.RunFailed("Oh.", "Traceback"),
)


def test_that_all_kinds_of_event_are_tested_here() -> None:
    assert {type(event) for event in EVENTS} == set(get_args(TrainingEvent))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_that_events_are_frozen_and_can_cross_to_another_process(event: TrainingEvent) -> None:
    assert pickle.loads(pickle.dumps(event)) == event
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(event, dataclasses.fields(event)[0].name, None)
