"""Optimizers: parameters that act, and state that survives a change."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from aid_desktop.errors import SettingsError
from aid_desktop.models.edit import renew_optimizer
from aid_desktop.models.optimizer import averages, make_optimizer
from aid_desktop.settings.hyperparameters import HyperParameters

pytestmark = pytest.mark.keras
Build = Callable[..., Any]

X = np.random.default_rng(3).random((8, 12, 12, 1), np.float32)
Y = np.eye(2, dtype=np.float32)[np.arange(8) % 2]
SOME = {"sgd": {"momentum": 0.9, "nesterov": True}, "rmsprop": {"momentum": 0.5, "rho": 0.8}, "adam": {"beta_1": 0.5}}


def state(optimizer: Any) -> dict[str, Any]:
    return {variable.path.partition("/")[2]: variable.numpy() for variable in optimizer.variables}


@pytest.mark.parametrize("name", SOME)
def test_that_a_kind_gets_the_parameters_that_it_has(name: str) -> None:
    config = make_optimizer(HyperParameters(optimizer=name, **SOME[name])).get_config()
    assert {key: config[key] for key in SOME[name]} == pytest.approx(SOME[name])


def test_that_lion_says_which_beta_it_takes() -> None:
    with pytest.raises(SettingsError, match="more than 0 with the optimizer lion"):
        HyperParameters(optimizer="lion", beta_1=0)
    assert make_optimizer(HyperParameters(optimizer="lion", beta_1=1e-6)).beta_1 == pytest.approx(1e-6)


def test_that_weight_decay_and_clipping_are_off_unless_asked_for() -> None:
    plain = make_optimizer(HyperParameters()).get_config()
    assert (plain["weight_decay"], plain["clipnorm"], plain["use_ema"]) == (None, None, False)
    asked = make_optimizer(HyperParameters(weight_decay=0.01, clip_norm=2, weight_average=0.9)).get_config()
    assert (asked["weight_decay"], asked["clipnorm"], asked["use_ema"]) == (0.01, 2, True)
    assert make_optimizer(HyperParameters(optimizer="adamw")).get_config()["weight_decay"] == 0


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"optimizer": "adam"}, {"optimizer": "adam", "beta_1": 0.5}),
        ({"optimizer": "adam"}, {"optimizer": "adamw", "weight_decay": 0.1}),
        ({"optimizer": "sgd", "momentum": 0.9}, {"optimizer": "sgd", "momentum": 0.5, "nesterov": True}),
        ({"optimizer": "rmsprop"}, {"optimizer": "rmsprop", "momentum": 0.5}),
    ],
)
def test_that_state_that_means_the_same_is_carried(
    tiny_net: Build, before: dict[str, Any], after: dict[str, Any]
) -> None:
    model = tiny_net(**before)
    for _ in range(3):
        model.train_step((X, Y))
    known = state(model.optimizer)
    renew_optimizer(model, HyperParameters(**after))
    carried = state(model.optimizer)
    assert carried["iteration"] == 3
    shared = [name for name in known if name in carried and name != "learning_rate"]
    assert len(shared) > 1
    for name in shared:
        assert np.array_equal(carried[name], known[name]), name


def test_that_state_of_another_kind_is_not_mistaken(tiny_net: Build) -> None:
    model = tiny_net(optimizer="adam")
    model.train_step((X, Y))
    renew_optimizer(model, HyperParameters(optimizer="sgd", momentum=0.9))
    values = state(model.optimizer)
    assert values.pop("iteration") == 0
    values.pop("learning_rate")
    assert values
    assert not any(value.any() for value in values.values())


def test_that_an_average_of_weights_begins_at_the_weights_and_follows_them(tiny_net: Build) -> None:
    model = tiny_net(optimizer="sgd", learning_rate=0.1)
    model.train_step((X, Y))
    renew_optimizer(model, HyperParameters(optimizer="sgd", learning_rate=0.1, weight_average=0.75))
    start = [weight.numpy() for weight in model.trainable_variables]
    assert all(np.array_equal(a.numpy(), b) for a, b in zip(averages(model.optimizer), start, strict=True))
    model.train_step((X, Y))
    for average, weight, first in zip(averages(model.optimizer), model.trainable_variables, start, strict=True):
        assert np.allclose(average.numpy(), 0.75 * first + 0.25 * weight.numpy(), atol=1e-6)


def test_that_long_gradients_are_shortened(tiny_net: Build) -> None:
    moved = []
    for clip in (0.0, 1e-3):
        model = tiny_net(optimizer="sgd", learning_rate=1.0, clip_norm=clip)
        before = model.get_weights()
        model.train_step((X, Y))
        moved.append(max(np.linalg.norm(a - b) for a, b in zip(model.get_weights(), before, strict=True)))
    assert moved[0] > 1e-2
    assert moved[1] <= 1.001e-3
