"""Moving statistics that fit averaged weights."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from aid_desktop.data.normalize import Normalization
from aid_desktop.models.build import compile_model
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.training.blocks import Block
from aid_desktop.training.fit import BlockFitter
from aid_desktop.training.statistics import measure_statistics, moving_normalizations

pytestmark = pytest.mark.keras

SHAPE = (4, 4, 1)
SETTINGS = HyperParameters(optimizer="sgd", learning_rate=0.5, weight_average=0.9)


def make_model(settings: HyperParameters = SETTINGS, trainable: bool = True) -> Any:
    import keras

    keras.utils.set_random_seed(3)
    layers = keras.layers
    norm = layers.BatchNormalization(name="norm", trainable=trainable)
    model = keras.Sequential(
        [keras.Input(SHAPE), layers.Flatten(), layers.Dense(6, name="first"), norm, layers.Dense(2, "softmax")]
    )
    compile_model(model, settings)
    model.optimizer.build(model.trainable_variables)
    return model


def make_block(n: int) -> Block:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, n)
    images = rng.integers(0, 100, (n, *SHAPE), np.uint8) + (labels * 50).astype(np.uint8)[:, None, None, None]
    return Block(images, np.eye(2, dtype=np.float32)[labels], np.ones(n, np.float32))


def activations(model: Any, images: np.ndarray) -> np.ndarray:
    """Return what the normalization gets."""
    kernel, bias = (value.numpy() for value in model.get_layer("first").weights)
    return images.reshape(len(images), -1) / 255 @ kernel + bias


def test_that_the_statistics_are_those_of_the_weights_in_force() -> None:
    model, block = make_model(), make_block(40)
    fitter = BlockFitter(model, SHAPE, Normalization("divide_by_255"))
    assert fitter.fit_block(block, 20, lambda _: True, metrics_from_zero=True)
    model.get_layer("first").kernel.assign(np.full((16, 6), 0.25, np.float32))
    fitter.measure_statistics(20)
    batches = activations(model, block.images).reshape(2, 20, 6)
    norm = model.get_layer("norm")
    assert np.allclose(norm.moving_mean.value.numpy(), batches.mean((0, 1)), atol=1e-4)
    assert np.allclose(norm.moving_variance.value.numpy(), batches.var(1).mean(0), atol=1e-4)


def test_that_all_else_stays() -> None:
    model, block = make_model(), make_block(40)
    fitter = BlockFitter(model, SHAPE, Normalization("divide_by_255"))
    fitter.fit_block(block, 20, lambda _: True, metrics_from_zero=True)
    before, metrics = [v.value.numpy() for v in model.trainable_variables], fitter.metrics()
    fitter.measure_statistics(20)
    assert all(map(np.array_equal, before, [v.value.numpy() for v in model.trainable_variables]))
    assert fitter.metrics() == metrics
    assert int(model.optimizer.iterations) == 2


@pytest.mark.parametrize(
    "model",
    [
        lambda: make_model(dataclasses.replace(SETTINGS, weight_average=0.0)),
        lambda: make_model(trainable=False),
    ],
    ids=["no average", "frozen"],
)
def test_that_nothing_is_measured_where_nothing_is_averaged_or_moves(model: Any) -> None:
    made = model()
    assert moving_normalizations(made) == []
    fitter = BlockFitter(made, SHAPE, Normalization("divide_by_255"))
    fitter.fit_block(make_block(40), 20, lambda _: True, metrics_from_zero=True)
    before = made.get_layer("norm").moving_mean.value.numpy()
    fitter.measure_statistics(20)
    assert np.array_equal(before, made.get_layer("norm").moving_mean.value.numpy())


def test_that_a_mean_over_batches_is_taken() -> None:
    model = make_model()
    norm = model.get_layer("norm")
    batches = [np.full((5, 6), value, np.float32) + np.arange(5)[:, None] for value in (1.0, 3.0)]
    measure_statistics([norm], [lambda batch=batch: norm(batch, training=True) for batch in batches])
    assert np.allclose(norm.moving_mean.value.numpy(), 4.0, atol=1e-5)
    assert np.allclose(norm.moving_variance.value.numpy(), 2.0, atol=1e-5)
