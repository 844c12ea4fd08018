"""The input of the last layer, in all forms that a network can have."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from aid_desktop.data.scalar_features import FeatureScaling
from aid_desktop.errors import ModelError
from aid_desktop.models import embedding
from aid_desktop.models.embedding import Embedder
from aid_desktop.models.metadata import ModelCard

pytestmark = pytest.mark.keras
IMAGES = np.random.default_rng(5).integers(0, 256, (40, 12, 12, 1), np.uint8)


def last_layer_on(values: np.ndarray, layer: Any) -> np.ndarray:
    """Return the probabilities that a last Dense layer gives to its input."""
    kernel, bias = layer.get_weights()
    powers = np.exp(values @ kernel + bias)
    return powers / powers.sum(axis=1, keepdims=True)


def test_that_the_last_layer_applied_to_the_embedding_gives_the_probabilities(
    tiny_net: Callable[..., Any], card: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    model = tiny_net()
    monkeypatch.setattr(embedding, "BATCH_SIZE", 16)
    embedder = Embedder(model, card)
    values = embedder.embed(IMAGES)
    assert (values.shape, values.dtype, embedder.size) == ((40, 8), np.float32, 8)
    last = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)][-1]
    expected = model(card.normalization.apply(IMAGES), training=False)
    assert np.allclose(last_layer_on(values, last), expected, atol=1e-5)


def test_that_nested_networks_feature_maps_and_second_inputs_are_followed(card: ModelCard) -> None:
    import keras
    from keras import layers

    inner = keras.Sequential([layers.Input((12, 12, 1)), layers.Flatten(), layers.Dense(5), layers.Dense(2)])
    image = keras.Input((12, 12, 1))
    nested = keras.Model(image, layers.Softmax()(inner(image)))
    shifted = card.normalization.apply(IMAGES)
    values = Embedder(nested, card).embed(IMAGES)
    assert np.allclose(inner.layers[-1](values), inner(shifted), atol=1e-5)

    maps = layers.Conv2D(2, 1)(layers.Conv2D(3, 3)(image))
    convolutional = keras.Model(image, layers.Softmax()(layers.GlobalAveragePooling2D()(maps)))
    values = Embedder(convolutional, card).embed(IMAGES)
    assert values.shape == (40, 3)
    kernel, bias = convolutional.layers[2].get_weights()
    logits = values @ kernel[0, 0] + bias
    expected = np.asarray(convolutional(shifted))
    assert np.allclose(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), expected, atol=1e-5)

    numbers = keras.Input((2,))
    both = layers.Concatenate()([layers.Flatten()(image), numbers])
    two = keras.Model([image, numbers], layers.Dense(2, activation="softmax")(both))
    takes_features = replace(
        card, image=replace(card.image, features=("area_um", "deform")), features=_features(("area_um", "deform"))
    )
    extra = np.arange(80, dtype=np.float32).reshape(40, 2)
    embedder = Embedder(two, takes_features)
    assert np.allclose(embedder.embed(IMAGES, features=extra)[:, -2:], extra)
    with pytest.raises(ModelError, match="area_um, deform besides"):
        embedder.embed(IMAGES)


def test_that_a_stop_leaves_the_rows_computed_so_far(
    tiny_net: Callable[..., Any], card: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding, "BATCH_SIZE", 16)
    answers = iter([False, True])
    assert Embedder(tiny_net(), card).embed(IMAGES, lambda: next(answers)).shape == (16, 8)


def test_that_a_network_without_a_last_layer_is_refused(card: ModelCard) -> None:
    import keras
    from keras import layers

    image = keras.Input((12, 12, 1))
    with pytest.raises(ModelError, match="no Dense or Conv2D layer"):
        Embedder(keras.Model(image, layers.GlobalAveragePooling2D()(image)), card)

    class Own(keras.Model):
        def call(self, inputs: Any) -> Any:
            return inputs

    with pytest.raises(ModelError, match="a class of its own"):
        Embedder(Own(), card)


def _features(names: tuple[str, ...]) -> FeatureScaling:
    return FeatureScaling(names, (0.0,) * len(names), (1.0,) * len(names))
