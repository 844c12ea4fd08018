"""Which layers learn."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from aid_desktop.errors import ModelError
from aid_desktop.models.build import compile_model
from aid_desktop.models.edit import renew_optimizer
from aid_desktop.models.partial import Rule, learning_layers, n_frozen, set_trainable
from aid_desktop.settings.hyperparameters import HyperParameters

pytestmark = pytest.mark.keras

X = np.random.default_rng(3).random((8, 12, 12, 1), np.float32)
Y = np.eye(2, dtype=np.float32)[np.arange(8) % 2]
NAMES = ("conv_1", "norm", "conv_2", "hidden", "out")


@pytest.fixture
def net() -> Callable[[], Any]:
    """Return a function that builds two convolutions, one of them nested, and two dense layers, compiled."""

    def build() -> Any:
        import keras
        from keras import layers

        keras.utils.set_random_seed(1)
        image = keras.Input((12, 12, 1))
        base = keras.Sequential(
            [layers.Conv2D(2, 3, name="conv_1"), layers.BatchNormalization(name="norm")], name="base"
        )
        x = layers.Flatten()(layers.Conv2D(2, 3, name="conv_2")(base(image)))
        x = layers.Dense(3, name="hidden")(x)
        model = keras.Model(image, layers.Dense(2, activation="softmax", name="out")(x))
        compile_model(model, HyperParameters(optimizer="sgd", learning_rate=0.1))
        return model

    return build


def learn(model: Any) -> set[str]:
    """Do one step; return the layers whose weights it has moved."""
    before = {layer.name: [w.numpy() for w in layer.weights] for layer in learning_layers(model)}
    model.train_step((X, Y))
    return {
        layer.name
        for layer in learning_layers(model)
        if any(not np.array_equal(w.numpy(), old) for w, old in zip(layer.weights, before[layer.name], strict=True))
    }


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("all", set(NAMES)),
        ("dense", {"hidden", "out"}),
        ("last:1", {"out"}),
        ("last:99", set(NAMES)),
        ((("conv_1", False), ("out", False)), {"norm", "conv_2", "hidden"}),
    ],
)
def test_that_only_the_layers_of_the_rule_move(net: Callable[[], Any], rule: Rule, expected: set[str]) -> None:
    model = net()
    changed = set_trainable(model, rule)
    assert changed == (expected != set(NAMES))
    renew_optimizer(model, HyperParameters(optimizer="sgd", learning_rate=0.1))
    assert learn(model) == expected
    assert n_frozen(model, rule) == len(NAMES) - len(expected)
    assert set_trainable(model, rule) is False


def test_that_frozen_layers_thaw_from_the_last_to_the_first(net: Callable[[], Any]) -> None:
    model = net()
    found = []
    for n_more in range(5):
        set_trainable(model, "dense", n_more)
        found.append([layer.name for layer in learning_layers(model) if layer.trainable])
    assert found[0] == ["hidden", "out"]
    assert found[1] == ["conv_2", "hidden", "out"]
    assert found[3] == found[4] == list(NAMES)


def test_that_what_does_not_fit_is_refused_in_words_and_changes_nothing(net: Callable[[], Any]) -> None:
    model = net()
    with pytest.raises(ModelError, match=r"no layer 'hiden' with weights: did you mean 'hidden'\?"):
        set_trainable(model, (("hiden", False),))
    with pytest.raises(ModelError, match=r"no layer is left that learns"):
        set_trainable(model, tuple((name, False) for name in NAMES))
    assert all(layer.trainable for layer in learning_layers(model))
