import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aid_desktop.errors import ModelZooError
from aid_desktop.models.registry import Architecture, Family
from aid_desktop.models.zoo import ModelZoo, describe, find_architecture, list_architectures, load_zoo

PATH = Path(__file__).parents[1] / "model_zoo.py"
MANUAL = Path(__file__).parents[1] / "docs" / "architectures.md"
LISTED = list_architectures(PATH)
ARCHITECTURES = [item for item in LISTED if item.family in (Family.MLP, Family.CNN) and not item.is_pattern]
NAMES = [item.name for item in ARCHITECTURES]

# 32 × 32 px (Nitta_et_al_8layer: 64 × 64 px) with channels and classes (1, 2), (1, 10), (3, 10), as in AIDeveloper.
AS_IN_AIDEVELOPER = {
    "MLP_4_4_4": (4_150, 4_190, 12_382),
    "MLP_8_8_8": (8_362, 8_434, 24_818),
    "MLP_16_8_16": (16_714, 16_850, 49_618),
    "MLP_24_16_24": (25_458, 25_658, 74_810),
    "MLP_24_16_24_skipcon": (25_458, 25_658, 74_810),
    "MLP_64_32_16": (68_242, 68_378, 199_450),
    "MLP_256_128_64_do": (303_682, 304_202, 828_490),
    # The generator.
    "MLP_240": (246_482, 248_410, 739_930),
    "MLP_96_80": (106_322, 106_970, 303_578),
    "MLP_72_64_48_48": (84_042, 84_434, 231_890),
    "TinyCNN": (2_316, 2_516, 2_570),
    "LeNet5": (61_026, 61_706, 62_006),
    "LeNet5_do": (61_026, 61_706, 62_006),
    "LeNet5_bn_do": (61_930, 62_610, 62_910),
    "MhNet1_bn_do_skipcon": (84_702, 85_382, 85_526),
    "LeNet5_bn_do_skipcon": (136_954, 137_634, 137_966),
    "Nitta_et_al_8layer": (270_306,),
    "VGG_small_4": (361_954, 362_986, 363_690),
    "Nitta_et_al_6layer": (475_362, 477_418, 477_994),
    "Nitta_et_al_6layer_reluact": (475_362, 477_418, 477_994),
    "VGG_small_1": (483_298, 485_354, 485_930),
    "VGG_small_2": (483_430, 485_486, 486_198),
    "VGG_small_3": (509_410, 510_442, 511_146),
    "CNN_4Conv2Dense_Optim": (1_698_120, 1_700_176, 1_700_284),
}
# Mended: the second convolution of a block of TinyResNet, the stride of linact, the third convolution of MhNet2, which
# takes 32 channels in place of those of the image.
DIFFERENT = {
    "TinyResNet": (21_698, 21_898, 22_330),
    "Nitta_et_al_6layer_linact": (475_362, 477_418, 477_994),
    "MhNet2_bn_do_skipcon": (
        3_219_206 + (32 - 1) * 9 * 32, 3_220_238 + (32 - 1) * 9 * 32, 3_745_686 + (32 - 3) * 9 * 32,
    ),
}  # fmt: skip
COMPACT = ("ResNet_small", "CompactMobileNet", "CompactConvNeXt", "ResNet_compact")


@pytest.fixture(scope="module")
def zoo() -> ModelZoo:
    return load_zoo(PATH)


def test_that_all_of_aidevelopers_own_networks_are_there_and_described() -> None:
    assert {name for name in [*AS_IN_AIDEVELOPER, *DIFFERENT] if not name.startswith("MLP")} <= set(NAMES)
    assert len([item for item in LISTED if item.family is Family.MLP and not item.is_pattern]) == 7
    assert len([item for item in LISTED if item.family is Family.CNN]) >= 20
    assert all(item.description.endswith(".") for item in LISTED)


@pytest.mark.keras
@pytest.mark.parametrize(("name", "counts"), [*AS_IN_AIDEVELOPER.items(), *DIFFERENT.items()])
def test_that_the_number_of_parameters_is_that_of_the_reference(
    zoo: ModelZoo, name: str, counts: tuple[int, ...]
) -> None:
    side = max(64 if name == "Nitta_et_al_8layer" else 32, find_architecture(LISTED, name).min_size)
    cases = ((1, 2), (1, 10), (3, 10))[: len(counts)]
    assert tuple(zoo.build(name, (side, side, channels), n).count_params() for channels, n in cases) == counts


@pytest.mark.keras
def test_that_they_stand_in_order_of_complexity_within_each_family(zoo: ModelZoo) -> None:
    families = [family for family, _ in itertools.groupby(item.family for item in LISTED)]
    assert len(families) == len(set(families))
    rows = describe(zoo, ARCHITECTURES)
    assert [row["name"] for row in rows] == NAMES
    for family in (Family.MLP, Family.CNN):
        counts = [row["parameters"] for row in rows if row["family"] == family]
        assert counts == sorted(counts)


