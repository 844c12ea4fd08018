"""Pretrained weights inside a network, and the input that they were trained with."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from aid_desktop.errors import ModelError, ModelZooError
from aid_desktop.models.backbone_weights import backbone_part, load_backbone
from aid_desktop.models.backbones import BACKBONES
from aid_desktop.models.partial import learning_layers
from aid_desktop.models.zoo import ModelZoo, load_zoo

pytestmark = pytest.mark.keras

Net = Callable[..., Any]
MODULES = {
    "MobileNetV3Small": "mobilenet_v3", "MobileNetV2": "mobilenet_v2", "MobileNetV3Large": "mobilenet_v3",
    "NASNetMobile": "nasnet", "EfficientNetV2B0": "efficientnet_v2", "DenseNet121": "densenet", "VGG16": "vgg16",
    "VGG19": "vgg19", "EfficientNetV2S": "efficientnet_v2", "Xception": "xception", "InceptionV3": "inception_v3",
    "ResNet50V2": "resnet_v2", "ResNet50": "resnet50", "ConvNeXtTiny": "convnext",
}  # fmt: skip
"""The module of keras.applications with the `preprocess_input` of each network."""
QUICK = ("VGG16",)


@pytest.fixture(scope="module")
def zoo() -> ModelZoo:
    return load_zoo(Path(__file__).parents[2] / "model_zoo.py")


@pytest.fixture
def net() -> Net:
    """Return a function that builds a small backbone, with or without a head, with random weights of a seed."""

    def build(seed: int, n_classes: int = 0, filters: int = 3) -> Any:
        import keras
        from keras import layers

        keras.utils.set_random_seed(seed)
        image = keras.Input((8, 8, 3))
        x = layers.Conv2D(filters, 3)(layers.Rescaling(2.0)(image) if n_classes else image)
        x = layers.BatchNormalization(beta_initializer="random_normal", moving_mean_initializer="random_normal")(x)
        if n_classes:
            x = layers.GlobalAveragePooling2D(name="features")(x)
            x = layers.Dense(n_classes)(x)
        return keras.Model(image, x)

    return build


def save_old(model: Any, path: Path) -> None:
    """Write weights as the files of keras.applications hold them."""
    from keras.src.legacy.saving import legacy_h5_format

    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, model)


def save(model: Any, path: Path) -> None:
    if path.suffix == ".keras":
        model.save(path)
    elif path.name.endswith(".weights.h5"):
        model.save_weights(path)
    else:
        save_old(model, path)


# --- files --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["w.h5", "w.weights.h5", "w.keras"])
def test_that_the_backbone_has_the_weights_of_the_file_and_the_head_its_own(
    net: Net, tmp_path: Path, name: str
) -> None:
    source, model = net(1), net(2, n_classes=2)
    head = model.layers[-1].get_weights()
    save(source, tmp_path / name)
    assert load_backbone(model, tmp_path / name) == 2
    for found, expected in zip(backbone_part(model).get_weights(), source.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(model.layers[-1].get_weights()[0], head[0])


@pytest.mark.parametrize("name", ["w.weights.h5", "w.keras"])
def test_that_the_file_may_have_a_head_for_other_classes(net: Net, tmp_path: Path, name: str) -> None:
    source, model = net(1, n_classes=5), net(2, n_classes=2)
    save(source, tmp_path / name)
    load_backbone(model, tmp_path / name)
    images = np.random.default_rng(0).random((2, 8, 8, 3), np.float32)
    np.testing.assert_array_equal(backbone_part(model)(images), backbone_part(source)(images))


@pytest.mark.parametrize("name", ["w.h5", "w.weights.h5", "w.keras"])
def test_that_weights_of_another_network_are_refused_and_change_nothing(net: Net, tmp_path: Path, name: str) -> None:
    model = net(2, n_classes=2)
    before = model.get_weights()
    save(net(1, filters=4), tmp_path / name)
    with pytest.raises(ModelError, match=r"w\..* does not hold the weights of this backbone: .*Expected a \.h5 file"):
        load_backbone(model, tmp_path / name)
    for found, expected in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_that_weights_are_refused_of_which_hdf5_would_never_come_back(net: Net, tmp_path: Path) -> None:
    path = tmp_path / "w.weights.h5"
    save(net(2), path)
    with h5py.File(path, "a") as file:
        file.attrs["made_by"] = "somebody"
    content = path.read_bytes()
    texts = content.find(b"GCOL") + 16
    path.write_bytes(content[:texts] + bytes(50) + content[texts + 50 :])
    with pytest.raises(ModelError, match=r"does not hold the weights of this backbone: a part of it, .* overwritten"):
        load_backbone(net(2, n_classes=2), path)


@pytest.mark.parametrize("name", ["w.h5", "w.weights.h5", "w.keras", "w.txt"])
def test_that_a_file_that_is_none_is_told(net: Net, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("no weights", encoding="utf-8")
    with pytest.raises(ModelError, match="does not hold the weights"):
        load_backbone(net(2, n_classes=2), tmp_path / name)


def test_that_a_network_that_does_not_say_where_its_backbone_ends_is_told(net: Net, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="has no layer named 'features'"):
        load_backbone(net(1), tmp_path / "w.h5")


# --- what the networks see ----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["tf", "torch", "caffe"])
@pytest.mark.parametrize("channels", [1, 3])
def test_that_grey_levels_become_what_keras_makes_of_them(zoo: ModelZoo, mode: str, channels: int) -> None:
    import keras
    from keras.src.applications.imagenet_utils import preprocess_input

    levels = np.random.default_rng(0).integers(0, 256, (2, 5, 6, channels)).astype(np.float32)
    image = keras.Input((5, 6, channels))
    module = vars(sys.modules[zoo._functions["vgg16"].__module__])
    model = keras.Model(image, module["imagenet_input"](image, mode))
    expected = preprocess_input(np.repeat(levels, 3 // channels, axis=-1), data_format="channels_last", mode=mode)
    np.testing.assert_allclose(model(levels / 255), expected, atol=1e-4)


def test_that_other_channels_are_refused_with_the_line(zoo: ModelZoo) -> None:
    with pytest.raises(ModelZooError, match=r"model_zoo\.py, line \d+: vgg16 .*takes gray or rgb, got 2 channels"):
        zoo.build("vgg16", (32, 32, 2), 2)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in BACKBONES]
)
def test_that_the_features_are_those_of_keras_own_preprocessing_and_network(
    zoo: ModelZoo, name: str, tmp_path: Path
) -> None:
    import keras

    item = next(item for item in zoo.architectures if item.weights == name)
    shape = (item.min_size, item.min_size + 5, 3)
    keras.utils.set_random_seed(1)
    theirs = getattr(keras.applications, name)(include_top=False, weights=None, input_shape=shape)
    assert theirs.count_params() == BACKBONES[name].n_weights
    save_old(theirs, tmp_path / "w.h5")
    model = zoo.build(item.name, shape, 3)
    load_backbone(model, tmp_path / "w.h5")
    levels = np.random.default_rng(0).integers(0, 256, (2, *shape)).astype(np.float32)
    expected = np.asarray(theirs(getattr(keras.applications, MODULES[name]).preprocess_input(levels.copy())))
    found = np.asarray(backbone_part(model)(levels / 255))
    assert np.abs(found - expected).max() < 1e-5 * np.abs(expected).max()
    assert f"{model.count_params() - expected.shape[-1] - 1:,}".replace(",", " ") in _docstring(zoo, item.name)
    assert type(learning_layers(model)[-1]).__name__ == "Dense"

    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again(levels / 255), model(levels / 255))
    with pytest.raises(ModelZooError, match="needs images of at least"):
        zoo.build(item.name, (item.min_size - 1, item.min_size, 3), 3)


def _docstring(zoo: ModelZoo, name: str) -> str:
    return zoo._functions[name].__doc__ or ""
