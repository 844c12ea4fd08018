"""Tests of runs whose loss is no number any more."""

import dataclasses
from collections.abc import Callable

import pytest

from aid_desktop.runs.folder import read_state
from aid_desktop.runs.history import read_history
from aid_desktop.settings.snapshot import TrainingSettings
from aid_desktop.training.events import EpochFinished, RunFinished, TrainingEvent
from aid_desktop.training.loop import train
from aid_desktop.training.run import TrainingRun

pytestmark = pytest.mark.keras


def run_with_a_jump(run: TrainingRun, after_epoch: int) -> RunFinished:
    """Train, with a loss that overflows from the epoch after this one on; return the last event."""
    events: list[TrainingEvent] = []

    def publish(event: TrainingEvent) -> None:
        events.append(event)
        if isinstance(event, EpochFinished) and event.record.epoch == after_epoch:
            run.mailbox.post(worse(run.config.training))

    train(run, publish)
    last = events[-1]
    assert isinstance(last, RunFinished)
    return last


def worse(settings: TrainingSettings) -> TrainingSettings:
    """Return settings under which the loss of a network with a linear end cannot stay a number."""
    jump = dataclasses.replace(settings.hyperparameters, learning_rate=10.0, epochs=9)
    return dataclasses.replace(settings, hyperparameters=jump)


LINEAR = '''import keras
from aid_desktop.models.registry import architecture


@architecture("Linear", min_size=4, family="mlp")
def linear(input_shape, n_classes):
    """Dense layers without a limit to what they give."""
    image = keras.Input(input_shape)
    x = keras.layers.Dense(8, name="hidden")(keras.layers.Flatten()(image))
    return keras.Model(image, keras.layers.Dense(n_classes, name="out")(x))
'''


@pytest.fixture
def run(make_run: Callable[..., TrainingRun]) -> TrainingRun:
    """Return a run that learns slowly, and diverges with a high rate."""
    run = make_run(architecture="Linear", learning_rate=1e-4, loss="mean_squared_error", epochs=3)
    run.model_zoo.write_text(LINEAR, encoding="utf-8")
    return run


def test_that_a_run_stops_when_its_loss_is_no_number(run: TrainingRun) -> None:
    finished = run_with_a_jump(run, after_epoch=1)
    assert finished.has_diverged
    assert "the loss is no number any more" in finished.reason
    assert "epoch 1 are kept" in finished.reason
    assert "it was 10" in finished.reason


def test_that_the_last_good_epoch_is_what_remains(run: TrainingRun) -> None:
    run_with_a_jump(run, after_epoch=1)
    assert [record.epoch for record in read_history(run.folder.history_csv).records] == [0, 1]
    state = read_state(run.folder)
    assert state.epoch == 1
    assert not state.finished


def test_that_such_a_run_goes_on_with_a_lower_rate(run: TrainingRun, make_run: Callable[..., TrainingRun]) -> None:
    run_with_a_jump(run, after_epoch=1)
    again = TrainingRun(run.config, run.folder, run.folder.model_zoo, resume=True)
    again.mailbox.post(run.config.training)
    events: list[TrainingEvent] = []
    train(again, events.append)
    last = events[-1]
    assert isinstance(last, RunFinished)
    assert not last.has_diverged
    history = read_history(run.folder.history_csv)
    assert [record.epoch for record in history.records] == [0, 1, 2]
    assert history.records[-1].learning_rate == pytest.approx(1e-4)
    assert history.records[-1].revision == 2


def test_that_a_first_epoch_without_a_number_leaves_no_model(run: TrainingRun) -> None:
    config = dataclasses.replace(run.config, training=worse(run.config.training))
    events: list[TrainingEvent] = []
    train(dataclasses.replace(run, config=config), events.append)
    last = events[-1]
    assert isinstance(last, RunFinished)
    assert last.has_diverged
    assert "no epoch was finished" in last.reason
    assert last.n_epochs == 0
    assert not run.folder.last_model.exists()
