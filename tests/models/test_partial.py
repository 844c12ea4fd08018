"""Which layers learn."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aid_desktop.errors import ModelError
from aid_desktop.models.build import compile_model
from aid_desktop.models.edit import apply, renew_optimizer
from aid_desktop.models.files import load_model, save_model
from aid_desktop.models.metadata import ModelCard
from aid_desktop.models.optimizer import averages
from aid_desktop.models.partial import Rule, learning_layers, set_trainable
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.snapshot import SettingsDiff, TrainingSettings

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


# --- a part of the units ------------------------------------------------------------------------------------

SHARES = (("conv_2", 0.5), ("hidden", 0.4))
HELD = {"conv_2": 1, "hidden": 2}


def values(model: Any) -> dict[str, list[np.ndarray]]:
    return {layer.name: layer.get_weights() for layer in learning_layers(model)}


def held_and_moved(before: dict[str, list[np.ndarray]], after: dict[str, list[np.ndarray]], name: str) -> list[bool]:
    """Return for each unit of a layer whether all of its weights have stayed as they were, to the last bit."""
    same = [np.asarray(a == b).reshape(-1, a.shape[-1]).all(0) for a, b in zip(before[name], after[name], strict=True)]
    return list(np.logical_and.reduce(same))


@pytest.mark.parametrize(
    "words",
    [
        {"optimizer": "adamw", "weight_decay": 0.5, "weight_average": 0.5},
        {"optimizer": "sgd", "momentum": 0.9, "nesterov": True, "weight_decay": 0.1, "clip_norm": 1},
        {"optimizer": "lion", "weight_decay": 0.1},
        {"optimizer": "adam", "precision": "mixed_float16", "weight_average": 0.5},
    ],
)
def test_that_units_which_do_not_learn_stay_to_the_last_bit(net: Callable[[], Any], words: dict[str, Any]) -> None:
    import tensorflow as tf

    model = net()
    hyperparameters = HyperParameters(learning_rate=0.1, **words)
    renew_optimizer(model, hyperparameters)
    # The optimizer has a momentum and averages before a part is held.
    model.train_step((X, Y))
    before, output = values(model), np.asarray(model(X))
    means = [average.numpy() for average in averages(model.optimizer)]
    assert set_trainable(model, SHARES) is True
    renew_optimizer(model, hyperparameters)
    np.testing.assert_array_equal(model(X), output)
    step = tf.function(lambda: model.train_step((X, Y)), autograph=False)
    for _ in range(3):
        step()
    after = values(model)
    for name, n_held in HELD.items():
        stays = held_and_moved(before, after, name)
        assert stays == [place < n_held for place in range(len(stays))]
    assert not np.array_equal(before["out"][0], after["out"][0])
    for weight, old, new in zip(model.trainable_variables, means, averages(model.optimizer), strict=bool(means)):
        part = HELD.get(weight.path.split("/")[-2], 0)
        np.testing.assert_array_equal(new.numpy()[..., :part], old[..., :part])


def test_that_the_units_held_can_change_while_it_trains_and_a_saved_file_knows_nothing_of_it(
    net: Callable[[], Any], card: ModelCard, tmp_path: Path
) -> None:
    import keras

    model = net()
    settings = [
        TrainingSettings(hyperparameters=HyperParameters(optimizer="adamw", weight_decay=0.1, trainable=rule))
        for rule in ("all", (("hidden", 0.4),), (("hidden", 0.7),), "all")
    ]
    expected = [0, 2, 1, 0]
    for old, new, n_held in zip([settings[0], *settings], settings, expected, strict=False):
        apply(model, SettingsDiff.between(old, new), new, ())
        before = values(model)
        model.train_step((X, Y))
        assert held_and_moved(before, values(model), "hidden") == [place < n_held for place in range(3)]
        save_model(model, card, tmp_path / "net.keras")
        plain = keras.models.load_model(tmp_path / "net.keras")
        assert {type(layer).__module__.split(".")[0] for layer in learning_layers(plain)} == {"keras"}
        np.testing.assert_array_equal(plain(X), model(X))
        plain.train_step((X, Y))
    loaded = load_model(tmp_path / "net.keras", for_training=True).model
    assert set_trainable(loaded, SHARES) is True


def test_that_thawing_lets_all_units_learn(net: Callable[[], Any]) -> None:
    model = net()
    set_trainable(model, (("conv_1", False), *SHARES))
    found = []
    for n_more in (0, 1, 2, 3, 4):
        assert set_trainable(model, (("conv_1", False), *SHARES), n_more) == (0 < n_more < 4)
        renew_optimizer(model, HyperParameters(optimizer="sgd", learning_rate=0.1))
        before = values(model)
        model.train_step((X, Y))
        after = values(model)
        found.append([sum(held_and_moved(before, after, name)) for name in ("conv_1", "conv_2", "hidden")])
    assert found == [[2, 1, 2], [2, 1, 0], [2, 0, 0], [0, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize(("share", "n_held"), [(0.99, 0), (0.84, 0), (0.83, 1), (0.5, 2), (0.01, 2)])
def test_that_units_are_rounded_and_one_at_least_learns(net: Callable[[], Any], share: float, n_held: int) -> None:
    model = net()
    set_trainable(model, (("hidden", share),))
    renew_optimizer(model, HyperParameters(optimizer="sgd", learning_rate=0.1))
    before = values(model)
    model.train_step((X, Y))
    assert sum(held_and_moved(before, values(model), "hidden")) == n_held


def test_that_a_layer_without_units_learns_as_a_whole_or_not_at_all(net: Callable[[], Any]) -> None:
    with pytest.raises(
        ModelError, match=r"layer 'norm' \(BatchNormalization\) learns as a whole or not at all, got 0.5"
    ):
        set_trainable(net(), (("norm", 0.5),))
