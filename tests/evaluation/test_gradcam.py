"""Grad-CAM: the map by hand, and the gradients of real networks, plain, nested and with two inputs."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from aid_desktop.data.normalize import Normalization
from aid_desktop.data.scalar_features import FeatureScaling
from aid_desktop.errors import ModelError
from aid_desktop.evaluation.gradcam import COLOR_MAPS, GradCam, overlaid, weighted_map
from aid_desktop.models.files import LoadedModel
from aid_desktop.models.metadata import ModelCard
from aid_desktop.settings.image import ImageSettings

CARD = ModelCard(("a", "b"), ImageSettings(width=4, height=4), Normalization("none"), "tiny", 0, 0)
IMAGE = np.arange(16, dtype=np.uint8).reshape(4, 4, 1)


def test_that_the_map_is_the_positive_part_of_the_weighted_sum_of_the_channels():
    activations = np.array([[[1, 2], [0, 3]], [[4, 0], [1, 1]]], np.float32)
    gradients = np.array([[[1, -1], [3, -1]], [[0, 0], [0, -2]]], np.float32)
    # The weights are 1 and -1: the sums are -1, -3, 4, 0.
    np.testing.assert_array_equal(weighted_map(activations, gradients), [[0, 0], [1, 0]])


def test_that_a_map_of_nothing_is_dark():
    assert not weighted_map(-np.ones((2, 3, 1), np.float32), np.ones((2, 3, 1), np.float32)).any()


@given(arrays.arrays(np.float32, (3, 4, 2), elements=st.floats(-100, 100, width=32)))
def test_that_a_map_lies_between_0_and_1(activations):
    found = weighted_map(activations, activations[::-1])
    assert found.shape == (3, 4)
    assert found.min() >= 0
    assert found.max() == pytest.approx(1) or not found.any()


@pytest.mark.parametrize("channels", [(), (1,), (3,)])
def test_that_opacity_leads_from_the_image_to_the_colours(channels):
    image = np.full((2, 2, *channels), 90, np.uint8)
    heat = np.array([[0, 1], [0.5, 0]], np.float32)
    assert np.unique(overlaid(image, heat, "viridis", 0)).tolist() == [90]
    expected = cv2.applyColorMap(np.array([[0, 255], [128, 0]], np.uint8), cv2.COLORMAP_VIRIDIS)[:, :, ::-1]
    np.testing.assert_array_equal(overlaid(image, heat, "viridis", 1), expected)
    half = overlaid(image, heat, "viridis", 0.5).astype(int)
    assert np.abs(half - (expected.astype(int) + 90) / 2).max() <= 0.5


def test_that_viridis_is_the_first_map_and_all_can_be_drawn():
    assert next(iter(COLOR_MAPS)) == "viridis"
    for name in COLOR_MAPS:
        assert overlaid(IMAGE, np.ones((4, 4), np.float32), name, 0.5).shape == (4, 4, 3)


@pytest.fixture(scope="module")
def layers():
    import keras

    return keras.layers


def _conv(layers, name: str = "conv"):
    return layers.Conv2D(2, 3, name=name, activation="relu", padding="same")


def _fill(model) -> None:
    """Give a network weights that are the same in each of its forms."""
    rng = np.random.default_rng(4)
    for variable in model.weights:
        variable.assign(rng.normal(size=variable.shape))


def _loaded(model, card: ModelCard = CARD) -> LoadedModel:
    return LoadedModel(model, card, Path("tiny.keras"))


def _by_hand(kernel: np.ndarray, bias: np.ndarray, dense: np.ndarray, class_index: int) -> np.ndarray:
    """Return the map of relu(conv) -> flatten -> dense: the gradient of a score is the dense layer's column."""
    padded = np.pad(IMAGE[:, :, 0].astype(float), 1)
    sums = sum(padded[y : y + 4, x : x + 4, None] * kernel[y, x, 0] for y in range(3) for x in range(3)) + bias
    weights = dense[:, class_index].reshape(4, 4, 2).mean(axis=(0, 1))
    summed = np.maximum(np.maximum(sums, 0) @ weights, 0)
    return summed / summed.max() if summed.any() else summed


