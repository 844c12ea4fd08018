"""Caffe, MXNet and .nnet: layers one by one, in shapes where they compute otherwise than Keras by nature."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aid_desktop.errors import ExportError
from aid_desktop.export.exporter import ExportFormat
from aid_desktop.export.formats import find_format
from aid_desktop.export.network import ExportNetwork

pytestmark = pytest.mark.keras

HEIGHT, WIDTH, CHANNELS = 13, 18, 4

Make = Callable[[Any, Any], Any]
"""Makes of keras.layers and an image what is to be written."""

LAYERS: dict[str, Make] = {
    "valid": lambda layers, x: layers.Conv2D(5, (2, 4), strides=(3, 2))(x),
    "same, even kernel": lambda layers, x: layers.Conv2D(5, (4, 2), padding="same")(x),
    "same, steps of 2": lambda layers, x: layers.Conv2D(5, 3, strides=2, padding="same", use_bias=False)(x),
    "same, steps beyond the kernel": lambda layers, x: layers.Conv2D(5, 1, strides=3, padding="same")(x),
    "dilated": lambda layers, x: layers.Conv2D(5, 3, dilation_rate=2, padding="same")(x),
    "groups": lambda layers, x: layers.Conv2D(6, 3, groups=2, padding="same")(x),
    "depthwise": lambda layers, x: layers.DepthwiseConv2D(3, strides=2, padding="same", depth_multiplier=2)(x),
    "maximum, remainder": lambda layers, x: layers.MaxPooling2D(4)(x),
    "maximum, remainder of steps": lambda layers, x: layers.MaxPooling2D(3, strides=2)(x),
    "maximum, same": lambda layers, x: layers.MaxPooling2D(3, strides=2, padding="same")(
        layers.Rescaling(1.0, -9.0)(x)
    ),
    "average, remainder": lambda layers, x: layers.AveragePooling2D(4)(x),
    "flat": lambda layers, x: layers.BatchNormalization()(layers.Flatten()(x)),
    "joined": lambda layers, x: layers.Concatenate()([layers.Flatten()(x), layers.GlobalMaxPooling2D()(x)]),
    "joined images": lambda layers, x: layers.Concatenate()([x, layers.ELU(0.5)(x), layers.LeakyReLU(0.3)(x)]),
    "difference": lambda layers, x: layers.Subtract()([layers.ReLU()(x), layers.Activation("tanh")(x)]),
    "product": lambda layers, x: layers.Multiply()([x, layers.Activation("sigmoid")(x)]),
    "mean": lambda layers, x: layers.Average()([x, layers.Activation("relu")(x), layers.Activation("softplus")(x)]),
    "softmax of pixels": lambda layers, x: layers.Softmax()(x),
    "gate": lambda layers, x: layers.Multiply()([x, layers.GlobalAveragePooling2D(keepdims=True)(x)]),
    "gate of two axes": lambda layers, x: layers.Multiply()([x, layers.GlobalAveragePooling2D()(x)]),
    "other order": lambda layers, x: layers.Add()(
        [layers.Flatten()(x), layers.Dense(HEIGHT * WIDTH * CHANNELS)(layers.GlobalAveragePooling2D()(x))]
    ),
    "dense on pixels": lambda layers, x: layers.Dense(5, activation="relu")(x),
}
REFUSED: dict[str, dict[str, str]] = {
    "caffe": {
        "gate": "different shapes",
        "gate of two axes": "different shapes",
        "other order": "another order",
        "dense on pixels": "applied to images",
    },
    "mxnet": {"mean": "no such operator", "gate of two axes": "different numbers of axes", "other order": "order"},
    "nnet": {
        "valid": "steps of one pixel",
        "maximum, remainder of steps": "side by side",
        "dense on pixels": "applied to images",
        "flat": "no such layer",
    },
}
NNET_LAYERS = ("valid", "maximum, remainder", "maximum, remainder of steps", "flat", "dense on pixels")


@pytest.fixture(scope="module")
def written(make_loaded: Any) -> Callable[[str], ExportNetwork]:
    """Return a function that gives a network of one of LAYERS between a convolution and a dense layer."""

    def make(name: str) -> ExportNetwork:
        import keras
        from keras import layers

        keras.utils.set_random_seed(5)
        image = keras.Input((HEIGHT, WIDTH, 3), name="image")
        found = LAYERS[name](layers, layers.Conv2D(CHANNELS, 3, padding="same")(image))
        flat = layers.Flatten()(found) if len(found.shape) > 2 else found
        model = keras.Model(image, layers.Dense(3, activation="softmax")(flat))
        rng = np.random.default_rng(5)
        for weight in model.weights:
            if len(weight.shape) == 1:
                weight.assign(rng.uniform(0.5, 1.5, weight.shape))
        images = rng.normal(size=(5, HEIGHT, WIDTH, 3)).astype(np.float32)
        return ExportNetwork(model, make_loaded("MLP_24_16_24").card, False, (images,))

    return make


def difference(target: ExportFormat, network: ExportNetwork, folder: Path, n: int = 5) -> float:
    path = folder / f"net{target.suffix}"
    target.write(network, path)
    found = target.checks[0].run(path, [network.inputs[0][:n]])
    expected = np.asarray(network.model(network.inputs[0][:n], training=False))
    assert found.shape == expected.shape
    return float(np.abs(found - expected).max())


def check(name: str, layer: str, network: ExportNetwork, folder: Path) -> None:
    target = find_format(name)
    if layer in REFUSED[name]:
        with pytest.raises(ExportError, match=REFUSED[name][layer]):
            target.write(network, folder / f"net{target.suffix}")
        return
    assert difference(target, network, folder) < 2e-6
    assert difference(target, network, folder, n=1) < 2e-6


@pytest.mark.parametrize("layer", LAYERS)
def test_that_caffe_computes_a_layer_as_keras_does(written: Any, tmp_path: Path, layer: str) -> None:
    check("caffe", layer, written(layer), tmp_path)


@pytest.mark.parametrize("layer", NNET_LAYERS)
def test_that_a_nnet_text_computes_a_layer_as_keras_does(written: Any, tmp_path: Path, layer: str) -> None:
    check("nnet", layer, written(layer), tmp_path)


@pytest.mark.parametrize("layer", REFUSED["mxnet"])
def test_that_mxnet_files_are_refused_without_mxnet_too(written: Any, tmp_path: Path, layer: str) -> None:
    check("mxnet", layer, written(layer), tmp_path)


@pytest.mark.exports_old
@pytest.mark.parametrize("layer", [layer for layer in LAYERS if layer not in REFUSED["mxnet"]])
def test_that_mxnet_computes_a_layer_as_keras_does(written: Any, tmp_path: Path, layer: str) -> None:
    check("mxnet", layer, written(layer), tmp_path)
