"""The network that is written answers as the program does: temperature, grey levels, features."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aid_desktop.data.normalize import Normalization
from aid_desktop.data.scalar_features import FeatureScaling
from aid_desktop.errors import ExportError
from aid_desktop.export.exporting import keras_probabilities
from aid_desktop.export.graph import read_graph
from aid_desktop.export.network import make_network
from aid_desktop.export.sample import find_sample
from aid_desktop.models.files import LoadedModel
from aid_desktop.models.metadata import ModelCard
from aid_desktop.settings.image import NORMALIZATIONS, ImageSettings

pytestmark = pytest.mark.keras


def card_of(method: str = "divide_by_255", pixel_type: str = "uint8", temperature: float = 1.0) -> ModelCard:
    white = {"uint8": 255.0, "uint16": 65535.0, "float32": 1.0}[pixel_type]
    image = ImageSettings(width=12, height=10, normalization=method)
    normalization = Normalization(method, mean=0.3 * white, std=0.2 * white, white=white)
    return ModelCard(("a", "b", "c"), image, normalization, "own", 1, 0, pixel_type=pixel_type, temperature=temperature)


def model_of(*end: Any) -> Any:
    import keras

    keras.utils.set_random_seed(1)
    return keras.Sequential([keras.Input((10, 12, 1)), keras.layers.Flatten(), *end])


def difference(loaded: LoadedModel, is_raw: bool = False) -> float:
    """Return the largest difference between the written network and the program itself."""
    sample = find_sample(loaded.card)
    network = make_network(loaded, sample, is_raw)
    given: Any = list(network.inputs) if len(network.inputs) > 1 else network.inputs[0]
    found = np.asarray(network.model(given, training=False))
    return float(np.abs(found - keras_probabilities(loaded, sample)).max())


ENDS = {
    "dense with softmax": lambda layers: [layers.Dense(3, "softmax", name="last")],
    "activation": lambda layers: [layers.Dense(3, name="last"), layers.Activation("softmax")],
    "softmax layer": lambda layers: [layers.Dense(3, name="last"), layers.Softmax()],
    "no bias": lambda layers: [layers.Dense(3, "softmax", use_bias=False, name="last")],
    "something between": lambda layers: [layers.Dense(3), layers.ReLU(), layers.Softmax()],
    "sigmoid": lambda layers: [layers.Dense(3, "sigmoid")],
}
FOLDED = ("dense with softmax", "activation", "softmax layer", "no bias")


@pytest.mark.parametrize("temperature", [0.5, 2.5])
@pytest.mark.parametrize("name", ENDS)
def test_that_the_temperature_is_part_of_the_network(name: str, temperature: float) -> None:
    from keras import layers

    model = model_of(*ENDS[name](layers))
    before = [weight.numpy() for weight in model.weights]
    loaded = LoadedModel(model, card_of(temperature=temperature), Path("net.keras"))
    assert difference(loaded) < 1e-6
    assert all(np.array_equal(old, weight) for old, weight in zip(before, model.weights, strict=True))
    network = make_network(loaded, find_sample(loaded.card), False)
    is_folded = "Log" not in [layer.kind for layer in read_graph(network.model).layers]
    assert is_folded is (name in FOLDED)


def test_that_a_layer_used_twice_keeps_its_weights() -> None:
    import keras

    entrance = keras.Input((10, 12, 1))
    shared = keras.layers.Dense(3, name="shared")
    values = shared(shared(keras.layers.Dense(3)(keras.layers.Flatten()(entrance))))
    model = keras.Model(entrance, keras.layers.Softmax()(values))
    assert difference(LoadedModel(model, card_of(temperature=3.0), Path("net.keras"))) < 1e-6


@pytest.mark.parametrize("pixel_type", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("method", NORMALIZATIONS)
def test_that_grey_levels_of_each_type_are_normalized_in_the_network(method: str, pixel_type: str) -> None:
    from keras import layers

    if method == "none" and pixel_type == "uint16":
        model = model_of(layers.Rescaling(1 / 65535), layers.Dense(3, "softmax"))
    else:
        model = model_of(layers.Dense(3, "softmax"))
    loaded = LoadedModel(model, card_of(method, pixel_type, temperature=1.5), Path("net.keras"))
    network = make_network(loaded, find_sample(loaded.card), True)
    assert str(network.model.inputs[0].dtype) == str(network.inputs[0].dtype) == pixel_type
    assert difference(loaded, is_raw=True) < 1e-5


def test_that_an_image_of_one_grey_level_makes_no_number_that_is_none() -> None:
    from keras import layers

    loaded = LoadedModel(model_of(layers.Dense(3, "softmax")), card_of("standardize_each_image"), Path("net.keras"))
    network = make_network(loaded, find_sample(loaded.card), True)
    flat = np.full((1, 10, 12, 1), 77, np.uint8)
    expected = loaded.model(loaded.card.normalization.apply(flat), training=False)
    assert np.abs(np.asarray(network.model(flat)) - np.asarray(expected)).max() < 1e-5


@pytest.mark.parametrize("is_raw", [False, True])
def test_that_features_are_scaled_as_in_the_program(is_raw: bool) -> None:
    import keras

    image, features = keras.Input((10, 12, 1)), keras.Input((2,))
    joined = keras.layers.Concatenate()([keras.layers.Flatten()(image), features])
    model = keras.Model([image, features], keras.layers.Dense(3, "softmax")(joined))
    names = ("area_um", "deform")
    card = replace(card_of(temperature=1.5), features=FeatureScaling(names, (50.0, 0.1), (20.0, 0.03)))
    card = replace(card, image=replace(card.image, features=names))
    loaded = LoadedModel(model, card, Path("net.keras"))
    assert difference(loaded, is_raw) < 1e-6
    network = make_network(loaded, find_sample(card), is_raw)
    assert [one.shape[1:] for one in network.inputs] == [(10, 12, 1), (2,)]
    assert all(one.dtype == np.float32 for one in network.inputs[1:])


def test_that_several_outputs_are_refused() -> None:
    import keras

    entrance = keras.Input((10, 12, 1))
    flat = keras.layers.Flatten()(entrance)
    model = keras.Model(entrance, [keras.layers.Dense(3)(flat), keras.layers.Dense(2)(flat)])
    loaded = LoadedModel(model, card_of(), Path("net.keras"))
    with pytest.raises(ExportError, match=r"net\.keras has 1 inputs and 2 outputs; expected 1 and 1"):
        make_network(loaded, find_sample(loaded.card), False)
