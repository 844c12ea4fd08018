"""Runs that start from a model: what it brings along, and what keeps it from being used."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aid_desktop.data.class_table import Role
from aid_desktop.models.metadata import read_card
from aid_desktop.runs.config import ModelChoice, RunConfig
from aid_desktop.runs.history import read_history
from aid_desktop.runs.run_toml import read_run_toml
from aid_desktop.settings.split import SplitSettings
from aid_desktop.training.events import RunFailed, RunFinished, RunStarted, TrainingEvent
from aid_desktop.training.loop import train
from aid_desktop.training.run import TrainingRun

pytestmark = [pytest.mark.keras, pytest.mark.usefixtures("eager")]

MakeRun = Callable[..., TrainingRun]


def watch(run: TrainingRun) -> list[TrainingEvent]:
    events: list[TrainingEvent] = []
    train(run, events.append)
    return events


def started(run: TrainingRun) -> RunStarted:
    """Train; return the event of the start."""
    events = watch(run)
    assert isinstance(events[-1], RunFinished), events[-1]
    return next(event for event in events if isinstance(event, RunStarted))


def weights(path: Path) -> list[np.ndarray]:
    import keras

    return [weight.numpy() for weight in keras.models.load_model(path).weights]


@pytest.fixture
def first(make_run: MakeRun) -> TrainingRun:
    """Return a run of two epochs that has ended, of a network of two dense layers."""
    run = make_run("first", architecture="Two", epochs=2)
    assert isinstance(watch(run)[-1], RunFinished)
    return run


def following(run: TrainingRun, mode: str = "continue", renew_layers: bool = False, **changes: Any) -> RunConfig:
    """Return the configuration of one epoch that starts from the last model of a run."""
    choice = ModelChoice(start_from=run.folder.last_model, mode=mode, renew_layers=renew_layers)
    return dataclasses.replace(run.config.with_changes(epochs=1), model=choice, **changes)


def test_that_a_model_goes_on_or_begins_anew(first: TrainingRun, make_run: MakeRun) -> None:
    continued = make_run("continued", config=following(first))
    restarted = make_run("restarted", config=following(first, "restart"))
    assert started(continued).notes == ("The weights of 2 layers are kept.",)
    assert started(restarted).notes == ("Only the architecture is used: all weights are drawn anew.",)
    before = read_history(first.folder.history_csv).column("val_loss")
    assert read_history(continued.folder.history_csv).column("val_loss")[0] < before[0]
    old, on, anew = (weights(each.folder.last_model)[0] for each in (first, continued, restarted))
    assert np.abs(on - old).max() < 0.1 < np.abs(anew - old).max()
    assert read_card(continued.folder.last_model).architecture == "Two"


def test_that_the_folder_of_a_run_means_its_best_model(first: TrainingRun, make_run: MakeRun) -> None:
    config = dataclasses.replace(following(first), model=ModelChoice(start_from=first.folder.path))
    assert started(make_run("again", config=config)).notes == ("The weights of 2 layers are kept.",)


def test_that_only_the_new_last_layer_learns_until_others_are_unfrozen(first: TrainingRun, make_run: MakeRun) -> None:
    rows = tuple(
        dataclasses.replace(row, class_name={"a": "x"}.get(row.class_name, row.class_name))
        for row in first.config.data
        if row.class_name != "c"
    )
    training = first.config.training.with_hyperparameters(trainable="last:1", epochs=1)
    config = following(first, data=rows, training=training)
    run = make_run("again", config=config)
    assert started(run).notes == (
        "The weights of 1 layer are kept.", "The last layer is replaced: b kept; x new; a, c dropped.",
    )  # fmt: skip
    before, after = weights(first.folder.last_model), weights(run.folder.last_model)
    assert [len(each[-1]) for each in (before, after)] == [3, 2]
    np.testing.assert_array_equal(after[0], before[0])
    np.testing.assert_array_equal(after[1], before[1])
    # A rate of almost nothing: the accuracy stays, and so one more layer learns from the third epoch on.
    slow = training.with_hyperparameters(epochs=3, unfreeze_after=1, learning_rate=1e-6)
    thawed = make_run("thawed", config=dataclasses.replace(config, training=slow))
    started(thawed)
    assert not np.array_equal(weights(thawed.folder.last_model)[0], before[0])


def test_that_another_image_size_needs_a_word_where_layers_are_flat(first: TrainingRun, make_run: MakeRun) -> None:
    image = dataclasses.replace(first.config.image, width=10)
    event = watch(make_run("no", config=following(first, image=image)))[-1]
    assert isinstance(event, RunFailed)
    assert "the weights of layer hidden belong to images of 12 × 12 pixels" in event.message
    run = make_run("yes", config=following(first, renew_layers=True, image=image))
    assert "hidden begins with new weights." in started(run).notes
    assert read_run_toml(run.folder.run_toml).model.renew_layers is True
    run = make_run("anew", config=following(first, "restart", image=dataclasses.replace(image, channels="rgb")))
    assert started(run).parameters > 3 * 10 * 12 * 6


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ({"normalization": "standardize_each_image"}, "with the normalization divide_by_255, the run is set to"),
        ({"white_level": 100.0}, "with the white level 255, the run is set to 100"),
        ({"channels": "rgb"}, 'images of 1 channels, the run is set to 3: set channels = "gray"'),
    ],
)
def test_that_images_that_mean_something_else_are_refused(
    first: TrainingRun, make_run: MakeRun, image: dict[str, Any], message: str
) -> None:
    config = following(first, image=dataclasses.replace(first.config.image, **image))
    event = watch(make_run("again", config=config))[-1]
    assert isinstance(event, RunFailed)
    assert message in event.message


def test_that_a_resumed_run_keeps_the_statistics_of_the_model_that_it_started_from(
    make_run: MakeRun, first: TrainingRun
) -> None:
    image = dataclasses.replace(first.config.image, normalization="standardize_training_set")
    model = make_run("model", config=dataclasses.replace(first.config, image=image))
    assert isinstance(watch(model)[-1], RunFinished)
    # The validation images are 40 grey levels brighter.
    rows = tuple(dataclasses.replace(row, role=Role.TRAINING) for row in first.config.data if row.role == "validation")
    others = tuple(row for row in first.config.data if row.role == "validation")
    run = make_run("other", config=following(model, image=image, data=(*rows, *others)))
    assert isinstance(watch(run)[-1], RunFinished)
    longer = run.config.with_changes(epochs=2)
    assert isinstance(watch(TrainingRun(longer, run.folder, run.folder.model_zoo, resume=True))[-1], RunFinished)
    known = read_card(model.folder.last_model).normalization
    assert read_card(run.folder.last_model).epoch == 1
    assert read_card(run.folder.last_model).normalization == known


def test_that_images_a_model_has_learnt_from_are_told_and_remembered(first: TrainingRun, make_run: MakeRun) -> None:
    assert started(make_run("same", config=following(first))).warnings == ()
    rows = tuple(row for row in first.config.data if row.role == "training")
    split = SplitSettings(validation_fraction=0.2, group_by="image")
    run = make_run("split", config=following(first, data=rows, split=split))
    (warning,) = started(run).warnings
    assert warning.startswith("The model to start from was trained on 12 of the 12 images that the split holds out")
    # What the first model learnt from, the next one knows too.
    other = tuple(row for row in first.config.data if row.role == "validation")
    others = tuple(dataclasses.replace(row, role=rows[0].role) for row in other)
    third = make_run("third", config=following(run, data=(*others, *other)))
    assert len(started(third).warnings) == 0
    digests = {digest for _, digest in read_card(third.folder.last_model).data}
    assert digests >= {digest for _, digest in read_card(first.folder.last_model).data}
    assert len(digests) == 6
