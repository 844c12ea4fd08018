"""Networks that get another image size and other classes keep what still means something."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aid_desktop.errors import ModelError
from aid_desktop.models.metadata import ModelCard
from aid_desktop.models.partial import learning_layers
from aid_desktop.models.transfer import restart, transfer
from aid_desktop.settings.image import ImageSettings

pytestmark = pytest.mark.keras

SHAPE = 12, 12, 1
CLASSES = ("a", "b", "c")
rng = np.random.default_rng(2)


def images(shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    return rng.random((4, *shape), np.float32)


def weights(model: Any) -> dict[str, list[np.ndarray]]:
    return {layer.name: layer.get_weights() for layer in learning_layers(model)}


def pooled() -> Any:
    """Return a functional network with a skip connection, batch normalization and a nested model."""
    import keras
    from keras import layers

    image = keras.Input(SHAPE, name="image")
    inner = keras.Input((12, 12, 2))
    y = layers.BatchNormalization(name="norm")(layers.Conv2D(2, 3, padding="same", name="conv_2")(inner))
    block = keras.Model(inner, layers.Add()([y, inner]), name="block")
    x = block(layers.Conv2D(2, 3, padding="same", name="conv_1")(image * 2), training=False)
    x = layers.Dropout(0.3, name="drop")(layers.GlobalAveragePooling2D()(x))
    x = layers.Dense(3, name="out")(x)
    return keras.Model(image, layers.Activation("softmax", name="probabilities")(x), name="net")


def sequential() -> Any:
    """Return a Sequential network inside of which another one lies; only convolutions up to its pooling."""
    import keras
    from keras import layers

    inner = keras.Sequential([layers.Conv2D(3, 3, name="conv_1"), layers.BatchNormalization(name="norm")], name="in")
    head = [layers.Conv2D(3, 1, name="out"), layers.GlobalAveragePooling2D(), layers.Softmax()]
    return keras.Sequential([keras.Input(SHAPE, name="image"), inner, *head], name="net")


def flat() -> Any:
    """Return a network of dense layers."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input(SHAPE),
            layers.Flatten(),
            layers.Dense(5, activation="tanh", name="hidden"),
            layers.Dense(3, activation="softmax", name="out"),
        ]
    )


def prepared(build: Callable[[], Any]) -> Any:
    """Return a network whose every weight differs from its first value, moving statistics too."""
    import keras

    keras.utils.set_random_seed(3)
    model = build()
    for layer in learning_layers(model):
        layer.set_weights([value + 0.5 * rng.random(value.shape, np.float32) for value in layer.get_weights()])
    return model


@pytest.fixture
def known(card: ModelCard) -> ModelCard:
    """Return the card of these networks."""
    return dataclasses.replace(card, class_names=CLASSES, image=ImageSettings(width=12, height=12))


def test_that_a_model_that_fits_is_used_as_it_is(known: ModelCard) -> None:
    model = prepared(pooled)
    same, report = transfer(model, known, SHAPE, CLASSES)
    assert same is model
    assert report.sentences == ("The weights of 4 layers are kept.",)
    assert (report.kept_classes, report.new_classes, report.renewed) == (CLASSES, (), ())


@pytest.mark.parametrize("build", [pooled, sequential])
def test_that_another_image_size_changes_no_weight_where_the_network_pools(
    build: Callable[[], Any], known: ModelCard, tmp_path: Path
) -> None:
    import keras

    model = prepared(build)
    larger, report = transfer(model, known, (20, 16, 1), CLASSES)
    assert larger.input_shape == (None, 20, 16, 1)
    assert type(larger) is type(model)
    assert [layer.name for layer in larger.layers] == [layer.name for layer in model.layers]
    before, after = weights(model), weights(larger)
    assert before.keys() == after.keys()
    assert all(np.array_equal(one, two) for name in before for one, two in zip(before[name], after[name], strict=True))
    assert report.sentences[1] == "The image size changes from 12 × 12 to 16 × 20 pixels."
    back, _ = transfer(larger, dataclasses.replace(known, image=ImageSettings(width=16, height=20)), SHAPE, CLASSES)
    x = images()
    np.testing.assert_array_equal(back(x), model(x))
    larger.save(tmp_path / "larger.keras")
    x = images((20, 16, 1))
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "larger.keras")(x), larger(x))


