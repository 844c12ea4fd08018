import itertools
from pathlib import Path

import numpy as np
import pytest

from aid_desktop.errors import ModelZooError
from aid_desktop.models.registry import Architecture
from aid_desktop.models.zoo import ModelZoo, describe, list_architectures, load_zoo

PATH = Path(__file__).parents[1] / "model_zoo.py"
# Those that begin with pretrained weights are large: tests/models/test_backbone_weights.py looks at them.
# Those of image and features: tests/test_model_zoo_features.py.
ARCHITECTURES = [item for item in list_architectures(PATH) if not item.weights and item.family != "multi_input"]
NAMES = [item.name for item in ARCHITECTURES]

# 32 × 32 px with channels and classes (1, 2), (1, 10), (3, 10). All as in AIDeveloper except TinyResNet, the
# blocks of which have one convolution there, two here.
PARAMETERS = {
    "MLP_8_8_8": (8_362, 8_434, 24_818),
    "MLP_24_16_24": (25_458, 25_658, 74_810),
    "MLP_64_32_16": (68_242, 68_378, 199_450),
    "TinyResNet": (21_698, 21_898, 22_330),
    "LeNet5_do": (61_026, 61_706, 62_006),
    "Nitta_et_al_6layer": (475_362, 477_418, 477_994),
}


@pytest.fixture(scope="module")
def zoo() -> ModelZoo:
    return load_zoo(PATH)


def test_that_every_architecture_has_its_parameters_in_this_test_and_a_description() -> None:
    assert list(PARAMETERS) == NAMES
    assert all(item.description.endswith(".") for item in ARCHITECTURES)


@pytest.mark.keras
@pytest.mark.parametrize("name", NAMES)
def test_that_the_number_of_parameters_is_that_of_the_reference(zoo: ModelZoo, name: str) -> None:
    cases = ((1, 2), (1, 10), (3, 10))
    counts = [zoo.build(name, (32, 32, channels), n).count_params() for channels, n in cases]
    assert tuple(counts) == PARAMETERS[name]


@pytest.mark.keras
def test_that_they_stand_in_order_of_complexity_within_each_family(zoo: ModelZoo) -> None:
    rows = describe(zoo, ARCHITECTURES)
    assert [row["parameters"] for row in rows] == [PARAMETERS[name][0] for name in NAMES]
    families = [family for family, _ in itertools.groupby(item.family for item in zoo.architectures)]
    assert len(families) == len(set(families))
    for family in families:
        counts = [PARAMETERS[item.name][0] for item in ARCHITECTURES if item.family == family]
        assert counts == sorted(counts)


@pytest.mark.keras
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(16, 16, 1), (16, 16, 3), (18, 24, 1)])
def test_that_the_output_is_a_probability_for_each_class(zoo: ModelZoo, name: str, shape: tuple[int, int, int]) -> None:
    model = zoo.build(name, shape, 4)
    images = np.random.default_rng(0).uniform(size=(3, *shape)).astype(np.float32)
    probabilities = np.asarray(model(images))
    assert probabilities.shape == (3, 4)
    assert probabilities.dtype == np.float32
    assert (probabilities > 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


@pytest.mark.keras
@pytest.mark.parametrize("name", NAMES)
def test_that_models_are_functional_with_named_input_and_output(zoo: ModelZoo, name: str) -> None:
    import keras

    model = zoo.build(name, (16, 16, 1), 2)
    assert type(model) is keras.src.models.functional.Functional
    assert (model.layers[0].name, model.layers[-1].name) == ("inputTensor", "outputTensor")
    assert model.layers[-1].activation is keras.activations.softmax
    assert not model.compiled


@pytest.mark.keras
@pytest.mark.parametrize("item", ARCHITECTURES, ids=NAMES)
def test_that_min_size_is_the_smallest_image_the_network_takes(zoo: ModelZoo, item: Architecture) -> None:
    smallest = item.min_size
    zoo.build(item.name, (smallest, smallest, 1), 2)
    for shape in ((smallest - 1, smallest, 1), (smallest, smallest - 1, 1)):
        with pytest.raises(ModelZooError, match="needs images of at least"):
            zoo.build(item.name, shape, 2)
        if smallest > 1:
            with pytest.raises(ValueError, match="zero or negative"):
                zoo._functions[item.name](shape, 2)


@pytest.mark.keras
@pytest.mark.parametrize(
    ("name", "rates"),
    [("LeNet5_do", [0.2, 0.5, 0.5]), ("Nitta_et_al_6layer", [0.25, 0.25, 0.5]), ("TinyResNet", [0.2])],
)
def test_that_dropout_has_the_rates_of_the_reference(zoo: ModelZoo, name: str, rates: list[float]) -> None:
    import keras

    layers = zoo.build(name, (16, 16, 1), 2).layers
    assert [layer.rate for layer in layers if type(layer) is keras.layers.Dropout] == rates


@pytest.mark.keras
def test_that_every_weight_of_the_residual_network_is_part_of_its_output(zoo: ModelZoo) -> None:
    import tensorflow as tf

    model = zoo.build("TinyResNet", (8, 8, 1), 2)
    images = np.random.default_rng(0).uniform(size=(4, 8, 8, 1)).astype(np.float32)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(images)[:, 0] ** 2)
    gradients = tape.gradient(loss, model.trainable_weights)
    assert all(gradient is not None for gradient in gradients)
