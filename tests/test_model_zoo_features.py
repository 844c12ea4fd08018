"""The networks of image and features in the model_zoo.py that is delivered."""

from pathlib import Path

import numpy as np
import pytest

from aid_desktop.errors import ModelZooError
from aid_desktop.models.registry import Architecture
from aid_desktop.models.zoo import ModelZoo, list_architectures, load_zoo

PATH = Path(__file__).parents[1] / "model_zoo.py"
ARCHITECTURES = [item for item in list_architectures(PATH) if item.family == "multi_input"]

# Of 32 × 32 gray px and two classes, with one and with two features. The last is that of AIDeveloper with its one.
PARAMETERS = {
    "MLP_MultiIn_3Lay_24": (25_482, 25_506),
    "MLP_MultiIn_3Lay_64": (73_522, 73_586),
    "MLP_MultiIn_4Lay_72": (79_418, 79_490),
    "Nitta6l_MultiIn": (475_618, 475_874),
}


@pytest.fixture(scope="module")
def zoo() -> ModelZoo:
    return load_zoo(PATH)


def test_that_all_of_them_are_listed_in_order_of_complexity() -> None:
    assert [item.name for item in ARCHITECTURES] == list(PARAMETERS)
    assert list(PARAMETERS.values()) == sorted(PARAMETERS.values())
    assert all(item.description.endswith(".") for item in ARCHITECTURES)


@pytest.mark.keras
@pytest.mark.parametrize("item", ARCHITECTURES, ids=list(PARAMETERS))
def test_that_image_and_features_both_tell_and_every_hidden_layer_bends(zoo: ModelZoo, item: Architecture) -> None:
    import keras
    import tensorflow as tf

    counts = tuple(zoo.build(item.name, (32, 32, 1), 2, n).count_params() for n in (1, 2))
    assert counts == PARAMETERS[item.name]
    model = zoo.build(item.name, (18, 16, 3), 4, 2)
    assert [one.name for one in model.inputs] == ["inputTensor", "features"]
    hidden = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense | keras.layers.Conv2D)][:-1]
    bends = [layer for layer in model.layers if getattr(layer, "activation", None) is keras.activations.relu]
    assert len(bends) == len(hidden)
    rng = np.random.default_rng(0)
    inputs = [tf.constant(rng.uniform(size=shape), tf.float32) for shape in ((3, 18, 16, 3), (3, 2))]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        probabilities = model(inputs)
        first = probabilities[:, 0]
    assert (probabilities.shape, probabilities.dtype) == ((3, 4), tf.float32)
    np.testing.assert_allclose(probabilities.numpy().sum(axis=1), 1, atol=1e-5)
    gradients = tape.gradient(first, inputs)
    assert all(np.abs(gradient.numpy()).max() > 0 for gradient in gradients)


@pytest.mark.keras
def test_that_the_convolutions_need_sixteen_pixels(zoo: ModelZoo) -> None:
    with pytest.raises(ModelZooError, match="Nitta6l_MultiIn needs images of at least 16 × 16 px"):
        zoo.build("Nitta6l_MultiIn", (15, 16, 1), 2, 2)