@pytest.mark.parametrize("build", [pooled, sequential, flat])
def test_that_classes_keep_their_weights_by_name_in_any_order(build: Callable[[], Any], known: ModelCard) -> None:
    model = prepared(build)
    turned, report = transfer(model, known, SHAPE, ("c", "a", "b"))
    x = images()
    np.testing.assert_allclose(turned(x), np.asarray(model(x))[:, [2, 0, 1]], rtol=1e-6)
    assert report.sentences[-1] == "The last layer is replaced: c, a, b kept."


@pytest.mark.parametrize("build", [pooled, sequential, flat])
@given(names=st.lists(st.sampled_from("abcdef"), min_size=2, max_size=6, unique=True))
@settings(max_examples=5, deadline=None)
def test_that_any_classes_can_follow_any_others(build: Callable[[], Any], names: list[str]) -> None:
    card = _card()
    model = prepared(build)
    other, report = transfer(model, card, SHAPE, tuple(names))
    assert other.output_shape == (None, len(names))
    before, after = weights(model), weights(other)
    for place, name in enumerate(names):
        for old, new in zip(before["out"], after["out"], strict=True):
            is_same = name in CLASSES and np.array_equal(new[..., place], old[..., CLASSES.index(name)])
            assert is_same == (name in CLASSES)
    assert report.kept_classes == tuple(name for name in names if name in CLASSES)
    assert report.new_classes == tuple(name for name in names if name not in CLASSES)
    unchanged = before.keys() - {"out"}
    assert all(np.array_equal(a, b) for key in unchanged for a, b in zip(before[key], after[key], strict=True))
    assert report.n_kept == len(before) - (tuple(names) != CLASSES)


def _card() -> ModelCard:
    from aid_desktop.data.normalize import Normalization

    return ModelCard(CLASSES, ImageSettings(width=12, height=12), Normalization("none"), "Net", 0, 0)


def test_that_a_layer_that_no_other_size_fits_is_named_and_can_begin_anew(known: ModelCard) -> None:
    model = prepared(flat)
    with pytest.raises(ModelError, match=r"weights of layer hidden belong to images of 12 × 12 .*renew_layers = true"):
        transfer(model, known, (10, 12, 1), CLASSES)
    other, report = transfer(model, known, (10, 12, 1), CLASSES, renew_layers=True)
    assert report.renewed == ("hidden",)
    assert report.n_kept == 1
    assert "hidden begins with new weights." in report.sentences
    np.testing.assert_array_equal(weights(other)["out"][0], weights(model)["out"][0])
    assert weights(other)["hidden"][0].shape == (120, 5)


def test_that_classes_of_a_last_layer_that_begins_anew_are_all_new(known: ModelCard) -> None:
    import keras

    image = keras.Input((12, 12, 1))
    out = keras.layers.Dense(len(CLASSES), activation="softmax", name="out")(keras.layers.Flatten()(image))
    _, report = transfer(keras.Model(image, out), known, (10, 12, 1), (*CLASSES, "x"), renew_layers=True)
    assert (report.kept_classes, report.new_classes) == ((), (*CLASSES, "x"))


def test_that_images_that_are_too_small_are_told_with_the_layer(known: ModelCard) -> None:
    with pytest.raises(ModelError, match=r"layer conv_1 \(Conv2D\) cannot take what images of this size make of it"):
        transfer(prepared(sequential), known, (2, 2, 1), CLASSES)