@pytest.mark.keras
def test_that_the_table_of_the_manual_is_that_of_the_file(zoo: ModelZoo) -> None:
    written = MANUAL.read_text(encoding="utf-8").splitlines()
    expected = [
        "| `{name}` | {min_size} | {parameters:,} | {multiply_adds:,} | {description} |".format(**row)
        for row in describe(zoo, ARCHITECTURES)
    ]
    assert [line for line in written if line.startswith("| `")] == expected, "\n".join(expected)


@pytest.mark.keras
@pytest.mark.parametrize("name", COMPACT)
def test_that_compact_networks_have_less_than_a_million_parameters_for_every_size(zoo: ModelZoo, name: str) -> None:
    small, large = (zoo.build(name, shape, 10).count_params() for shape in ((16, 16, 3), (96, 64, 3)))
    assert small == large < 1_000_000


@pytest.mark.keras
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(36, 36, 1), (40, 36, 3)])
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

    model = zoo.build(name, (36, 36, 1), 2)
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
            with pytest.raises(ValueError, match=r"zero or negative|must be greater than|must be positive"):
                zoo._functions[item.function_name](shape, 2)


@pytest.mark.keras
@pytest.mark.slow
@pytest.mark.parametrize("item", ARCHITECTURES, ids=NAMES)
@settings(max_examples=4)
@given(data=st.data())
def test_that_every_size_from_the_smallest_on_and_every_aspect_ratio_fits(
    zoo: ModelZoo, item: Architecture, data: st.DataObject
) -> None:
    sides = st.integers(item.min_size, item.min_size + 33)
    shape = (data.draw(sides), data.draw(sides), data.draw(st.integers(1, 3)))
    n_classes = data.draw(st.integers(2, 5))
    assert zoo.build(item.name, shape, n_classes).output_shape == (None, n_classes)


@pytest.mark.keras
@pytest.mark.parametrize(
    ("name", "rates"),
    [
        ("MLP_256_128_64_do", [0.4, 0.3, 0.2]),
        ("TinyResNet", [0.2]),
        ("LeNet5_do", [0.2, 0.5, 0.5]),
        ("LeNet5_bn_do", [0.2, 0.5, 0.5]),
        ("MhNet1_bn_do_skipcon", [0.05, 0.2, 0.3, 0.2, 0.05, 0.5, 0.3]),
        ("LeNet5_bn_do_skipcon", [0.2, 0.5, 0.5]),
        ("Nitta_et_al_8layer", [0.25, 0.25, 0.25, 0.5]),
        ("VGG_small_4", [0.5, 0.25]),
        ("Nitta_et_al_6layer", [0.25, 0.25, 0.5]),
        ("VGG_small_1", [0.5]),
        ("VGG_small_2", [0.5]),
        ("VGG_small_3", [0.5, 0.25]),
        ("CNN_4Conv2Dense_Optim", [0.4] * 6),
        ("MhNet2_bn_do_skipcon", [0.25, 0.5, 0.5, 0.25, 0.25]),
    ],
)
def test_that_dropout_has_the_rates_of_the_reference(zoo: ModelZoo, name: str, rates: list[float]) -> None:
    from aid_desktop.models.build import dropout_rates

    assert sorted(dropout_rates(zoo.build(name, (36, 36, 1), 2))) == sorted(rates)


@pytest.mark.keras
@pytest.mark.parametrize("name", NAMES)
def test_that_every_weight_is_part_of_the_output_of_each_network(zoo: ModelZoo, name: str) -> None:
    import tensorflow as tf

    model = zoo.build(name, (36, 36, 1), 2)
    images = np.random.default_rng(0).uniform(size=(4, 36, 36, 1)).astype(np.float32)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(images)[:, 0] ** 2)
    gradients = tape.gradient(loss, model.trainable_weights)
    assert all(gradient is not None for gradient in gradients)


@pytest.mark.keras
def test_that_the_shortcut_of_vgg_small_adds_each_pixel_to_its_own_place(zoo: ModelZoo) -> None:
    import keras

    model = zoo.build("VGG_small_2", (33, 40, 1), 2)
    (add,) = (layer for layer in model.layers if isinstance(layer, keras.layers.Add))
    convolutions, from_image = (keras.Model(model.inputs, one) for one in add.input)
    images = np.zeros((2, 33, 40, 1), np.float32)
    images[1, 16, 21] = 1
    changed = [np.abs(np.diff(np.asarray(part([images])), axis=0)[0]).sum(-1) for part in (convolutions, from_image)]
    places = [np.argwhere(one > 1e-6) for one in changed]
    assert (np.abs(places[0].mean(0) - places[1].mean(0)) <= 1).all()
    assert len(places[1]) == 1


@pytest.mark.keras
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", [*COMPACT, "CNN_6Conv4Dense_skipcon"])
def test_that_networks_of_our_own_learn_digits(zoo: ModelZoo, name: str) -> None:
    import keras
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = (digits.images[:800, :, :, None] / 16).repeat(2, axis=1).repeat(2, axis=2).astype(np.float32)
    labels = keras.utils.to_categorical(digits.target[:800], 10)
    keras.utils.set_random_seed(1)
    model = zoo.build(name, (16, 16, 1), 10)
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(images[:600], labels[:600], 32, 6, verbose=0, validation_data=(images[600:], labels[600:]))
    # Guessing gives 0.1.
    assert max(history.history["val_accuracy"]) > 0.5
