"""Small networks and a card that fits them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aid_desktop.data.normalize import Normalization
from aid_desktop.models.metadata import ModelCard
from aid_desktop.settings.hyperparameters import HyperParameters
from aid_desktop.settings.image import ImageSettings

ZOO = Path(__file__).parents[2] / "model_zoo.py"


@pytest.fixture
def card() -> ModelCard:
    """Return the card of a network for 12 × 12 gray pixels and two classes."""
    return ModelCard(
        class_names=("cat", "Hund ü"),
        image=ImageSettings(width=12, height=12, padding="edge"),
        normalization=Normalization("standardize_training_set", 100.5, 33.25),
        architecture="MLP_8_8_8",
        epoch=3,
        revision=2,
        metrics=(("loss", 0.25), ("val_accuracy", 0.875)),
        data=(("a.rtdc", "0123"), ("b.rtdc", "4567")),
        versions=(("keras", "3.15"),),
        zoom=1.5,
    )


@pytest.fixture
def tiny_net() -> Callable[..., Any]:
    """Return a function that builds and compiles MLP_8_8_8 for 12 × 12 gray pixels and two classes."""

    def build(**hyperparameters: Any) -> Any:
        import keras

        from aid_desktop.models.build import compile_model
        from aid_desktop.models.zoo import load_zoo

        keras.utils.set_random_seed(1)
        model = load_zoo(ZOO).build("MLP_8_8_8", (12, 12, 1), 2)
        compile_model(model, HyperParameters(**hyperparameters))
        return model

    return build


@pytest.fixture
def dropout_net() -> Callable[..., Any]:
    """Return a function that builds a network of dense layers with a dropout of each rate, some of it nested."""

    def build(*rates: float) -> Any:
        import keras

        image = keras.Input((12, 12, 1))
        x = keras.layers.Flatten()(image)
        for number, rate in enumerate(rates):
            layer = keras.layers.Dropout(rate)
            if number == len(rates) - 1 and number > 0:
                layer = keras.Sequential([keras.layers.Dense(x.shape[-1]), layer])
            x = layer(x)
        return keras.Model(image, keras.layers.Dense(2, activation="softmax")(x))

    return build


@pytest.fixture
def unwritable_net() -> Callable[..., Any]:
    """Return a function that builds a network with an operation that ONNX does not have."""

    def build() -> Any:
        import keras
        import tensorflow as tf

        class Unwritable(keras.layers.Layer):
            def call(self, x: Any) -> Any:
                return tf.math.lgamma(x * x + 1)

        image = keras.Input((12, 12, 1))
        x = keras.layers.Flatten()(Unwritable()(image))
        return keras.Model(image, keras.layers.Dense(2, activation="softmax")(x))

    return build
