"""Settings posted while a network trains: what they do, not what they are."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aid_desktop.models.files import load_model
from aid_desktop.runs.history import History, read_history
from aid_desktop.runs.rewind import go_back
from aid_desktop.runs.run_toml import read_run_toml
from aid_desktop.settings.saving import SavingSettings
from aid_desktop.settings.snapshot import TrainingSettings
from aid_desktop.training.blocks import Block
from aid_desktop.training.control import RunControl
from aid_desktop.training.events import EpochFinished, RunFinished, SettingsRefused, TrainingEvent
from aid_desktop.training.fit import BlockFitter
from aid_desktop.training.loop import train
from aid_desktop.training.run import TrainingRun

pytestmark = pytest.mark.keras
MakeRun = Callable[..., TrainingRun]


def settings_of(run: TrainingRun, **changes: Any) -> TrainingSettings:
    training = run.config.training
    return replace(training, hyperparameters=replace(training.hyperparameters, **changes))


def watch(run: TrainingRun, changes: dict[int, dict[str, Any]] | None = None) -> list[TrainingEvent]:
    """Train, keep the model of every epoch, and post changes after the epochs they are given for."""
    events: list[TrainingEvent] = []

    def publish(event: TrainingEvent) -> None:
        events.append(event)
        run.control.keep_model()
        if isinstance(event, EpochFinished) and event.record.epoch in (changes or {}):
            run.mailbox.post(settings_of(run, **(changes or {})[event.record.epoch]))

    run.control.keep_model()
    train(run, publish)
    return events


def history_of(run: TrainingRun) -> History:
    return read_history(run.folder.history_csv)


def layers_after(run: TrainingRun, epoch: int) -> dict[str, list[np.ndarray[Any, Any]]]:
    """Return the weights of each layer of the model saved after an epoch."""
    name = history_of(run).records[epoch].model
    assert name is not None
    model = load_model(run.folder.model(name)).model
    return {layer.name: layer.get_weights() for layer in model.layers if layer.weights}


def moved(run: TrainingRun, epoch: int) -> set[str]:
    """Return the layers whose weights an epoch has changed."""
    before, after = layers_after(run, epoch - 1), layers_after(run, epoch)
    return {name for name in after if not all(map(np.array_equal, before[name], after[name]))}


def step_length(run: TrainingRun, epoch: int) -> float:
    before, after = layers_after(run, epoch - 1), layers_after(run, epoch)
    return float(np.sqrt(sum(((a - b) ** 2).sum() for n in after for a, b in zip(after[n], before[n], strict=True))))


def test_that_only_chosen_layers_learn_from_the_next_epoch_on(make_run: MakeRun) -> None:
    run = make_run(architecture="Two", epochs=5, trainable="last:1")
    watch(run, {1: {"epochs": 5, "trainable": "all"}, 2: {"epochs": 5, "trainable": {"out": False}}})
    assert [moved(run, epoch) for epoch in (1, 2, 3, 4)] == [{"out"}, {"hidden", "out"}, {"hidden"}, {"hidden"}]


def test_that_layers_thaw_when_the_accuracy_stands_still(make_run: MakeRun) -> None:
    # Hardly any learning, so the accuracy stands still from the first epoch on.
    run = make_run(architecture="Two", epochs=5, trainable="last:1", unfreeze_after=2, learning_rate=1e-7)
    watch(run)
    assert len(set(history_of(run).column("val_accuracy"))) == 1
    assert [moved(run, epoch) for epoch in (1, 2, 3, 4)] == [{"out"}, {"out"}, {"hidden", "out"}, {"hidden", "out"}]


@pytest.mark.parametrize(
    ("start", "change", "grows"),
    [
        ({"optimizer": "sgd"}, {"momentum": 0.95}, True),
        ({"optimizer": "sgd"}, {"clip_norm": 1e-4}, False),
        ({"optimizer": "sgd"}, {"learning_rate": 1e-6}, False),
        ({"optimizer": "sgd", "learning_rate": 0.1}, {"weight_decay": 1.0}, True),
        ({"optimizer": "adam"}, {"beta_1": 0.0, "beta_2": 0.0}, True),
        ({"optimizer": "rmsprop", "momentum": 0.9}, {"momentum": 0.0}, False),
    ],
)
def test_that_parameters_of_the_optimizer_change_the_steps(
    make_run: MakeRun, start: dict[str, Any], change: dict[str, Any], grows: bool
) -> None:
    run = make_run(architecture="Two", epochs=4, **start)
    watch(run, {1: change})
    before, after = step_length(run, 1), max(step_length(run, 2), step_length(run, 3))
    assert after > 1.2 * before if grows else after < before / 2


def test_that_metrics_come_and_go(make_run: MakeRun) -> None:
    run = make_run(epochs=4)
    watch(run, {0: {"metrics": ("accuracy", "f1", "auc")}, 1: {"metrics": ("accuracy",)}})
    history = history_of(run)
    assert [np.isfinite(history.column(name)).tolist() for name in ("val_f1", "auc")] == [
        [False, True, False, False]
    ] * 2
    assert "precision" not in history.columns


def test_that_an_average_of_weights_is_validated_and_saved_in_their_place(make_run: MakeRun, tmp_path: Path) -> None:
    plain, averaged = make_run("plain", architecture="Two", epochs=3), make_run("ema", architecture="Two", epochs=3)
    watch(plain)
    watch(averaged, {0: {"weight_average": 0.99, "epochs": 3}})
    # The weights themselves learn as ever, only what is validated and saved follows slowly.
    assert history_of(averaged).column("loss") == pytest.approx(history_of(plain).column("loss"), rel=1e-4)
    assert step_length(averaged, 1) < 0.2 * step_length(plain, 1)
    assert history_of(averaged).column("val_loss")[2] > history_of(plain).column("val_loss")[2]


def test_that_a_schedule_posted_while_it_trains_sets_the_rates(make_run: MakeRun) -> None:
    run = make_run(architecture="Two", epochs=6, learning_rate=0.1)
    watch(run, {1: {"schedule": "exponential", "schedule_epochs": 1, "schedule_factor": 0.01, "schedule_low": 0.0}})
    rates = history_of(run).column("learning_rate")
    assert rates[:2].tolist() == [0.1, 0.1]
    # 0.01 per epoch, at the last of 4 steps of an epoch.
    assert rates[2:] == pytest.approx([0.1 * 0.01 ** (epoch + 0.75) for epoch in range(2, 6)], rel=1e-6)
    assert step_length(run, 2) < 1e-2 * step_length(run, 1)


def test_that_the_rate_falls_where_the_loss_stands_still(make_run: MakeRun) -> None:
    words = {"schedule": "reduce_on_plateau", "schedule_epochs": 1, "schedule_factor": 0.1, "schedule_low": 0.0}
    run = make_run(epochs=6, learning_rate=1.0, **words)
    watch(run)
    losses, rates = (history_of(run).column(name) for name in ("val_loss", "learning_rate"))
    improved = losses[1:-1] < np.minimum.accumulate(losses)[:-2]
    assert not improved.all()
    assert rates[2:] / rates[1:-1] == pytest.approx(np.where(improved, 1.0, 0.1), rel=1e-6)


CASES: list[dict[str, Any]] = [
    {"optimizer": "sgd", "momentum": 0.9, "nesterov": True, "metrics": ("accuracy", "f1")},
    {"optimizer": "adamw", "weight_decay": 0.01, "weight_average": 0.9, "clip_norm": 1.0},
    {"trainable": "last:1", "unfreeze_after": 1, "learning_rate": 1e-4},
    {"schedule": "reduce_on_plateau", "schedule_epochs": 1, "learning_rate": 1.0},
    {"schedule": "one_cycle", "schedule_epochs": 2},
]


@pytest.mark.parametrize("case", CASES)
def test_that_a_resumed_run_gives_the_numbers_of_an_uninterrupted_one(make_run: MakeRun, case: dict[str, Any]) -> None:
    whole = make_run("whole", architecture="Two", epochs=6, **case)
    watch(whole)
    cut = make_run("cut", architecture="Two", epochs=6, **case)
    stop_after(cut, 2)
    watch(make_run("cut", config=cut.config, resume=True))
    assert np.array_equal(history_of(cut).column("epoch"), np.arange(6))
    for name in history_of(whole).columns:
        if name != "seconds":
            assert np.array_equal(history_of(cut).column(name), history_of(whole).column(name)), name


def stop_after(run: TrainingRun, epoch: int) -> None:
    control: RunControl = run.control

    def publish(event: TrainingEvent) -> None:
        if isinstance(event, EpochFinished) and event.record.epoch == epoch:
            control.stop()

    train(run, publish)


def test_that_a_layer_that_is_not_there_is_refused_in_words(make_run: MakeRun) -> None:
    run = make_run(architecture="Two", epochs=3)
    events = watch(run, {0: {"trainable": {"hiden": False}}})
    refused = [event for event in events if isinstance(event, SettingsRefused)]
    assert len(refused) == 1
    assert "did you mean 'hidden'?" in refused[0].message
    assert moved(run, 2) == {"hidden", "out"}


def post_after(run: TrainingRun, epoch: int, settings: TrainingSettings) -> list[TrainingEvent]:
    """Train, and post settings after an epoch."""
    events: list[TrainingEvent] = []

    def publish(event: TrainingEvent) -> None:
        events.append(event)
        if isinstance(event, EpochFinished) and event.record.epoch == epoch:
            run.mailbox.post(settings)

    train(run, publish)
    return events


@pytest.mark.usefixtures("eager")
def test_that_other_numbers_of_images_are_drawn_of_each_row(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(epochs=3, batch_size=200)
    counts: list[list[int]] = []
    fit_block = BlockFitter.fit_block

    def watching(fitter: BlockFitter, block: Block, *arguments: Any, **words: Any) -> bool:
        counts.append(block.labels.sum(axis=0).round().astype(int).tolist())
        return fit_block(fitter, block, *arguments, **words)

    monkeypatch.setattr(BlockFitter, "fit_block", watching)
    post_after(run, 0, replace(run.config.training, images_per_epoch=(5, 0, 50)))
    assert counts == [[20, 20, 20], [5, 20, 50], [5, 20, 50]]
    # A resumed run draws them too.
    prolonged = read_run_toml(run.folder.run_toml).with_changes(epochs=4)
    train(TrainingRun(prolonged, run.folder, run.folder.model_zoo, resume=True), lambda event: None)
    assert counts[-1] == [5, 20, 50]


@pytest.mark.usefixtures("eager")
def test_that_numbers_for_other_rows_are_refused(make_run: MakeRun) -> None:
    run = make_run(epochs=2)
    events = post_after(run, 0, replace(run.config.training, images_per_epoch=(5, 0)))
    (refused,) = [event for event in events if isinstance(event, SettingsRefused)]
    assert refused.message == "images per epoch: got 2 numbers, the run has 3 training rows"


@pytest.mark.usefixtures("eager")
def test_that_class_weights_and_label_smoothing_change_what_is_learnt(make_run: MakeRun) -> None:
    plain = make_run("plain", epochs=3, optimizer="sgd")
    watch(plain)
    for name, change in (
        ("weights", {"class_weights": {"a": 0.0, "b": 0.0, "c": 5.0}}),
        ("smoothing", {"label_smoothing": 0.5}),
    ):
        run = make_run(name, epochs=3, optimizer="sgd")
        watch(run, {0: change})
        ours, theirs = history_of(run).column("loss"), history_of(plain).column("loss")
        assert ours[0] == theirs[0]
        assert abs(ours[1] - theirs[1]) > 1e-3


@pytest.mark.usefixtures("eager")
def test_that_patience_posted_while_it_trains_ends_the_run(make_run: MakeRun) -> None:
    run = make_run(epochs=50, optimizer="sgd", learning_rate=1e-9)
    events = watch(run, {1: {"early_stopping": 3, "learning_rate": 1e-9}})
    assert isinstance(events[-1], RunFinished)
    assert events[-1].reason == "Stopped early: no lower validation loss for 3 epochs."
    assert len(history_of(run)) < 50


@pytest.mark.usefixtures("eager")
def test_that_models_are_saved_as_settings_say_from_the_next_epoch_on(make_run: MakeRun) -> None:
    run = make_run(epochs=6)
    post_after(run, 1, replace(run.config.training, saving=SavingSettings(improvement=(), every=3)))
    saved = [record.epoch for record in history_of(run).records if record.model]
    assert 0 in saved
    assert [epoch for epoch in saved if epoch > 1] == [2, 5]


@pytest.mark.usefixtures("eager")
def test_that_the_network_before_a_change_can_be_gone_back_to(make_run: MakeRun) -> None:
    """The run goes on with the numbers of one in which nothing was ever changed."""
    plain, run = make_run("plain", epochs=4, optimizer="adam"), make_run(epochs=4, optimizer="adam")
    watch(plain)
    post_after(run, 1, settings_of(run, learning_rate=0.5, optimizer="sgd", batch_size=7))
    assert history_of(run).column("loss")[2] != history_of(plain).column("loss")[2]
    go_back(run.folder, 2)
    train(TrainingRun(run.config, run.folder, run.folder.model_zoo, resume=True), lambda event: None)
    ours, theirs = history_of(run), history_of(plain)
    assert [record.metrics for record in ours.records] == [record.metrics for record in theirs.records]
    assert {record.revision for record in ours.records} == {0}


@pytest.mark.usefixtures("eager")
def test_that_only_the_last_networks_before_changes_are_kept(make_run: MakeRun) -> None:
    run = make_run(epochs=6)
    training = replace(run.config.training, saving=SavingSettings(undo_points=2))
    run = replace(run, config=replace(run.config, training=training))
    rates = iter((0.01, 0.02, 0.03, 0.04, 0.05, 0.06))

    def publish(event: TrainingEvent) -> None:
        if isinstance(event, EpochFinished):
            run.mailbox.post(settings_of(run, learning_rate=next(rates)))

    train(run, publish)
    assert [path.name for path in run.folder.point_files()] == ["epoch_00004.keras", "epoch_00005.keras"]
