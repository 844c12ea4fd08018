"""Networks that exporters are tried on."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aid_desktop.data.normalize import Normalization
from aid_desktop.export.network import ExportNetwork, make_network
from aid_desktop.export.old_runtimes import PYTHON_VARIABLE
from aid_desktop.export.sample import find_sample
from aid_desktop.models.files import LoadedModel
from aid_desktop.models.metadata import ModelCard
from aid_desktop.models.zoo import find_zoo, load_zoo
from aid_desktop.settings.image import ImageSettings

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
    import keras

    keras.utils.set_random_seed(3)
    model = load_zoo(find_zoo()).build(architecture, image.input_shape, len(CLASSES))
    rng = np.random.default_rng(3)
    for weight in model.weights:
        values = weight.numpy()
        if "variance" in weight.name or "gamma" in weight.name:
            weight.assign(rng.uniform(0.5, 2.0, values.shape))
        elif values.ndim == 1:
            weight.assign(rng.normal(0, 0.2, values.shape))
    # Certain of its answers, so that a last digit changes none of them.
    last = [layer for layer in model.layers if type(layer).__name__ == "Dense"][-1]
    last.set_weights([8 * values for values in last.get_weights()])
    normalization = Normalization(method, mean=88.5, std=41.25)
    card = ModelCard(CLASSES, image, normalization, architecture, 3, 1, temperature=temperature)
    return LoadedModel(model, card, Path(f"{architecture}_{channels}.keras"))


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


@pytest.fixture
def bent(make_loaded: MakeLoaded) -> LoadedModel:
    """Return a small network with a GELU in a layer named bend, which is made of the operator erfc."""
    import keras
    from keras import layers

    loaded = make_loaded("MLP_24_16_24")
    row = [layers.Flatten(), layers.Dense(4), layers.Activation("gelu", name="bend"), layers.Dense(3, "softmax")]
    return replace(loaded, model=keras.Sequential([keras.Input((32, 32, 1)), *row]))


@pytest.fixture
def make_written() -> Callable[..., ExportNetwork]:
    """Return a function that gives a model as it would be written, with the built-in sample."""
    return lambda loaded, is_raw=False: make_network(loaded, find_sample(loaded.card), is_raw)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs the runtimes of another Python where none is named."""
    if os.environ.get(PYTHON_VARIABLE):
        return
    skip = pytest.mark.skip(reason="needs bootstrap.py test --exports-old")
    for item in items:
        if item.get_closest_marker("exports_old"):
            item.add_marker(skip)
