"""PyTorch: layers one by one, in shapes where it computes otherwise than Keras by nature, and names it cannot take."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aid_desktop.errors import ExportError
from aid_desktop.export.exporting import ExportChoice, export_model
from aid_desktop.export.network import ExportNetwork
from aid_desktop.export.pytorch import PYTORCH, STATE_SUFFIX, run_torch, write_torch

pytestmark = pytest.mark.keras

HEIGHT, WIDTH, CHANNELS = 13, 18, 4

Make = Callable[[Any, Any], Any]
"""Makes of the module keras and an image what is to be written."""
Written = Callable[[Make], ExportNetwork]


def rows(keras: Any, x: Any) -> Any:
    """Six rows of six values, made of an image."""
    layers = keras.layers
    return layers.Reshape((6, 6))(layers.Dense(36)(layers.GlobalAveragePooling2D()(x)))


LAYERS: dict[str, Make] = {
    "same, even kernel": lambda k, x: k.layers.Conv2D(5, (4, 2), padding="same")(x),
    "same, steps": lambda k, x: k.layers.Conv2D(5, 3, strides=(2, 3), padding="same", use_bias=False)(x),
    "dilated": lambda k, x: k.layers.Conv2D(5, 3, dilation_rate=2, padding="same")(x),
    "groups": lambda k, x: k.layers.Conv2D(6, 3, groups=2)(x),
    "depthwise": lambda k, x: k.layers.DepthwiseConv2D(3, strides=2, padding="same", depth_multiplier=2)(x),
    "separable": lambda k, x: k.layers.SeparableConv2D(6, 3, padding="same", depth_multiplier=2, activation="elu")(x),
    "transposed": lambda k, x: k.layers.Conv2DTranspose(5, 3, strides=2)(x),
    "transposed, same": lambda k, x: k.layers.Conv2DTranspose(5, (4, 5), strides=(2, 3), padding="same")(x),
    "transposed, steps beyond the kernel": lambda k, x: k.layers.Conv2DTranspose(5, 2, strides=(3, 4), padding="same")(
        x
    ),
    "maximum, same": lambda k, x: k.layers.MaxPooling2D(3, strides=2, padding="same")(k.layers.Rescaling(1, -9)(x)),
    "average, same": lambda k, x: k.layers.AveragePooling2D((4, 2), strides=(3, 1), padding="same")(x),
    "average, remainder": lambda k, x: k.layers.AveragePooling2D(4)(x),
    "padded and cropped": lambda k, x: k.layers.Cropping2D(((0, 2), (3, 1)))(
        k.layers.ZeroPadding2D(((1, 0), (2, 3)))(x)
    ),
    "enlarged": lambda k, x: k.layers.UpSampling2D((2, 3))(k.layers.MaxPooling2D(4)(x)),
    "image of other form": lambda k, x: k.layers.Reshape((9, 13, 8))(x),
    "permuted": lambda k, x: k.layers.Permute((3, 1, 2))(x),
    "rows": lambda k, x: k.layers.LayerNormalization()(k.layers.Dense(5, activation="softmax")(rows(k, x))),
    "parts of rows": lambda k, x: k.ops.split(rows(k, x), 2, axis=-1)[1],
    "slopes of rows": lambda k, x: k.layers.PReLU("uniform")(k.layers.Permute((2, 1))(rows(k, x))),
    "slopes": lambda k, x: k.layers.PReLU("uniform", shared_axes=[1])(x),
    "statistics": lambda k, x: k.layers.BatchNormalization(scale=False, epsilon=0.01)(x),
    "constants": lambda k, x: k.layers.Normalization(mean=[1, 2, 3, 4], variance=[4, 3, 2, 1])(
        k.layers.Rescaling([1, 2, 3, 4], 0.5)(x)
    ),
    "bounded": lambda k, x: k.layers.ReLU(max_value=1.5, negative_slope=0.3)(x),
    "joined": lambda k, x: k.layers.Concatenate(axis=2)([k.layers.LeakyReLU(0.3)(x), k.layers.ELU(0.5)(x)]),
    "means": lambda k, x: k.ops.mean(x, axis=(1, 2)) / 2.0,
    "gate": lambda k, x: 2.5 - x * k.layers.GlobalMaxPooling2D(keepdims=True)(x),
}
ACTIVATIONS = (
    "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "hard_silu", "hard_sigmoid", "softmax", "softplus",
    "softsign",
)  # fmt: skip
REFUSED: dict[str, Make] = {
    r"up_sampling2d\w* \(UpSampling2D\).*bilinear": lambda k, x: k.layers.UpSampling2D(2, interpolation="bilinear")(x),
    r"batch_normalization\w* \(BatchNormalization\).*3 axes": lambda k, x: k.layers.BatchNormalization()(rows(k, x)),
    r"conv2d_transpose\w* \(Conv2DTranspose\).*dilation": lambda k, x: k.layers.Conv2DTranspose(5, 3, dilation_rate=2)(
        x
    ),
    r"mean\w* \(Mean\).*all images": lambda k, x: x - k.ops.mean(x),
    r"re_lu\w* \(ReLU\).*threshold": lambda k, x: k.layers.ReLU(threshold=0.5)(x),
    r"conv2d\w* \(Conv2D\).*LeakyReLU": lambda k, x: k.layers.Conv2D(2, 3, activation=k.layers.LeakyReLU())(x),
    r"power\w* \(Power\)": lambda k, x: x**2,
}


@pytest.fixture
def written(make_loaded: Any) -> Written:
    """Return a function that gives a network of what is made between a convolution and a dense layer."""
    pytest.importorskip("torch")

    def make(layer: Make) -> ExportNetwork:
        import keras

        keras.utils.set_random_seed(5)
        image = keras.Input((HEIGHT, WIDTH, 3), name="image")
        found = layer(keras, keras.layers.Conv2D(CHANNELS, 3, padding="same", name="first")(image))
        flat = keras.layers.Flatten(name="flat")(found) if len(found.shape) > 2 else found
        model = keras.Model(image, keras.layers.Dense(3, activation="softmax", name="last")(flat))
        rng = np.random.default_rng(5)
        for weight in model.weights:
            if len(weight.shape) == 1:
                weight.assign(rng.uniform(0.5, 1.5, weight.shape))
        images = rng.normal(size=(5, HEIGHT, WIDTH, 3)).astype(np.float32)
        return ExportNetwork(model, make_loaded("MLP_24_16_24").card, False, (images,))

    return make


def difference(network: ExportNetwork, path: Path) -> float:
    """Return the largest one to Keras, of a batch and of its first image alone."""
    write_torch(network, path)
    images = network.inputs[0]
    expected = np.asarray(network.model(images, training=False))
    found, alone = run_torch(path, [images]), run_torch(path, [images[:1]])
    assert found.shape == expected.shape
    return float(max(np.abs(found - expected).max(), np.abs(alone - expected[:1]).max()))


@pytest.mark.parametrize("layer", LAYERS)
def test_that_a_layer_is_computed_as_in_keras(written: Written, tmp_path: Path, layer: str) -> None:
    assert difference(written(LAYERS[layer]), tmp_path / "net.pt") < 3e-6


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_that_an_activation_is_computed_as_in_keras(written: Written, tmp_path: Path, name: str) -> None:
    network = written(lambda k, x: k.layers.Conv2D(3, 3, activation=name)(x))
    assert difference(network, tmp_path / "net.pt") < 3e-6


@pytest.mark.parametrize("message", REFUSED)
def test_that_what_cannot_be_written_is_named(written: Written, tmp_path: Path, message: str) -> None:
    with pytest.raises(ExportError, match=message):
        write_torch(written(REFUSED[message]), tmp_path / "net.pt")
    assert not list(tmp_path.iterdir())


def test_that_layers_may_have_any_name(written: Written, tmp_path: Path) -> None:
    import torch

    def named(keras: Any, x: Any) -> Any:
        for name in ("keys", "if", "a.b", "a_b", "Größe 1"):
            x = keras.layers.Conv2D(CHANNELS, 1, name=name)(x)
        return x

    path = tmp_path / "net.pt"
    assert difference(written(named), path) < 3e-6
    state = torch.load(path.with_suffix(STATE_SUFFIX), weights_only=True)
    names = list(dict.fromkeys(key.split(".")[1] for key in state))
    assert names == ["first", "keys_", "if_", "a_b", "a_b_", "Gr__e_1", "last"]


def test_that_all_weights_are_in_the_state_dict(written: Written, tmp_path: Path) -> None:
    import torch

    network = written(lambda k, x: k.layers.PReLU("uniform")(k.layers.Conv2DTranspose(3, 2)(x)))
    write_torch(network, tmp_path / "net.pt")
    state = torch.load(tmp_path / f"net{STATE_SUFFIX}", weights_only=True)
    assert sum(values.numel() for values in state.values()) == network.model.count_params()


@pytest.mark.filterwarnings("ignore:`torch.jit.load` is deprecated")
def test_that_class_names_are_in_the_torchscript(written: Written, tmp_path: Path) -> None:
    import torch

    network = written(lambda k, x: x)
    write_torch(network, tmp_path / "net.pt")
    names = {"class_names.json": ""}
    torch.jit.load(str(tmp_path / "net.pt"), _extra_files=names)
    assert names["class_names.json"] == b'["cat", "dog", "Zelle \xce\xb2"]'


@pytest.mark.parametrize("pixel_type", ["uint8", "uint16", "float32"])
def test_that_each_image_is_standardized_in_the_torchscript(make_loaded: Any, tmp_path: Path, pixel_type: str) -> None:
    loaded = make_loaded("LeNet5_bn_do", "rgb", method="standardize_each_image", size=(40, 24))
    loaded = replace(loaded, card=replace(loaded.card, pixel_type=pixel_type))
    report = export_model(loaded, PYTORCH, tmp_path / "net.pt", ExportChoice(is_raw=True))
    assert report.difference is not None
    assert report.difference < 1e-5
    contract = report.to_json()
    assert contract["inputs"] == [{"name": "image", "shape": [None, 3, 24, 40], "dtype": pixel_type}]
    assert contract["layout"] == "images × channels × height × width"
