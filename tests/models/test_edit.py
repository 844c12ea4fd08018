from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from aid_desktop.data.normalize import Normalization
from aid_desktop.errors import ModelError
from aid_desktop.models.build import compile_model, dropout_rates, set_dropout
from aid_desktop.models.edit import apply
from aid_desktop.settings.augmentation import AugmentationSettings
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.snapshot import SettingsDiff, TrainingSettings
from aid_desktop.training.blocks import Block
from aid_desktop.training.fit import BlockFitter

pytestmark = pytest.mark.keras
Build = Callable[..., Any]

X = np.random.default_rng(3).random((8, 12, 12, 1), np.float32)
Y = np.eye(2, dtype=np.float32)[np.arange(8) % 2]
OLD = HyperParameters(optimizer="sgd", learning_rate=0.1)


def change(model: Any, **changes: Any) -> bool:
    """Apply changed hyper-parameters; return whether the step must be traced anew."""
    old, new = TrainingSettings(hyperparameters=OLD), TrainingSettings(hyperparameters=replace(OLD, **changes))
    return apply(model, SettingsDiff.between(old, new), new, dropout_rates(model))


def step_size(model: Any) -> float:
    """Return how far one plain step moves the weights; the weights are set back."""
    before = model.get_weights()
    model.train_step((X, Y))
    moved = sum(float(((a - b) ** 2).sum()) for a, b in zip(model.get_weights(), before, strict=True)) ** 0.5
    model.set_weights(before)
    return moved


def test_that_a_changed_learning_rate_changes_the_steps_in_proportion(tiny_net: Build) -> None:
    model = tiny_net(optimizer="sgd", learning_rate=0.1)
    before = step_size(model)
    assert before > 0
    assert change(model, learning_rate=0.025) is False
    assert step_size(model) == pytest.approx(before / 4, rel=1e-3)


@pytest.mark.parametrize(
    "changes", [{"epochs": 3}, {"batch_size": 3}, {"class_weights": "balanced"}, {"label_smoothing": 0.1}]
)
def test_that_what_costs_nothing_leaves_the_network_alone(tiny_net: Build, changes: dict[str, Any]) -> None:
    model = tiny_net(optimizer="sgd")
    optimizer, loss = model.optimizer, model.loss
    assert change(model, **changes) is False
    assert model.optimizer is optimizer
    assert model.loss is loss


def test_that_augmentation_leaves_the_network_alone(tiny_net: Build) -> None:
    old = TrainingSettings()
    new = replace(old, augmentation=AugmentationSettings(rotation=3))
    assert apply(tiny_net(), SettingsDiff.between(old, new), new, ()) is False


def test_that_another_kind_of_optimizer_begins_anew_with_the_new_rate(tiny_net: Build) -> None:
    model = tiny_net(optimizer="sgd", learning_rate=0.1)
    model.train_step((X, Y))
    weights = model.get_weights()
    assert change(model, optimizer="adam", learning_rate=0.02) is True
    assert type(model.optimizer).__name__ == "Adam"
    assert float(model.optimizer.learning_rate) == pytest.approx(0.02)
    assert int(model.optimizer.iterations) == 0
    assert all(map(np.array_equal, model.get_weights(), weights))


def test_that_another_loss_keeps_the_optimizer_and_its_state(tiny_net: Build) -> None:
    model = tiny_net(optimizer="adam")
    model.train_step((X, Y))
    optimizer = model.optimizer
    assert change(model, loss="mean_squared_error", learning_rate=0.03) is True
    assert model.optimizer is optimizer
    assert int(optimizer.iterations) == 1
    assert float(optimizer.learning_rate) == pytest.approx(0.03)
    expected = float(((model(X).numpy() - Y) ** 2).mean())
    assert float(model.compute_loss(X, Y, model(X))) == pytest.approx(expected, rel=1e-5)


def test_that_dropout_is_set_and_an_empty_list_brings_back_what_was_built(dropout_net: Build) -> None:
    model = dropout_net(0.1, 0.2)
    compile_model(model, OLD)
    settings = [TrainingSettings(hyperparameters=replace(OLD, dropout=rates)) for rates in ((), (0.7,), ())]
    for old, new, expected in zip(settings, settings[1:], ((0.7, 0.7), (0.1, 0.2)), strict=False):
        assert apply(model, SettingsDiff.between(old, new), new, (0.1, 0.2)) is True
        assert dropout_rates(model) == expected


def test_that_rates_that_do_not_fit_are_refused(dropout_net: Build) -> None:
    model = dropout_net(0.1, 0.2)
    compile_model(model, OLD)
    with pytest.raises(ModelError, match=r"training\.dropout"):
        change(model, dropout=(0.1, 0.2, 0.3))


def test_that_refused_layers_leave_the_dropout_in_force(dropout_net: Build) -> None:
    model = dropout_net()
    before = dropout_rates(model)
    with pytest.raises(ModelError):
        change(model, dropout=tuple(0.9 for _ in before), trainable={"no such layer": True})
    assert dropout_rates(model) == before


def test_that_a_changed_dropout_acts_in_the_traced_step_once_it_is_traced_anew() -> None:
    import keras

    image = keras.Input((12, 12, 1))
    x = keras.layers.Dropout(0.5)(keras.layers.Flatten()(image))
    # Weights of one and a loss that is the sum: the loss tells which inputs were dropped.
    model = keras.Model(image, keras.layers.Dense(2, kernel_initializer="ones", use_bias=False)(x))
    compile_model(model, HyperParameters(optimizer="sgd", learning_rate=1e-9, loss="mean_squared_error"))
    set_dropout(model, (0.0,))
    fitter = BlockFitter(model, (12, 12, 1), Normalization("none"))
    block = Block(np.ones((64, 12, 12, 1), np.uint8), np.full((64, 2), 144, np.float32), np.ones(64, np.float32))

    def loss() -> float:
        assert fitter.fit_block(block, 64, lambda _: True, metrics_from_zero=True)
        return fitter.metrics()["loss"]

    assert loss() == pytest.approx(0, abs=1e-3)
    set_dropout(model, (0.5,))
    assert loss() == pytest.approx(0, abs=1e-3)
    fitter.trace_anew()
    # The variance of the sum of 144 numbers that are 0 or 2.
    assert loss() == pytest.approx(144, rel=0.5)