def test_that_other_channels_and_odd_networks_are_refused(known: ModelCard) -> None:
    import keras

    with pytest.raises(ModelError, match=r'of 1 channels, the run is set to 3: set channels = "gray"'):
        transfer(prepared(pooled), known, (12, 12, 3), CLASSES)
    with pytest.raises(ModelError, match="the model has 3 outputs, its card names 2 classes"):
        transfer(prepared(flat), dataclasses.replace(known, class_names=("a", "b")), SHAPE, ("a", "x"))
    image = keras.Input(SHAPE)
    odd = keras.Model(image, keras.layers.Reshape((3,))(keras.layers.Dense(3)(keras.layers.Flatten()(image))))
    with pytest.raises(ModelError, match=r"classes come from layer reshape\w* \(Reshape\), which cannot be replaced"):
        transfer(odd, known, SHAPE, ("a", "x"))
    two = keras.Model([image, keras.Input((2, 2, 1))], odd.layers[-2].output)
    with pytest.raises(ModelError, match="the model has 2 inputs"):
        restart(two, SHAPE, 3)
    with pytest.raises(ModelError, match="the model has 2 inputs"):
        transfer(two, known, SHAPE, CLASSES)


def test_that_a_network_of_image_and_features_keeps_its_weights(known: ModelCard) -> None:
    import keras

    inputs = [keras.Input(SHAPE, name="image"), keras.Input((2,), name="numbers")]
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(4, 3, name="conv")(inputs[0]))
    x = keras.layers.Dense(5, name="hidden")(keras.layers.Concatenate()([x, inputs[1]]))
    model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax", name="out")(x))
    assert transfer(model, known, SHAPE, CLASSES)[0] is model
    # Another size, two classes that are known and a new one.
    other, report = transfer(model, known, (16, 14, 1), ("c", "a", "new"))
    assert (report.kept_classes, report.new_classes) == (("c", "a"), ("new",))
    assert [tuple(one.shape) for one in other.inputs] == [(None, 16, 14, 1), (None, 2)]
    same = np.full((4, *SHAPE), 0.5, np.float32), np.full((4, 16, 14, 1), 0.5, np.float32)
    numbers = rng.random((4, 2), np.float32)
    before, after = (
        np.asarray(keras.Model(one.inputs, one.get_layer("hidden").output)([image, numbers]))
        for one, image in zip((model, other), same, strict=True)
    )
    np.testing.assert_allclose(before, after, atol=1e-6)
    np.testing.assert_array_equal(weights(other)["out"][0][:, :2], weights(model)["out"][0][:, [2, 0]])
    anew = restart(model, (16, 14, 1), 4)
    assert np.asarray(anew([same[1], numbers])).shape == (4, 4)
    assert not np.array_equal(weights(anew)["hidden"][0], weights(model)["hidden"][0])


def test_that_a_model_written_as_a_class_is_refused(known: ModelCard) -> None:
    import keras

    class Own(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(name="own")
            self.dense = keras.layers.Dense(3)

        def call(self, inputs: Any) -> Any:
            return self.dense(keras.ops.reshape(inputs, (-1, 144)))

    with pytest.raises(ModelError, match=r"the model own is a class of its own \(Own\)"):
        restart(Own(), SHAPE, 2)
    image = keras.Input(SHAPE)
    nested = keras.Model(image, Own()(image))
    with pytest.raises(ModelError, match="is a class of its own"):
        transfer(nested, known, SHAPE, ("a", "x"))


def test_that_a_restart_draws_all_weights_anew_for_any_images(known: ModelCard) -> None:
    model = prepared(flat)
    other = restart(model, (8, 10, 3), 4)
    assert (other.input_shape, other.output_shape) == ((None, 8, 10, 3), (None, 4))
    same = restart(model, SHAPE, 3)
    old, new = weights(model), weights(same)
    assert all(not np.array_equal(one, two) for key in old for one, two in zip(old[key], new[key], strict=True))
