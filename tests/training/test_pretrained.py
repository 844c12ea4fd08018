"""Runs that begin with pretrained weights."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aid_desktop.models.files import load_model
from aid_desktop.models.zoo import load_zoo
from aid_desktop.runs.config import ModelChoice, RunConfig
from aid_desktop.runs.run_toml import read_run_toml
from aid_desktop.settings.pretrained import FINE_TUNING
from aid_desktop.training.events import RunFailed, RunFinished, TrainingEvent
from aid_desktop.training.loop import train
from aid_desktop.training.run import TrainingRun

pytestmark = pytest.mark.keras

ZOO = '''import keras
from keras import layers
from aid_desktop.models.registry import architecture


@architecture("Pre", min_size=4, family="pretrained", weights="VGG16")
def pre(input_shape, n_classes):
    """A convolution with batch normalization stands for a backbone."""
    image = keras.Input(input_shape)
    x = layers.Conv2D(3, 3, name="conv")(image)
    x = layers.BatchNormalization(name="norm", moving_mean_initializer="random_normal")(x)
    x = layers.GlobalAveragePooling2D(name="features")(layers.Activation("relu")(x))
    return keras.Model(image, layers.Dense(n_classes, activation="softmax", name="out")(x))
'''


@pytest.fixture
def pretrained(
    make_run: Callable[..., TrainingRun], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., TrainingRun]:
    """Return a function that makes a run of `Pre` which begins with these weights."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    zoo = tmp_path / "zoo.py"
    zoo.write_text(ZOO, encoding="utf-8")

    def make(weights: str | Path | None, image: dict[str, Any] | None = None, **hyperparameters: Any) -> TrainingRun:
        run = make_run(image=image, **{"epochs": 2, "learning_rate": 0.1} | hyperparameters)
        config: RunConfig = dataclasses.replace(run.config, model=ModelChoice("Pre", weights=weights))
        return dataclasses.replace(run, config=config, model_zoo=zoo)

    return make


@pytest.fixture
def weights(tmp_path: Path, pretrained: Callable[..., TrainingRun]) -> Path:
    """Return a file with weights of the whole network for five classes."""
    model = load_zoo(tmp_path / "zoo.py").build("Pre", (12, 12, 1), 5)
    path = tmp_path / "own.weights.h5"
    model.save_weights(path)
    return path


def watch(run: TrainingRun) -> list[TrainingEvent]:
    events: list[TrainingEvent] = []
    train(run, events.append)
    return events


def values(model: Any, name: str) -> list[np.ndarray]:
    return model.get_layer(name).get_weights()


def test_that_frozen_layers_keep_the_weights_of_the_file_statistics_among_them(
    pretrained: Callable[..., TrainingRun], weights: Path, tmp_path: Path
) -> None:
    run = pretrained(weights, trainable="last:1")
    assert isinstance(watch(run)[-1], RunFinished)
    trained = load_model(run.folder.last_model).model
    source = load_zoo(tmp_path / "zoo.py").build("Pre", (12, 12, 1), 5)
    source.load_weights(weights)
    for name in ("conv", "norm"):
        for found, expected in zip(values(trained, name), values(source, name), strict=True):
            np.testing.assert_array_equal(found, expected)
    assert np.abs(values(trained, "out")[1]).max() > 0
    assert read_run_toml(run.folder.run_toml).model.weights == weights


def test_that_layers_that_learn_move_away_from_the_file(
    pretrained: Callable[..., TrainingRun], weights: Path, tmp_path: Path
) -> None:
    run = pretrained(weights, epochs=1)
    assert isinstance(watch(run)[-1], RunFinished)
    trained = load_model(run.folder.last_model).model
    source = load_zoo(tmp_path / "zoo.py").build("Pre", (12, 12, 1), 5)
    source.load_weights(weights)
    assert not np.array_equal(values(trained, "conv")[0], values(source, "conv")[0])
    assert not np.array_equal(values(trained, "norm")[2], values(source, "norm")[2])


def test_that_a_run_without_its_weights_does_not_begin(pretrained: Callable[..., TrainingRun], tmp_path: Path) -> None:
    for choice, image, expected in (
        (None, {}, "the ImageNet weights of Pre are not on this computer"),
        ("imagenet", {}, "the option --download-weights"),
        (tmp_path / "gone.h5", {}, "there is no file"),
        ("none", {"normalization": "none"}, "choose divide_by_255"),
    ):
        run = pretrained(choice, image)
        event = watch(run)[-1]
        assert isinstance(event, RunFailed)
        assert expected in event.message
        assert not run.folder.run_toml.exists()


@pytest.mark.usefixtures("eager")
def test_that_a_run_may_begin_with_random_weights(pretrained: Callable[..., TrainingRun]) -> None:
    assert isinstance(watch(pretrained("none", epochs=1))[-1], RunFinished)


def test_that_the_fine_tuning_plan_lets_layers_join_one_by_one(
    pretrained: Callable[..., TrainingRun], weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aid_desktop.training.state import RunState

    joined: list[int] = []
    unfreeze = RunState.unfreeze

    def watched(self: RunState, n_more: int) -> bool:
        joined.append(n_more)
        return unfreeze(self, n_more)

    monkeypatch.setattr(RunState, "unfreeze", watched)
    plan = {**FINE_TUNING, "learning_rate": 1e-9, "unfreeze_after": 1}
    run = pretrained(weights, epochs=4, **plan)
    assert isinstance(watch(run)[-1], RunFinished)
    model = load_model(run.folder.last_model).model
    assert max(joined) == 2
    assert [model.get_layer(name).trainable for name in ("conv", "norm", "out")] == [True, True, True]


def test_that_a_run_is_resumed_without_the_file_it_began_with(
    pretrained: Callable[..., TrainingRun], weights: Path
) -> None:
    run = pretrained(weights, epochs=1)
    assert isinstance(watch(run)[-1], RunFinished)
    weights.unlink()
    resumed = dataclasses.replace(run, config=run.config.with_changes(epochs=2), resume=True)
    event = watch(resumed)[-1]
    assert isinstance(event, RunFinished)
    assert event.n_epochs == 2
