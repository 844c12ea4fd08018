from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from aid_desktop.errors import ModelError
from aid_desktop.models.build import (
    check_shapes,
    compile_model,
    dropout_layers,
    dropout_rates,
    measured,
    set_dropout,
)
from aid_desktop.models.optimizer import make_optimizer
from aid_desktop.settings.hyperparameters import LOSSES, OPTIMIZERS, HyperParameters

pytestmark = pytest.mark.keras
Build = Callable[..., Any]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_that_every_optimizer_is_keras_own_with_the_learning_rate(name: str) -> None:
    optimizer = make_optimizer(HyperParameters(optimizer=name, learning_rate=0.25))
    assert type(optimizer).__name__.lower() == name
    assert float(optimizer.learning_rate) == 0.25


@pytest.mark.parametrize("name", LOSSES)
def test_that_every_loss_is_keras_own(tiny_net: Build, name: str) -> None:
    import keras

    model = tiny_net(loss=name)
    y, p = np.eye(2, dtype=np.float32), np.array([[0.7, 0.3], [0.4, 0.6]], np.float32)
    got = float(model.compute_loss(None, y, p))
    assert got == pytest.approx(float(keras.losses.get(name)(y, p).numpy().mean()), rel=1e-5)


def test_that_the_accuracy_is_of_one_hot_labels_and_not_weighted(tiny_net: Build) -> None:
    model = tiny_net()
    x = np.random.default_rng(1).random((8, 12, 12, 1), np.float32)
    predicted = model(x).numpy().argmax(axis=1)
    labels = np.eye(2, dtype=np.float32)[np.where(np.arange(8) < 6, predicted, 1 - predicted)]
    weights = np.where(np.arange(8) < 6, 0.0, 5.0).astype(np.float32)
    metrics = model.test_step((x, labels, weights))
    assert set(metrics) == {"loss", "accuracy"}
    assert float(metrics["accuracy"]) == 0.75


def test_that_a_given_optimizer_keeps_its_state(tiny_net: Build) -> None:
    model = tiny_net()
    model.train_step((np.zeros((2, 12, 12, 1), np.float32), np.eye(2, dtype=np.float32)))
    compile_model(model, HyperParameters(loss="poisson"), model.optimizer)
    assert int(model.optimizer.iterations) == 1


# --- dropout ------------------------------------------------------------------------------------------------


def test_that_all_dropout_layers_are_found_those_of_nested_models_too(dropout_net: Build) -> None:
    model = dropout_net(0.1, 0.2, 0.3)
    assert len(dropout_layers(model)) == 3
    assert dropout_rates(model) == (0.1, 0.2, 0.3)
    assert dropout_rates(dropout_net()) == ()


@pytest.mark.parametrize("kind", ["Dropout", "SpatialDropout2D", "AlphaDropout", "GaussianDropout"])
def test_that_every_kind_of_dropout_counts(kind: str) -> None:
    import keras

    image = keras.Input((4, 4, 1))
    layer = getattr(keras.layers, kind)(0.25)
    model = keras.Model(image, layer(image))
    set_dropout(model, (0.5,))
    assert dropout_rates(model) == (0.5,)
    ones = np.ones((50, 4, 4, 1), np.float32)
    assert not np.allclose(model(ones, training=True), 1)


def test_that_one_rate_is_for_all_several_are_for_each_and_none_changes_nothing(dropout_net: Build) -> None:
    model = dropout_net(0.1, 0.2)
    set_dropout(model, ())
    assert dropout_rates(model) == (0.1, 0.2)
    set_dropout(model, (0.5,))
    assert dropout_rates(model) == (0.5, 0.5)
    set_dropout(model, (0.3, 0.4))
    assert dropout_rates(model) == (0.3, 0.4)


def test_that_a_wrong_number_of_rates_is_refused_and_changes_nothing(dropout_net: Build) -> None:
    model = dropout_net(0.1, 0.2)
    with pytest.raises(ModelError, match=r"training\.dropout: got 3 numbers, the network has 2 dropout layers"):
        set_dropout(model, (0.5, 0.5, 0.5))
    assert dropout_rates(model) == (0.1, 0.2)
    with pytest.raises(ModelError, match="the network has 0 dropout layers"):
        set_dropout(dropout_net(), (0.5, 0.5))
    set_dropout(dropout_net(), (0.5,))


def test_that_dropout_switched_off_can_be_switched_on_again(dropout_net: Build) -> None:
    model = dropout_net(0.3)
    ones = np.ones((50, 12, 12, 1), np.float32)
    layer = dropout_layers(model)[0]
    set_dropout(model, (0.0,))
    assert np.allclose(layer(ones, training=True), 1)
    set_dropout(model, (0.5,))
    assert abs((np.asarray(layer(ones, training=True)) == 0).mean() - 0.5) < 0.05


def test_that_a_layer_built_without_dropout_cannot_get_it(dropout_net: Build) -> None:
    model = dropout_net(0.0)
    set_dropout(model, (0.0,))
    with pytest.raises(ModelError, match="was built without dropout and cannot get it"):
        set_dropout(model, (0.5,))


# --- shapes -------------------------------------------------------------------------------------------------


def test_that_a_saved_model_must_fit_images_and_classes(tiny_net: Build) -> None:
    model = tiny_net()
    check_shapes(model, (12, 12, 1), 2)
    with pytest.raises(ModelError, match="takes images of 12 × 12 × 1, the run is set to 12 × 14 × 3"):
        check_shapes(model, (12, 14, 3), 2)
    with pytest.raises(ModelError, match="tells 2 classes apart, the data have 3"):
        check_shapes(model, (12, 12, 1), 3)


def test_that_a_saved_model_must_take_the_features_of_the_run(tiny_net: Build) -> None:
    import keras

    image, features = keras.Input((12, 12, 1)), keras.Input((3,))
    x = keras.layers.Concatenate()([keras.layers.Flatten()(image), features])
    both = keras.Model([image, features], keras.layers.Dense(2)(x))
    check_shapes(both, (12, 12, 1), 2, 3)
    for model, n_features, message in (
        (both, 0, "takes 3 features besides the image, the run is set to 0"),
        (both, 2, "takes 3 features besides the image, the run is set to 2"),
        (tiny_net(), 2, "takes 0 features besides the image, the run is set to 2"),
    ):
        with pytest.raises(ModelError, match=message):
            check_shapes(model, (12, 12, 1), 2, n_features)


def test_that_metrics_are_means_over_the_classes(tiny_net: Build) -> None:
    from sklearn.metrics import f1_score, precision_score, recall_score, roc_auc_score

    model = tiny_net(metrics=("accuracy", "auc", "precision", "recall", "f1"))
    rng = np.random.default_rng(0)
    # Not of positive numbers alone: a network whose units are all off rates both classes alike.
    x, labels = rng.normal(size=(200, 12, 12, 1)).astype(np.float32), rng.integers(0, 2, 200)
    model.reset_metrics()
    model.test_step((x, np.eye(2, dtype=np.float32)[labels]))
    found = measured(model)
    probabilities = np.asarray(model(x))
    predicted = probabilities.argmax(axis=1)
    expected = {
        "accuracy": (predicted == labels).mean(),
        "precision": precision_score(labels, predicted, average="macro", zero_division=0),
        "recall": recall_score(labels, predicted, average="macro"),
        "f1": f1_score(labels, predicted, average="macro"),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-6)
    # Keras adds up the area over 200 thresholds.
    assert found["auc"] == pytest.approx(roc_auc_score(labels, probabilities[:, 1]), abs=0.05)
    assert next(iter(found)) == "loss"
