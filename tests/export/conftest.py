"""Networks that exporters are tried on: a perceptron, a LeNet with batch normalization and dropout, a residual net."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aid_desktop.data.normalize import Normalization
from aid_desktop.export.network import ExportNetwork, make_network
from aid_desktop.export.sample import find_sample
from aid_desktop.models.files import LoadedModel
from aid_desktop.models.metadata import ModelCard
from aid_desktop.models.zoo import find_zoo, load_zoo
from aid_desktop.settings.image import ImageSettings

ARCHITECTURES = ("MLP_24_16_24", "LeNet5_bn_do", "ResNet_small")
CLASSES = ("cat", "dog", "Zelle β")

MakeLoaded = Callable[..., LoadedModel]


def random_model(
    architecture: str,
    channels: str,
    method: str = "divide_by_255",
    temperature: float = 1.0,
    size: tuple[int, int] = (32, 32),
) -> LoadedModel:
    """Return a network of the zoo with random weights and statistics, so that nothing cancels out by chance."""
    width, height = size
    image = ImageSettings(width=width, height=height, channels=channels, normalization=method)
    model = load_zoo(find_zoo()).build(architecture, image.input_shape, len(CLASSES))
    rng = np.random.default_rng(3)
    for weight in model.weights:
        values = weight.numpy()
        if "variance" in weight.name or "gamma" in weight.name:
            weight.assign(rng.uniform(0.5, 2.0, values.shape))
        elif values.ndim == 1:
            weight.assign(rng.normal(0, 0.2, values.shape))
    normalization = Normalization(method, mean=88.5, std=41.25)
    card = ModelCard(CLASSES, image, normalization, architecture, 3, 1, temperature=temperature)
    return LoadedModel(model, card, Path(f"{architecture}_{channels}.keras"))


@pytest.fixture
def bent(make_loaded: MakeLoaded) -> LoadedModel:
    """Return a small network with a GELU in a layer named bend, which is made of the operator erfc."""
    import keras
    from keras import layers

    loaded = make_loaded("MLP_24_16_24")
    row = [layers.Flatten(), layers.Dense(4), layers.Activation("gelu", name="bend"), layers.Dense(3, "softmax")]
    return replace(loaded, model=keras.Sequential([keras.Input((32, 32, 1)), *row]))


@pytest.fixture(params=ARCHITECTURES)
def architecture(request: pytest.FixtureRequest) -> str:
    """Return each of the three kinds of networks in turn."""
    return str(request.param)


@pytest.fixture(params=["gray", "rgb"])
def channels(request: pytest.FixtureRequest) -> str:
    """Return both kinds of images in turn."""
    return str(request.param)


@pytest.fixture(scope="session")
def make_loaded() -> MakeLoaded:
    """Return `random_model`, which makes each network once."""
    made: dict[tuple[object, ...], LoadedModel] = {}

    def make(architecture: str = "LeNet5_bn_do", channels: str = "gray", **options: object) -> LoadedModel:
        key = (architecture, channels, *options.items())
        if key not in made:
            made[key] = random_model(architecture, channels, **options)  # type: ignore[arg-type]
        return made[key]

    return make


def network_of(loaded: LoadedModel, is_raw: bool = False) -> ExportNetwork:
    """Return a model as it would be written, with the built-in sample."""
    return make_network(loaded, find_sample(loaded.card), is_raw)