@pytest.mark.keras
@pytest.mark.parametrize("end", ["dense", "activation", "softmax", "linear"])
def test_that_a_tiny_network_gives_the_map_computed_by_hand(layers, end):
    import keras

    last = {"activation": [layers.Activation("softmax")], "softmax": [layers.Softmax()]}.get(end, [])
    dense = layers.Dense(2, activation="softmax" if end == "dense" else None)
    model = keras.Sequential([layers.Input((4, 4, 1)), _conv(layers), layers.Flatten(), dense, *last])
    _fill(model)
    before = np.asarray(model(IMAGE[np.newaxis].astype(np.float32)))
    cam = GradCam(_loaded(model))
    assert cam.layers == ("conv",)
    kernel, bias, weights, offset = (np.asarray(variable) for variable in model.weights)
    for class_index in (0, 1):
        found = cam.heat_map(IMAGE, class_index)
        np.testing.assert_allclose(found.values, _by_hand(kernel, bias, weights, class_index), atol=1e-5)
        assert found.is_pre_softmax is (end != "linear")
        flat = np.asarray(model.get_layer("conv")(IMAGE[np.newaxis].astype(np.float32))).reshape(-1)
        assert found.score == pytest.approx((flat @ weights + offset)[class_index], rel=1e-4)
    # Nothing of the network has changed.
    np.testing.assert_array_equal(np.asarray(model(IMAGE[np.newaxis].astype(np.float32))), before)


@pytest.mark.keras
def test_that_layers_of_a_nested_model_can_be_chosen_and_give_the_same_map(layers):
    import keras

    inner = keras.Sequential([layers.Input((4, 4, 1)), _conv(layers), layers.MaxPooling2D(name="pool")], name="inner")
    given = layers.Input((4, 4, 1))
    dense = layers.Dense(2, activation="softmax")
    nested = keras.Model(given, dense(layers.Flatten()(inner(given))))
    flat = keras.Sequential(
        [layers.Input((4, 4, 1)), _conv(layers), layers.MaxPooling2D(name="pool"), layers.Flatten(),
         layers.Dense(2, activation="softmax")]
    )  # fmt: skip
    _fill(nested)
    _fill(flat)
    one, other = GradCam(_loaded(nested)), GradCam(_loaded(flat))
    assert one.layers == other.layers == ("pool", "conv")
    for layer in one.layers:
        found, expected = (cam.heat_map(IMAGE, 1, layer) for cam in (one, other))
        np.testing.assert_allclose(found.values, expected.values, atol=1e-6)
        assert found.values.shape == (4, 4)
        assert found.values.max() in (0, 1)
        assert found.layer == layer


@pytest.mark.keras
def test_that_a_network_with_features_needs_them(layers):
    import keras

    given, beside = layers.Input((4, 4, 1)), layers.Input((1,))
    joined = layers.Concatenate()([layers.Flatten()(_conv(layers)(given)), beside])
    model = keras.Model([given, beside], layers.Dense(2, activation="softmax")(joined))
    _fill(model)
    card = ModelCard(
        CARD.class_names, ImageSettings(width=4, height=4, features=("area_um",)), CARD.normalization, "tiny", 0, 0,
        features=FeatureScaling(("area_um",), (10.0,), (2.0,)),
    )  # fmt: skip
    cam = GradCam(_loaded(model, card))
    kernel, bias, weights, _ = (np.asarray(variable) for variable in model.weights)
    found = [cam.heat_map(IMAGE, 1, features=np.array([area])) for area in (10.0, 12.0)]
    np.testing.assert_allclose(found[0].values, _by_hand(kernel, bias, weights[:32], 1), atol=1e-5)
    assert found[1].score - found[0].score == pytest.approx(weights[32, 1], rel=1e-3)
    with pytest.raises(ModelError, match="area_um"):
        cam.heat_map(IMAGE, 1)


@pytest.mark.keras
def test_that_what_is_not_there_is_told(layers):
    import keras

    model = keras.Sequential([layers.Input((4, 4, 1)), _conv(layers), layers.Flatten(), layers.Dense(2)])
    cam = GradCam(_loaded(model))
    with pytest.raises(ModelError, match="no layer dense: choose one of conv"):
        cam.heat_map(IMAGE, 0, "dense")
    with pytest.raises(ModelError, match="no class 2: expected 0 to 1"):
        cam.heat_map(IMAGE, 2)
    flat = keras.Sequential([layers.Input((4, 4, 1)), layers.Flatten(), layers.Dense(2)])
    with pytest.raises(ModelError, match="choose a model with convolutions"):
        GradCam(_loaded(flat))
